//! `why`: explains the state of processes and how they ended.

use super::json;
use super::patterns::{Groups, expand};
use super::server::{member, text};
use super::session::{Flow, Outcome, Session};
use super::{error::ClientError, exit};
use crate::rpc::fault::Code;

/// All processes, as for other actions.
const ALL: &str = "all";

pub(super) fn why(session: &mut Session, rest: &str) -> Outcome {
    let words: Vec<&str> = rest.split_whitespace().collect();
    if words.is_empty() {
        session.fail(exit::GENERIC, "Error: why requires a process name");
        return Ok(Flow::ShowUsage);
    }
    let words = if words.contains(&ALL) { vec!["*:*"] } else { words };
    let mut explained = Vec::new();
    for name in expand(session, &words, Groups::Expand)? {
        match session.server().explain(&name) {
            Ok(answer) => explained.push(answer),
            Err(ClientError::Fault(fault)) if fault.code == Code::UnknownMethod.number() => {
                session.fail(exit::GENERIC, "ERROR: this daemon does not support why");
                return Ok(Flow::Continue);
            }
            Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
                session.fail(exit::GENERIC, format_args!("{name}: ERROR (no such process)"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if session.json {
        Session::print_json(&explained.iter().map(json::from).collect());
        return Ok(Flow::Continue);
    }
    for (number, answer) in explained.iter().enumerate() {
        if number > 0 {
            session.print_line("");
        }
        session.print_line(text(member(answer, "text")?)?.trim_end());
    }
    Ok(Flow::Continue)
}
