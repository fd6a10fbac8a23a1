//! Lints for empty and duplicate groups, programs in several groups, and programs without a
//! process.

use std::collections::BTreeMap;

use super::lint_input::{LintInput, warning};
use crate::conf::config::{Group, GroupKind, Process};
use crate::conf::sections::{eventlistener, fcgi_program, group, program};
use crate::diag::{Diagnostic, Span};

pub(super) fn groups(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let groups = &subject.draft.groups;
    let mut found = doubled(subject, groups);
    found.extend(groups.iter().filter_map(|group| empty(subject, group)));
    found.extend(groups.iter().filter_map(|group| namesakes(subject, group)));
    found.extend(shared(subject, groups));
    found
}

/// The header of the section that defines a group.
fn header(subject: &LintInput<'_>, group: &Group) -> Option<Span> {
    section(subject, group).and_then(|name| subject.place(&name, ""))
}

fn section(subject: &LintInput<'_>, of: &Group) -> Option<String> {
    let kinds = match of.kind {
        GroupKind::Programs => vec![&group::SECTION, &program::SECTION],
        GroupKind::EventListener(_) => vec![&eventlistener::SECTION],
        GroupKind::FastCgi(_) => vec![&fcgi_program::SECTION],
    };
    let fits = |name: &str| {
        kinds.iter().any(|kind| kind.own_name(name).is_some_and(|own| own.trim() == of.name.trim()))
    };
    subject.sections().map(|s| s.name.clone()).find(|name| fits(name))
}

fn doubled(subject: &LintInput<'_>, groups: &[Group]) -> Vec<Diagnostic> {
    let mut firsts: BTreeMap<&str, &Group> = BTreeMap::new();
    let mut found = Vec::new();
    for group in groups {
        let first = *firsts.entry(&group.name).or_insert(group);
        if std::ptr::eq(first, group) {
            continue;
        }
        // Two kinds of section may define a group of the same name; this one's header is reported.
        let message = format!("there are two groups `{}`; only one is started", group.name);
        let mine = header_other_than(subject, group, header(subject, first));
        found.push(warning("group-twice", message, mine).help("rename one of the two"));
    }
    found
}

fn header_other_than(subject: &LintInput<'_>, group: &Group, first: Option<Span>) -> Option<Span> {
    let own = group.processes.first().and_then(|process| subject.place(&process.program, ""));
    own.filter(|span| Some(*span) != first).or_else(|| header(subject, group))
}

fn empty(subject: &LintInput<'_>, group: &Group) -> Option<Diagnostic> {
    if !group.processes.is_empty() {
        return None;
    }
    let name = section(subject, group)?;
    let (option, help) = if group::SECTION.is(&name) {
        (group::PROGRAMS.name, "name its programs, with commas between")
    } else {
        (program::NUMPROCS.name, "write 1 or more")
    };
    let message = format!("`[{name}]` has no process");
    Some(warning("no-process", message, subject.place(&name, option)).help(help))
}

/// Processes of one group with the same name: only the last one is kept.
fn namesakes(subject: &LintInput<'_>, group: &Group) -> Option<Diagnostic> {
    let mut firsts = BTreeMap::new();
    let (first, second) = group.members().find_map(|process| {
        firsts.insert(process.name.as_str(), process).map(|first| (first, process))
    })?;
    let message =
        format!("the group `{}` has two processes `{}`; only one is kept", group.name, second.name);
    let place = |process: &Process| subject.place(&process.program, program::PROCESS_NAME.name);
    let help = "use `%(program_name)s` and `%(process_num)d` in `process_name`";
    let mut found = warning("process-twice", message, place(second)).label("this one").help(help);
    if let Some(span) = place(first).filter(|span| found.span != Some(*span)) {
        found = found.via(span, "this one is not started");
    }
    Some(found)
}

/// Programs in two groups: both start them.
fn shared(subject: &LintInput<'_>, groups: &[Group]) -> Vec<Diagnostic> {
    let mut owners: BTreeMap<&str, &Group> = BTreeMap::new();
    let mut found = Vec::new();
    for group in groups {
        let owned = group.processes.iter().map(|p| *owners.entry(&p.program).or_insert(group));
        let fellow = owned.filter(|owner| owner.name != group.name).last();
        if let Some(fellow) = fellow {
            let (a, b) = (&fellow.name, &group.name);
            let message = format!("the groups `{a}` and `{b}` both start a program");
            let place =
                section(subject, group).and_then(|name| subject.place(&name, group::PROGRAMS.name));
            found.push(
                warning("program-in-two-groups", message, place)
                    .help("name a program in one group only"),
            );
        }
    }
    found
}
