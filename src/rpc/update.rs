//! A minimal update, executed in steps: only changed processes are stopped, and those that were
//! running are started again. Unchanged processes keep running.

use super::config::{Difference, difference};
use super::context::Context;
use super::option_changes::{ADDED, CHANGED, REMOVED, RESTARTED, process_change};
use super::plan;
use super::supkit::GroupFilter;
use super::value::Value;
use crate::conf::config::{Config, Group, GroupKind, Process};
use crate::core::Supervisor;
use crate::core::effect::ProcId;

/// The remaining steps and the results so far.
#[derive(Clone, Debug)]
pub struct Update {
    /// In reverse order.
    steps: Vec<UpdateStep>,
    results: Vec<GroupResult>,
}

/// The result for a group and its processes.
#[derive(Clone, Debug)]
struct GroupResult {
    group: String,
    action: &'static str,
    details: Vec<Value>,
}

#[derive(Clone, Debug)]
enum UpdateStep {
    /// Stops a process without waiting.
    Stop(String, String),
    AwaitStopped(String, String),
    RemoveProcess(String, String),
    ReplaceProcess(String, Box<Process>),
    Start(String, String),
    AddProcess(String, Box<Process>),
    RemoveGroup(String),
    ReplaceGroupSettings(Box<Group>),
    AddGroup(Box<Group>),
    /// The following steps belong to this group.
    BeginGroup {
        group: String,
        action: &'static str,
    },
    Report(Value),
}

impl Update {
    pub(super) fn new(supervisor: &Supervisor, config: &Config, filter: &GroupFilter) -> Self {
        let Difference { added, changed, removed } = difference(supervisor, config);
        let mut steps = Vec::new();
        for group in removed.iter().filter(|group| filter.includes(&group.name)) {
            remove_group(&mut steps, group);
        }
        for (old, new) in changed.iter().filter(|(_, new)| filter.includes(&new.name)) {
            if same_kind(old, new) {
                change_group(&mut steps, supervisor, old, new);
            } else {
                remove_group(&mut steps, old);
                add_group(&mut steps, new);
            }
        }
        for group in added.iter().filter(|group| filter.includes(&group.name)) {
            add_group(&mut steps, group);
        }
        steps.reverse();
        Self { steps, results: Vec::new() }
    }

    /// A struct for each changed group, when all steps are done.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Option<Value> {
        while let Some(step) = self.steps.pop() {
            if let UpdateStep::AwaitStopped(group, name) = &step {
                let id = context.supervisor.find(group, name);
                let process = id.and_then(|id| context.supervisor.process(id));
                if process.is_some_and(|process| !process.state().is_stopped()) {
                    self.steps.push(step);
                    return None;
                }
                continue;
            }
            self.perform(context, step);
        }
        let results = std::mem::take(&mut self.results).into_iter();
        let steps =
            results.map(|entry| plan::group_entry(&entry.group, entry.action, entry.details));
        Some(Value::Array(steps.collect()))
    }

    fn perform(&mut self, context: &mut Context<'_>, step: UpdateStep) {
        let now = context.now;
        match step {
            UpdateStep::AwaitStopped(..) => {}
            UpdateStep::Stop(group, name) => {
                let id = find(context, &group, &name);
                let running = id.filter(|id| is_running(context.supervisor, *id));
                // a failed stop shows up in the following wait
                let _ = running.map(|id| context.supervisor.stop(id, now));
            }
            UpdateStep::RemoveProcess(group, name) => {
                if let Some(id) = find(context, &group, &name) {
                    context.supervisor.remove_process(id, now);
                }
            }
            UpdateStep::ReplaceProcess(group, process) => {
                if let Some(id) = find(context, &group, &process.name) {
                    context.supervisor.replace_process(id, *process);
                }
            }
            UpdateStep::Start(group, name) => {
                if let Some(id) = find(context, &group, &name) {
                    context.supervisor.start(id, now);
                }
            }
            UpdateStep::AddProcess(group, process) => {
                context.supervisor.add_process(&group, *process, now);
            }
            UpdateStep::RemoveGroup(name) => {
                context.supervisor.remove_group(&name, now);
            }
            UpdateStep::ReplaceGroupSettings(group) => {
                context.supervisor.replace_group_settings(&group);
            }
            UpdateStep::AddGroup(group) => {
                context.supervisor.add_group(*group, now);
            }
            UpdateStep::BeginGroup { group, action } => {
                self.results.push(GroupResult { group, action, details: Vec::new() });
            }
            UpdateStep::Report(detail) => {
                if let Some(result) = self.results.last_mut() {
                    result.details.push(detail);
                }
            }
        }
    }
}

