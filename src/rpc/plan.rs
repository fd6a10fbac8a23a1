//! An update for clients: what it would do, option by option, and what it has done.

use super::value::Value;
use crate::conf::config::{Config, Group, Process};
use crate::conf::diff::{GroupChange, MemberChange, OptionChange};
use crate::conf::sections::group as g;
use crate::core::Supervisor;
use crate::core::jobs::{GroupReport, UpdateAction};

/// The result for a disabled process that runs: it could not be started again.
const KEPT: &str = "left as it is, because it is disabled";
/// The result for a process that only Supervisor's own update restarts.
pub const RESTARTED_UNLESS_MINIMAL: &str = "restarted, unless --minimal";

/// The requested groups; all groups if none is named.
pub(super) struct GroupFilter(pub(super) Vec<String>);

impl GroupFilter {
    pub(super) fn includes(&self, group: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name == group || name == "all")
    }

    pub(super) fn target(&self) -> String {
        if self.0.is_empty() { "all".to_owned() } else { self.0.join(" ") }
    }
}

/// What an update would do to the groups that `filter` includes.
pub(super) fn planned(
    supervisor: &Supervisor,
    config: &Config,
    changes: &[GroupChange<'_>],
    filter: &GroupFilter,
) -> Value {
    let changes = changes.iter().filter(|change| filter.includes(&change.group().name));
    Value::Array(changes.map(|change| planned_group(supervisor, config, change)).collect())
}

fn planned_group(supervisor: &Supervisor, config: &Config, change: &GroupChange<'_>) -> Value {
    match change {
        GroupChange::Added(group) => step(&group.name, UpdateAction::Added, None, Vec::new()),
        GroupChange::Removed(group) => step(&group.name, UpdateAction::Removed, None, Vec::new()),
        GroupChange::Changed { new, options, members, .. }
        | GroupChange::Replaced { new, options, members, .. } => {
            let section = section_of(new);
            let own = options.iter().map(|it| option(config, "", &section, it));
            let of_members = members.iter().flat_map(|member| member_details(config, member));
            let restarts = restarts(supervisor, config, change);
            step(
                &new.name,
                UpdateAction::Changed,
                None,
                own.chain(of_members).chain(restarts).collect(),
            )
        }
    }
}

/// The section that a group is written in: its own, or that of its only program.
fn section_of(group: &Group) -> String {
    let program = group.processes.first().map_or("", |process| process.program.as_str());
    let is_alone = program.split_once(':').is_some_and(|(_, name)| name == group.name);
    if is_alone { program.to_owned() } else { format!("{}:{}", g::SECTION.word, group.name) }
}

fn member_details(config: &Config, member: &MemberChange<'_>) -> Vec<Value> {
    match member {
        MemberChange::Removed(process) => {
            vec![whole(config, process, UpdateAction::Removed.name())]
        }
        MemberChange::Added(process) => vec![whole(config, process, UpdateAction::Added.name())],
        MemberChange::Changed { new, options } => {
            options.iter().map(|it| option(config, &new.name, &new.program, it)).collect()
        }
    }
}

/// What happens to a whole process, with the place of its section.
fn whole(config: &Config, process: &Process, action: &str) -> Value {
    detail(&process.name, "", ("", action), place_of(config, &process.program, ""))
}

fn place_of(config: &Config, section: &str, option: &str) -> (String, usize) {
    let place = config.origins.of(section, option);
    place.map_or((String::new(), 0), |it| (it.file.clone(), it.line))
}

fn option(config: &Config, process: &str, section: &str, change: &OptionChange) -> Value {
    let place = place_of(config, section, change.option);
    detail(process, change.option, (&change.from, &change.to), place)
}

/// The processes of a changed group that run and would be restarted: all of them by Supervisor's
/// update, those that changed by a minimal one.
fn restarts(supervisor: &Supervisor, config: &Config, change: &GroupChange<'_>) -> Vec<Value> {
    let (new, members, is_replaced) = match change {
        GroupChange::Changed { new, members, .. } => (new, members, false),
        GroupChange::Replaced { new, members, .. } => (new, members, true),
        GroupChange::Added(_) | GroupChange::Removed(_) => return Vec::new(),
    };
    let is_active = |name: &str| {
        let id = supervisor.find(&new.name, name);
        id.and_then(|id| supervisor.process(id)).is_some_and(crate::core::Process::is_active)
    };
    let changes = |name: &str| members.iter().any(|member| member.process().name == name);
    let active = new.distinct().into_iter().filter(|process| is_active(&process.name));
    let restarts = active.map(|process| {
        let is_restarted = is_replaced || changes(&process.name);
        let id = supervisor.find(&new.name, &process.name);
        let is_kept = !is_replaced && id.is_some_and(|id| supervisor.is_disabled(id));
        let action = match is_restarted {
            true if is_kept => KEPT,
            true => UpdateAction::Restarted.name(),
            false => RESTARTED_UNLESS_MINIMAL,
        };
        whole(config, process, action)
    });
    restarts.collect()
}

/// What an update has done to one group.
pub(super) fn executed(report: &GroupReport) -> Value {
    let members = report.members.iter();
    let details = members
        .map(|it| detail(&it.process, "", ("", it.action.name()), (String::new(), 0)))
        .collect();
    step(&report.group, report.action, report.error.as_deref(), details)
}

fn step(group: &str, action: UpdateAction, error: Option<&str>, details: Vec<Value>) -> Value {
    Value::record([
        ("group", Value::str(group)),
        ("action", Value::str(action.name())),
        ("error", Value::str(error.unwrap_or_default())),
        ("details", Value::Array(details)),
    ])
}

/// One option of a process, or without an option the whole process. The file is empty where the new
/// value is not written in any.
fn detail(process: &str, option: &str, values: (&str, &str), place: (String, usize)) -> Value {
    let line = i64::try_from(place.1).unwrap_or(0);
    Value::record([
        ("process", Value::str(process)),
        ("option", Value::str(option)),
        ("from", Value::str(values.0)),
        ("to", Value::str(values.1)),
        ("file", Value::Str(place.0)),
        ("line", Value::Int(line)),
    ])
}
