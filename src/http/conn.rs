//! One HTTP connection as a state machine: received bytes are fed in, requests are taken out one at
//! a time, replies are fed in, and output bytes are taken out. It does not block or read a clock,
//! and all its buffers are bounded.

use super::body::BodyReader;
use super::parse::{self, Framing};
use super::reply::Body;
use super::{MAX_HEAD, Moment, Reply, Request, Version};
use std::time::Duration;

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
/// The output size above which a stream is paused.
const HIGH_WATER: usize = 64 * 1024;

pub struct Conn {
    phase: Phase,
    input: Vec<u8>,
    /// The client sends nothing more.
    has_input_ended: bool,
    output: Vec<u8>,
    sent: usize,
    /// The start of the phase, or the last progress of the client.
    since: Duration,
    /// The time limit from `since` on.
    timeout: Duration,
}

enum Phase {
    /// Waiting for a complete request head.
    Head,
    Body(Request, BodyReader),
    /// The request was taken; waiting for the reply.
    AwaitingReply(ReplyFormat),
    Streaming(ReplyFormat),
    /// Writing the remaining output before the connection is shut down.
    Closing,
    Lingering,
    Closed,
}

/// Properties of the request that determine the format of the reply.
#[derive(Clone, Copy)]
struct ReplyFormat {
    version: Version,
    keep: bool,
    is_head: bool,
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
    pub fn new(now: Moment) -> Self {
        Self {
            phase: Phase::Head,
            input: Vec::new(),
            has_input_ended: false,
            output: Vec::new(),
            sent: 0,
            since: now.mono,
            timeout: FIRST_BYTE_TIMEOUT,
        }
    }

    /// Feeds bytes from the client.
    pub fn receive(&mut self, bytes: &[u8], now: Moment) {
        match self.phase {
            Phase::Lingering | Phase::Closed | Phase::Closing => return,
            Phase::Head if self.input.is_empty() => self.set_timeout(REQUEST_TIMEOUT, now),
            _ => {}
        }
        self.input.extend_from_slice(bytes);
    }

