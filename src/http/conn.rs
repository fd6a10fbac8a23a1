//! One connection as a state machine: bytes come in, one request at a time comes out, its reply goes
//! in, bytes go out. It never blocks, never asks for the time, and every buffer of it is bounded.

use super::body::Reader;
use super::parse::{self, Framing};
use super::reply::Body;
use super::{MAX_HEAD, Moment, Reply, Request, Version};
use std::time::Duration;

/// Until the first byte of the first request.
const FIRST: Duration = Duration::from_mins(1);
/// Between requests: as long as Supervisor waits, whose shell keeps its connection.
const IDLE: Duration = Duration::from_mins(30);
/// From the first byte of a request to the last.
const REQUEST: Duration = Duration::from_mins(1);
/// Until a client takes another byte of a reply.
const STALL: Duration = Duration::from_mins(1);
/// For what a client still sends after it was refused.
const LINGER: Duration = Duration::from_secs(5);
/// What is read ahead while a request is being answered.
const READ_AHEAD: usize = MAX_HEAD;
/// Above this, a stream has to wait for its client.
const HIGH_WATER: usize = 64 * 1024;

pub struct Conn {
    phase: Phase,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    /// When the phase began, or the client last did what it waits for.
    since: Duration,
    /// How long that may go on.
    patience: Duration,
}

enum Phase {
    /// A request has not come, or not wholly.
    Head,
    Body(Request, Reader),
    /// The caller has the request and owes a reply.
    Busy(Style),
    Streaming(Style),
    /// Write what is left, then read on for a moment so that the client can see it.
    Closing,
    Lingering,
    Dead,
}

/// What the client understands.
#[derive(Clone, Copy)]
struct Style {
    version: Version,
    keep: bool,
    is_head: bool,
}

/// What the owner of the socket shall wait for or do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    pub read: bool,
    pub write: bool,
    /// Nothing more will be written; say so to the client.
    pub shutdown: bool,
    pub close: bool,
}

impl Conn {
    pub fn new(now: Moment) -> Self {
        Self {
            phase: Phase::Head,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            since: now.mono,
            patience: FIRST,
        }
    }

    /// Bytes from the client.
    pub fn receive(&mut self, bytes: &[u8], now: Moment) {
        match self.phase {
            Phase::Lingering | Phase::Dead | Phase::Closing => return,
            Phase::Head if self.input.is_empty() => self.wait(REQUEST, now),
            _ => {}
        }
        self.input.extend_from_slice(bytes);
    }

    /// The client says nothing more: what is answered already is still sent, no more.
    pub fn end_of_input(&mut self) {
        self.phase = match self.phase {
            Phase::Lingering | Phase::Dead => Phase::Dead,
            _ if self.output().is_empty() => Phase::Dead,
            _ => Phase::Closing,
        };
    }

    /// The next request, once it is complete. `admit` sees its head before the body is taken; what it
    /// answers is the end of the matter.
    pub fn request(
        &mut self,
        now: Moment,
        admit: impl Fn(&Request) -> Option<Reply>,
    ) -> Option<Request> {
        if let Phase::Head = self.phase {
            self.read_head(now, admit);
        }
        if let Phase::Body(request, reader) = &mut self.phase {
            match reader.feed(&self.input) {
                Ok(taken) => drop(self.input.drain(..taken)),
                Err(refusal) => {
                    let style = Style::of(request);
                    self.refuse(style, refusal, now);
                    return None;
                }
            }
            if reader.is_done() {
                return self.hand_over(now);
            }
        }
        None
    }

