//! Carries out the probes that the core requests: sockets in the poller of the event loop, and
//! children for commands. Whether and when something is examined is decided by the core.

use std::collections::BTreeMap;
use std::io;

use regex::bytes::Regex;

use super::place::{Place, place};
use crate::conf::config::Process;
use crate::conf::probe::{HttpProbe, Method, ProbeId, Purpose};
use crate::core::effect::ProcId;
use crate::http::client;
use crate::os::connect::Peer;
use crate::os::errno;
use crate::os::poller::{Interest, Poller, Token};
use crate::os::stream::SocketStream;

/// The maximum number of bytes of a reply that are examined.
const MAX_REPLY: usize = 1024 * 1024;

/// One request for a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) id: ProcId,
    pub(super) probe: ProbeId,
    pub(super) number: u64,
}

/// What came of a probe, for [`crate::core::effect::Input::Probed`].
pub(super) type Verdict = (Key, Result<(), String>);

#[derive(Default)]
pub(super) struct Probes {
    sockets: BTreeMap<Token, Connection>,
    /// The children that execute `ready_exec` and `live_exec`, also after they were
    /// cancelled, until they are reaped.
    children: BTreeMap<i32, Key>,
}

struct Connection {
    key: Key,
    stream: SocketStream,
    /// `None`: the probe succeeds when the connection is established.
    exchange: Option<Exchange>,
}

/// An HTTP request and its reply.
struct Exchange {
    /// What is still to be sent.
    request: Vec<u8>,
    reply: Vec<u8>,
    statuses: Vec<(u16, u16)>,
    body: Option<Regex>,
}

/// What a probe connects to.
pub(super) fn target(process: &Process, probe: ProbeId) -> Result<Place, String> {
    let (tcp, unix) = match probe.purpose {
        Purpose::Ready => (&process.ready_tcp, &process.ready_unix),
        Purpose::Live => (&process.live_tcp, &process.live_unix),
    };
    let http = process.http_probe(probe.purpose).map(|http| &http.url.address);
    match (probe.method, tcp, unix, http) {
        (Method::Tcp, Some(address), ..) | (Method::Http, _, _, Some(address)) => place(address),
        (Method::Unix, _, Some(path), _) => Ok(Place::Peer(Peer::Unix(path.into()))),
        _ => Err("is no longer configured".to_owned()),
    }
}

impl Probes {
    /// Watches a connection that was begun.
    pub(super) fn add(
        &mut self,
        poller: &mut Poller,
        key: Key,
        stream: SocketStream,
        http: Option<HttpProbe<'_>>,
    ) -> io::Result<()> {
        let exchange = http.map(|http| Exchange {
            request: client::get(&http.url.host, &http.url.path, http.header),
            reply: Vec::new(),
            statuses: http.statuses.to_vec(),
            body: http.body.and_then(|pattern| Regex::new(pattern).ok()),
        });
        let token = poller.add(&stream, Interest::WRITE)?;
        self.sockets.insert(token, Connection { key, stream, exchange });
        Ok(())
    }

    pub(super) fn add_child(&mut self, pid: i32, key: Key) {
        self.children.insert(pid, key);
    }

    pub(super) fn owns(&self, token: Token) -> bool {
        self.sockets.contains_key(&token)
    }

    /// A socket is ready; returns the result if it is known now.
    pub(super) fn ready(&mut self, token: Token, poller: &mut Poller) -> Option<Verdict> {
        let connection = self.sockets.get_mut(&token)?;
        let (key, result) = (connection.key, connection.advance(token, poller)?);
        self.close(token, poller);
        Some((key, result))
    }

    /// Closes a socket; its result is not known.
    pub(super) fn close(&mut self, token: Token, poller: &mut Poller) -> Option<Key> {
        let connection = self.sockets.remove(&token)?;
        poller.remove(&connection.stream);
        Some(connection.key)
    }

    pub(super) fn children(&self) -> impl Iterator<Item = i32> {
        self.children.keys().copied()
    }

    pub(super) fn has_child(&self, pid: i32) -> bool {
        self.children.contains_key(&pid)
    }

    /// The probe of a child that was reaped.
    pub(super) fn take_child(&mut self, pid: i32) -> Option<Key> {
        self.children.remove(&pid)
    }

    /// Gives up a probe; returns the pid of the child that is to be killed.
    pub(super) fn cancel(&mut self, key: Key, poller: &mut Poller) -> Option<i32> {
        let token = self.sockets.iter().find(|(_, it)| it.key == key).map(|(token, _)| *token);
        if let Some(token) = token {
            self.close(token, poller);
        }
        self.children.iter().find(|(_, it)| **it == key).map(|(pid, _)| *pid)
    }
}

impl Connection {
    fn advance(&mut self, token: Token, poller: &mut Poller) -> Option<Result<(), String>> {
        let Some(exchange) = &mut self.exchange else {
            return Some(self.stream.take_error().map_err(|error| describe(&error)));
        };
        match exchange.advance(&mut self.stream) {
            Ok(None) if exchange.request.is_empty() => {
                let changed = poller.change(token, &self.stream, Interest::READ);
                changed.err().map(|error| Err(describe(&error)))
            }
            Ok(None) => None,
            Ok(Some(result)) => Some(result),
            Err(error) => Some(Err(describe(&error))),
        }
    }
}

impl Exchange {
    /// Sends and reads what is possible now.
    fn advance(&mut self, stream: &mut SocketStream) -> io::Result<Option<Result<(), String>>> {
        stream.take_error()?;
        while !self.request.is_empty() {
            match stream.write(&self.request)? {
                Some(count) => drop(self.request.drain(..count)),
                None => return Ok(None),
            }
        }
        let mut buffer = [0; 16 * 1024];
        while let Some(count) = stream.read(&mut buffer)? {
            self.reply.extend(&buffer[..count]);
            let is_end = count == 0 || self.reply.len() >= MAX_REPLY;
            if let Some(result) = self.judge(is_end) {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }

    fn judge(&self, is_end: bool) -> Option<Result<(), String>> {
        let reply = match client::reply(&self.reply) {
            Ok(Some(reply)) => reply,
            Ok(None) if is_end => return Some(Err("the connection was closed".to_owned())),
            Ok(None) => return None,
            Err(error) => return Some(Err(error)),
        };
        if !self.statuses.iter().any(|(first, last)| (*first..=*last).contains(&reply.status)) {
            return Some(Err(format!("status {}", reply.status)));
        }
        match &self.body {
            None => Some(Ok(())),
            Some(pattern) if pattern.is_match(reply.body) => Some(Ok(())),
            Some(_) if is_end || reply.is_complete => {
                Some(Err("the body does not match".to_owned()))
            }
            Some(_) => None,
        }
    }
}

/// Why a connection failed, in a word or two.
pub(super) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::NotFound => "no such socket".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::WouldBlock => "its backlog is full".to_owned(),
        _ => errno::describe(error),
    }
}
