//! Carries out requests to proxies and programs: sockets in the poller of the event loop, and children
//! whose output is collected. What is requested, and for how long, is decided by the core.

use std::collections::BTreeMap;
use std::io;

use crate::conf::drain::{HaproxyServer, VarnishBackend};
use crate::core::effect::{ExchangeId, WaitStatus};
use crate::core::exchange::{Answer, Exchange};
use crate::http::client;
use crate::os::poller::{Interest, Poller, Token};
use crate::os::stream::SocketStream;

use super::probes::describe;
use super::{haproxy, varnish};

/// The maximum number of bytes of a reply.
const MAX_REPLY: usize = 1024 * 1024;

/// What a reply is compared with.
pub(super) enum Expected {
    /// A command that succeeds.
    Success,
    Varnish(VarnishBackend),
    Haproxy(HaproxyServer),
    Page,
}

/// One request and what has arrived of its reply.
pub(super) struct Talk {
    pub(super) id: ExchangeId,
    pub(super) exchange: Exchange,
    pub(super) expected: Expected,
    /// What is still to be sent.
    pub(super) request: Vec<u8>,
    reply: Vec<u8>,
    stream: SocketStream,
    /// The child at the other end. Its end is the end of the reply.
    pid: Option<i32>,
}

#[derive(Default)]
pub(super) struct Exchanges {
    talks: BTreeMap<Token, Talk>,
    /// Children with the request that they carry out, also after it was cancelled, until they are
    /// reaped.
    children: BTreeMap<i32, Option<ExchangeId>>,
    /// The output of children that closed it before they ended.
    closed: Vec<Talk>,
}

impl Talk {
    pub(super) fn new(
        id: ExchangeId,
        exchange: Exchange,
        expected: Expected,
        request: Vec<u8>,
        stream: SocketStream,
    ) -> Self {
        Self { id, exchange, expected, request, reply: Vec::new(), stream, pid: None }
    }

    /// Sends and reads what is possible now; true at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.stream.take_error()?;
        while !self.request.is_empty() {
            match self.stream.write(&self.request)? {
                Some(count) => drop(self.request.drain(..count)),
                None => return Ok(false),
            }
        }
        let mut buffer = [0; 16 * 1024];
        while let Some(count) = self.stream.read(&mut buffer)? {
            let room = MAX_REPLY.saturating_sub(self.reply.len());
            self.reply.extend(&buffer[..count.min(room)]);
            if count == 0 || self.is_complete() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the reply is known to be complete before the connection ends.
    fn is_complete(&self) -> bool {
        let is_page = matches!(self.expected, Expected::Page);
        let is_whole = || {
            let reply = client::reply(&self.reply);
            !matches!(reply, Ok(None)) && reply.is_ok_and(|it| it.is_some_and(|it| it.is_complete))
        };
        self.reply.len() >= MAX_REPLY && self.pid.is_none() || is_page && is_whole()
    }

    /// What the complete reply means; `status` is that of the child.
    fn answer(&self, status: WaitStatus) -> Answer {
        let text = || String::from_utf8_lossy(&self.reply);
        match &self.expected {
            Expected::Success if status == WaitStatus::Exited(0) => Ok(0),
            Expected::Success => {
                let text = text();
                let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
                let last = last.map(|line| format!(": {line}")).unwrap_or_default();
                Err(format!("{}{last}", status.description()))
            }
            Expected::Varnish(backend) => varnish::answer(self.exchange, backend, status, &text()),
            Expected::Haproxy(server) => haproxy::answer(self.exchange, server, &text()),
            Expected::Page => match client::reply(&self.reply) {
                Ok(Some(reply)) if reply.status < 400 => Ok(0),
                Ok(Some(reply)) => Err(format!("status {}", reply.status)),
                Ok(None) => Err("the connection was closed".to_owned()),
                Err(error) => Err(error),
            },
        }
    }
}

impl Exchanges {
    /// Watches a connection that was begun.
    pub(super) fn add(&mut self, poller: &mut Poller, talk: Talk) -> io::Result<()> {
        let token = poller.add(&talk.stream, Interest::WRITE)?;
        self.talks.insert(token, talk);
        Ok(())
    }

