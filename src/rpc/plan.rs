//! The plan of an update: the groups, processes and options that would change.

use super::config::difference;
use super::option_changes::{
    ADDED, CHANGED, OptionChange, REMOVED, RESTARTED, option_changes, process_change,
};
use super::supkit::GroupFilter;
use super::value::Value;
use crate::conf::config::{Config, Group};
use crate::core::Supervisor;

pub(super) fn plan(supervisor: &Supervisor, config: &Config, filter: &GroupFilter) -> Value {
    let diff = difference(supervisor, config);
    let mut entries = Vec::new();
    for group in diff.added.iter().filter(|group| filter.includes(&group.name)) {
        entries.push(group_entry(&group.name, ADDED, Vec::new()));
    }
    for (old, new) in diff.changed.iter().filter(|(_, new)| filter.includes(&new.name)) {
        let mut all = option_changes(old, new);
        all.extend(restarts(supervisor, old, new));
        let details = all.iter().map(|change| detail(Some(config), change)).collect();
        entries.push(group_entry(&new.name, CHANGED, details));
    }
    for group in diff.removed.iter().filter(|group| filter.includes(&group.name)) {
        entries.push(group_entry(&group.name, REMOVED, Vec::new()));
    }
    Value::Array(entries)
}

/// The running processes of a changed group that would be restarted: all of them by Supervisor's
/// update, only the changed ones by a minimal update.
fn restarts(supervisor: &Supervisor, old: &Group, new: &Group) -> Vec<OptionChange> {
    let is_running = |name: &str| {
        let id = supervisor.find(&new.name, name);
        let process = id.and_then(|id| supervisor.process(id));
        process.is_some_and(|process| process.state().is_running())
    };
    let running = new.processes.iter().filter(|process| is_running(&process.name));
    let restarted = running.map(|process| {
        let is_same = old.processes.contains(process);
        process_change(process, if is_same { "restarted, unless --minimal" } else { RESTARTED })
    });
    restarted.collect()
}

/// The entry of one group.
pub(super) fn group_entry(group: &str, action: &str, details: Vec<Value>) -> Value {
    Value::Struct(vec![
        ("group".to_owned(), Value::str(group)),
        ("action".to_owned(), Value::str(action)),
        ("details".to_owned(), Value::Array(details)),
    ])
}

/// The entry of one option; `config` provides the file and line of the new value.
pub(super) fn detail(config: Option<&Config>, change: &OptionChange) -> Value {
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
