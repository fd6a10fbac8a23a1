//! One client of the HTTP servers: its socket, its HTTP connection and its pending task.

use std::io;
use std::time::Duration;

use super::log_follower::LogFollower;
use crate::conf::events::EventType;
use crate::core::time::{Mono, Now};
use crate::http::date::http_date;
use crate::http::{Conn, Moment, Reply};
use crate::os::poller::{Interest, Poller, Token};
use crate::os::stream::SocketStream;
use crate::rpc;
use crate::web::{Answer, Pending, Subscription};

/// The maximum number of bytes read from a client per loop iteration.
const MAX_READ: usize = 64 * 1024;
/// The poll interval of a followed log, because other processes may write to it.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The interval of keep-alive comments on an idle event stream.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// The interval of heartbeats on an event stream that requests them.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);
const COMMENT: &str = ":\n\n";
const HEARTBEAT: &str = "event: heartbeat\ndata:\n\n";

pub(super) struct Client {
    pub(super) conn: Conn,
    /// The index of the listening socket that accepted the client.
    pub(super) server: usize,
    stream: SocketStream,
    interest: Interest,
    is_write_shut_down: bool,
    task: Task,
}

/// What a client waits for.
enum Task {
    Nothing,
    Promise(Pending),
    Log(LogFollower, Mono),
    Events(Subscription, Mono),
}

pub(super) fn moment(now: Now) -> Moment {
    Moment { mono: now.mono.0, wall: now.wall.secs() }
}

fn after(now: Now, time: Duration) -> Mono {
    Mono(now.mono.0.saturating_add(time))
}

/// When a stream on which nothing else happens shows that it is alive.
fn next_beat(subscription: &Subscription, now: Now) -> Mono {
    let is_fast = subscription.has_heartbeat;
    after(now, if is_fast { HEARTBEAT_INTERVAL } else { KEEPALIVE_INTERVAL })
}

impl Client {
    pub(super) fn new(stream: SocketStream, server: usize, now: Now) -> Self {
        let conn = Conn::new(moment(now));
        let interest = Interest::READ;
        Self { conn, server, stream, interest, is_write_shut_down: false, task: Task::Nothing }
    }

    pub(super) fn register(&self, poller: &mut Poller) -> io::Result<Token> {
        poller.add(&self.stream, self.interest)
    }

    pub(super) fn deregister(&self, poller: &mut Poller) {
        poller.remove(&self.stream);
    }

    pub(super) fn streams_events(&self) -> bool {
        matches!(self.task, Task::Events(..))
    }

    pub(super) fn is_waiting(&self) -> bool {
        !matches!(self.task, Task::Nothing)
    }

    /// Reads one chunk from the client.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, now: Now) {
        buffer.resize(MAX_READ, 0);
        match self.stream.read(buffer) {
            Ok(None) => {}
            Ok(Some(0)) | Err(_) => {
                // The client has disconnected: no reply is needed.
                self.conn.end_of_input();
                self.task = Task::Nothing;
            }
            Ok(Some(count)) => self.conn.receive(&buffer[..count], moment(now)),
        }
    }

    /// Writes as much output as the socket accepts, and shuts the connection down if requested.
    pub(super) fn write(&mut self, now: Now) {
        while !self.conn.output().is_empty() {
            match self.stream.write(self.conn.output()) {
                Ok(Some(count)) if count > 0 => self.conn.on_written(count, moment(now)),
                Ok(_) => break,
                Err(_) => return self.disconnect(),
            }
        }
        if self.conn.io_state().shutdown && !self.is_write_shut_down {
            self.is_write_shut_down = true;
            self.stream.shutdown_write();
        }
    }

    /// Discards the connection and its task.
    pub(super) fn disconnect(&mut self) {
        self.conn.close();
        self.task = Task::Nothing;
    }

    /// Registers the interest that the connection needs now.
    pub(super) fn update_interest(&mut self, poller: &mut Poller, token: Token) {
        let io = self.conn.io_state();
        let interest = Interest { read: io.read, write: io.write };
        if interest != self.interest {
            self.interest = interest;
            if poller.change(token, &self.stream, interest).is_err() {
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
            Answer::Later(pending) => {
                self.task = Task::Promise(pending);
                return;
            }
            Answer::Follow(head, path) => match LogFollower::begin(&path) {
                Ok(follow) => {
                    let modified = follow.modified().unwrap_or(0);
                    self.task = Task::Log(follow, after(now, POLL_INTERVAL));
                    head.header("Last-Modified", http_date(modified))
                }
                Err(_) => Reply::error(404, "There is no such log."),
            },
            Answer::Events(head, subscription) => {
                let at = next_beat(&subscription, now);
                self.task = Task::Events(subscription, at);
                head
            }
        };
        self.conn.reply(reply, moment(now));
        if !self.conn.is_in_use() {
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
                if let Some(reply) = pending.poll(context) {
                    self.task = Task::Nothing;
                    self.conn.reply(reply, moment(now));
                }
            }
            Task::Log(follow, poll_at) => {
                *poll_at = after(now, POLL_INTERVAL);
                loop {
                    let bytes = follow.next(self.conn.stream_capacity());
                    if bytes.is_empty() {
                        break;
                    }
                    self.conn.chunk(&bytes, moment(now));
                }
            }
            Task::Events(subscription, beat_at) => {
                if now.mono >= *beat_at {
                    *beat_at = next_beat(subscription, now);
                    let beat = if subscription.has_heartbeat { HEARTBEAT } else { COMMENT };
                    self.send_chunk(beat.as_bytes(), now);
                }
            }
        }
    }

    /// Sends an event to a client that streams its type. A client that falls behind is disconnected
    /// and may reconnect.
    pub(super) fn publish(&mut self, kind: EventType, text: &[u8], now: Now) {
        let Task::Events(subscription, beat_at) = &mut self.task else { return };
        let types = &subscription.types;
        if types.is_empty() || types.iter().any(|of| kind.is_a(*of)) {
            *beat_at = next_beat(subscription, now);
            self.send_chunk(text, now);
        }
    }

    fn send_chunk(&mut self, text: &[u8], now: Now) {
        if self.conn.stream_capacity() < text.len() {
            self.disconnect();
        } else {
            self.conn.chunk(text, moment(now));
        }
    }

    /// When the client needs attention without I/O.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let task = match &self.task {
            Task::Nothing | Task::Promise(_) => None,
            Task::Log(_, at) | Task::Events(_, at) => Some(*at),
        };
        [task, self.conn.deadline().map(Mono)].into_iter().flatten().min()
    }
}