    /// Collects the output of a child; its other end is `talk`'s stream.
    pub(super) fn add_child(
        &mut self,
        poller: &mut Poller,
        pid: i32,
        mut talk: Talk,
    ) -> io::Result<()> {
        self.children.insert(pid, Some(talk.id));
        talk.pid = Some(pid);
        let token = poller.add(&talk.stream, Interest::READ)?;
        self.talks.insert(token, talk);
        Ok(())
    }

    pub(super) fn owns(&self, token: Token) -> bool {
        self.talks.contains_key(&token)
    }

    /// A socket is ready; returns the answer if it is known now.
    pub(super) fn ready(
        &mut self,
        token: Token,
        poller: &mut Poller,
    ) -> Option<(ExchangeId, Answer)> {
        let talk = self.talks.get_mut(&token)?;
        let was_sending = !talk.request.is_empty();
        let result = match talk.advance() {
            Ok(false) if was_sending && talk.request.is_empty() => {
                let changed = poller.change(token, &talk.stream, Interest::READ);
                changed.err().map(|error| Err(describe(&error)))
            }
            Ok(false) => None,
            Ok(true) => Some(talk.answer(WaitStatus::Exited(0))),
            Err(error) => Some(Err(describe(&error))),
        };
        let result = result?;
        let talk = self.close(token, poller)?;
        if talk.pid.is_some() {
            // Its exit status decides.
            self.closed.push(talk);
            return None;
        }
        Some((talk.id, result))
    }

    pub(super) fn close(&mut self, token: Token, poller: &mut Poller) -> Option<Talk> {
        let talk = self.talks.remove(&token)?;
        poller.remove(&talk.stream);
        Some(talk)
    }

    fn take(&mut self, id: ExchangeId, poller: &mut Poller) -> Option<Talk> {
        let token = self.talks.iter().find(|(_, it)| it.id == id).map(|(token, _)| *token);
        if let Some(token) = token {
            return self.close(token, poller);
        }
        let at = self.closed.iter().position(|it| it.id == id)?;
        Some(self.closed.remove(at))
    }

    pub(super) fn children(&self) -> impl Iterator<Item = i32> {
        self.children.keys().copied()
    }

    /// These children are reaped without an answer.
    pub(super) fn abandon(&mut self, children: Vec<i32>) {
        self.children.extend(children.into_iter().map(|pid| (pid, None)));
    }

    /// Whether a child carries out a request, or did until that was cancelled.
    pub(super) fn is_child(&self, pid: i32) -> bool {
        self.children.contains_key(&pid)
    }

    /// A child was reaped; there is no answer if its request was cancelled.
    pub(super) fn reaped(
        &mut self,
        pid: i32,
        status: WaitStatus,
        poller: &mut Poller,
    ) -> Option<(ExchangeId, Answer)> {
        let id = self.children.remove(&pid)??;
        let mut talk = self.take(id, poller)?;
        // What it wrote last; a failure to read it leaves what was read before.
        let _ = talk.advance();
        Some((talk.id, talk.answer(status)))
    }

    /// Gives up a request; returns the pid of the child that is to be killed.
    pub(super) fn cancel(&mut self, id: ExchangeId, poller: &mut Poller) -> Option<i32> {
        let pid = self.take(id, poller)?.pid?;
        self.children.insert(pid, None);
        Some(pid)
    }

    /// Gives up all requests; returns the pids of the children that are to be killed.
    pub(super) fn cancel_all(&mut self, poller: &mut Poller) -> Vec<i32> {
        for token in self.talks.keys().copied().collect::<Vec<_>>() {
            self.close(token, poller);
        }
        self.closed.clear();
        self.children.keys().copied().collect()
    }
}
