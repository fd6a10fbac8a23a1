//! The HTTP servers: listening sockets and clients on the poller. Requests are answered by the
//! site; replies and streams are written without blocking, with a bounded amount of work per loop
//! iteration.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::rc::Rc;

use super::certificates::Certificates;
use super::client::{Client, moment};
use super::open_logs::OpenLogs;
use super::server_context::ServerContext;
use crate::conf::config::{HttpServer, HttpUser};
use crate::conf::events::EventType;
use crate::core::time::{Mono, Now};
use crate::http::budget::Budget;
use crate::http::logins::Logins;
use crate::os::files;
use crate::os::poller::{Interest, Poller, Ready, Token};
use crate::os::socket::Listener;
use crate::web::Site;
use endpoint::{Address, Endpoint};
use sessions::{Visit, next_request};

/// The maximum number of requests of a client that are processed per loop iteration.
const MAX_REQUESTS: usize = 4;
/// The maximum number of clients with work of several iterations that are advanced per iteration.
const MAX_RUNNABLE: usize = 8;
/// The maximum number of steps of TLS handshakes per loop iteration; one with a long RSA key takes some
/// milliseconds.
const MAX_HANDSHAKES: usize = 4;

/// The memory for bodies and replies unless it is configured.
const DEFAULT_MEMORY: usize = 64 * 1024 * 1024;

mod accepting;
mod endpoint;
mod limits;
pub mod saving;
mod sessions;

pub struct Server {
    site: Site,
    endpoints: Vec<Endpoint>,
    /// The accounts of all servers, beside their own.
    users: Vec<HttpUser>,
    logins: Logins<Address>,
    listen_sockets: Vec<ListenSocket>,
    clients: BTreeMap<Token, Client>,
    buffer: Vec<u8>,
    open_logs: OpenLogs,
    budget: Budget,
    /// Given up for a client when no other descriptor is left.
    reserve: Option<File>,
    /// The number of changes of the history that pages were notified of.
    noted: u64,
    /// The steps of TLS handshakes in this iteration.
    handshakes: usize,
    /// The client whose work was advanced last.
    last_turn: Option<Token>,
    /// The client being processed; still set in the next iteration only if processing it panicked.
    in_dispatch: Option<Token>,
}

/// A descriptor without another use.
fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

/// The socket on which an endpoint accepts connections.
struct ListenSocket {
    listener: Listener,
    token: Token,
    endpoint: usize,
    paused_until: Option<Mono>,
}

impl Server {
    pub fn new() -> io::Result<Self> {
        Self::with_site(Site::new(files::random_token()?))
    }

    fn with_site(site: Site) -> io::Result<Self> {
        Ok(Self {
            site,
            endpoints: Vec::new(),
            users: Vec::new(),
            logins: Logins::new(files::random_bytes()?),
            listen_sockets: Vec::new(),
            clients: BTreeMap::new(),
            buffer: Vec::new(),
            open_logs: OpenLogs::default(),
            budget: Budget::new(DEFAULT_MEMORY),
            reserve: reserve(),
            noted: 0,
            handshakes: 0,
            last_turn: None,
            in_dispatch: None,
        })
    }

    /// Adds accounts to the servers that are opened after this.
    pub fn add_users(&mut self, users: &[HttpUser]) {
        self.users.extend_from_slice(users);
    }

    pub(super) fn listen(
        &mut self,
        poller: &mut Poller,
        listener: Listener,
        config: &HttpServer,
        certificates: Option<Certificates>,
    ) -> io::Result<()> {
        listener.set_nonblocking()?;
        let token = poller.add(&listener, Interest::READ)?;
        let endpoint = self.add_endpoint(config);
        self.endpoints[endpoint].certificates = certificates;
        if listener.is_loopback() && !self.endpoints[endpoint].has_accounts() {
            self.endpoints[endpoint].check_hosts();
        }
        self.listen_sockets.push(ListenSocket { listener, token, endpoint, paused_until: None });
        Ok(())
    }

    /// Adds a server without a socket; its number is for [`Server::connect`].
    pub fn add_endpoint(&mut self, config: &HttpServer) -> usize {
        let number = self.endpoints.len();
        self.endpoints.push(Endpoint::new(number, config, &self.users));
        number
    }

    pub fn owns(&self, token: Token) -> bool {
        self.clients.contains_key(&token) || self.listen_sockets.iter().any(|it| it.token == token)
    }

    /// Handles a ready descriptor.
    pub fn ready(&mut self, ready: Ready, context: &mut ServerContext<'_>) {
        if let Some(at) = self.listen_sockets.iter().position(|it| it.token == ready.token) {
            return self.accept(at, context);
        }
        let Some(client) = self.clients.get_mut(&ready.token) else { return };
        if client.has_no_interest() {
            client.disconnect();
        }
        if client.is_expensive() {
            if self.handshakes == MAX_HANDSHAKES {
                // It is reported again.
                return;
            }
            self.handshakes += 1;
        }
        if ready.readable && client.conn.io_state().read {
            client.read(&mut self.buffer, context.now);
        }
        self.process_requests(ready.token, context);
    }

