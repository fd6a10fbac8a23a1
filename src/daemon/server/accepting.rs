//! Accepts connections, and stops doing so for a moment when no descriptors are left.

use std::time::Duration;

use super::Server;
use crate::core::time::{Mono, Now};
use crate::daemon::client::Client;
use crate::daemon::server_context::ServerContext;
use crate::http::eviction::Newcomer;
use crate::os::poller::{Interest, Poller};
use crate::os::stream::SocketStream;

/// The maximum number of connections accepted per loop iteration.
const MAX_ACCEPTS: usize = 32;
/// How long no connection is accepted after descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

impl Server {
    pub(super) fn accept(&mut self, at: usize, context: &mut ServerContext<'_>) {
        for _ in 0..MAX_ACCEPTS {
            match self.listen_sockets[at].listener.accept() {
                Ok(Some(stream)) => {
                    self.connect(
                        stream,
                        self.listen_sockets[at].endpoint,
                        context.poller,
                        context.now,
                    );
                }
                Ok(None) => return,
                Err(_) if self.yield_descriptor(context.poller, context.now) => {}
                Err(_) => return self.pause(at, context),
            }
        }
    }

    /// Serves a connection to an endpoint.
    pub fn connect(
        &mut self,
        stream: SocketStream,
        endpoint: usize,
        poller: &mut Poller,
        now: Now,
    ) {
        let owner = self.endpoints.get(endpoint).and_then(|endpoint| endpoint.owner);
        let peer = stream.peer_uid();
        let is_owner = owner.is_some() && (peer == owner || peer == Some(0));
        let newcomer = Newcomer { server: endpoint, is_owner };
        if !self.make_place(&stream, newcomer, poller, now) {
            return;
        }
        let client = Client::new(stream, endpoint, is_owner, now);
        if let Ok(token) = client.register(poller) {
            self.clients.insert(token, client);
        }
    }

    /// Stops accepting connections for a moment, because no descriptors are left.
    fn pause(&mut self, at: usize, context: &mut ServerContext<'_>) {
        let socket = &mut self.listen_sockets[at];
        context.poller.remove(&socket.listener);
        socket.paused_until = Some(Mono(context.now.mono.0.saturating_add(ACCEPT_PAUSE)));
    }

    pub(super) fn resume(&mut self, context: &mut ServerContext<'_>) {
        for socket in &mut self.listen_sockets {
            if socket.paused_until.is_none_or(|until| context.now.mono < until) {
                continue;
            }
            match context.poller.add(&socket.listener, Interest::READ) {
                Ok(token) => {
                    socket.token = token;
                    socket.paused_until = None;
                }
                Err(_) => {
                    socket.paused_until =
                        Some(Mono(context.now.mono.0.saturating_add(ACCEPT_PAUSE)));
                }
            }
        }
    }
}
