//! The HTTP servers: listeners and clients on the poller. Requests go to the site, replies and
//! streams to the clients; none of them is waited for, and none gets more than its share of a turn.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::client::{Client, moment};
use super::services::Outside;
use super::world::World;
use crate::conf::config::{Bind, HttpServer};
use crate::conf::events::EventType;
use crate::core::time::{Mono, Now};
use crate::http::auth::Guard;
use crate::os::files;
use crate::os::poller::{Interest, Poller, Ready, Token};
use crate::os::socket::Listener;
use crate::os::stream::Stream;
use crate::rpc;
use crate::web::{Door, Site};

/// How many clients may be connected. The one that was idle for longest makes room for another.
const MAX_CLIENTS: usize = 500;
/// How many are let in within one turn.
const ACCEPTS: usize = 32;
/// How long nobody is let in when descriptors are short.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Server {
    site: Site,
    entrances: Vec<Entrance>,
    clients: BTreeMap<Token, Client>,
    buffer: Vec<u8>,
    /// Who is being served; still there in the next turn only if that made us panic.
    served: Option<Token>,
}

/// One listening socket, and who may come in.
struct Entrance {
    listener: Listener,
    token: Token,
    guard: Guard,
    door: Door,
    paused_until: Option<Mono>,
}

impl Server {
    pub fn new() -> io::Result<Self> {
        let site = Site::new(files::secret()?);
        Ok(Self {
            site,
            entrances: Vec::new(),
            clients: BTreeMap::new(),
            buffer: Vec::new(),
            served: None,
        })
    }

    pub fn listen(
        &mut self,
        poller: &mut Poller,
        listener: Listener,
        config: &HttpServer,
    ) -> io::Result<()> {
        listener.set_nonblocking()?;
        let token = poller.add(&listener, Interest::READ)?;
        let guard = match &config.credentials {
            Some(account) => Guard::password(&account.username, &account.password),
            None => Guard::open(),
        };
        let is_inet = matches!(config.bind, Bind::Inet { .. });
        let door =
            Door { is_open: is_inet && guard.is_open(), get_actions: config.web_get_actions };
        self.entrances.push(Entrance { listener, token, guard, door, paused_until: None });
        Ok(())
    }

    pub fn owns(&self, token: Token) -> bool {
        self.clients.contains_key(&token) || self.entrances.iter().any(|it| it.token == token)
    }

    /// A socket can be used without waiting.
    pub fn ready(&mut self, ready: Ready, world: &mut World<'_>) {
        if let Some(at) = self.entrances.iter().position(|it| it.token == ready.token) {
            return self.accept(at, world);
        }
        let Some(client) = self.clients.get_mut(&ready.token) else { return };
        if client.expects_nothing() {
            client.give_up();
        }
        if ready.readable && client.conn.want().read {
            client.read(&mut self.buffer, world.now);
        }
        self.work(ready.token, world);
    }

    /// Takes the client's requests, as long as each can be answered at once, and writes.
    fn work(&mut self, token: Token, world: &mut World<'_>) {
        let Some(client) = self.clients.get_mut(&token) else { return };
        let Some(entrance) = self.entrances.get(client.door) else { return };
        let now = world.now;
        while !client.is_waiting() {
            let guard = |request: &crate::http::Request| entrance.guard.refuse(request);
            let Some(request) = client.conn.request(moment(now), guard) else { break };
            let answer = with(world, |world| self.site.answer(world, &request, entrance.door));
            client.answer(answer, now);
        }
        client.write(now);
        self.tidy(token, world.poller);
    }

    /// Waits for what is wanted next, or closes.
    fn tidy(&mut self, token: Token, poller: &mut Poller) {
        let Some(client) = self.clients.get_mut(&token) else { return };
        client.rewatch(poller, token);
        if client.conn.want().close {
            self.abandon(token, poller);
        }
    }

    /// Closes a connection, such as one that made us panic.
    pub fn abandon(&mut self, token: Token, poller: &mut Poller) {
        if let Some(client) = self.clients.remove(&token) {
            client.unwatch(poller);
        }
    }