    /// Processes the requests of a client as long as each is answered immediately, then writes.
    fn process_requests(&mut self, token: Token, context: &mut ServerContext<'_>) {
        let max_reply = self.max_reply();
        let Some(client) = self.clients.get_mut(&token) else { return };
        let Some(endpoint) = self.endpoints.get(client.server) else { return };
        let now = context.now;
        for _ in 0..MAX_REQUESTS {
            if client.is_waiting() {
                break;
            }
            let Some(request) = next_request(client, endpoint, &mut self.logins, context) else {
                break;
            };
            let facts = client.facts();
            let visit = Visit { facts, endpoint, open_logs: &self.open_logs, max_reply };
            let answer = visit.with_context(context, |context| {
                self.site.answer(context, &request, &endpoint.policy)
            });
            client.answer(answer.bounded(max_reply), now);
            if let Some((path, flag)) = client.take_new_follower() {
                context.logs.activity.followed.add(&path, &flag);
            }
        }
        client.write(now);
        self.update_or_close(token, context.poller);
        self.settle_memory(token, context.poller, now);
    }

    /// Updates the registered interest, or closes the connection.
    fn update_or_close(&mut self, token: Token, poller: &mut Poller) {
        let Some(client) = self.clients.get_mut(&token) else { return };
        client.update_interest(poller, token);
        if client.conn.io_state().close {
            self.close_client(token, poller);
        }
    }

    /// Closes a connection.
    pub fn close_client(&mut self, token: Token, poller: &mut Poller) {
        if let Some(mut client) = self.clients.remove(&token) {
            self.budget.charge(&mut client.charged, 0);
            client.close(poller);
            self.reserve = self.reserve.take().or_else(reserve);
        }
    }

    /// Called after all inputs and effects are processed: polls pending requests, followed logs and
    /// timeouts.
    pub fn poll_clients(&mut self, context: &mut ServerContext<'_>) {
        self.resume(context);
        self.handshakes = 0;
        if let Some(token) = self.in_dispatch.take() {
            self.close_client(token, context.poller);
        }
        self.notify_pages(context);
        let mut runnable = 0;
        for token in self.due_clients(context.now) {
            if self.clients.get(&token).is_some_and(Client::is_runnable) {
                if runnable == MAX_RUNNABLE {
                    continue;
                }
                runnable += 1;
                self.last_turn = Some(token);
            }
            self.in_dispatch = Some(token);
            self.advance(token, context);
            self.in_dispatch = None;
        }
        let has_subscribers = self.clients.values().any(Client::streams_events);
        context.core.set_publishing(has_subscribers, context.now);
    }

    /// The clients that need attention, beginning with the one after that which was advanced last.
    fn due_clients(&self, now: Now) -> Vec<Token> {
        let is_due = |client: &Client| client.deadline().is_some_and(|at| now.mono >= at);
        let is_busy = |client: &Client| {
            let io = client.conn.io_state();
            client.needs_poll() || io.write || io.close
        };
        let due = self.clients.iter().filter(|(_, client)| is_busy(client) || is_due(client));
        let mut due: Vec<Token> = due.map(|(token, _)| *token).collect();
        let first = due.partition_point(|token| Some(*token) <= self.last_turn);
        due.rotate_left(first);
        due
    }

    fn advance(&mut self, token: Token, context: &mut ServerContext<'_>) {
        let max_reply = self.max_reply();
        let Some(client) = self.clients.get_mut(&token) else { return };
        let Some(endpoint) = self.endpoints.get(client.server) else { return };
        if client.is_waiting() {
            let facts = client.facts();
            let visit = Visit { facts, endpoint, open_logs: &self.open_logs, max_reply };
            visit.with_context(context, |context| client.advance(context));
        }
        if client.has_unread_input() {
            client.read(&mut self.buffer, context.now);
        }
        client.conn.expire(moment(context.now));
        self.process_requests(token, context);
    }

    /// When [`Server::poll_clients`] must be called next without I/O.
    pub fn deadline(&self) -> Option<Mono> {
        let clients = self.clients.values().filter_map(Client::deadline);
        clients.chain(self.listen_sockets.iter().filter_map(|it| it.paused_until)).min()
    }

    /// What is no event of Supervisor, such as readiness or a request, changes what pages show, too.
    fn notify_pages(&mut self, context: &ServerContext<'_>) {
        let changes = context.core.history().changes();
        if changes != self.noted {
            self.noted = changes;
            self.clients.values_mut().for_each(|client| client.notify(context.now));
        }
    }

    /// Sends an event to the clients that stream events.
    pub fn publish(&mut self, serial: u64, kind: EventType, payload: &str, now: Now) {
        let mut text = format!("id: {serial}\nevent: {}\n", kind.name());
        for line in payload.split(['\n', '\r']) {
            text.push_str("data: ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
        let text: Rc<[u8]> = text.into_bytes().into();
        for client in self.clients.values_mut() {
            client.publish(kind, payload, &text, now);
        }
    }

    pub fn close(&mut self, poller: &mut Poller) {
        for (_, client) in std::mem::take(&mut self.clients) {
            client.close(poller);
        }
        for socket in self.listen_sockets.drain(..) {
            poller.remove(&socket.listener);
        }
    }
}
