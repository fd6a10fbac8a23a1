//! One HTTP connection as a state machine: received bytes are fed in, requests are taken out one at
//! a time, replies are fed in, and output bytes are taken out. It does not block or read a clock,
//! and all its buffers are bounded: it accepts no input while the client does not read its replies.

use serde::{Deserialize, Serialize};

use super::body::BodyReader;
use super::memory::append;
use super::parse::{self, Framing};
use super::saved_bytes;
use super::{MAX_HEAD, Moment, Reply, Request, Reword, Version, Wording};
use std::time::Duration;

mod sending;
mod standing;

/// Until the first byte of the first request.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(60);
/// Between requests; the same as in Supervisor, whose shell keeps its connection open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// From the first byte of a request to the last.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Until the client reads more of a reply.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long input is discarded after a request was rejected.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum number of bytes read ahead while a request is being answered.
const MAX_READ_AHEAD: usize = MAX_HEAD;
/// How many bytes of a body are read at once.
const MAX_READ: usize = 64 * 1024;
/// The output size above which a stream is paused and no further request is taken.
pub const HIGH_WATER: usize = 64 * 1024;

#[derive(Clone, Serialize, Deserialize)]
pub struct Conn {
    phase: Phase,
    #[serde(skip, default = "unworded")]
    wording: Wording,
    #[serde(with = "saved_bytes")]
    input: Vec<u8>,
    /// The client sends nothing more.
    has_input_ended: bool,
    #[serde(with = "saved_bytes")]
    output: Vec<u8>,
    sent: usize,
    /// Whether the input was searched for a request since it last grew.
    is_searched: bool,
    /// When the verdict on the head is to be asked for again.
    ask_at: Option<Duration>,
    /// The start of the phase, or the last progress of the client.
    since: Duration,
    /// The time limit from `since` on.
    timeout: Duration,
}

/// What is to be done with a request whose head is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    /// Send this reply, at the given time or at once.
    Reject(Reply, Option<Duration>),
    /// Ask again at this time.
    AskAt(Duration),
}

#[derive(Clone, Serialize, Deserialize)]
enum Phase {
    /// Waiting for a complete request head.
    Head,
    /// The request is rejected, and the reply is sent at this time.
    #[serde(skip)]
    Rejected(ReplyFormat, Box<Reply>, Duration),
    Body(Request, BodyReader),
    /// The request was taken; waiting for the reply.
    AwaitingReply(ReplyFormat),
    /// A reply whose body follows in chunks.
    Streaming(ReplyFormat, Remaining),
    /// Writing the remaining output before the connection is shut down.
    Closing,
    Lingering,
    Closed,
}

/// How much of a streamed body follows.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Remaining {
    /// Until the connection ends.
    Unknown,
    /// The rest of the announced length.
    Bytes(u64),
}

/// Properties of the request that determine the format of the reply.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct ReplyFormat {
    version: Version,
    keep: bool,
    is_head: bool,
    #[serde(skip, default = "as_it_is")]
    reword: Reword,
}

fn as_it_is() -> Reword {
    |reply| reply
}

fn unworded() -> Wording {
    |_| as_it_is()
}

/// What the owner of the socket must wait for or do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoState {
    pub read: bool,
    pub write: bool,
    /// No more output follows; shut down the write side.
    pub shutdown: bool,
    pub close: bool,
}

impl Conn {
    /// `wording` selects the language of error pages for a request.
    pub fn new(now: Moment, wording: Wording) -> Self {
        Self {
            phase: Phase::Head,
            wording,
            input: Vec::new(),
            has_input_ended: false,
            output: Vec::new(),
            sent: 0,
            is_searched: false,
            ask_at: None,
            since: now.mono,
            timeout: FIRST_BYTE_TIMEOUT,
        }
    }

    /// The same for a connection of another daemon.
    #[must_use]
    pub fn with_wording(self, wording: Wording) -> Self {
        Self { wording, ..self }
    }

    /// Feeds bytes from the client. Blank lines before a request are ignored and do not count as the
    /// start of one.
    pub fn receive(&mut self, mut bytes: &[u8], now: Moment) {
        match self.phase {
            Phase::Lingering | Phase::Closed | Phase::Closing => return,
            Phase::Head if self.input.is_empty() => {
                bytes = without_blank_lines(bytes);
                if bytes.is_empty() {
                    return;
                }
                self.set_timeout(REQUEST_TIMEOUT, now);
            }
            _ => {}
        }
        self.is_searched = false;
        if append(&mut self.input, bytes).is_err() {
            self.refuse(Reply::no_memory(), now);
        }
    }

