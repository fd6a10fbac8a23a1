//! What an update would do, told beforehand: which groups, which processes, and which option of them
//! changed from what to what.

use super::changes::{Change, changes};
use super::config::difference;
use super::supkit::Wanted;
use super::value::Value;
use crate::conf::config::Config;
use crate::core::Supervisor;

pub(super) fn plan(supervisor: &Supervisor, config: &Config, wanted: &Wanted) -> Value {
    let found = difference(supervisor, config);
    let mut steps = Vec::new();
    for group in found.added.iter().filter(|group| wanted.has(&group.name)) {
        steps.push(step(&group.name, "added", Vec::new()));
    }
    for (old, new) in found.changed.iter().filter(|(_, new)| wanted.has(&new.name)) {
        let details = changes(old, new).iter().map(|change| detail(config, change)).collect();
        steps.push(step(&new.name, "changed", details));
    }
    for group in found.removed.iter().filter(|group| wanted.has(&group.name)) {
        steps.push(step(&group.name, "removed", Vec::new()));
    }
    Value::Array(steps)
}

fn step(group: &str, action: &str, details: Vec<Value>) -> Value {
    Value::Struct(vec![
        ("group".to_owned(), Value::str(group)),
        ("action".to_owned(), Value::str(action)),
        ("details".to_owned(), Value::Array(details)),
    ])
}

/// One option; `file` is empty where the new value is written nowhere.
fn detail(_config: &Config, change: &Change) -> Value {
    let (file, line) = (String::new(), 0_usize);
    Value::Struct(vec![
        ("process".to_owned(), Value::str(&change.process)),
        ("option".to_owned(), Value::str(change.option)),
        ("from".to_owned(), Value::str(&change.from)),
        ("to".to_owned(), Value::str(&change.to)),
        ("file".to_owned(), Value::Str(file)),
        ("line".to_owned(), Value::Int(line as i64)),
    ])
}
