//! `upgrade`: replaces the program of the daemon while everything runs on.

use super::error::ClientError;
use super::exit;
use super::server::{list, member, text};
use super::session::{Flow, Outcome, Session};
use crate::rpc::fault::Code;

/// How often a connection is opened again: one with TLS ends with the old program, but no new one is refused.
const ATTEMPTS: usize = 3;

pub(super) fn upgrade(session: &mut Session, rest: &str) -> Outcome {
    if rest.split_whitespace().count() > 1 {
        return Ok(Flow::ShowUsage);
    }
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let before = session.server().supkit_version().ok();
    let job = match session.server().upgrade(rest.trim()) {
        Ok(job) => job,
        Err(ClientError::Fault(fault)) => {
            let message = if fault.code == Code::UnknownMethod.number() {
                "ERROR: this daemon does not support upgrades".to_owned()
            } else {
                format!("ERROR: {}", fault.string)
            };
            session.fail(exit::GENERIC, message);
            return Ok(Flow::Continue);
        }
        Err(error) => return Err(error.into()),
    };
    let failures = await_end(session, job)?;
    if failures.is_empty() {
        let versions = (before, session.server().supkit_version().ok());
        session.print_line(match versions {
            (Some(before), Some(after)) if before != after => {
                format!("Upgraded supervisord: supkit {before} -> {after}")
            }
            (_, Some(after)) => format!("Upgraded supervisord: supkit {after}, as before"),
            _ => "Upgraded supervisord".to_owned(),
        });
    } else {
        let why = failures.join("; ");
        session.fail(exit::GENERIC, format_args!("ERROR: not upgraded: {why}"));
    }
    Ok(Flow::Continue)
}

/// Waits for the job; returns why it failed.
fn await_end(session: &mut Session, job: i64) -> Result<Vec<String>, ClientError> {
    let mut attempts = 0;
    loop {
        let error = match session.server().await_job(job) {
            Ok(answer) => return list(member(&answer, "failures")?, text),
            Err(error) => error,
        };
        attempts += 1;
        if attempts == ATTEMPTS || !matches!(error, ClientError::Io(_) | ClientError::Closed) {
            return Err(error);
        }
        session.disconnect();
    }
}
