//! Logs as they grow: one as it is, or several with the process before each line.

use std::io::{self, Write};
use std::os::fd::AsFd;

use super::client::Follow;
use super::error::ClientError;
use super::exit;
use super::patterns::{Groups, expand};
use super::server::Channel;
use super::session::{Flow, Outcome, Session};
use crate::os::ready::wait_readable;

/// A line that is longer is shown in pieces, when several logs share the screen.
const LINE_LIMIT: usize = 64 * 1024;

/// Shows one log until it ends or Ctrl-C.
pub(super) fn one(session: &mut Session, path: &str) -> Outcome {
    session.say("==> Press Ctrl-C to exit <==");
    session.watch_interrupts()?;
    let ended = open(session, path).and_then(|mut log| {
        while let Some(bytes) = log.chunk()? {
            Session::write(&bytes);
        }
        Ok(())
    });
    match ended {
        Err(ClientError::Interrupted) => session.say(""),
        Err(error) => lament(session, path, &error),
        Ok(()) => {}
    }
    Ok(Flow::Continue)
}

pub(super) fn open(session: &mut Session, path: &str) -> Result<Follow, ClientError> {
    session.client().follow(path)
}

/// Why a log cannot be followed, on standard error. A server that went away is no news.
pub(super) fn lament(session: &Session, path: &str, error: &ClientError) {
    let why = match error {
        ClientError::Status { code, .. } => format!("Cannot read, status code {code}"),
        ClientError::Closed | ClientError::Truncated => return,
        other => {
            let (class, text) = other.in_python();
            format!("Cannot connect, error: <class '{class}'> ({text})")
        }
    };
    let _ = writeln!(io::stderr(), "{}{path} {why}", session.settings.serverurl);
}

/// A log among others.
struct Source {
    label: String,
    log: Follow,
    line: Vec<u8>,
}

/// Shows several logs until all have ended or Ctrl-C.
pub(super) fn several(session: &mut Session, names: &[&str], channel: Channel) -> Outcome {
    session.watch_interrupts()?;
    let names = expand(session, names, Groups::Unfold)?;
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    session.say("==> Press Ctrl-C to exit <==");
    let mut sources = Vec::new();
    for name in &names {
        let path = format!("/logtail/{name}/{}", channel.name());
        match open(session, &path) {
            Ok(log) => {
                sources.push(Source { label: format!("{name:width$} | "), log, line: Vec::new() });
            }
            Err(error) => {
                lament(session, &path, &error);
                session.status = exit::GENERIC;
            }
        }
    }
    show_lines(session, sources)
}

fn show_lines(session: &mut Session, mut sources: Vec<Source>) -> Outcome {
    let interrupt = session.watch_interrupts()?;
    sources.retain_mut(|source| !source.log.has_ahead() || source.show());
    while !sources.is_empty() {
        let mut fds: Vec<_> = sources.iter().map(|source| source.log.as_fd()).collect();
        fds.push(interrupt.as_fd());
        let ready = wait_readable(&fds, None)?;
        if interrupt.take() {
            session.say("");
            break;
        }
        let mut ready = ready.into_iter();
        sources.retain_mut(|source| !ready.next().unwrap_or(false) || source.show());
    }
    Ok(Flow::Continue)
}

impl Source {
    /// Shows the lines that are whole; `false` when the log has ended.
    fn show(&mut self) -> bool {
        let more = match self.log.piece() {
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
        let whole = is_last || self.line.len() >= LINE_LIMIT;
        newline.or((whole && !self.line.is_empty()).then_some(self.line.len()))
    }
}
