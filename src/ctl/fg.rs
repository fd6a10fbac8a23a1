//! `fg`: a process's output as it comes, and lines typed into it.

use std::os::fd::AsFd;
use std::time::Duration;

use super::client::Follow;
use super::error::{self, ClientError};
use super::exit;
use super::follow;
use super::help;
use super::session::{Flow, Outcome, Session, Trouble};
use crate::core::state::ProcessState;
use crate::os::ready::wait_readable;
use crate::rpc::fault::Code;

/// So long a silence after the end of input is taken for an end of output.
const LAST_WORDS: Duration = Duration::from_millis(200);

pub(super) fn fg(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = rest.split_whitespace().collect();
    match names.as_slice() {
        [] => {
            session.fail(exit::GENERIC, "ERROR: no process name supplied");
            help::of(session, "fg");
        }
        [name] if is_running(session, name)? => attach(session, name)?,
        [_] => {}
        _ => session.fail(exit::GENERIC, "ERROR: too many process names supplied"),
    }
    Ok(Flow::Continue)
}

/// Whether there is a process to watch. Says so if not.
fn is_running(session: &mut Session, name: &str) -> Result<bool, Trouble> {
    match session.server().info(name) {
        Ok(info) if info.state == ProcessState::Running.code() => return Ok(true),
        Ok(_) => session.fail(exit::GENERIC, "ERROR: process not running"),
        Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
            session.fail(exit::GENERIC, "ERROR: bad process name supplied");
        }
        Err(ClientError::Fault(fault)) => {
            session.say(format_args!("ERROR: {}", error::fault(&fault)));
        }
        Err(other) => return Err(other.into()),
    }
    Ok(false)
}

fn attach(session: &mut Session, name: &str) -> Result<(), Trouble> {
    session.say("==> Press Ctrl-C to exit <==");
    session.watch_interrupts()?;
    let mut logs = Vec::new();
    for channel in ["stdout", "stderr"] {
        let path = format!("/logtail/{name}/{channel}");
        match follow::open(session, &path) {
            Ok(log) => logs.push(log),
            Err(error) => follow::lament(session, &path, &error),
        }
    }
    match converse(session, name, logs) {
        Ok(()) | Err(Trouble::Call(ClientError::Interrupted)) => {
            session.say("Exiting foreground");
            Ok(())
        }
        Err(trouble) => Err(trouble),
    }
}

/// Shows and sends until input ends, the process ends, or Ctrl-C.
fn converse(session: &mut Session, name: &str, mut logs: Vec<Follow>) -> Result<(), Trouble> {
    let interrupt = session.watch_interrupts()?;
    logs.retain_mut(|log| !log.has_ahead() || show(log));
    loop {
        while let Some(line) = session.input.line_ahead() {
            if !send(session, name, &line)? {
                return Ok(());
            }
        }
        if session.input.has_ended() {
            return show_last_words(logs);
        }
        let mut fds = vec![interrupt.as_fd(), session.input.as_fd()];
        fds.extend(logs.iter().map(AsFd::as_fd));
        let ready = wait_readable(&fds, None)?;
        if interrupt.take() {
            return Ok(());
        }
        if ready[1] {
            session.input.fill()?;
        }
        let mut ready = ready[2..].iter();
        logs.retain_mut(|log| !ready.next().is_some_and(|ready| *ready) || show(log));
    }
}

/// Gives the process a moment to answer what was typed last.
fn show_last_words(mut logs: Vec<Follow>) -> Result<(), Trouble> {
    loop {
        let fds: Vec<_> = logs.iter().map(AsFd::as_fd).collect();
        let ready = wait_readable(&fds, Some(LAST_WORDS))?;
        if !ready.contains(&true) {
            return Ok(());
        }
        let mut ready = ready.into_iter();
        logs.retain_mut(|log| !ready.next().unwrap_or(false) || show(log));
    }
}

/// Shows what has come; `false` when the log has ended.
fn show(log: &mut Follow) -> bool {
    let Ok(Some(bytes)) = log.piece() else { return false };
    Session::write(&bytes);
    true
}

/// Types a line; `false` when there is nobody any more to read it.
fn send(session: &mut Session, name: &str, line: &str) -> Result<bool, Trouble> {
    match session.server().send_stdin(name, &format!("{line}\n")) {
        Ok(()) => {}
        Err(ClientError::Fault(fault)) if fault.code == Code::NotRunning.number() => {
            session.say("Process got killed");
            return Ok(false);
        }
        Err(ClientError::Fault(fault)) => {
            session.say(format_args!("ERROR: {}", error::fault(&fault)));
            return Ok(false);
        }
        Err(other) => return Err(other.into()),
    }
    let alive = session.server().info(name)?.state == ProcessState::Running.code();
    if !alive {
        session.say("Process got killed");
    }
    Ok(alive)
}
