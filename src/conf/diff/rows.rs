//! The options of groups and processes that differ, by their tables.

use super::option_change::OptionChange;
use crate::conf::config::{Group, GroupKind, Process};
use crate::conf::section::field::{FromSection, changes};

/// The options of the group itself that differ.
pub(super) fn group_options(old: &Group, new: &Group) -> Vec<OptionChange> {
    let mut found = changes(old, new);
    found.extend(match (&old.kind, &new.kind) {
        (GroupKind::EventListener(old), GroupKind::EventListener(new)) => changes(old, new),
        (GroupKind::FastCgi(old), GroupKind::FastCgi(new)) => changes(old, new),
        (GroupKind::Programs, GroupKind::Programs) => Vec::new(),
        (old, new) => {
            let lost = of_kind(old).into_iter().map(|(option, from)| OptionChange {
                option,
                from,
                to: String::new(),
            });
            let gained = of_kind(new).into_iter().map(|(option, to)| OptionChange {
                option,
                from: String::new(),
                to,
            });
            gained.chain(lost).collect()
        }
    });
    found
}

/// The options of a process that differ.
pub(super) fn process_options(old: &Process, new: &Process) -> Vec<OptionChange> {
    changes(old, new)
}

/// The compared options that only this kind of group has.
fn of_kind(kind: &GroupKind) -> Vec<(&'static str, String)> {
    match kind {
        GroupKind::Programs => Vec::new(),
        GroupKind::EventListener(pool) => compared(pool),
        GroupKind::FastCgi(socket) => compared(socket),
    }
}

fn compared<S: FromSection>(settings: &S) -> Vec<(&'static str, String)> {
    let rows = S::OPTIONS.iter();
    rows.filter_map(|option| Some((option.name(), option.compared(settings)?))).collect()
}
