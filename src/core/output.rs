//! Output of children: it goes to their logs, to capture mode and to `PROCESS_LOG` events; the
//! stdout of event listeners goes to the listener protocol.

use super::capture::Piece;
use super::effect::{Effect, OutputStream, ProcId};
use super::event_dispatch::Notification;
use super::group::{Output, Process};
use super::log_lines::{LogLines, Origin};
use super::python_repr::{bytes_repr, text_or_undecodable};
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::{LogLevel, LogTarget, StreamLog};
use crate::conf::log_format::LogFormat;
use crate::ini::text::repr;

impl Process {
    fn stream(&self, stream: OutputStream) -> StreamLog<'_> {
        match stream {
            OutputStream::Stdout => self.config.stdout(),
            OutputStream::Stderr => self.config.stderr(),
        }
    }

    fn output_mut(&mut self, stream: OutputStream) -> &mut Output {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }

    fn is_listener_stdout(&self, stream: OutputStream) -> bool {
        stream == OutputStream::Stdout && self.listener.is_some()
    }
}

impl Supervisor {
    pub(super) fn on_output(&mut self, id: ProcId, stream: OutputStream, bytes: Vec<u8>, now: Now) {
        let strip = self.config.supervisord.strip_ansi;
        let Some(process) = self.processes.get_mut(&id) else { return };
        if process.is_listener_stdout(stream) {
            self.listener_output(id, &bytes, now);
            return;
        }
        let Output { capture, ansi, .. } = process.output_mut(stream);
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

    pub(super) fn on_output_closed(&mut self, id: ProcId, stream: OutputStream, now: Now) {
        self.finish_output(id, stream, now);
    }

    /// Ends a stream: bytes that were held back are processed as output.
    pub(super) fn finish_output(&mut self, id: ProcId, stream: OutputStream, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Output { capture, ansi, .. } = process.output_mut(stream);
        let held = capture.as_deref_mut().and_then(super::capture::Capture::finish);
        let partial = ansi.finish();
        if let Some(piece) = held {
            self.piece(id, stream, piece, now);
        }
        if !partial.is_empty() {
            self.piece(id, stream, Piece::Text(partial), now);
        }
        self.log_lines(id, stream, now, LogLines::finish);
    }

    fn piece(&mut self, id: ProcId, stream: OutputStream, piece: Piece, now: Now) {
        match piece {
            Piece::Text(text) if text.is_empty() => {}
            Piece::Text(text) => {
                self.match_output(id, stream, &text, now);
                self.report_output(id, stream, &text, now);
                self.child_log(id, stream, text, now);
            }
            Piece::Captured(text) => self.report_output(id, stream, &text, now),
            Piece::Message(message) => self.message(id, stream, &message, now),
        }
    }

    fn child_log(&mut self, id: ProcId, stream: OutputStream, bytes: Vec<u8>, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.output_mut(stream).tail.push(&bytes);
        if process.config.log_format == LogFormat::Raw {
            return self.append(id, stream, bytes);
        }
        self.log_lines(id, stream, now, |lines, format, origin| lines.feed(format, bytes, origin));
    }

    /// Appends to the log of a process what `records` makes of its output.
    fn log_lines(
        &mut self,
        id: ProcId,
        stream: OutputStream,
        now: Now,
        records: impl FnOnce(&mut LogLines, LogFormat, Origin<'_>) -> Vec<u8>,
    ) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let (program, pid) = (process.full_name(), process.payload_pid());
        let origin = Origin { time: now.wall, program: &program, pid, stream };
        let format = process.config.log_format;
        let bytes = records(&mut process.output_mut(stream).lines, format, origin);
        self.append(id, stream, bytes);
    }

    /// Appends to the log of a process, if it has one.
    pub(super) fn append(&mut self, id: ProcId, stream: OutputStream, bytes: Vec<u8>) {
        let Some(process) = self.processes.get(&id) else { return };
        let log = process.stream(stream);
        if !bytes.is_empty() && (*log.target != LogTarget::None || log.syslog) {
            self.effects.push_back(Effect::ChildLog { id, stream, bytes });
        }
    }

    /// Writes output to the activity log (at debug) and sends a `PROCESS_LOG` event (if enabled).
    fn report_output(&mut self, id: ProcId, stream: OutputStream, text: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let (enabled, pid) = (process.stream(stream).events_enabled, process.payload_pid());
        if process.is_relayed && self.is_logged(LogLevel::Debug) {
            let name = repr(process.name());
            let data = text_or_undecodable(text);
            self.debug(|| format!("{name} {} output:\n{data}", stream.name()));
        }
        if enabled {
            self.notify_process(id, pid, &Notification::Log(stream, text), now);
        }
    }

    fn message(&mut self, id: ProcId, stream: OutputStream, message: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let (name, pid) = (repr(process.name()), process.payload_pid());
        self.notify_process(id, pid, &Notification::Communication(stream, message), now);
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
        self.child_log(id, OutputStream::Stdout, logged, now);
        self.advance_protocol(id, bytes, now);
    }
}
