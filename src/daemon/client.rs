//! One client of the HTTP servers: its socket, its HTTP connection and its pending task.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::document_reply::DocumentReply;
use super::event_stream::EventStream;
use super::followed::Flag;
use super::log_follower::LogFollower;
use super::transport::Transport;
use crate::conf::account::{Programs, Role};
use crate::conf::events::EventType;
use crate::core::time::{Mono, Now};
use crate::http::date::http_date;
use crate::http::eviction::Standing;
use crate::http::{Conn, GRACE, Moment, Reply};
use crate::os::poller::{Interest, Poller, Token};
use crate::os::stream::Peer;
use crate::rpc;
use crate::rpc::access::Rights;
use crate::rpc::xml::MAX_PIECE;
use crate::web::{self, Answer, Pending, document_head};

pub(super) mod saving;

/// The size of the buffer that all clients share for reading.
const MAX_READ: usize = 64 * 1024;
/// How often the output is filled and written per loop iteration while a document is sent.
const MAX_REFILLS: usize = 8;
/// The poll interval of a followed log, because other processes may write to it.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The interval of keep-alive comments on an idle event stream.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// The interval of heartbeats on an event stream that requests them.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct Client {
    pub(super) conn: Conn,
    /// Whether the peer is the owner of the unix socket.
    pub(super) is_owner: bool,
    pub(super) peer: Option<Peer>,
    /// What the account of its last request may do.
    pub(super) rights: Rc<Rights>,
    /// The bytes that the memory budget accounts for the client.
    pub(super) charged: usize,
    /// The index of the listening socket that accepted the client.
    pub(super) server: usize,
    transport: Transport,
    interest: Interest,
    is_write_shut_down: bool,
    task: Task,
    new_follower: Option<(PathBuf, Flag)>,
}

/// What a client waits for.
enum Task {
    Nothing,
    Promise(Pending),
    Document(DocumentReply),
    /// The flag is set when there may be something to send.
    Log(LogFollower, Flag, Mono),
    Events(EventStream, Mono),
}

pub(super) fn moment(now: Now) -> Moment {
    Moment { mono: now.mono.0, wall: now.wall.secs() }
}

fn after(now: Now, time: Duration) -> Mono {
    Mono(now.mono.0.saturating_add(time))
}

/// When a stream on which nothing else happens shows that it is alive.
fn next_beat(stream: &EventStream, now: Now) -> Mono {
    after(now, if stream.has_heartbeat() { HEARTBEAT_INTERVAL } else { KEEPALIVE_INTERVAL })
}

impl Client {
    /// It has no rights before its first request.
    pub(super) fn new(transport: Transport, server: usize, is_owner: bool, now: Now) -> Self {
        let no_rights = Rights::new("".into(), Role::Viewer, Programs::default());
        Self {
            conn: Conn::new(moment(now), web::wording),
            is_owner,
            peer: transport.peer(),
            rights: Rc::new(no_rights),
            charged: 0,
            server,
            transport,
            interest: Interest::READ,
            is_write_shut_down: false,
            task: Task::Nothing,
            new_follower: None,
        }
    }

    pub(super) fn register(&self, poller: &mut Poller) -> io::Result<Token> {
        poller.add(&self.transport, self.interest)
    }

    pub(super) fn unregister(&self, poller: &mut Poller) {
        poller.remove(&self.transport);
    }

    /// Closes the connection; a peer with TLS is informed.
    pub(super) fn close(mut self, poller: &mut Poller) {
        self.transport.close();
        poller.remove(&self.transport);
    }

    /// What it is doing, and since when.
    pub(super) fn standing(&self, now: Now) -> (Standing, Duration) {
        let (standing, since) = self.conn.standing(moment(now));
        // Half a handshake is like half a request.
        match now.mono.0.saturating_sub(since) {
            age if self.transport.is_handshaking() && age >= GRACE => (Standing::Slow, since),
            _ if self.transport.is_handshaking() => (Standing::Active, since),
            _ => (standing, since),
        }
    }

    /// Whether the next read may cost the computation of a signature.
    pub(super) fn is_expensive(&self) -> bool {
        self.transport.is_expensive()
    }

    /// Whether it speaks plain HTTP although TLS is required.
    pub(super) fn lacks_tls(&self) -> bool {
        self.transport.lacks_tls()
    }