    fn read_head(&mut self, now: Moment, admit: impl Fn(&Request) -> Option<Reply>) {
        let blank = self.input.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        self.input.drain(..blank);
        let head = match parse::head(&self.input) {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(refusal) => return self.refuse(Style::UNKNOWN, refusal, now),
        };
        self.input.drain(..head.length);
        let mut style = Style::of(&head.request);
        let framing = match admit(&head.request) {
            Some(refusal) => Err(refusal),
            None => parse::framing(&head.request),
        };
        let expects = head.request.header("expect").map(str::to_owned);
        match (framing, expects.as_deref()) {
            (Err(refusal), _) => {
                style.keep = false;
                self.refuse(style, refusal, now);
            }
            (Ok(_), Some(other)) if !other.eq_ignore_ascii_case("100-continue") => {
                self.refuse(style, Reply::fatal(417, "Only 100-continue can be expected."), now);
            }
            (Ok(framing), expects) => {
                if expects.is_some() && framing != Framing::None {
                    self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                let mut request = head.request;
                request.body = (framing != Framing::None).then(Vec::new);
                self.phase = Phase::Body(request, Reader::new(framing));
            }
        }
    }

    fn hand_over(&mut self, now: Moment) -> Option<Request> {
        let phase = std::mem::replace(&mut self.phase, Phase::Dead);
        let Phase::Body(mut request, reader) = phase else { return None };
        if request.body.is_some() {
            request.body = Some(reader.body);
        }
        self.phase = Phase::Busy(Style::of(&request));
        self.wait(STALL, now);
        Some(request)
    }

    fn refuse(&mut self, style: Style, reply: Reply, now: Moment) {
        self.phase = Phase::Busy(style);
        self.reply(reply, now);
    }

    /// The answer to the request that was handed out. With [`Body::Stream`], pieces follow.
    pub fn reply(&mut self, mut reply: Reply, now: Moment) {
        let Phase::Busy(mut style) = self.phase else { return };
        let is_stream = reply.body == Body::Stream && !style.is_head;
        let chunked = style.version == Version::Http11;
        style.keep &= !reply.close && (chunked || !is_stream);
        self.wait(STALL, now);
        let head = reply.head(style.version, style.keep, chunked, now.wall);
        self.output.extend_from_slice(head.as_bytes());
        if is_stream {
            self.phase = Phase::Streaming(style);
            return;
        }
        if let (Body::Full(body), false) = (&mut reply.body, style.is_head) {
            self.output.append(body);
        }
        self.finish(style, now);
    }

    /// A piece of a stream.
    pub fn chunk(&mut self, bytes: &[u8], now: Moment) {
        let Phase::Streaming(style) = self.phase else { return };
        if bytes.is_empty() {
            return;
        }
        if self.output().is_empty() {
            self.wait(STALL, now);
        }
        match style.version {
            Version::Http10 => self.output.extend_from_slice(bytes),
            Version::Http11 => {
                self.output.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
                self.output.extend_from_slice(bytes);
                self.output.extend_from_slice(b"\r\n");
            }
        }
    }

    fn finish(&mut self, style: Style, now: Moment) {
        if style.keep {
            self.phase = Phase::Head;
            self.wait(if self.input.is_empty() { IDLE } else { REQUEST }, now);
        } else {
            self.phase = Phase::Closing;
        }
    }

    /// Whether a stream may be given more now, and how many bytes.
    pub fn room(&self) -> usize {
        match self.phase {
            Phase::Streaming(_) => HIGH_WATER.saturating_sub(self.output().len()),
            _ => 0,
        }
    }

    /// What is to be written to the client.
    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// So many bytes of it were written.
    pub fn wrote(&mut self, count: usize, now: Moment) {
        self.sent += count;
        if self.sent < self.output.len() {
            self.since = now.mono;
            return;
        }
        self.sent = 0;
        // an idle connection holds no memory
        self.output = Vec::new();
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        if let Phase::Closing = self.phase {
            self.phase = Phase::Lingering;
            self.input = Vec::new();
            self.wait(LINGER, now);
        }
    }

    pub fn want(&self) -> Want {
        let has_room = self.input.len() < READ_AHEAD;
        Want {
            read: match self.phase {
                Phase::Head | Phase::Body(..) | Phase::Lingering => true,
                Phase::Busy(_) | Phase::Streaming(_) => has_room,
                Phase::Closing | Phase::Dead => false,
            },
            write: !self.output().is_empty(),
            shutdown: matches!(self.phase, Phase::Lingering),
            close: matches!(self.phase, Phase::Dead),
        }
    }

    /// The socket is broken.
    pub fn abandon(&mut self) {
        self.phase = Phase::Dead;
        self.output = Vec::new();
        self.sent = 0;
    }

    /// Whether somebody waits for a reply or a stream on it.
    pub fn is_in_use(&self) -> bool {
        matches!(self.phase, Phase::Busy(_) | Phase::Streaming(_))
    }

    /// Since when nothing was asked on it; `None` while something is.
    pub fn idle_since(&self) -> Option<Duration> {
        let is_idle = matches!(self.phase, Phase::Head) && self.output().is_empty();
        (is_idle || matches!(self.phase, Phase::Lingering)).then_some(self.since)
    }

    fn wait(&mut self, patience: Duration, now: Moment) {
        self.since = now.mono;
        self.patience = patience;
    }

    /// When [`expire`](Self::expire) is wanted.
    pub fn deadline(&self) -> Option<Duration> {
        match self.phase {
            // the reply may take as long as a program takes to start
            Phase::Busy(_) | Phase::Streaming(_) if self.output().is_empty() => None,
            Phase::Dead => None,
            Phase::Head if !self.output().is_empty() => Some(self.since + STALL),
            _ => Some(self.since + self.patience),
        }
    }

    /// Give up on a client that was too slow.
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
            self.refuse(Style::UNKNOWN, Reply::fatal(408, "The request took too long."), now);
        } else {
            self.phase = Phase::Dead;
        }
    }
}

impl Style {
    /// For a client that could not be understood.
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
