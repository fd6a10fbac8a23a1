//! The actions `rotate` and `reopen`, on the logs of programs and of the daemon.

use super::error::ClientError;
use super::exit;
use super::patterns::{Groups, expand};
use super::server::{list, text};
use super::session::{Flow, Outcome, Session};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// An action: its method, and what it did to a log.
struct Action {
    method: &'static str,
    done: &'static str,
    /// What is printed if there was no log to do it to.
    none: &'static str,
}

const ROTATE: Action = Action {
    method: "rotateLogs",
    done: "rotated",
    none: "no log to rotate (each is empty or not a file)",
};
const REOPEN: Action = Action { method: "reopenLogs", done: "reopened", none: "no open log" };

pub(super) fn rotate(session: &mut Session, rest: &str) -> Outcome {
    apply(session, &ROTATE, rest)
}

pub(super) fn reopen(session: &mut Session, rest: &str) -> Outcome {
    apply(session, &REOPEN, rest)
}

fn apply(session: &mut Session, action: &Action, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = rest.split_whitespace().collect();
    if names.is_empty() || names.contains(&"all") {
        one(session, action, None)?;
        return Ok(Flow::Continue);
    }
    for name in expand(session, &names, Groups::Keep)? {
        one(session, action, Some(&name))?;
    }
    Ok(Flow::Continue)
}

fn one(session: &mut Session, action: &Action, name: Option<&str>) -> Result<(), ClientError> {
    let parameters: Vec<Value> = name.map(Value::str).into_iter().collect();
    let shown = name.unwrap_or("all logs");
    match session.server().call_supkit(action.method, &parameters) {
        Ok(answer) => {
            let paths = list(&answer, text)?;
            if paths.is_empty() {
                session.print_line(format_args!("{shown}: {}", action.none));
            }
            for path in paths {
                session.print_line(format_args!("{path}: {}", action.done));
            }
        }
        Err(ClientError::Fault(fault)) => {
            let why = match fault.code {
                code if code == Code::BadName.number() => "no such process",
                code if code == Code::UnknownMethod.number() => "this daemon has no such method",
                _ => fault.string.split_once(": ").map_or(&*fault.string, |(_, why)| why),
            };
            session.fail(exit::GENERIC, format_args!("{shown}: ERROR ({why})"));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
