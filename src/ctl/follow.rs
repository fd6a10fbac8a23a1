//! Follows logs: one log unchanged, or several with a process name before each line.

use std::io::{self, Write};
use std::os::fd::AsFd;

use super::client::LogStream;
use super::error::ClientError;
use super::exit;
use super::patterns::{Groups, expand};
use super::server::Channel;
use super::session::{Flow, Outcome, Session};
use crate::os::ready::wait_readable;

/// A longer line is split when several logs are shown together.
const MAX_LINE: usize = 64 * 1024;

/// Shows one log until its end or Ctrl-C.
pub(super) fn one(session: &mut Session, path: &str) -> Outcome {
    session.print_line("==> Press Ctrl-C to exit <==");
    session.watch_interrupts()?;
    let ended = open(session, path).and_then(|mut log| {
        while let Some(bytes) = log.chunk()? {
            Session::write(&bytes);
        }
        Ok(())
    });
    match ended {
        Err(ClientError::Interrupted) => session.print_line(""),
        Err(error) => report_follow_error(session, path, &error),
        Ok(()) => {}
    }
    Ok(Flow::Continue)
}

pub(super) fn open(session: &mut Session, path: &str) -> Result<LogStream, ClientError> {
    session.client().follow(path)
}

/// Reports on standard error why a log cannot be followed. A closed connection is not reported.
pub(super) fn report_follow_error(session: &Session, path: &str, error: &ClientError) {
    let why = match error {
        ClientError::Status { code, .. } => format!("Cannot read, status code {code}"),
        ClientError::Closed | ClientError::Truncated => return,
        other => {
            let (class, text) = other.as_python();
            format!("Cannot connect, error: <class '{class}'> ({text})")
        }
    };
    let _ = writeln!(io::stderr(), "{}{path} {why}", session.settings.serverurl);
}

/// One of several followed logs.
struct Source {
    label: String,
    log: LogStream,
    line: Vec<u8>,
}

/// Shows several logs until all have ended or Ctrl-C.
pub(super) fn multiple(session: &mut Session, names: &[&str], channel: Channel) -> Outcome {
    session.watch_interrupts()?;
    let names = expand(session, names, Groups::Expand)?;
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    session.print_line("==> Press Ctrl-C to exit <==");
    let mut sources = Vec::new();
    for name in &names {
        let path = format!("/logtail/{name}/{}", channel.name());
        match open(session, &path) {
            Ok(log) => {
                sources.push(Source { label: format!("{name:width$} | "), log, line: Vec::new() });
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
    sources.retain_mut(|source| !source.log.has_buffered() || source.show());
    while !sources.is_empty() {
        let mut fds: Vec<_> = sources.iter().map(|source| source.log.as_fd()).collect();
        fds.push(interrupt.as_fd());
        let ready = wait_readable(&fds, None)?;
        if interrupt.take() {
            session.print_line("");
            break;
        }
        let mut ready = ready.into_iter();
        sources.retain_mut(|source| !ready.next().unwrap_or(false) || source.show());
    }
    Ok(Flow::Continue)
}

impl Source {
    /// Shows complete lines; `false` at the end of the log.
    fn show(&mut self) -> bool {
        let more = match self.log.read_available() {
            Ok(Some(bytes)) => {
                self.line.extend_from_slice(&bytes);
                true
            }
            Ok(None) | Err(_) => false,
        };
        while let Some(end) = self.line_end(!more) {
            let mut shown = self.label.clone().into_bytes();
            shown.extend(self.line.drain(..end));
            if shown.last() != Some(&b'\n') {
                shown.push(b'\n');
            }
            Session::write(&shown);
        }
        more
    }

    fn line_end(&self, is_last: bool) -> Option<usize> {
        let newline = self.line.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let whole = is_last || self.line.len() >= MAX_LINE;
        newline.or((whole && !self.line.is_empty()).then_some(self.line.len()))
    }
}