    /// Everything that happened has been dealt with: promises may be fulfilled, logs have grown,
    /// time has passed.
    pub fn settle(&mut self, world: &mut World<'_>) {
        self.resume(world);
        if let Some(token) = self.served.take() {
            self.abandon(token, world.poller);
        }
        let now = world.now;
        let is_due = |client: &Client| client.deadline().is_some_and(|at| now.mono >= at);
        let busy = |client: &Client| {
            let want = client.conn.want();
            client.is_waiting() || want.write || want.close
        };
        let concerned = self.clients.iter().filter(|(_, client)| busy(client) || is_due(client));
        let concerned: Vec<Token> = concerned.map(|(token, _)| *token).collect();
        for token in concerned {
            let Some(client) = self.clients.get_mut(&token) else { continue };
            self.served = Some(token);
            with(world, |world| client.advance(world));
            client.conn.expire(moment(now));
            self.work(token, world);
            self.served = None;
        }
        let wanted = self.clients.values().any(Client::streams_events);
        world.core.set_publishing(wanted, now);
    }

    /// When [`Server::settle`] is wanted though nothing happens.
    pub fn deadline(&self) -> Option<Mono> {
        let clients = self.clients.values().filter_map(Client::deadline);
        clients.chain(self.entrances.iter().filter_map(|it| it.paused_until)).min()
    }

    /// An event, for those who stream them.
    pub fn publish(&mut self, serial: u64, name: &str, payload: &str, now: Now) {
        let Some(kind) = EventType::from_name(name) else { return };
        let mut text = format!("id: {serial}\nevent: {name}\n");
        for line in payload.split(['\n', '\r']) {
            text.push_str("data: ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
        for client in self.clients.values_mut() {
            client.publish(kind, text.as_bytes(), now);
        }
    }

    pub fn close(&mut self, poller: &mut Poller) {
        for (_, client) in std::mem::take(&mut self.clients) {
            client.unwatch(poller);
        }
        for entrance in self.entrances.drain(..) {
            poller.remove(&entrance.listener);
        }
    }

    fn accept(&mut self, at: usize, world: &mut World<'_>) {
        for _ in 0..ACCEPTS {
            match self.entrances[at].listener.accept() {
                Ok(Some(stream)) => self.admit(stream, at, world),
                Ok(None) => return,
                Err(_) if self.evict(world.poller) => {}
                Err(_) => return self.pause(at, world),
            }
        }
    }

    fn admit(&mut self, stream: Stream, door: usize, world: &mut World<'_>) {
        if self.clients.len() >= MAX_CLIENTS && !self.evict(world.poller) {
            return;
        }
        let client = Client::new(stream, door, world.now);
        if let Ok(token) = client.watch(world.poller) {
            self.clients.insert(token, client);
        }
    }

    /// Closes the connection on which nothing was asked for longest; false if all are in use.
    fn evict(&mut self, poller: &mut Poller) -> bool {
        let idle = self
            .clients
            .iter()
            .filter_map(|(token, client)| client.conn.idle_since().map(|since| (since, *token)));
        let Some((_, token)) = idle.min() else { return false };
        self.abandon(token, poller);
        true
    }

    /// There are no descriptors left: lets nobody in for a moment, rather than spin.
    fn pause(&mut self, at: usize, world: &mut World<'_>) {
        let entrance = &mut self.entrances[at];
        world.poller.remove(&entrance.listener);
        entrance.paused_until = Some(Mono(world.now.mono.0.saturating_add(PAUSE)));
    }

    fn resume(&mut self, world: &mut World<'_>) {
        for entrance in &mut self.entrances {
            if entrance.paused_until.is_none_or(|until| world.now.mono < until) {
                continue;
            }
            match world.poller.add(&entrance.listener, Interest::READ) {
                Ok(token) => {
                    entrance.token = token;
                    entrance.paused_until = None;
                }
                Err(_) => {
                    entrance.paused_until = Some(Mono(world.now.mono.0.saturating_add(PAUSE)));
                }
            }
        }
    }
}

/// The world as methods see it.
fn with<T>(world: &mut World<'_>, act: impl FnOnce(&mut rpc::World<'_>) -> T) -> T {
    let mut services = Outside { logs: world.logs, reader: world.reader };
    let mut inner = rpc::World { supervisor: world.core, services: &mut services, now: world.now };
    act(&mut inner)
}
