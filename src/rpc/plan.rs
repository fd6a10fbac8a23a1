//! What an update would do, told beforehand: which groups, which processes, and which option of them
//! changed from what to what.

use super::changes::{ADDED, CHANGED, Change, REMOVED, RESTARTED, changes, whole};
use super::config::difference;
use super::supkit::Wanted;
use super::value::Value;
use crate::conf::config::{Config, Group};
use crate::core::Supervisor;

pub(super) fn plan(supervisor: &Supervisor, config: &Config, wanted: &Wanted) -> Value {
    let found = difference(supervisor, config);
    let mut steps = Vec::new();
    for group in found.added.iter().filter(|group| wanted.has(&group.name)) {
        steps.push(step(&group.name, ADDED, Vec::new()));
    }
    for (old, new) in found.changed.iter().filter(|(_, new)| wanted.has(&new.name)) {
        let mut all = changes(old, new);
        all.extend(restarts(supervisor, old, new));
        let details = all.iter().map(|change| detail(Some(config), change)).collect();
        steps.push(step(&new.name, CHANGED, details));
    }
    for group in found.removed.iter().filter(|group| wanted.has(&group.name)) {
        steps.push(step(&group.name, REMOVED, Vec::new()));
    }
    Value::Array(steps)
}

/// The processes of a changed group that run and would be started again: all of them by Supervisor's
/// update, those that changed by a minimal one.
fn restarts(supervisor: &Supervisor, old: &Group, new: &Group) -> Vec<Change> {
    let runs = |name: &str| {
        let id = supervisor.find(&new.name, name);
        let process = id.and_then(|id| supervisor.process(id));
        process.is_some_and(|process| process.state().is_running())
    };
    let running = new.processes.iter().filter(|process| runs(&process.name));
    let restarted = running.map(|process| {
        let is_same = old.processes.contains(process);
        whole(process, if is_same { "restarted, unless --minimal" } else { RESTARTED })
    });
    restarted.collect()
}

/// What becomes of one group.
pub(super) fn step(group: &str, action: &str, details: Vec<Value>) -> Value {
    Value::Struct(vec![
        ("group".to_owned(), Value::str(group)),
        ("action".to_owned(), Value::str(action)),
        ("details".to_owned(), Value::Array(details)),
    ])
}

/// One option; without a file where the new value is written nowhere.
pub(super) fn detail(config: Option<&Config>, change: &Change) -> Value {
    let place = config.and_then(|config| config.origins.of(&change.section, change.option));
    let file = place.map_or("", |place| &place.file);
    let line = place.map_or(0, |place| i64::try_from(place.line).unwrap_or(0));
    Value::Struct(vec![
        ("process".to_owned(), Value::str(&change.process)),
        ("option".to_owned(), Value::str(change.option)),
        ("from".to_owned(), Value::str(&change.from)),
        ("to".to_owned(), Value::str(&change.to)),
        ("file".to_owned(), Value::str(file)),
        ("line".to_owned(), Value::Int(line)),
    ])
}
