//! A new configuration carried out step by step: only what changed is stopped, and what was stopped
//! for a change is started again. The steps come from [`crate::conf::diff`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::job::JobId;
use crate::conf::config::{Group, Process};
use crate::conf::diff::{GroupChange, MemberChange};
use crate::core::effect::ProcId;
use crate::core::state::ProcessState;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

pub const ADDED: &str = "added";
pub const CHANGED: &str = "changed";
pub const REMOVED: &str = "removed";
pub const RESTARTED: &str = "restarted";

#[derive(Clone, Debug)]
pub struct Update {
    steps: VecDeque<Step>,
    groups: BTreeSet<String>,
    reports: Vec<GroupReport>,
    /// Processes about which another job decided.
    released: BTreeMap<ProcId, JobId>,
}

/// What became of a group and of its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupReport {
    pub group: String,
    /// What was to be done: added, changed or removed.
    pub action: &'static str,
    /// What did not work.
    pub error: Option<String>,
    pub members: Vec<MemberReport>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberReport {
    pub process: String,
    /// The section that it was written in.
    pub section: String,
    /// What was done: added, changed, removed or restarted.
    pub action: &'static str,
}

#[derive(Clone, Debug)]
enum Step {
    /// The steps up to the next `Begin` are about this group.
    Begin {
        group: String,
        action: &'static str,
    },
    Stop(ProcId),
    AwaitStop(ProcId),
    RemoveProcess(ProcId),
    ReplaceProcess(ProcId, Box<Process>),
    Start(ProcId),
    /// Waits until the child exists or could not be made.
    AwaitSpawn(ProcId),
    AddProcess {
        group: String,
        process: Box<Process>,
    },
    /// The group's own options, and the order of its processes.
    ReplaceSettings(Box<Group>),
    RemoveGroup(String),
    AddGroup(Box<Group>),
    Report(MemberReport),
}

/// What came of trying a step.
enum Outcome {
    Done,
    /// It is to be tried again when something has changed.
    Wait,
    /// The other steps of the group are skipped.
    Failed(String),
}

