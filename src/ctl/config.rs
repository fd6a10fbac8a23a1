//! `reread`, `add`, `remove`: the configuration on file and the groups that are active.

use std::collections::BTreeMap;

use super::error::ClientError;
use super::server::Changes;
use super::session::{Flow, Outcome, Session};
use super::{exit, help};
use crate::rpc::fault::Code;

pub(super) fn reread(session: &mut Session, rest: &str) -> Outcome {
    if !rest.is_empty() {
        session.fail(exit::GENERIC, "Error: reread accepts no arguments");
        help::of(session, "reread");
        return Ok(Flow::Continue);
    }
    match session.server().reload_config() {
        Ok(changes) if session.json => Session::say_json(&changes.json()),
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

fn show(session: &mut Session, changes: &Changes) {
    let words = [
        (&changes.added, "available"),
        (&changes.changed, "changed"),
        (&changes.removed, "disappeared"),
    ];
    let by_name: BTreeMap<_, _> =
        words.iter().flat_map(|(names, word)| names.iter().map(move |name| (name, word))).collect();
    for (name, word) in &by_name {
        session.say(format_args!("{name}: {word}"));
    }
    if by_name.is_empty() {
        session.say("No config updates to processes");
    }
}

impl Changes {
    pub(super) fn json(&self) -> serde_json::Value {
        let Self { added, changed, removed } = self;
        serde_json::json!({ "added": added, "changed": changed, "removed": removed })
    }
}

pub(super) fn add(session: &mut Session, rest: &str) -> Outcome {
    for name in rest.split_whitespace() {
        let Err(error) = session.server().add_group(name) else {
            session.say(format_args!("{name}: added process group"));
            continue;
        };
        match error.fault().and_then(|fault| Code::from_number(fault.code)) {
            Some(Code::ShutdownState) => session.fail(exit::GENERIC, "ERROR: shutting down"),
            Some(Code::AlreadyAdded) => session.say("ERROR: process group already active"),
            Some(Code::BadName) => no_such(session, name),
            _ => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

pub(super) fn remove(session: &mut Session, rest: &str) -> Outcome {
    for name in rest.split_whitespace() {
        let Err(error) = session.server().remove_group(name) else {
            session.say(format_args!("{name}: removed process group"));
            continue;
        };
        match error.fault().and_then(|fault| Code::from_number(fault.code)) {
            Some(Code::StillRunning) => {
                let line = format!("ERROR: process/group still running: {name}");
                session.fail(exit::GENERIC, line);
            }
            Some(Code::BadName) => no_such(session, name),
            _ => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

fn no_such(session: &mut Session, name: &str) {
    session.fail(exit::GENERIC, format_args!("ERROR: no such process/group: {name}"));
}