    /// The client closed its side: the reply that it waits for, the requests that it sent in
    /// advance, and pending output are still processed. A stream ends.
    pub fn end_of_input(&mut self) {
        self.has_input_ended = true;
        if !self.is_awaiting_reply() {
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

    /// Takes the next complete request. `authorize` checks its head before the body is read; a
    /// reply that it returns rejects the request.
    pub fn request(
        &mut self,
        now: Moment,
        authorize: impl Fn(&Request) -> Option<Reply>,
    ) -> Option<Request> {
        if let Phase::Head = self.phase {
            self.read_head(now, authorize);
        }
        if let Phase::Body(request, reader) = &mut self.phase {
            match reader.feed(&self.input) {
                Ok(taken) => drop(self.input.drain(..taken)),
                Err(reply) => {
                    let format = ReplyFormat::of(request);
                    self.reject(format, reply, now);
                    return None;
                }
            }
            if reader.is_done() {
                return self.take_request(now);
            }
        }
        if self.has_input_ended && !self.is_awaiting_reply() {
            self.close_after_output();
        }
        None
    }

    fn read_head(&mut self, now: Moment, authorize: impl Fn(&Request) -> Option<Reply>) {
        let blank = self.input.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        self.input.drain(..blank);
        let head = match parse::head(&self.input) {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(reply) => return self.reject(ReplyFormat::UNKNOWN, reply, now),
        };
        self.input.drain(..head.length);
        let mut format = ReplyFormat::of(&head.request);
        let framing = match authorize(&head.request) {
            Some(reply) => Err(reply),
            None => parse::framing(&head.request),
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
        self.phase = Phase::AwaitingReply(ReplyFormat::of(&request));
        self.set_timeout(STALL_TIMEOUT, now);
        Some(request)
    }

    fn reject(&mut self, format: ReplyFormat, reply: Reply, now: Moment) {
        self.phase = Phase::AwaitingReply(format);
        self.reply(reply, now);
    }

    /// Starts the reply to the taken request. After [`Body::Stream`], chunks follow.
    pub fn reply(&mut self, mut reply: Reply, now: Moment) {
        let Phase::AwaitingReply(mut format) = self.phase else { return };
        let is_stream = reply.body == Body::Stream && !format.is_head;
        let chunked = format.version == Version::Http11;
        format.keep &= !reply.close && (chunked || !is_stream);
        self.set_timeout(STALL_TIMEOUT, now);
        let head = reply.head(format.version, format.keep, chunked, now.wall);
        self.output.extend_from_slice(head.as_bytes());
        if is_stream {
            self.phase = Phase::Streaming(format);
            return;
        }
        if let (Body::Full(body), false) = (&mut reply.body, format.is_head) {
            self.output.append(body);
        }
        self.finish(format, now);
    }

    /// Sends a chunk of a stream.
    pub fn chunk(&mut self, bytes: &[u8], now: Moment) {
        let Phase::Streaming(format) = self.phase else { return };
        if bytes.is_empty() {
            return;
        }
        if self.output().is_empty() {
            self.set_timeout(STALL_TIMEOUT, now);
        }
        match format.version {
            Version::Http10 => self.output.extend_from_slice(bytes),
            Version::Http11 => {
                self.output.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
                self.output.extend_from_slice(bytes);
                self.output.extend_from_slice(b"\r\n");
            }
        }
    }

    fn finish(&mut self, format: ReplyFormat, now: Moment) {
        if format.keep {
            self.phase = Phase::Head;
            self.set_timeout(
                if self.input.is_empty() { IDLE_TIMEOUT } else { REQUEST_TIMEOUT },
                now,
            );
        } else {
            self.phase = Phase::Closing;
        }
    }

    /// How many bytes a stream may send now.
    pub fn stream_capacity(&self) -> usize {
        match self.phase {
            Phase::Streaming(_) => HIGH_WATER.saturating_sub(self.output().len()),
            _ => 0,
        }
    }

    /// The bytes to write to the client.
    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// Confirms that `count` bytes were written.
    pub fn on_written(&mut self, count: usize, now: Moment) {
        self.sent += count;
        if self.sent < self.output.len() {
            self.since = now.mono;
            return;
        }
        self.sent = 0;
        // an idle connection holds no buffers
        self.output = Vec::new();
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        if let Phase::Closing = self.phase {
            self.phase = Phase::Lingering;
            self.input = Vec::new();
            self.set_timeout(LINGER_TIMEOUT, now);
        }
    }

    pub fn io_state(&self) -> IoState {
        let has_room = self.input.len() < MAX_READ_AHEAD && !self.has_input_ended;
        IoState {
            read: match self.phase {
                Phase::Head | Phase::Body(..) | Phase::Lingering => true,
                Phase::AwaitingReply(_) | Phase::Streaming(_) => has_room,
                Phase::Closing | Phase::Closed => false,
            },
            write: !self.output().is_empty(),
            shutdown: matches!(self.phase, Phase::Lingering),
            close: matches!(self.phase, Phase::Closed),
        }
    }

    /// The socket failed.
    pub fn close(&mut self) {
        self.phase = Phase::Closed;
        self.output = Vec::new();
        self.sent = 0;
    }

    /// Whether a reply or a stream is in progress.
    pub fn is_in_use(&self) -> bool {
        matches!(self.phase, Phase::AwaitingReply(_) | Phase::Streaming(_))
    }

    /// Whether the client waits for a reply.
    pub fn is_awaiting_reply(&self) -> bool {
        matches!(self.phase, Phase::AwaitingReply(_))
    }

    /// Since when the connection is idle; `None` if it is not. A client that closed its side while
    /// it waits may be gone.
    pub fn idle_since(&self) -> Option<Duration> {
        let is_quiet =
            matches!(self.phase, Phase::Head) || self.has_input_ended && self.is_awaiting_reply();
        let is_idle = is_quiet && self.output().is_empty();
        (is_idle || matches!(self.phase, Phase::Lingering)).then_some(self.since)
    }

    fn set_timeout(&mut self, timeout: Duration, now: Moment) {
        self.since = now.mono;
        self.timeout = timeout;
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn deadline(&self) -> Option<Duration> {
        match self.phase {
            // no limit: a reply may wait for a program to start
            Phase::AwaitingReply(_) | Phase::Streaming(_) if self.output().is_empty() => None,
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

impl ReplyFormat {
    /// For a request that could not be parsed.
    const UNKNOWN: Self = Self { version: Version::Http11, keep: false, is_head: false };

    fn of(request: &Request) -> Self {
        Self {
            version: request.version,
            keep: request.is_keep_alive(),
            is_head: request.method == "HEAD",
        }
    }
}

#[cfg(test)]
mod tests;
