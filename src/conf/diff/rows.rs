//! The options of groups and processes as a file would spell them, for comparison: one row an
//! option. Two values are equal exactly if their rows are.

use super::option_change::OptionChange;
use crate::conf::config::{Group, GroupKind, Process};
use crate::conf::process;
use crate::conf::sections::{eventlistener as e, fcgi_program as f, group as g};

type Rows = Vec<(&'static str, String)>;

/// The options of the group itself that differ.
pub(super) fn group_options(old: &Group, new: &Group) -> Vec<OptionChange> {
    compare(&of_group(old), of_group(new))
}

/// The options of a process that differ.
pub(super) fn process_options(old: &Process, new: &Process) -> Vec<OptionChange> {
    process::OPTIONS.iter().filter_map(|option| option.change(old, new)).collect()
}

/// Rows that only one side has differ from nothing.
fn compare(old: &[(&'static str, String)], new: Rows) -> Vec<OptionChange> {
    let is_in_new = |option: &str| new.iter().any(|row| row.0 == option);
    let lost: Vec<OptionChange> = old
        .iter()
        .filter(|row| !is_in_new(row.0))
        .map(|(option, from)| OptionChange { option, from: from.clone(), to: String::new() })
        .collect();
    let mut found = Vec::new();
    for (option, to) in new {
        let from = old.iter().find(|row| row.0 == option).map(|row| row.1.clone());
        if from.as_ref() != Some(&to) {
            found.push(OptionChange { option, from: from.unwrap_or_default(), to });
        }
    }
    found.extend(lost);
    found
}

fn of_group(group: &Group) -> Rows {
    let mut rows = vec![(g::PRIORITY.name, group.priority.to_string())];
    match &group.kind {
        GroupKind::Programs => {}
        GroupKind::EventListener(pool) => {
            let mut events: Vec<&str> = pool.events.iter().map(|event| event.name()).collect();
            events.sort_unstable();
            rows.push((e::EVENTS.name, events.join(",")));
            rows.push((e::BUFFER_SIZE.name, pool.buffer_size.to_string()));
            rows.push((e::RESULT_HANDLER.name, pool.result_handler.name().to_owned()));
        }
        GroupKind::FastCgi(socket) => {
            // Supervisor compares nothing else of a socket.
            rows.push((f::SOCKET.name, socket.url.clone()));
        }
    }
    rows
}
