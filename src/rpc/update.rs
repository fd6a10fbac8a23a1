//! A minimal update, carried out step by step: only what changed is stopped, and what was stopped
//! for a change is started again. Members of a group that did not change keep running.

use super::changes::{ADDED, CHANGED, REMOVED, RESTARTED, whole};
use super::config::{Difference, difference};
use super::plan;
use super::supkit::Wanted;
use super::value::Value;
use super::world::World;
use crate::conf::config::{Config, Group, GroupKind, Process};
use crate::core::Supervisor;
use crate::core::effect::ProcId;

/// What is still to be done, and what was.
#[derive(Clone, Debug)]
pub struct Update {
    /// Last first.
    steps: Vec<Step>,
    done: Vec<Done>,
}

/// What became of a group and of its processes.
#[derive(Clone, Debug)]
struct Done {
    group: String,
    action: &'static str,
    details: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Step {
    /// Tell a process to stop; the answer is not waited for.
    Stop(String, String),
    Await(String, String),
    RemoveProcess(String, String),
    ReplaceProcess(String, Box<Process>),
    Start(String, String),
    AddProcess(String, Box<Process>),
    RemoveGroup(String),
    Settings(Box<Group>),
    AddGroup(Box<Group>),
    /// What follows is about this group.
    Begin {
        group: String,
        action: &'static str,
    },
    Report(Value),
}

impl Update {
    pub(super) fn new(supervisor: &Supervisor, config: &Config, wanted: &Wanted) -> Self {
        let Difference { added, changed, removed } = difference(supervisor, config);
        let mut steps = Vec::new();
        for group in removed.iter().filter(|group| wanted.has(&group.name)) {
            remove_group(&mut steps, group);
        }
        for (old, new) in changed.iter().filter(|(_, new)| wanted.has(&new.name)) {
            if same_kind(old, new) {
                change_group(&mut steps, supervisor, old, new);
            } else {
                remove_group(&mut steps, old);
                add_group(&mut steps, new);
            }
        }
        for group in added.iter().filter(|group| wanted.has(&group.name)) {
            add_group(&mut steps, group);
        }
        steps.reverse();
        Self { steps, done: Vec::new() }
    }

    /// A struct for each group that was touched, once all is done.
    pub(super) fn poll(&mut self, world: &mut World<'_>) -> Option<Value> {
        while let Some(step) = self.steps.pop() {
            if let Step::Await(group, name) = &step {
                let id = world.supervisor.find(group, name);
                let process = id.and_then(|id| world.supervisor.process(id));
                if process.is_some_and(|process| !process.state().is_stopped()) {
                    self.steps.push(step);
                    return None;
                }
                continue;
            }
            self.perform(world, step);
        }
        let done = std::mem::take(&mut self.done).into_iter();
        let steps = done.map(|done| plan::step(&done.group, done.action, done.details));
        Some(Value::Array(steps.collect()))
    }