impl Update {
    /// The steps that carry out `changes`.
    pub fn new(supervisor: &Supervisor, changes: &[GroupChange<'_>]) -> Self {
        let groups = changes.iter().map(|change| change.group().name.clone()).collect();
        let steps = Compiler::compile(supervisor, changes);
        Self { steps, groups, reports: Vec::new(), released: BTreeMap::new() }
    }

    /// What was done so far, group by group.
    pub fn reports(&self) -> &[GroupReport] {
        &self.reports
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    pub(super) fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn waiting(&self) -> Option<ProcId> {
        match self.steps.front()? {
            Step::AwaitStop(id) | Step::AwaitSpawn(id) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn failures(&self) -> Vec<String> {
        let failed = |report: &GroupReport| {
            report.error.as_ref().map(|error| format!("{}: {error}", report.group))
        };
        self.reports.iter().filter_map(failed).collect()
    }

    pub(super) fn will_start(&self, id: ProcId) -> bool {
        let starts = |step: &Step| matches!(step, Step::Start(it) if *it == id);
        !self.released.contains_key(&id) && self.steps.iter().any(starts)
    }

    pub(super) fn release(&mut self, id: ProcId, by: JobId) {
        self.released.insert(id, by);
    }

    pub(super) fn cancel(&mut self, by: JobId) {
        if !self.steps.is_empty() {
            self.steps.clear();
            self.fail(format!("cancelled by job {}", by.0));
        }
    }

    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, now: Now) {
        while let Some(step) = self.steps.pop_front() {
            match self.try_step(supervisor, &step, now) {
                Outcome::Done => {}
                Outcome::Wait => return self.steps.push_front(step),
                Outcome::Failed(error) => {
                    self.fail(error);
                    self.skip_group();
                }
            }
        }
    }

    fn skip_group(&mut self) {
        while self.steps.front().is_some_and(|step| !matches!(step, Step::Begin { .. })) {
            self.steps.pop_front();
        }
    }

    fn fail(&mut self, error: String) {
        if let Some(report) = self.reports.last_mut() {
            report.error.get_or_insert(error);
        }
    }

    fn try_step(&mut self, supervisor: &mut Supervisor, step: &Step, now: Now) -> Outcome {
        match step {
            Step::Begin { group, action } => {
                let (group, members) = (group.clone(), Vec::new());
                self.reports.push(GroupReport { group, action, error: None, members });
            }
            Step::Report(member) => {
                if let Some(report) = self.reports.last_mut() {
                    report.members.push(member.clone());
                }
            }
            Step::Stop(id) => self.stop(supervisor, *id, now),
            Step::AwaitStop(id) => return self.await_stop(supervisor, *id, now),
            Step::Start(id) => self.start(supervisor, *id, now),
            Step::AwaitSpawn(id) => return self.await_spawn(supervisor, *id),
            Step::RemoveProcess(id) => {
                if supervisor.process(*id).is_some() && !supervisor.detach_process(*id) {
                    return Outcome::Failed(not_removed(supervisor, &[*id]));
                }
            }
            Step::ReplaceProcess(id, process) => {
                supervisor.replace_process(*id, (**process).clone());
            }
            Step::AddProcess { group, process } => {
                if !supervisor.attach_process(group, (**process).clone(), now) {
                    return Outcome::Failed(format!("{} was not added", process.name));
                }
            }
            Step::ReplaceSettings(group) => supervisor.replace_group_settings(group),
            Step::RemoveGroup(name) => return remove_group(supervisor, name, now),
            Step::AddGroup(group) => {
                if !supervisor.attach_group((**group).clone(), now) {
                    return Outcome::Failed("not added: the group is already active".to_owned());
                }
            }
        }
        Outcome::Done
    }

    /// What cannot be stopped now is found by waiting for it.
    fn stop(&self, supervisor: &mut Supervisor, id: ProcId, now: Now) {
        let is_active = supervisor.process(id).is_some_and(crate::core::Process::is_active);
        if is_active && !self.released.contains_key(&id) {
            let _ = supervisor.request_stop(id, now);
        }
    }

    fn await_stop(&self, supervisor: &mut Supervisor, id: ProcId, now: Now) -> Outcome {
        for _ in 0..2 {
            let Some(process) = supervisor.process(id) else { return Outcome::Done };
            if process.state() == ProcessState::Stopping {
                return Outcome::Wait;
            }
            if !process.is_active() {
                return Outcome::Done;
            }
            if let Some(by) = self.released.get(&id) {
                let (name, state) = (process.full_name(), process.state());
                return Outcome::Failed(format!(
                    "{name} is {state}: job {} decided about it",
                    by.0
                ));
            }
            // It came back before the stop reached it.
            let _ = supervisor.request_stop(id, now);
        }
        Outcome::Wait
    }

    fn await_spawn(&mut self, supervisor: &Supervisor, id: ProcId) -> Outcome {
        let Some(process) = supervisor.process(id) else { return Outcome::Done };
        if process.is_forking() {
            return Outcome::Wait;
        }
        if let Some(error) = process.spawnerr() {
            self.fail(format!("{} was not started: {error}", process.full_name()));
        }
        Outcome::Done
    }

    fn start(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) {
        let Some(process) = supervisor.process(id) else { return };
        let member = |action| MemberReport {
            process: process.name().to_owned(),
            section: process.config().program.clone(),
            action,
        };
        let name = process.full_name();
        let report = member(if self.released.contains_key(&id) { CHANGED } else { RESTARTED });
        if let Some(by) = self.released.get(&id) {
            self.fail(format!("{name} was not started: job {} decided about it", by.0));
        } else {
            supervisor.request_start(id, now);
        }
        if let Some(group) = self.reports.last_mut() {
            group.members.push(report);
        }
    }
}

fn remove_group(supervisor: &mut Supervisor, name: &str, now: Now) -> Outcome {
    let Some(group) = supervisor.group(name) else { return Outcome::Done };
    let ids = group.processes().to_vec();
    if supervisor.detach_group(name, now) {
        Outcome::Done
    } else {
        Outcome::Failed(not_removed(supervisor, &ids))
    }
}

fn not_removed(supervisor: &Supervisor, ids: &[ProcId]) -> String {
    let alive = ids.iter().filter_map(|id| supervisor.process(*id));
    let alive = alive.filter(|process| !process.state().is_stopped());
    let alive: Vec<String> =
        alive.map(|process| format!("{} is {}", process.full_name(), process.state())).collect();
    format!("not removed: {}", alive.join(", "))
}

/// From changes to steps.
struct Compiler<'a> {
    supervisor: &'a Supervisor,
    steps: VecDeque<Step>,
}

impl<'a> Compiler<'a> {
    fn compile(supervisor: &'a Supervisor, changes: &[GroupChange<'_>]) -> VecDeque<Step> {
        let mut compiler = Self { supervisor, steps: VecDeque::new() };
        for change in changes {
            let group = change.group().name.clone();
            let action = match change {
                GroupChange::Removed(_) => REMOVED,
                GroupChange::Added(_) => ADDED,
                GroupChange::Changed { .. } | GroupChange::Replaced { .. } => CHANGED,
            };
            compiler.steps.push_back(Step::Begin { group, action });
            match change {
                GroupChange::Removed(group) => compiler.remove_group(group),
                GroupChange::Added(group) => compiler.add_group(group),
                GroupChange::Replaced { old, new, .. } => {
                    compiler.remove_group(old);
                    compiler.add_group(new);
                }
                GroupChange::Changed { new, members, .. } => compiler.change_group(new, members),
            }
        }
        compiler.steps
    }

    fn remove_group(&mut self, group: &Group) {
        let find = |process: &Process| self.supervisor.find(&group.name, &process.name);
        let ids: Vec<ProcId> = group.processes.iter().filter_map(find).collect();
        self.stop_all(&ids);
        self.steps.push_back(Step::RemoveGroup(group.name.clone()));
    }

    fn add_group(&mut self, group: &Group) {
        self.steps.push_back(Step::AddGroup(Box::new(group.clone())));
    }

    fn stop_all(&mut self, ids: &[ProcId]) {
        self.steps.extend(ids.iter().map(|id| Step::Stop(*id)));
        self.steps.extend(ids.iter().map(|id| Step::AwaitStop(*id)));
    }

    fn change_group(&mut self, new: &Group, members: &[MemberChange<'_>]) {
        let find = |process: &Process| self.supervisor.find(&new.name, &process.name);
        let (mut removed, mut changed, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for member in members {
            match member {
                MemberChange::Removed(process) => {
                    removed.extend(find(process).map(|id| (id, *process)));
                }
                MemberChange::Changed { new, .. } => changed.extend(find(new).map(|id| (id, *new))),
                MemberChange::Added(process) => added.push(*process),
            }
        }
        let touched: Vec<ProcId> = removed.iter().chain(&changed).map(|(id, _)| *id).collect();
        self.stop_all(&touched);
        for (id, process) in removed {
            self.steps.push_back(Step::RemoveProcess(id));
            self.report(process, REMOVED);
        }
        for (id, process) in &changed {
            self.steps.push_back(Step::ReplaceProcess(*id, Box::new((*process).clone())));
        }
        self.steps.push_back(Step::ReplaceSettings(Box::new(new.clone())));
        let mut started = Vec::new();
        for (id, process) in changed {
            if self.supervisor.process(id).is_some_and(crate::core::Process::is_active) {
                self.steps.push_back(Step::Start(id));
                started.push(Step::AwaitSpawn(id));
            } else {
                self.report(process, CHANGED);
            }
        }
        self.steps.extend(started);
        for process in added {
            let (group, process) = (new.name.clone(), Box::new(process.clone()));
            let report = Step::Report(report(&process, ADDED));
            self.steps.push_back(Step::AddProcess { group, process });
            self.steps.push_back(report);
        }
        // Once more, so that added processes get their place in the order.
        self.steps.push_back(Step::ReplaceSettings(Box::new(new.clone())));
    }

    fn report(&mut self, process: &Process, action: &'static str) {
        self.steps.push_back(Step::Report(report(process, action)));
    }
}

fn report(process: &Process, action: &'static str) -> MemberReport {
    MemberReport { process: process.name.clone(), section: process.program.clone(), action }
}
