//! Accepts connections, and stops doing so for a moment when no descriptors are left.

use std::time::Duration;

use super::Server;
use crate::conf::config::LogLevel;
use crate::core::time::{Mono, Now};
use crate::daemon::certificates::{Certificates, Renewal};
use crate::daemon::client::Client;
use crate::daemon::server_context::ServerContext;
use crate::daemon::transport::Transport;
use crate::http::eviction::Newcomer;
use crate::os::limits;
use crate::os::poller::{Interest, Poller};
use crate::os::stream::SocketStream;

/// The maximum number of connections accepted per loop iteration.
const MAX_ACCEPTS: usize = 32;
/// How long no connection is accepted after descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

impl Server {
    pub(super) fn accept(&mut self, at: usize, context: &mut ServerContext<'_>) {
        let endpoint = self.listen_sockets[at].endpoint;
        for _ in 0..MAX_ACCEPTS {
            match self.listen_sockets[at].listener.accept() {
                Ok(Some(stream)) => {
                    self.refresh_certificates(endpoint, context);
                    self.connect(stream, endpoint, context.poller, context.now);
                }
                Ok(None) => return,
                Err(_) if self.yield_descriptor(context.poller, context.now) => {}
                // However many descriptors programs take, one client at a time can look and stop some.
                Err(error) if limits::is_exhausted(&error) && self.reserve.take().is_some() => {}
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
        let server = self.endpoints.get(endpoint);
        let owner = server.and_then(|server| server.owner);
        let certificates = server.and_then(|server| server.certificates.as_ref());
        let acceptor = certificates.map(Certificates::acceptor);
        if acceptor.as_ref().is_some_and(Option::is_none) {
            // There was no usable certificate yet, which is logged.
            return;
        }
        let peer = stream.peer().and_then(|peer| peer.uid());
        let is_owner = owner.is_some() && (peer == owner || peer == Some(0));
        let newcomer = Newcomer { server: endpoint, is_owner };
        if !self.make_place(&stream, newcomer, poller, now) {
            return;
        }
        let transport = Transport::new(stream, acceptor.flatten());
        let client = Client::new(transport, endpoint, is_owner, now);
        if let Ok(token) = client.register(poller) {
            self.clients.insert(token, client);
        }
    }

    /// Reads certificates again that have changed, so that each handshake uses those of its moment.
    fn refresh_certificates(&mut self, endpoint: usize, context: &mut ServerContext<'_>) {
        let Some(certificates) = self.endpoints[endpoint].certificates.as_mut() else { return };
        if let Some(renewal) = certificates.refresh() {
            self.log_renewal(endpoint, &renewal, context);
        }
    }

    /// Reads all certificates again.
    pub fn reload_certificates(&mut self, context: &mut ServerContext<'_>) {
        for endpoint in 0..self.endpoints.len() {
            let certificates = self.endpoints[endpoint].certificates.as_mut();
            if let Some(renewal) = certificates.map(Certificates::reload) {
                self.log_renewal(endpoint, &renewal, context);
            }
        }
    }

    fn log_renewal(&self, at: usize, renewal: &Renewal, context: &mut ServerContext<'_>) {
        let endpoint = &self.endpoints[at];
        let section = &endpoint.config.section;
        let (level, message) = match renewal {
            Renewal::Renewed => {
                (LogLevel::Info, format!("read the certificate of [{section}] again"))
            }
            Renewal::Failed(problem) => {
                let previous = endpoint.certificates.as_ref().and_then(Certificates::acceptor);
                let line = problem.line(context.core.config(), section);
                match previous {
                    Some(_) => {
                        (LogLevel::Warn, format!("{line}; the previous certificate stays in use"))
                    }
                    None => (LogLevel::Critical, format!("{line}; clients cannot connect")),
                }
            }
        };
        context.logs.log(level, &message);
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
