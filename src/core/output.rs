//! What children write: to their logs, into captured messages, to those who listen for output, and,
//! from listeners, into the protocol.

use super::announce::Announced;
use super::capture::Piece;
use super::effect::{Effect, ProcId, Stream};
use super::group::{Output, Process};
use super::python::{bytes_repr, text_or_undecodable};
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::{LogLevel, LogTarget, StreamLog};
use crate::ini::text::repr;

impl Process {
    fn stream(&self, stream: Stream) -> &StreamLog {
        match stream {
            Stream::Stdout => &self.config.stdout,
            Stream::Stderr => &self.config.stderr,
        }
    }

    fn state_of(&mut self, stream: Stream) -> &mut Output {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    fn speaks_protocol(&self, stream: Stream) -> bool {
        stream == Stream::Stdout && self.listener.is_some()
    }
}

impl Supervisor {
    pub(super) fn output(&mut self, id: ProcId, stream: Stream, bytes: Vec<u8>, now: Now) {
        let strip = self.config.supervisord.strip_ansi;
        let Some(process) = self.processes.get_mut(&id) else { return };
        if process.speaks_protocol(stream) {
            self.listener_output(id, &bytes, now);
            return;
        }
        let Output { capture, ansi } = process.state_of(stream);
        let pieces = match capture {
            Some(capture) => {
                capture.feed(&bytes, |text| if strip { ansi.strip(text) } else { text.to_vec() })
            }
            None if strip => vec![Piece::Text(ansi.strip(&bytes))],
            None => vec![Piece::Text(bytes)],
        };
        for piece in pieces {
            self.piece(id, stream, piece, now);
        }
    }

    pub(super) fn output_closed(&mut self, id: ProcId, stream: Stream, now: Now) {
        self.finish_output(id, stream, now);
    }

    /// Nothing more comes on this stream: what was held back is output after all.
    pub(super) fn finish_output(&mut self, id: ProcId, stream: Stream, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Output { capture, ansi } = process.state_of(stream);
        let held = capture.as_mut().and_then(super::capture::Capture::finish);
        let torn = ansi.finish();
        if let Some(piece) = held {
            self.piece(id, stream, piece, now);
        }
        if !torn.is_empty() {
            self.piece(id, stream, Piece::Text(torn), now);
        }
    }

    fn piece(&mut self, id: ProcId, stream: Stream, piece: Piece, now: Now) {
        match piece {
            Piece::Text(text) if text.is_empty() => {}
            Piece::Text(text) => {
                self.tell_output(id, stream, &text, now);
                self.child_log(id, stream, text);
            }
            Piece::Captured(text) => self.tell_output(id, stream, &text, now),
            Piece::Message(message) => self.message(id, stream, &message, now),
        }
    }

    fn child_log(&mut self, id: ProcId, stream: Stream, bytes: Vec<u8>) {
        let Some(process) = self.processes.get(&id) else { return };
        let log = process.stream(stream);
        if log.target != LogTarget::None || log.syslog {
            self.effects.push_back(Effect::ChildLog { id, stream, bytes });
        }
    }

    /// Output as a line of the activity log (at debug) and as an event (where enabled).
    fn tell_output(&mut self, id: ProcId, stream: Stream, text: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let (enabled, pid) = (process.stream(stream).events_enabled, process.shown_pid());
        if LogLevel::Debug >= self.config.supervisord.loglevel {
            let name = repr(process.name());
            let data = text_or_undecodable(text);
            self.debug(|| format!("{name} {} output:\n{data}", stream.name()));
        }
        if enabled {
            self.announce(id, pid, &Announced::Log(stream, text), now);
        }
    }

    fn message(&mut self, id: ProcId, stream: Stream, message: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let (name, pid) = (repr(process.name()), process.shown_pid());
        self.announce(id, pid, &Announced::Communication(stream, message), now);
        self.debug(|| format!("{name} {} emitted a comm event", stream.name()));
    }

    fn listener_output(&mut self, id: ProcId, bytes: &[u8], now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let name = process.name().to_owned();
        let logged = if self.config.supervisord.strip_ansi {
            process.stdout.ansi.strip(bytes)
        } else {
            bytes.to_vec()
        };
        self.debug(|| format!("{} stdout output:\n{}", repr(&name), bytes_repr(bytes)));
        self.child_log(id, Stream::Stdout, logged);
        self.listen(id, bytes, now);
    }
}