    /// The client closed its side: the reply that it waits for, the requests that it sent in
    /// advance, and pending output are still processed. A stream ends.
    pub fn end_of_input(&mut self) {
        self.has_input_ended = true;
        let is_asking = self.ask_at.is_some();
        if !self.is_awaiting_reply() && !self.has_unsearched_input() && !is_asking {
            self.close_after_output();
        }
    }

    fn close_after_output(&mut self) {
        self.phase = match self.phase {
            Phase::Lingering | Phase::Closed => Phase::Closed,
            _ if self.output().is_empty() => Phase::Closed,
            _ => Phase::Closing,
        };
    }

    /// Takes the next complete request. `authorize` judges its head before the body is read.
    pub fn request(
        &mut self,
        now: Moment,
        authorize: impl FnMut(&Request) -> Verdict,
    ) -> Option<Request> {
        let is_head = matches!(self.phase, Phase::Head);
        // a client that does not read its replies gets no further ones
        if is_head && self.output().len() >= HIGH_WATER {
            return None;
        }
        self.is_searched = true;
        if is_head && self.ask_at.is_none_or(|at| now.mono >= at) {
            self.ask_at = None;
            self.read_head(now, authorize);
        }
        if let Phase::Body(request, reader) = &mut self.phase {
            match reader.feed(&self.input) {
                Ok(taken) => drop(self.input.drain(..taken)),
                Err(reply) => {
                    let format = ReplyFormat::of(request, self.wording);
                    self.reject(format, reply, now);
                    return None;
                }
            }
            if reader.is_done() {
                return self.take_request(now);
            }
        }
        if self.has_input_ended && !self.is_awaiting_reply() && self.ask_at.is_none() {
            self.close_after_output();
        }
        None
    }