    /// Whether there is something to read although the socket is not readable.
    pub(super) fn has_unread_input(&self) -> bool {
        self.transport.has_input() && self.conn.io_state().read
    }

    /// Who it is, and what it may do.
    pub(super) fn facts(&self) -> (Option<Peer>, Rc<Rights>) {
        (self.peer, Rc::clone(&self.rights))
    }

    pub(super) fn streams_events(&self) -> bool {
        matches!(self.task, Task::Events(..))
    }

    /// The log that it has begun to follow, once.
    pub(super) fn take_new_follower(&mut self) -> Option<(PathBuf, Flag)> {
        self.new_follower.take()
    }

    /// Whether its task is to be looked at in every iteration.
    pub(super) fn needs_poll(&self) -> bool {
        match &self.task {
            Task::Nothing => false,
            Task::Log(_, flag, _) => flag.get(),
            _ => true,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        !matches!(self.task, Task::Nothing)
    }

    /// Reads one chunk from the client.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, now: Now) {
        buffer.resize(MAX_READ, 0);
        let room = self.conn.read_capacity().min(MAX_READ);
        match self.transport.read(&mut buffer[..room]) {
            Ok(None) => {}
            Ok(Some(0)) => {
                // Perhaps only its side is closed: it may still wait for its reply.
                self.conn.end_of_input();
                if !self.conn.is_awaiting_reply() {
                    self.task = Task::Nothing;
                }
            }
            Err(_) => self.disconnect(),
            Ok(Some(count)) => self.conn.receive(&buffer[..count], moment(now)),
        }
    }

    /// Writes as much output as the socket accepts, and shuts the connection down if requested.
    pub(super) fn write(&mut self, now: Now) {
        for _ in 0..MAX_REFILLS {
            self.write_output(now);
            if !self.conn.output().is_empty() {
                break;
            }
            match &self.task {
                Task::Document(_) => self.send_document(now),
                Task::Events(..) => self.send_events(now),
                Task::Nothing | Task::Promise(_) | Task::Log(..) => break,
            }
        }
        if self.transport.flush().is_err() {
            self.disconnect();
        }
        if self.conn.io_state().shutdown && !self.is_write_shut_down {
            self.is_write_shut_down = self.transport.end_output();
        }
    }

    fn write_output(&mut self, now: Now) {
        while !self.conn.output().is_empty() {
            match self.transport.write(self.conn.output()) {
                Ok(Some(count)) if count > 0 => self.conn.on_written(count, moment(now)),
                Ok(_) => break,
                Err(_) => return self.disconnect(),
            }
        }
    }

