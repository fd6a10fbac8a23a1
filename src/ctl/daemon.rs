//! The actions on the daemon as a whole and on the shell: `shutdown`, `reload`, `version`, `open`,
//! `exit`.

use std::io;

use super::error::ClientError;
use super::session::{ActionError, Flow, Outcome, Session};
use super::{exit, status};
use crate::rpc::fault::{Code, Fault, RESTART_REFUSED};

pub(super) fn shutdown(session: &mut Session, rest: &str) -> Outcome {
    let question = "Really shut the remote supervisord process down y/N? ";
    if !takes_no_arguments(session, "shutdown", rest) {
        return Ok(Flow::ShowUsage);
    }
    if !confirm(session, question)? {
        return Ok(Flow::Continue);
    }
    let error = match session.server().shutdown() {
        Ok(()) => {
            session.print_line("Shut down");
            return Ok(Flow::Continue);
        }
        Err(error) => error,
    };
    let url = session.settings.options.serverurl.clone();
    match &error {
        ClientError::Fault(fault) if fault.code == Code::ShutdownState.number() => {
            session.print_line("ERROR: already shutting down");
        }
        ClientError::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
            let line = format!("ERROR: {url} refused connection (already shut down?)");
            session.fail(exit::GENERIC, line);
        }
        ClientError::Io(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let line = format!("ERROR: {url} no such file (already shut down?)");
            session.fail(exit::GENERIC, line);
        }
        _ => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

pub(super) fn reload(session: &mut Session, rest: &str) -> Outcome {
    let question = "Really restart the remote supervisord process y/N? ";
    if !takes_no_arguments(session, "reload", rest) {
        return Ok(Flow::ShowUsage);
    }
    if !confirm(session, question)? {
        return Ok(Flow::Continue);
    }
    match session.server().restart() {
        Ok(()) => session.print_line("Restarted supervisord"),
        Err(ClientError::Fault(fault)) if fault.code == Code::ShutdownState.number() => {
            session.fail(exit::GENERIC, "ERROR: already shutting down");
        }
        Err(ClientError::Fault(fault)) if is_refused_restart(&fault) => {
            session.fail(exit::GENERIC, format_args!("ERROR: {fault}"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

/// Whether supkit's daemon refused a restart because of the configuration. Supervisor's daemon never
/// does; any other fault is shown as its client shows it.
fn is_refused_restart(fault: &Fault) -> bool {
    fault.code == Code::CantReread.number() && fault.string.contains(RESTART_REFUSED)
}

/// Checks that an action without arguments got none; reports an error otherwise.
fn takes_no_arguments(session: &mut Session, action: &str, rest: &str) -> bool {
    if !rest.is_empty() {
        session.fail(exit::GENERIC, format_args!("Error: {action} accepts no arguments"));
    }
    rest.is_empty()
}

/// Asks for confirmation in an interactive shell.
fn confirm(session: &mut Session, question: &str) -> Result<bool, ActionError> {
    if !session.settings.interactive {
        return Ok(true);
    }
    Ok(session.ask(question)?.to_lowercase().starts_with('y'))
}

pub(super) fn version(session: &mut Session, rest: &str) -> Outcome {
    if !takes_no_arguments(session, "version", rest) {
        return Ok(Flow::ShowUsage);
    }
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let version = session.server().version()?;
    if session.json {
        // Supervisor's daemon has no such method: null.
        let supkit = session.server().supkit_version().ok();
        Session::print_json(&serde_json::json!({ "supervisor": version, "supkit": supkit }));
    } else {
        session.print_line(version);
    }
    Ok(Flow::Continue)
}

pub(super) fn open(session: &mut Session, rest: &str) -> Outcome {
    let scheme = rest.split_once(':').map(|(scheme, _)| scheme.to_lowercase());
    if !matches!(scheme.as_deref(), Some("unix" | "http" | "https")) {
        session.fail(exit::GENERIC, "ERROR: url must be http:// or unix://");
        return Ok(Flow::Continue);
    }
    rest.clone_into(&mut session.settings.options.serverurl);
    session.disconnect();
    let before = session.status;
    let outcome = status::status(session, "");
    if outcome.is_ok() {
        session.status = before;
    }
    outcome
}

#[expect(clippy::unnecessary_wraps, reason = "all actions have the same signature")]
pub(super) fn quit(session: &mut Session, _rest: &str) -> Outcome {
    session.print_line("");
    Ok(Flow::Exit)
}
