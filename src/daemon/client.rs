//! One client of the HTTP servers: its socket, its connection, and what it waits for.

use std::io;
use std::time::Duration;

use super::follow::Follow;
use crate::conf::events::EventType;
use crate::core::time::{Mono, Now};
use crate::http::date::http_date;
use crate::http::{Conn, Moment, Reply};
use crate::os::poller::{Interest, Poller, Token};
use crate::os::stream::Stream;
use crate::rpc;
use crate::web::{Answer, Pending};

/// How much is read from a client in one turn.
const READ: usize = 64 * 1024;
/// How often a log that is followed is looked at though we wrote nothing to it: somebody else may.
const LOOK: Duration = Duration::from_secs(1);
/// How often a silent stream of events shows that it is alive.
const BEAT: Duration = Duration::from_secs(30);

pub(super) struct Client {
    pub(super) conn: Conn,
    /// The server that it came to.
    pub(super) door: usize,
    stream: Stream,
    interest: Interest,
    has_said_end: bool,
    task: Task,
}

/// What a client waits for.
enum Task {
    Nothing,
    Promise(Pending),
    Log(Follow, Mono),
    Events(Vec<EventType>, Mono),
}

pub(super) fn moment(now: Now) -> Moment {
    Moment { mono: now.mono.0, wall: now.wall.secs() }
}

fn after(now: Now, time: Duration) -> Mono {
    Mono(now.mono.0.saturating_add(time))
}

impl Client {
    pub(super) fn new(stream: Stream, door: usize, now: Now) -> Self {
        let conn = Conn::new(moment(now));
        let interest = Interest::READ;
        Self { conn, door, stream, interest, has_said_end: false, task: Task::Nothing }
    }

    pub(super) fn watch(&self, poller: &mut Poller) -> io::Result<Token> {
        poller.add(&self.stream, self.interest)
    }

    pub(super) fn unwatch(&self, poller: &mut Poller) {
        poller.remove(&self.stream);
    }

    pub(super) fn streams_events(&self) -> bool {
        matches!(self.task, Task::Events(..))
    }

    pub(super) fn is_waiting(&self) -> bool {
        !matches!(self.task, Task::Nothing)
    }

    /// Takes one piece of what the client sent.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, now: Now) {
        buffer.resize(READ, 0);
        match self.stream.take(buffer) {
            Ok(None) => {}
            Ok(Some(0)) | Err(_) => {
                // nobody is there to be answered
                self.conn.end_of_input();
                self.task = Task::Nothing;
            }
            Ok(Some(count)) => self.conn.receive(&buffer[..count], moment(now)),
        }
    }

    /// Writes what the client takes now, and ends what is to be ended.
    pub(super) fn write(&mut self, now: Now) {
        while !self.conn.output().is_empty() {
            match self.stream.give(self.conn.output()) {
                Ok(Some(count)) if count > 0 => self.conn.wrote(count, moment(now)),
                Ok(_) => break,
                Err(_) => return self.give_up(),
            }
        }
        if self.conn.want().shutdown && !self.has_said_end {
            self.has_said_end = true;
            self.stream.end();
        }
    }

    /// The connection is of no use any more.
    pub(super) fn give_up(&mut self) {
        self.conn.abandon();
        self.task = Task::Nothing;
    }

    /// Waits for what the connection wants now.
    pub(super) fn rewatch(&mut self, poller: &mut Poller, token: Token) {
        let want = self.conn.want();
        let interest = Interest { read: want.read, write: want.write };
        if interest != self.interest {
            self.interest = interest;
            if poller.change(token, &self.stream, interest).is_err() {
                self.give_up();
            }
        }
    }

    /// Whether nothing was to be waited for, so that only a hang-up can have been reported.
    pub(super) fn expects_nothing(&self) -> bool {
        !self.interest.read && !self.interest.write
    }

    /// What the site said to a request.
    pub(super) fn answer(&mut self, answer: Answer, now: Now) {
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Later(pending) => {
                self.task = Task::Promise(pending);
                return;
            }
            Answer::Follow(head, path) => match Follow::begin(&path) {
                Ok(follow) => {
                    let modified = follow.modified().unwrap_or(0);
                    self.task = Task::Log(follow, after(now, LOOK));
                    head.header("Last-Modified", http_date(modified))
                }
                Err(_) => Reply::error(404, "There is no such log."),
            },
            Answer::Events(head, types) => {
                self.task = Task::Events(types, after(now, BEAT));
                head
            }
        };
        self.conn.reply(reply, moment(now));
        if !self.conn.is_in_use() {
            // a request for the head of a stream has its answer already
            self.task = Task::Nothing;
        }
    }

    /// Goes on with what the client waits for.
    pub(super) fn advance(&mut self, world: &mut rpc::World<'_>) {
        let now = world.now;
        match &mut self.task {
            Task::Nothing => {}
            Task::Promise(pending) => {
                if let Some(reply) = pending.poll(world) {
                    self.task = Task::Nothing;
                    self.conn.reply(reply, moment(now));
                }
            }
            Task::Log(follow, look) => {
                *look = after(now, LOOK);
                loop {
                    let piece = follow.next(self.conn.room());
                    if piece.is_empty() {
                        break;
                    }
                    self.conn.chunk(&piece, moment(now));
                }
            }
            Task::Events(_, beat) => {
                if now.mono >= *beat {
                    *beat = after(now, BEAT);
                    self.say(b":\n\n", now);
                }
            }
        }
    }

    /// An event, for those who stream its type. Who cannot keep up is let go, and may come again.
    pub(super) fn publish(&mut self, kind: EventType, text: &[u8], now: Now) {
        let Task::Events(types, beat) = &mut self.task else { return };
        if types.is_empty() || types.iter().any(|of| kind.is_a(*of)) {
            *beat = after(now, BEAT);
            self.say(text, now);
        }
    }

    fn say(&mut self, text: &[u8], now: Now) {
        if self.conn.room() < text.len() {
            self.give_up();
        } else {
            self.conn.chunk(text, moment(now));
        }
    }

    /// When something is to be done though nothing happens.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let task = match &self.task {
            Task::Nothing | Task::Promise(_) => None,
            Task::Log(_, at) | Task::Events(_, at) => Some(*at),
        };
        [task, self.conn.deadline().map(Mono)].into_iter().flatten().min()
    }
}
