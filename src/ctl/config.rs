//! The actions `reread`, `add` and `remove`.

use std::collections::BTreeMap;

use super::error::ClientError;
use super::exit;
use super::server::ConfigChanges;
use super::session::{Flow, Outcome, Session};
use crate::rpc::fault::Code;

pub(super) fn reread(session: &mut Session, rest: &str) -> Outcome {
    if !rest.is_empty() {
        session.fail(exit::GENERIC, "Error: reread accepts no arguments");
        return Ok(Flow::ShowUsage);
    }
    match session.server().reload_config() {
        Ok(changes) if session.json => Session::print_json(&changes.json()),
        Ok(changes) => show(session, &changes),
        Err(ClientError::Fault(fault)) if fault.code == Code::ShutdownState.number() => {
            session.fail(exit::GENERIC, "ERROR: supervisor shutting down");
        }
        Err(ClientError::Fault(fault)) if fault.code == Code::CantReread.number() => {
            session.fail(exit::GENERIC, format_args!("ERROR: {fault}"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

fn show(session: &mut Session, changes: &ConfigChanges) {
    let words = [
        (&changes.added, "available"),
        (&changes.changed, "changed"),
        (&changes.removed, "disappeared"),
    ];
    let by_name: BTreeMap<_, _> =
        words.iter().flat_map(|(names, word)| names.iter().map(move |name| (name, word))).collect();
    for (name, word) in &by_name {
        session.print_line(format_args!("{name}: {word}"));
    }
    if by_name.is_empty() {
        session.print_line("No config updates to processes");
    }
}

impl ConfigChanges {
    pub(super) fn json(&self) -> serde_json::Value {
        let Self { added, changed, removed } = self;
        serde_json::json!({ "added": added, "changed": changed, "removed": removed })
    }
}

pub(super) fn add(session: &mut Session, rest: &str) -> Outcome {
    for name in rest.split_whitespace() {
        let Err(error) = session.server().add_group(name) else {
            session.print_line(format_args!("{name}: added process group"));
            continue;
        };
        match error.fault().and_then(|fault| Code::from_number(fault.code)) {
            Some(Code::ShutdownState) => session.fail(exit::GENERIC, "ERROR: shutting down"),
            Some(Code::AlreadyAdded) => session.print_line("ERROR: process group already active"),
            Some(Code::BadName) => report_unknown_group(session, name),
            _ => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

pub(super) fn remove(session: &mut Session, rest: &str) -> Outcome {
    for name in rest.split_whitespace() {
        let Err(error) = session.server().remove_group(name) else {
            session.print_line(format_args!("{name}: removed process group"));
            continue;
        };
        match error.fault().and_then(|fault| Code::from_number(fault.code)) {
            Some(Code::StillRunning) => {
                let line = format!("ERROR: process/group still running: {name}");
                session.fail(exit::GENERIC, line);
            }
            Some(Code::BadName) => report_unknown_group(session, name),
            _ => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

fn report_unknown_group(session: &mut Session, name: &str) {
    session.fail(exit::GENERIC, format_args!("ERROR: no such process/group: {name}"));
}
