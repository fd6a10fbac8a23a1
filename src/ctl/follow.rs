//! Follows logs: one log unchanged, or several with a process name before each line.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::client::LogStream;
use super::error::ClientError;
use super::exit;
use super::log_output::{LogOutput, Raw};
use super::patterns::{Groups, expand};
use super::server::Channel;
use super::session::{Flow, Outcome, Session, print_error};
use crate::os::interrupt::Interrupt;
use crate::os::ready::wait_readable_for;
use crate::os::stdout;

/// The account may not read the log.
const FORBIDDEN: u16 = 403;
/// A longer line is split when several logs are shown together.
const MAX_LINE: usize = 64 * 1024;

/// What ends a wait.
pub(super) enum Wake {
    /// Which descriptors are readable; none after the time limit.
    Ready(Vec<bool>),
    /// Ctrl-C was pressed.
    Interrupted,
    /// The reader of standard output is gone, or it cannot be written.
    OutputClosed,
}

/// Waits for input. The output of an earlier read has been written already.
pub(super) fn wait(
    interrupt: &Interrupt,
    fds: &[BorrowedFd<'_>],
    limit: Option<Duration>,
) -> io::Result<Wake> {
    if stdout::has_failed() {
        return Ok(Wake::OutputClosed);
    }
    let all: Vec<_> = fds.iter().copied().chain([interrupt.as_fd()]).collect();
    let Some(mut ready) = wait_readable_for(io::stdout().as_fd(), &all, limit)? else {
        return Ok(Wake::OutputClosed);
    };
    ready.pop();
    Ok(if interrupt.take() { Wake::Interrupted } else { Wake::Ready(ready) })
}

/// Shows one log until its end, Ctrl-C, or the end of its reader.
pub(super) fn one(session: &mut Session, path: &str, raw: Raw) -> Outcome {
    session.print_line("==> Press Ctrl-C to exit <==");
    let interrupt = session.watch_interrupts()?;
    let mut output = LogOutput::new(raw);
    let result = open(session, path).and_then(|log| show_one(log, &mut output, &interrupt));
    output.finish();
    match result {
        Err(ClientError::Interrupted) => session.print_line(""),
        Err(error) => report_follow_error(session, path, &error),
        Ok(()) => {}
    }
    Ok(Flow::Continue)
}

fn show_one(
    mut log: LogStream,
    output: &mut LogOutput,
    interrupt: &Interrupt,
) -> Result<(), ClientError> {
    let mut bytes = log.buffered()?;
    loop {
        output.write(&bytes);
        match wait(interrupt, &[log.as_fd()], None).map_err(ClientError::Io)? {
            Wake::Ready(_) => {}
            Wake::Interrupted => return Err(ClientError::Interrupted),
            Wake::OutputClosed => return Ok(()),
        }
        match log.read_available()? {
            Some(more) => bytes = more,
            None => return Ok(()),
        }
    }
}

pub(super) fn open(session: &mut Session, path: &str) -> Result<LogStream, ClientError> {
    session.client().follow(path)
}

/// Reports on standard error why a log cannot be followed. A closed connection is not reported.
/// What an account may not read is a failure; otherwise the exit status is Supervisor's.
pub(super) fn report_follow_error(session: &mut Session, path: &str, error: &ClientError) {
    let why = match error {
        ClientError::Status { code: FORBIDDEN, .. } => {
            session.status = exit::GENERIC;
            format!("Cannot read, status code {FORBIDDEN} (not permitted)")
        }
        ClientError::Status { code, .. } => format!("Cannot read, status code {code}"),
        ClientError::Closed | ClientError::Truncated => return,
        other => {
            let (class, text) = other.as_python();
            format!("Cannot connect, error: <class '{class}'> ({text})")
        }
    };
    print_error(&format!("{}{path} {why}", session.settings.options.serverurl));
}

/// One of several followed logs.
struct Source {
    label: String,
    log: LogStream,
    output: LogOutput,
    line: Vec<u8>,
}

/// Shows several logs until all have ended, Ctrl-C, or the end of their reader.
pub(super) fn multiple(
    session: &mut Session,
    names: &[&str],
    channel: Channel,
    raw: Raw,
) -> Outcome {
    session.watch_interrupts()?;
    let names = expand(session, names, Groups::Expand)?;
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    session.print_line("==> Press Ctrl-C to exit <==");
    let mut sources = Vec::new();
    for name in &names {
        let path = format!("/logtail/{name}/{}", channel.name());
        match open(session, &path) {
            Ok(log) => {
                let (label, output) = (format!("{name:width$} | "), LogOutput::new(raw));
                sources.push(Source { label, log, output, line: Vec::new() });
            }
            Err(error) => {
                report_follow_error(session, &path, &error);
                session.status = exit::GENERIC;
            }
        }
    }
    show_lines(session, sources)
}

fn show_lines(session: &mut Session, mut sources: Vec<Source>) -> Outcome {
    let interrupt = session.watch_interrupts()?;
    sources.retain_mut(Source::show_buffered);
    while !sources.is_empty() {
        let fds: Vec<_> = sources.iter().map(|source| source.log.as_fd()).collect();
        let ready = match wait(&interrupt, &fds, None)? {
            Wake::Ready(ready) => ready,
            Wake::Interrupted => {
                session.print_line("");
                break;
            }
            Wake::OutputClosed => break,
        };
        let mut ready = ready.into_iter();
        sources.retain_mut(|source| !ready.next().unwrap_or(false) || source.show_available());
    }
    Ok(Flow::Continue)
}

impl Source {
    fn show_buffered(&mut self) -> bool {
        let bytes = self.log.buffered().ok();
        self.show(bytes)
    }

    fn show_available(&mut self) -> bool {
        let bytes = self.log.read_available().ok().flatten();
        self.show(bytes)
    }

    /// Shows complete lines; `false` at the end of the log.
    fn show(&mut self, bytes: Option<Vec<u8>>) -> bool {
        let more = bytes.is_some();
        self.line.extend(bytes.into_iter().flatten());
        while let Some(end) = self.line_end(!more) {
            let mut shown = self.label.clone().into_bytes();
            shown.extend(self.line.drain(..end));
            if shown.last() != Some(&b'\n') {
                shown.push(b'\n');
            }
            // A colour ends with its line, because the next one may be another log's.
            self.output.write(&shown);
            self.output.finish();
        }
        more
    }

    fn line_end(&self, is_last: bool) -> Option<usize> {
        let newline = self.line.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let whole = is_last || self.line.len() >= MAX_LINE;
        newline.or((whole && !self.line.is_empty()).then_some(self.line.len()))
    }
}