    /// The bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        let task = match &self.task {
            Task::Promise(pending) => pending.memory(),
            Task::Document(reply) => reply.memory(),
            Task::Events(stream, _) => stream.memory(),
            Task::Nothing | Task::Log(..) => 0,
        };
        self.conn.memory() + self.transport.memory() + task
    }

    /// Ends a request that is being received with `reply`, and any other activity at once.
    pub(super) fn refuse(&mut self, reply: Reply, now: Now) {
        self.task = Task::Nothing;
        self.conn.refuse(reply, moment(now));
    }

    /// Discards the connection and its task.
    pub(super) fn disconnect(&mut self) {
        self.conn.close();
        self.task = Task::Nothing;
    }

    /// Registers the interest that the connection needs now.
    pub(super) fn update_interest(&mut self, poller: &mut Poller, token: Token) {
        let io = self.conn.io_state();
        let interest = Interest { read: io.read, write: io.write || self.transport.has_output() };
        if interest != self.interest {
            self.interest = interest;
            if poller.change(token, &self.transport, interest).is_err() {
                self.disconnect();
            }
        }
    }

    /// Whether no interest was registered; then a ready event can only be a hang-up.
    pub(super) fn has_no_interest(&self) -> bool {
        !self.interest.read && !self.interest.write
    }

    /// Starts the reply to a request.
    pub(super) fn answer(&mut self, answer: Answer, now: Now) {
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Document(document) => {
                self.task = Task::Document(DocumentReply::new(document));
                return;
            }
            Answer::Later(pending) => {
                self.task = Task::Promise(pending);
                return;
            }
            Answer::Log(head, log) => {
                self.task = Task::Document(DocumentReply::of_log(log));
                head
            }
            Answer::Follow(head, path) => match LogFollower::begin(&path) {
                Ok(follow) => {
                    let modified = follow.modified().unwrap_or(0);
                    let flag = Flag::new(true.into());
                    self.new_follower = Some((path.into(), Flag::clone(&flag)));
                    self.task = Task::Log(follow, flag, after(now, POLL_INTERVAL));
                    head.header("Last-Modified", http_date(modified))
                }
                Err(_) => Reply::error(404, "There is no such log."),
            },
            Answer::Events(head, subscription) => {
                let stream = EventStream::new(subscription);
                let at = next_beat(&stream, now);
                self.task = Task::Events(stream, at);
                head
            }
        };
        self.conn.reply(reply, moment(now));
        if self.conn.is_complete() {
            // A HEAD request for a stream is already complete.
            self.task = Task::Nothing;
        }
    }

    /// Advances the pending task.
    pub(super) fn advance(&mut self, context: &mut rpc::Context<'_>) {
        let now = context.now;
        match &mut self.task {
            Task::Nothing => {}
            Task::Promise(pending) => {
                if let Some(answer) = pending.poll(context) {
                    self.task = Task::Nothing;
                    self.answer(answer, now);
                }
            }
            Task::Document(reply) => {
                if let Some(length) = reply.measure() {
                    self.conn.reply(document_head(length), moment(now));
                }
                self.send_document(now);
            }
            Task::Log(follow, flag, poll_at) => {
                *poll_at = after(now, POLL_INTERVAL);
                while self.conn.stream_capacity() > 0 {
                    let bytes = follow.next(self.conn.stream_capacity());
                    if bytes.is_empty() {
                        flag.set(false);
                        break;
                    }
                    self.conn.chunk(&bytes, moment(now));
                }
            }
            Task::Events(stream, beat_at) => {
                if now.mono >= *beat_at {
                    *beat_at = next_beat(stream, now);
                    stream.beat();
                }
                self.send_events(now);
            }
        }
    }

    /// Sends as much of a document as there is room for. A log that was truncated since it was
    /// measured cannot be sent; the client notices that the reply is incomplete.
    fn send_document(&mut self, now: Now) {
        let Task::Document(reply) = &mut self.task else { return };
        while self.conn.stream_capacity() >= MAX_PIECE {
            match reply.next() {
                Some(piece) => self.conn.chunk(&piece, moment(now)),
                None => break,
            }
        }
        if self.conn.is_complete() {
            self.task = Task::Nothing;
        } else if reply.is_at_end() {
            self.disconnect();
        }
    }

    /// Queues an event for a client that streams its type. A client that falls behind is
    /// disconnected and may reconnect.
    pub(super) fn publish(&mut self, kind: EventType, payload: &str, text: &Rc<[u8]>, now: Now) {
        let Task::Events(stream, beat_at) = &mut self.task else { return };
        if !stream.is_subscribed(kind, payload) {
            return;
        }
        *beat_at = next_beat(stream, now);
        if stream.push(text) {
            self.send_events(now);
        } else {
            self.disconnect();
        }
    }

    /// Something that a page shows has changed.
    pub(super) fn notify(&mut self, now: Now) {
        let Task::Events(stream, beat_at) = &mut self.task else { return };
        if stream.notify() {
            *beat_at = next_beat(stream, now);
            self.send_events(now);
        }
    }

    fn send_events(&mut self, now: Now) {
        let Task::Events(stream, _) = &mut self.task else { return };
        while let Some(bytes) = stream.next(self.conn.stream_capacity()) {
            self.conn.chunk(bytes, moment(now));
        }
    }

    /// Whether there is work that needs neither an event nor the client.
    pub(super) fn is_runnable(&self) -> bool {
        if self.has_unread_input() {
            return true;
        }
        match &self.task {
            Task::Nothing => self.conn.may_have_request(),
            Task::Promise(pending) => pending.is_runnable(),
            Task::Document(reply) => reply.is_runnable(),
            Task::Log(..) | Task::Events(..) => false,
        }
    }

    /// When the client needs attention without I/O.
    pub(super) fn deadline(&self) -> Option<Mono> {
        if self.is_runnable() {
            return Some(Mono::default());
        }
        let task = match &self.task {
            Task::Nothing | Task::Promise(_) | Task::Document(_) => None,
            Task::Log(_, _, at) | Task::Events(_, at) => Some(*at),
        };
        [task, self.conn.deadline().map(Mono)].into_iter().flatten().min()
    }
}
