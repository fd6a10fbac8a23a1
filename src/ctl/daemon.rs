//! Actions on the daemon as a whole, and on the shell: `shutdown`, `reload`, `version`, `open`,
//! `exit`.

use std::io;

use super::error::ClientError;
use super::session::{Flow, Outcome, Session, Trouble};
use super::{exit, help, status};
use crate::rpc::fault::Code;

pub(super) fn shutdown(session: &mut Session, rest: &str) -> Outcome {
    let question = "Really shut the remote supervisord process down y/N? ";
    if !bare(session, "shutdown", rest) || !is_sure(session, question)? {
        return Ok(Flow::Continue);
    }
    let error = match session.server().shutdown() {
        Ok(()) => {
            session.say("Shut down");
            return Ok(Flow::Continue);
        }
        Err(error) => error,
    };
    let url = session.settings.serverurl.clone();
    match &error {
        ClientError::Fault(fault) if fault.code == Code::ShutdownState.number() => {
            session.say("ERROR: already shutting down");
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
    if !bare(session, "reload", rest) || !is_sure(session, question)? {
        return Ok(Flow::Continue);
    }
    match session.server().restart() {
        Ok(()) => session.say("Restarted supervisord"),
        Err(ClientError::Fault(fault)) if fault.code == Code::ShutdownState.number() => {
            session.fail(exit::GENERIC, "ERROR: already shutting down");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

/// Whether an action that takes no words has none. Says so if it has.
fn bare(session: &mut Session, action: &str, rest: &str) -> bool {
    if !rest.is_empty() {
        session.fail(exit::GENERIC, format_args!("Error: {action} accepts no arguments"));
        help::of(session, action);
    }
    rest.is_empty()
}

/// In a shell people are asked before the daemon goes down.
fn is_sure(session: &mut Session, question: &str) -> Result<bool, Trouble> {
    if !session.settings.interactive {
        return Ok(true);
    }
    Ok(session.ask(question)?.to_lowercase().starts_with('y'))
}

pub(super) fn version(session: &mut Session, rest: &str) -> Outcome {
    if !bare(session, "version", rest) {
        return Ok(Flow::Continue);
    }
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let version = session.server().version()?;
    if session.json {
        // Supervisor's own daemon has no such version: null.
        let supkit = session.server().supkit_version().ok();
        Session::say_json(&serde_json::json!({ "supervisor": version, "supkit": supkit }));
    } else {
        session.say(version);
    }
    Ok(Flow::Continue)
}

pub(super) fn open(session: &mut Session, rest: &str) -> Outcome {
    let scheme = rest.split_once(':').map(|(scheme, _)| scheme.to_lowercase());
    if !matches!(scheme.as_deref(), Some("unix" | "http")) {
        session.fail(exit::GENERIC, "ERROR: url must be http:// or unix://");
        return Ok(Flow::Continue);
    }
    rest.clone_into(&mut session.settings.serverurl);
    session.hang_up();
    let before = session.status;
    let outcome = status::status(session, "");
    if outcome.is_ok() {
        session.status = before;
    }
    outcome
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every action")]
pub(super) fn leave(session: &mut Session, _rest: &str) -> Outcome {
    session.say("");
    Ok(Flow::Leave)
}
