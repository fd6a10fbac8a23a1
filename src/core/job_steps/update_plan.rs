//! The steps of an update, from the changes of the configuration.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::conf::config::{Group, Process};
use crate::conf::diff::{GroupChange, MemberChange};
use crate::core::effect::ProcId;
use crate::core::jobs::rolling::{Goal, Rolling, Target};
use crate::core::jobs::update::Step;
use crate::core::jobs::{MemberReport, UpdateAction};
use crate::core::supervisor::Supervisor;

/// The steps that carry out the changes.
pub(super) fn plan(
    supervisor: &Supervisor,
    changes: &[GroupChange<'_>],
    max_unavailable: Option<usize>,
) -> VecDeque<Step> {
    let (steps, rolled, stopped) = (VecDeque::new(), Vec::new(), BTreeSet::new());
    let mut planner = Planner { supervisor, steps, max_unavailable, rolled, stopped };
    planner.stopped = changes.iter().flat_map(|change| planner.stopped_by(change)).collect();
    for change in changes {
        let group = change.group().name.clone();
        let action = match change {
            GroupChange::Removed(_) => UpdateAction::Removed,
            GroupChange::Added(_) => UpdateAction::Added,
            GroupChange::Changed { .. } | GroupChange::Replaced { .. } => UpdateAction::Changed,
        };
        planner.steps.push_back(Step::Begin { group, action });
        match change {
            GroupChange::Removed(group) => planner.remove_group(group),
            GroupChange::Added(group) => planner.add_group(group),
            GroupChange::Replaced { old, new, .. } => {
                planner.remove_group(old);
                planner.add_group(new);
            }
            GroupChange::Changed { new, members, .. } => planner.change_group(new, members),
        }
    }
    planner.steps
}

/// Collects the steps.
struct Planner<'a> {
    supervisor: &'a Supervisor,
    steps: VecDeque<Step>,
    /// How many may be out of service at the same time in a rolling update.
    max_unavailable: Option<usize>,
    /// Those that a rolling update restarts before.
    rolled: Vec<ProcId>,
    /// Those that are stopped, in whatever group.
    stopped: BTreeSet<ProcId>,
}