    fn perform(&mut self, world: &mut World<'_>, step: Step) {
        let now = world.now;
        match step {
            Step::Await(..) => {}
            Step::Stop(group, name) => {
                let id = find(world, &group, &name);
                let running = id.filter(|id| is_running(world.supervisor, *id));
                // what cannot be stopped is found out by waiting for it
                let _ = running.map(|id| world.supervisor.stop(id, now));
            }
            Step::RemoveProcess(group, name) => {
                if let Some(id) = find(world, &group, &name) {
                    world.supervisor.remove_process(id, now);
                }
            }
            Step::ReplaceProcess(group, process) => {
                if let Some(id) = find(world, &group, &process.name) {
                    world.supervisor.replace_process(id, *process);
                }
            }
            Step::Start(group, name) => {
                if let Some(id) = find(world, &group, &name) {
                    world.supervisor.start(id, now);
                }
            }
            Step::AddProcess(group, process) => {
                world.supervisor.add_process(&group, *process, now);
            }
            Step::RemoveGroup(name) => {
                world.supervisor.remove_group(&name, now);
            }
            Step::Settings(group) => world.supervisor.replace_group_settings(&group),
            Step::AddGroup(group) => {
                world.supervisor.add_group(*group, now);
            }
            Step::Begin { group, action } => {
                self.done.push(Done { group, action, details: Vec::new() });
            }
            Step::Report(detail) => {
                if let Some(done) = self.done.last_mut() {
                    done.details.push(detail);
                }
            }
        }
    }
}

fn find(world: &World<'_>, group: &str, name: &str) -> Option<ProcId> {
    world.supervisor.find(group, name)
}

fn is_running(supervisor: &Supervisor, id: ProcId) -> bool {
    supervisor.process(id).is_some_and(|process| process.state().is_running())
}

/// Whether a group can be changed while it stays: its members may come and go, but not what it is.
fn same_kind(old: &Group, new: &Group) -> bool {
    match (&old.kind, &new.kind) {
        (GroupKind::Programs, GroupKind::Programs)
        | (GroupKind::EventListener(_), GroupKind::EventListener(_)) => true,
        (GroupKind::FastCgi(old), GroupKind::FastCgi(new)) => old == new,
        _ => false,
    }
}

fn begin(steps: &mut Vec<Step>, group: &Group, action: &'static str) {
    steps.push(Step::Begin { group: group.name.clone(), action });
}

fn remove_group(steps: &mut Vec<Step>, group: &Group) {
    begin(steps, group, REMOVED);
    stop_all(steps, group, &group.processes.iter().collect::<Vec<_>>());
    steps.push(Step::RemoveGroup(group.name.clone()));
}

fn add_group(steps: &mut Vec<Step>, group: &Group) {
    begin(steps, group, ADDED);
    steps.push(Step::AddGroup(Box::new(group.clone())));
}

fn change_group(steps: &mut Vec<Step>, supervisor: &Supervisor, old: &Group, new: &Group) {
    let was = |process: &Process| old.processes.iter().find(|it| it.name == process.name);
    let goes = |process: &&Process| !new.processes.iter().any(|it| it.name == process.name);
    let gone: Vec<&Process> = old.processes.iter().filter(goes).collect();
    let changed: Vec<&Process> = new
        .processes
        .iter()
        .filter(|process| was(process).is_some_and(|it| it != *process))
        .collect();
    begin(steps, new, CHANGED);
    let touched: Vec<&Process> = gone.iter().chain(&changed).copied().collect();
    stop_all(steps, new, &touched);
    for process in gone {
        steps.push(Step::RemoveProcess(new.name.clone(), process.name.clone()));
        steps.push(report(process, REMOVED));
    }
    for process in &changed {
        steps.push(Step::ReplaceProcess(new.name.clone(), Box::new((*process).clone())));
    }
    steps.push(Step::Settings(Box::new(new.clone())));
    for process in changed {
        let id = supervisor.find(&new.name, &process.name);
        let ran = id.is_some_and(|id| is_running(supervisor, id));
        if ran {
            steps.push(Step::Start(new.name.clone(), process.name.clone()));
        }
        steps.push(report(process, if ran { RESTARTED } else { CHANGED }));
    }
    for process in new.processes.iter().filter(|process| was(process).is_none()) {
        steps.push(Step::AddProcess(new.name.clone(), Box::new(process.clone())));
        steps.push(report(process, ADDED));
    }
    // again, so that those who came stand in their place
    steps.push(Step::Settings(Box::new(new.clone())));
}

fn stop_all(steps: &mut Vec<Step>, group: &Group, processes: &[&Process]) {
    let pair = |process: &&Process| (group.name.clone(), process.name.clone());
    steps.extend(processes.iter().map(pair).map(|(group, name)| Step::Stop(group, name)));
    steps.extend(processes.iter().map(pair).map(|(group, name)| Step::Await(group, name)));
}

fn report(process: &Process, what: &str) -> Step {
    Step::Report(plan::detail(None, &whole(process, what)))
}
