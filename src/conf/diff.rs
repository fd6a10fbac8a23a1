//! What differs between the active groups and a configuration: the one list of changes that
//! `reread` summarizes, `update --plan` prints and an update executes.
//!
//! Two processes are equal exactly if Supervisor would call them equal: the order of environment
//! variables makes no difference, and a log that is now `AUTO` keeps the file it has.

mod option_change;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use option_change::OptionChange;

use super::config::{Group, GroupKind, Process};

/// What happens to one group.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupChange<'a> {
    Removed(&'a Group),
    /// It stays active: `options` are its own, `members` its processes. Both are empty where only
    /// the order of the processes differs.
    Changed {
        old: &'a Group,
        new: &'a Group,
        options: Vec<OptionChange>,
        members: Vec<MemberChange<'a>>,
    },
    /// It is another kind of group now, or serves another socket, and starts afresh.
    Replaced {
        old: &'a Group,
        new: &'a Group,
        options: Vec<OptionChange>,
        members: Vec<MemberChange<'a>>,
    },
    Added(&'a Group),
}

/// What happens to one process of a group that stays active.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange<'a> {
    Removed(&'a Arc<Process>),
    Changed { new: &'a Arc<Process>, options: Vec<OptionChange> },
    Added(&'a Arc<Process>),
}

impl<'a> GroupChange<'a> {
    pub fn group(&self) -> &'a Group {
        match self {
            Self::Removed(group) | Self::Added(group) => group,
            Self::Changed { new, .. } | Self::Replaced { new, .. } => new,
        }
    }
}

impl<'a> MemberChange<'a> {
    pub fn process(&self) -> &'a Process {
        match self {
            Self::Removed(process) | Self::Added(process) => process,
            Self::Changed { new, .. } => new,
        }
    }
}

/// The changes from the active groups to `new`, in the order in which an update executes them:
/// removed groups in the order in which they were added, then changed and added groups in the order
/// of the new configuration.
pub fn diff<'a>(
    active: impl Iterator<Item = &'a Group> + Clone,
    new: &'a [Group],
) -> Vec<GroupChange<'a>> {
    let wanted: BTreeSet<&str> = new.iter().map(|group| group.name.as_str()).collect();
    let by_name: BTreeMap<&str, &'a Group> =
        active.clone().map(|group| (group.name.as_str(), group)).collect();
    let old_of = |group: &Group| by_name.get(group.name.as_str()).copied();

    let is_gone = |group: &&Group| !wanted.contains(group.name.as_str());
    let mut changes: Vec<GroupChange<'a>> =
        active.filter(is_gone).map(GroupChange::Removed).collect();
    changes.extend(new.iter().filter_map(|group| group_change(old_of(group)?, group)));
    changes.extend(new.iter().filter(|group| old_of(group).is_none()).map(GroupChange::Added));
    changes
}

fn group_change<'a>(old: &'a Group, new: &'a Group) -> Option<GroupChange<'a>> {
    if old == new {
        return None;
    }
    let (options, kept) = (rows::group_options(old, new), (old.distinct(), new.distinct()));
    let members = member_changes(&kept.0, &kept.1);
    if !is_same_kind(&old.kind, &new.kind) {
        return Some(GroupChange::Replaced { old, new, options, members });
    }
    let names = kept.0.iter().map(|process| &process.name);
    let has_same_order = names.eq(kept.1.iter().map(|process| &process.name));
    let is_equal = options.is_empty() && members.is_empty() && has_same_order;
    (!is_equal).then_some(GroupChange::Changed { old, new, options, members })
}

/// The options in which two configurations of a process differ.
pub fn of_processes(old: &Process, new: &Process) -> Vec<OptionChange> {
    rows::process_options(old, new)
}

/// Removed processes first, then the others in the order of the new configuration.
fn member_changes<'a>(old: &[&'a Arc<Process>], new: &[&'a Arc<Process>]) -> Vec<MemberChange<'a>> {
    fn find<'g>(processes: &[&'g Arc<Process>], name: &str) -> Option<&'g Arc<Process>> {
        processes.iter().find(|process| process.name == name).copied()
    }
    let gone = old.iter().copied().filter(|process| find(new, &process.name).is_none());
    let mut changes: Vec<MemberChange<'a>> = gone.map(MemberChange::Removed).collect();
    for process in new.iter().copied() {
        match find(old, &process.name) {
            None => changes.push(MemberChange::Added(process)),
            Some(old) => {
                let options = rows::process_options(old, process);
                if !options.is_empty() {
                    changes.push(MemberChange::Changed { new: process, options });
                }
            }
        }
    }
    changes
}

/// Whether the group can change while it stays active.
fn is_same_kind(old: &GroupKind, new: &GroupKind) -> bool {
    match (old, new) {
        (GroupKind::Programs, GroupKind::Programs)
        | (GroupKind::EventListener(_), GroupKind::EventListener(_)) => true,
        (GroupKind::FastCgi(old), GroupKind::FastCgi(new)) => old.address == new.address,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