impl Planner<'_> {
    fn find(&self, group: &Group, process: &Process) -> Option<ProcId> {
        self.supervisor.find(&group.name, &process.name)
    }

    fn members(&self, group: &Group) -> Vec<ProcId> {
        group.distinct().into_iter().filter_map(|process| self.find(group, process)).collect()
    }

    /// The processes that one change stops.
    fn stopped_by(&self, change: &GroupChange<'_>) -> Vec<ProcId> {
        match change {
            GroupChange::Added(_) => Vec::new(),
            GroupChange::Removed(group) | GroupChange::Replaced { old: group, .. } => {
                self.members(group)
            }
            GroupChange::Changed { new, members, .. } => {
                // A rolling update does not stop what it restarts.
                let is_stopped = |id: &ProcId| {
                    !self.is_kept(*id) && (self.max_unavailable.is_none() || !self.is_active(*id))
                };
                let stopped = members.iter().filter_map(|member| match member {
                    MemberChange::Removed(process) => self.find(new, process),
                    MemberChange::Changed { new: process, .. } => {
                        self.find(new, process).filter(is_stopped)
                    }
                    MemberChange::Added(_) => None,
                });
                stopped.collect()
            }
        }
    }

    fn is_active(&self, id: ProcId) -> bool {
        self.supervisor.process(id).is_some_and(crate::core::Process::is_active)
    }

    /// Whether it would be stopped and not started again.
    fn is_kept(&self, id: ProcId) -> bool {
        self.is_active(id) && self.supervisor.is_disabled(id)
    }

    fn remove_group(&mut self, group: &Group) {
        let ids = self.members(group);
        self.drain_removed(&ids);
        self.stop_all(&ids);
        self.steps.push_back(Step::RemoveGroup(group.name.clone()));
    }

    fn add_group(&mut self, group: &Group) {
        self.steps.push_back(Step::AddGroup(Box::new(group.clone())));
    }

    /// In a rolling update, what has proxies is drained before it is stopped for good.
    fn drain_removed(&mut self, ids: &[ProcId]) {
        let has_proxies = |id: &&ProcId| {
            let process = self.supervisor.process(**id).filter(|it| it.is_active());
            process.is_some_and(|it| !it.config().proxies().is_empty())
        };
        let drained = ids.iter().filter(has_proxies);
        let targets = drained.map(|id| Target { id: *id, goal: Goal::Remove }).collect();
        self.roll(targets, ids.len());
    }

    fn roll(&mut self, targets: Vec<Target>, max_unavailable: usize) {
        if self.max_unavailable.is_none() || targets.is_empty() {
            return;
        }
        let replaced = targets.iter().filter(|it| matches!(it.goal, Goal::Replace(_)));
        let replaced: Vec<ProcId> = replaced.map(|it| it.id).collect();
        let mut rolling = Rolling::of(self.supervisor, targets, max_unavailable);
        if !replaced.is_empty() {
            rolling.peers.clone_from(&self.rolled);
        }
        self.rolled.extend(replaced);
        self.steps.push_back(Step::Roll(Box::new(rolling)));
    }

    /// Stops processes, what depends on them first: what this update stops in other groups, and what
    /// is restarted with them.
    fn stop_all(&mut self, ids: &[ProcId]) {
        let followers = self.supervisor.followers(ids);
        let mut left: BTreeSet<ProcId> = followers.iter().chain(ids).copied().collect();
        let mut open: Vec<ProcId> = left.iter().copied().collect();
        while let Some(id) = open.pop() {
            let dependants = self.supervisor.dependencies.dependants(id);
            let stopped = dependants.filter(|dependant| self.stopped.contains(dependant));
            open.extend(stopped.filter(|dependant| left.insert(*dependant)));
        }
        while !left.is_empty() {
            let (held, free): (BTreeSet<ProcId>, BTreeSet<ProcId>) = left.iter().partition(|id| {
                let mut dependants = self.supervisor.dependencies.dependants(**id);
                dependants.any(|dependant| left.contains(&dependant))
            });
            self.steps.extend(free.iter().map(|id| Step::Stop(*id)));
            if held.is_empty() {
                // Not before, because what they depend on is up until it is stopped.
                let again = followers.iter().filter(|id| !self.stopped.contains(id));
                self.steps.extend(again.map(|id| Step::WaitAgain(*id)));
            }
            self.steps.extend(free.iter().map(|id| Step::AwaitStop(*id)));
            left = held;
        }
    }

    /// In a rolling update, changed processes that run are restarted one after the other; the others
    /// are left in `changed`.
    fn roll_changed(&mut self, changed: &mut Vec<(ProcId, &Arc<Process>)>) {
        let Some(max_unavailable) = self.max_unavailable else { return };
        let (active, rest): (Vec<_>, Vec<_>) =
            changed.drain(..).partition(|(id, _)| self.is_active(*id));
        *changed = rest;
        let target = |(id, process): (ProcId, &Arc<Process>)| Target {
            id,
            goal: Goal::Replace(Arc::clone(process)),
        };
        self.roll(active.into_iter().map(target).collect(), max_unavailable);
    }

    fn change_group(&mut self, new: &Group, members: &[MemberChange<'_>]) {
        let find = |process: &Process| self.find(new, process);
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
        let gone: Vec<ProcId> = removed.iter().map(|(id, _)| *id).collect();
        let (kept, mut changed): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|(id, _)| self.is_kept(*id));
        self.roll_changed(&mut changed);
        self.drain_removed(&gone);
        let touched: Vec<ProcId> = removed.iter().chain(&changed).map(|(id, _)| *id).collect();
        self.stop_all(&touched);
        for (id, process) in removed {
            self.steps.push_back(Step::RemoveProcess(id));
            self.report(process, UpdateAction::Removed);
        }
        for (id, process) in &changed {
            self.steps.push_back(Step::ReplaceProcess(*id, Arc::clone(process)));
        }
        self.steps.extend(kept.iter().map(|(id, process)| Step::Keep(*id, Arc::clone(process))));
        self.steps.push_back(Step::ReplaceSettings(Box::new(new.clone())));
        let mut started = Vec::new();
        for (id, process) in changed {
            if self.is_active(id) {
                self.steps.push_back(Step::Start(id));
                started.push(Step::AwaitSpawn(id));
            } else {
                self.report(process, UpdateAction::Changed);
            }
        }
        self.steps.extend(started);
        for process in added {
            let (group, process) = (new.name.clone(), Arc::clone(process));
            let report = Step::Report(report(&process, UpdateAction::Added));
            self.steps.push_back(Step::AddProcess { group, process });
            self.steps.push_back(report);
        }
        // Once more, so that added processes get their place in the order.
        self.steps.push_back(Step::ReplaceSettings(Box::new(new.clone())));
    }

    fn report(&mut self, process: &Process, action: UpdateAction) {
        self.steps.push_back(Step::Report(report(process, action)));
    }
}

pub(super) fn report(process: &Process, action: UpdateAction) -> MemberReport {
    MemberReport { process: process.name.clone(), section: process.program.clone(), action }
}
