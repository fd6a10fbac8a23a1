//! Executes the steps of an update.

use std::sync::Arc;

use super::update_plan::{plan, report};
use crate::conf::config::Process;
use crate::conf::diff::GroupChange;
use crate::core::effect::ProcId;
use crate::core::jobs::rolling::{Fate, Rolling};
use crate::core::jobs::update::Step;
use crate::core::jobs::{GroupReport, MemberReport, Update, UpdateAction};
use crate::core::state::ProcessState;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

/// What came of trying a step.
enum Outcome {
    Done,
    /// It is to be tried again when something has changed.
    Wait,
    /// The other steps of the group are skipped.
    Failed(String),
}

impl Update {
    /// The steps that carry out `changes`. With `max_unavailable`, changed programs that run are
    /// restarted one after the other, at most so many of a group at the same time.
    pub fn new(
        supervisor: &Supervisor,
        changes: &[GroupChange<'_>],
        max_unavailable: Option<usize>,
    ) -> Self {
        let groups = changes.iter().map(|change| change.group().name.clone()).collect();
        let steps = plan(supervisor, changes, max_unavailable);
        Self {
            steps,
            groups,
            reports: Vec::new(),
            released: std::collections::BTreeMap::new(),
            abandoned: Vec::new(),
        }
    }

    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, touched: &[ProcId], now: Now) {
        while let Some(mut step) = self.steps.pop_front() {
            let outcome = match &mut step {
                Step::Roll(rolling) => self.roll(supervisor, rolling, touched, now),
                step => self.try_step(supervisor, step, now),
            };
            match outcome {
                Outcome::Done => {}
                Outcome::Wait => return self.steps.push_front(step),
                Outcome::Failed(error) => {
                    self.fail(error);
                    self.skip_group();
                }
            }
        }
    }

    fn try_step(&mut self, supervisor: &mut Supervisor, step: &Step, now: Now) -> Outcome {
        match step {
            Step::Begin { group, action } => {
                let (group, members) = (group.clone(), Vec::new());
                self.reports.push(GroupReport { group, action: *action, error: None, members });
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
            Step::WaitAgain(id) => {
                if !self.released.contains_key(id) {
                    supervisor.wait_again(*id, now);
                }
            }
            Step::RemoveProcess(id) => {
                if supervisor.process(*id).is_some() && !supervisor.detach_process(*id, now) {
                    return Outcome::Failed(not_removed(supervisor, &[*id]));
                }
            }
            Step::ReplaceProcess(id, process) => {
                supervisor.replace_process(*id, Arc::clone(process), now);
            }
            Step::Keep(id, process) => self.keep(supervisor, *id, process, now),
            Step::AddProcess { group, process } => {
                if !supervisor.attach_process(group, Arc::clone(process), now) {
                    return Outcome::Failed(format!("{} was not added", process.name));
                }
            }
            Step::ReplaceSettings(group) => supervisor.replace_group_settings(group),
            // It is executed by `roll`.
            Step::Roll(_) => {}
            Step::RemoveGroup(name) => return remove_group(supervisor, name, now),
            Step::AddGroup(group) => {
                if !supervisor.attach_group((**group).clone(), now) {
                    return Outcome::Failed("not added: the group is already active".to_owned());
                }
            }
        }
        Outcome::Done
    }

    /// Restarts one process after the other. If one does not come back, nothing else is changed.
    fn roll(
        &mut self,
        supervisor: &mut Supervisor,
        rolling: &mut Rolling,
        touched: &[ProcId],
        now: Now,
    ) -> Outcome {
        rolling.advance(supervisor, touched, now);
        if !rolling.is_done() {
            return Outcome::Wait;
        }
        let restarted = rolling.reports.iter().filter(|it| it.result == Fate::Restarted);
        let processes = restarted.filter_map(|it| supervisor.process(it.id));
        if let Some(group) = self.reports.last_mut() {
            group.members.extend(processes.filter(|it| it.is_active()).map(|it| MemberReport {
                process: it.name().to_owned(),
                section: it.config().program.clone(),
                action: UpdateAction::Restarted,
            }));
        }
        let Some(first) = rolling.failures.first() else { return Outcome::Done };
        self.fail(rolling.failures.join("; "));
        self.abandon(first);
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

    fn keep(&mut self, supervisor: &mut Supervisor, id: ProcId, config: &Arc<Process>, now: Now) {
        let Some(process) = supervisor.process(id) else { return };
        if process.is_active() {
            let why = supervisor.disabled_reason(id).unwrap_or_default();
            let name = process.full_name();
            return self.fail(format!("{name} keeps running with its old configuration: it {why}"));
        }
        supervisor.replace_process(id, Arc::clone(config), now);
        if let Some(group) = self.reports.last_mut() {
            group.members.push(report(config, UpdateAction::Changed));
        }
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
        let report = member(if self.released.contains_key(&id) {
            UpdateAction::Changed
        } else {
            UpdateAction::Restarted
        });
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