    fn read_head(&mut self, now: Moment, mut authorize: impl FnMut(&Request) -> Verdict) {
        let blank = self.input.len() - without_blank_lines(&self.input).len();
        self.input.drain(..blank);
        let head = match parse::head(&self.input) {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(reply) => return self.reject(ReplyFormat::UNKNOWN, reply, now),
        };
        let verdict = authorize(&head.request);
        if let Verdict::AskAt(at) = verdict {
            self.ask_at = Some(at);
            // The time until then is not the client's.
            return self.set_timeout(REQUEST_TIMEOUT, now);
        }
        self.input.drain(..head.length);
        let mut format = ReplyFormat::of(&head.request, self.wording);
        let framing = match verdict {
            Verdict::Reject(reply, Some(at)) if at > now.mono => {
                format.keep = false;
                self.phase = Phase::Rejected(format, Box::new(reply), at);
                return;
            }
            Verdict::Reject(reply, _) => Err(reply),
            Verdict::Accept | Verdict::AskAt(_) => parse::framing(&head.request),
        };
        let expects = head.request.header("expect").map(str::to_owned);
        match (framing, expects.as_deref()) {
            (Err(reply), _) => {
                format.keep = false;
                self.reject(format, reply, now);
            }
            (Ok(_), Some(other)) if !other.eq_ignore_ascii_case("100-continue") => {
                self.reject(
                    format,
                    Reply::fatal(417, "Only the expectation 100-continue is supported."),
                    now,
                );
            }
            (Ok(framing), expects) => {
                if expects.is_some() && framing != Framing::None {
                    self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                let mut request = head.request;
                request.body = (framing != Framing::None).then(Vec::new);
                self.phase = Phase::Body(request, BodyReader::new(framing));
            }
        }
    }

    fn take_request(&mut self, now: Moment) -> Option<Request> {
        let phase = std::mem::replace(&mut self.phase, Phase::Closed);
        let Phase::Body(mut request, reader) = phase else { return None };
        if request.body.is_some() {
            request.body = Some(reader.body);
        }
        self.phase = Phase::AwaitingReply(ReplyFormat::of(&request, self.wording));
        self.is_searched = false;
        self.set_timeout(STALL_TIMEOUT, now);
        Some(request)
    }

    /// Rejects a request that is being received; any other connection is closed.
    pub fn refuse(&mut self, reply: Reply, now: Moment) {
        match self.phase {
            Phase::Body(..) => self.reject(ReplyFormat::UNKNOWN, reply, now),
            Phase::Head if !self.input.is_empty() => self.reject(ReplyFormat::UNKNOWN, reply, now),
            _ => self.close(),
        }
    }

    fn reject(&mut self, format: ReplyFormat, reply: Reply, now: Moment) {
        self.ask_at = None;
        self.phase = Phase::AwaitingReply(format);
        self.reply(reply, now);
    }

    pub fn io_state(&self) -> IoState {
        IoState {
            read: self.read_capacity() > 0,
            write: !self.output().is_empty(),
            shutdown: matches!(self.phase, Phase::Lingering),
            close: matches!(self.phase, Phase::Closed),
        }
    }

    /// How many bytes may be read from the client now.
    pub fn read_capacity(&self) -> usize {
        let read_ahead = MAX_READ_AHEAD.saturating_sub(self.input.len());
        match self.phase {
            Phase::Lingering => MAX_READ,
            _ if self.has_input_ended => 0,
            Phase::Body(..) => MAX_READ,
            Phase::Head if self.output().len() >= HIGH_WATER => 0,
            // one more, so that a head that is too long is noticed
            Phase::Head => (MAX_HEAD + 1).saturating_sub(self.input.len()),
            Phase::AwaitingReply(_) | Phase::Streaming(..) => read_ahead,
            Phase::Rejected(..) | Phase::Closing | Phase::Closed => 0,
        }
    }

    /// Whether [`Conn::request`] may return another request without further input.
    pub fn may_have_request(&self) -> bool {
        self.has_unsearched_input() && self.output().len() < HIGH_WATER
    }

    fn has_unsearched_input(&self) -> bool {
        let is_reading = matches!(self.phase, Phase::Head | Phase::Body(..));
        is_reading && !self.input.is_empty() && !self.is_searched
    }

    /// The bytes of all buffers.
    pub fn memory(&self) -> usize {
        let body = match &self.phase {
            Phase::Body(_, reader) => reader.body.capacity(),
            _ => 0,
        };
        self.input.capacity() + self.output.capacity() + body
    }

    /// The socket failed.
    pub fn close(&mut self) {
        self.phase = Phase::Closed;
        self.input = Vec::new();
        self.output = Vec::new();
        self.sent = 0;
    }

    /// Whether another daemon can continue the connection: one that is refused is not worth it.
    pub fn can_be_saved(&self) -> bool {
        !matches!(self.phase, Phase::Rejected(..) | Phase::Closed)
    }

    /// Whether the reply to the last request was passed completely.
    pub fn is_complete(&self) -> bool {
        !matches!(self.phase, Phase::AwaitingReply(_) | Phase::Streaming(..) | Phase::Rejected(..))
    }

    /// Whether the client waits for a reply, or for the rest of one that has an end.
    pub fn is_awaiting_reply(&self) -> bool {
        matches!(
            self.phase,
            Phase::AwaitingReply(_)
                | Phase::Streaming(_, Remaining::Bytes(_))
                | Phase::Rejected(..)
        )
    }

    fn set_timeout(&mut self, timeout: Duration, now: Moment) {
        self.since = now.mono;
        self.timeout = timeout;
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Head if self.ask_at.is_some() => self.ask_at,
            Phase::Rejected(_, _, at) => Some(at),
            // no limit: a reply may wait for a program to start
            Phase::AwaitingReply(_) | Phase::Streaming(..) if self.output().is_empty() => None,
            Phase::Closed => None,
            Phase::Head if !self.output().is_empty() => Some(self.since + STALL_TIMEOUT),
            _ => Some(self.since + self.timeout),
        }
    }

    /// Closes the connection if its time limit has passed.
    pub fn expire(&mut self, now: Moment) {
        if self.deadline().is_none_or(|deadline| now.mono < deadline) {
            return;
        }
        if self.ask_at.is_some() {
            // The next call of `request` asks.
            self.is_searched = false;
            return;
        }
        if let Phase::Rejected(..) = self.phase {
            let phase = std::mem::replace(&mut self.phase, Phase::Closed);
            if let Phase::Rejected(format, reply, _) = phase {
                self.reject(format, *reply, now);
            }
            return;
        }
        let is_slow = match self.phase {
            Phase::Head => !self.input.is_empty() && self.output().is_empty(),
            Phase::Body(..) => true,
            _ => false,
        };
        if is_slow {
            self.reject(ReplyFormat::UNKNOWN, Reply::fatal(408, "The request took too long."), now);
        } else {
            self.phase = Phase::Closed;
        }
    }
}

/// Skips line ends at the start.
fn without_blank_lines(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count();
    &bytes[blank..]
}

impl ReplyFormat {
    /// For a request that could not be parsed.
    const UNKNOWN: Self =
        Self { version: Version::Http11, keep: false, is_head: false, reword: |reply| reply };

    fn of(request: &Request, wording: Wording) -> Self {
        Self {
            reword: wording(request),
            version: request.version,
            keep: request.is_keep_alive(),
            is_head: request.method == "HEAD",
        }
    }
}

#[cfg(test)]
mod tests;