fn find(context: &Context<'_>, group: &str, name: &str) -> Option<ProcId> {
    context.supervisor.find(group, name)
}

fn is_running(supervisor: &Supervisor, id: ProcId) -> bool {
    supervisor.process(id).is_some_and(|process| process.state().is_running())
}

/// Whether a group can be changed while it is active: its members may change, but not its kind.
fn same_kind(old: &Group, new: &Group) -> bool {
    match (&old.kind, &new.kind) {
        (GroupKind::Programs, GroupKind::Programs)
        | (GroupKind::EventListener(_), GroupKind::EventListener(_)) => true,
        (GroupKind::FastCgi(old), GroupKind::FastCgi(new)) => old == new,
        _ => false,
    }
}

fn begin_group(steps: &mut Vec<UpdateStep>, group: &Group, action: &'static str) {
    steps.push(UpdateStep::BeginGroup { group: group.name.clone(), action });
}

fn remove_group(steps: &mut Vec<UpdateStep>, group: &Group) {
    begin_group(steps, group, REMOVED);
    stop_all(steps, group, &group.processes.iter().collect::<Vec<_>>());
    steps.push(UpdateStep::RemoveGroup(group.name.clone()));
}

fn add_group(steps: &mut Vec<UpdateStep>, group: &Group) {
    begin_group(steps, group, ADDED);
    steps.push(UpdateStep::AddGroup(Box::new(group.clone())));
}

fn change_group(steps: &mut Vec<UpdateStep>, supervisor: &Supervisor, old: &Group, new: &Group) {
    let old_config = |process: &Process| old.processes.iter().find(|it| it.name == process.name);
    let is_removed = |process: &&Process| !new.processes.iter().any(|it| it.name == process.name);
    let removed: Vec<&Process> = old.processes.iter().filter(is_removed).collect();
    let changed: Vec<&Process> = new
        .processes
        .iter()
        .filter(|process| old_config(process).is_some_and(|it| it != *process))
        .collect();
    begin_group(steps, new, CHANGED);
    let stopped: Vec<&Process> = removed.iter().chain(&changed).copied().collect();
    stop_all(steps, new, &stopped);
    for process in removed {
        steps.push(UpdateStep::RemoveProcess(new.name.clone(), process.name.clone()));
        steps.push(report(process, REMOVED));
    }
    for process in &changed {
        steps.push(UpdateStep::ReplaceProcess(new.name.clone(), Box::new((*process).clone())));
    }
    steps.push(UpdateStep::ReplaceGroupSettings(Box::new(new.clone())));
    for process in changed {
        let id = supervisor.find(&new.name, &process.name);
        let was_running = id.is_some_and(|id| is_running(supervisor, id));
        if was_running {
            steps.push(UpdateStep::Start(new.name.clone(), process.name.clone()));
        }
        steps.push(report(process, if was_running { RESTARTED } else { CHANGED }));
    }
    for process in new.processes.iter().filter(|process| old_config(process).is_none()) {
        steps.push(UpdateStep::AddProcess(new.name.clone(), Box::new(process.clone())));
        steps.push(report(process, ADDED));
    }
    // applied again to sort the added processes
    steps.push(UpdateStep::ReplaceGroupSettings(Box::new(new.clone())));
}

fn stop_all(steps: &mut Vec<UpdateStep>, group: &Group, processes: &[&Process]) {
    let pair = |process: &&Process| (group.name.clone(), process.name.clone());
    steps.extend(processes.iter().map(pair).map(|(group, name)| UpdateStep::Stop(group, name)));
    steps.extend(
        processes.iter().map(pair).map(|(group, name)| UpdateStep::AwaitStopped(group, name)),
    );
}

fn report(process: &Process, what: &str) -> UpdateStep {
    UpdateStep::Report(plan::detail(None, &process_change(process, what)))
}
