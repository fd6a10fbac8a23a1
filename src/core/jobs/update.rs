//! A new configuration carried out step by step: only what changed is stopped, and what was stopped
//! for a change is started again. The steps come from [`crate::conf::diff`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::JobId;
use super::rolling::Rolling;
use crate::conf::config::{Group, Process};
use crate::core::effect::ProcId;

/// What an update does to a group or a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateAction {
    Added,
    Changed,
    Removed,
    Restarted,
}

impl UpdateAction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Restarted => "restarted",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Update {
    pub(in crate::core) steps: VecDeque<Step>,
    pub(in crate::core) groups: BTreeSet<String>,
    pub(in crate::core) reports: Vec<GroupReport>,
    /// Processes about which another job decided.
    pub(in crate::core) released: BTreeMap<ProcId, JobId>,
    /// Requests of its rolling restarts whose answers are no longer awaited.
    pub(in crate::core) abandoned: Vec<(ProcId, u64)>,
}

/// What became of a group and of its processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupReport {
    pub group: String,
    /// What was to be done: added, changed or removed.
    pub action: UpdateAction,
    /// What did not work.
    pub error: Option<String>,
    pub members: Vec<MemberReport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberReport {
    pub process: String,
    /// The section that it was written in.
    pub section: String,
    /// What was done: added, changed, removed or restarted.
    pub action: UpdateAction,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) enum Step {
    /// The steps up to the next `Begin` are about this group.
    Begin {
        group: String,
        action: UpdateAction,
    },
    Stop(ProcId),
    AwaitStop(ProcId),
    /// A process that was stopped with what it depends on is started again with it.
    WaitAgain(ProcId),
    RemoveProcess(ProcId),
    ReplaceProcess(ProcId, Arc<Process>),
    /// A disabled process that runs keeps its configuration, because it could not be started again.
    Keep(ProcId, Arc<Process>),
    Start(ProcId),
    /// Waits until the child exists or could not be made.
    AwaitSpawn(ProcId),
    AddProcess {
        group: String,
        process: Arc<Process>,
    },
    /// The group's own options, and the order of its processes.
    ReplaceSettings(Box<Group>),
    /// Restarts changed processes, or stops removed ones, one after the other.
    Roll(Box<Rolling>),
    RemoveGroup(String),
    AddGroup(Box<Group>),
    Report(MemberReport),
}

impl Update {
    /// What was done so far, group by group.
    pub fn reports(&self) -> &[GroupReport] {
        &self.reports
    }

    pub(in crate::core) fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    pub(in crate::core) fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    pub(in crate::core) fn waiting(&self) -> Option<ProcId> {
        match self.steps.front()? {
            Step::AwaitStop(id) | Step::AwaitSpawn(id) => Some(*id),
            _ => None,
        }
    }

    pub(in crate::core) fn failures(&self) -> Vec<String> {
        let failed = |report: &GroupReport| {
            report.error.as_ref().map(|error| format!("{}: {error}", report.group))
        };
        self.reports.iter().filter_map(failed).collect()
    }

    pub(in crate::core) fn will_start(&self, id: ProcId) -> bool {
        let starts = |step: &Step| match step {
            Step::Start(it) => *it == id,
            Step::Roll(rolling) => rolling.will_start(id),
            _ => false,
        };
        !self.released.contains_key(&id) && self.steps.iter().any(starts)
    }

    pub(in crate::core) fn release(&mut self, id: ProcId, by: JobId) {
        self.released.insert(id, by);
        for step in &mut self.steps {
            if let Step::Roll(rolling) = step {
                rolling.release(id, by);
            }
        }
    }

    /// The rolling restart that is the present step.
    pub(in crate::core) fn rolling(&self) -> Option<&Rolling> {
        match self.steps.front()? {
            Step::Roll(rolling) => Some(rolling),
            _ => None,
        }
    }

    pub(in crate::core) fn rolling_mut(&mut self) -> Option<&mut Rolling> {
        match self.steps.front_mut()? {
            Step::Roll(rolling) => Some(rolling),
            _ => None,
        }
    }

    pub(in crate::core) fn take_abandoned(&mut self) -> Vec<(ProcId, u64)> {
        let of_step = self.rolling_mut().map(|it| std::mem::take(&mut it.abandoned));
        self.abandoned.drain(..).chain(of_step.unwrap_or_default()).collect()
    }

    pub(in crate::core) fn cancel(&mut self, by: JobId) {
        if !self.steps.is_empty() {
            if let Some(rolling) = self.rolling_mut() {
                rolling.cancel(by);
                self.abandoned = self.take_abandoned();
            }
            self.steps.clear();
            self.fail(format!("cancelled by job {}", by.0));
        }
    }

    pub(in crate::core) fn skip_group(&mut self) {
        while self.steps.front().is_some_and(|step| !matches!(step, Step::Begin { .. })) {
            self.steps.pop_front();
        }
    }

    /// A rolling restart has failed: the groups that are left stay as they are.
    pub(in crate::core) fn abandon(&mut self, error: &str) {
        for step in std::mem::take(&mut self.steps) {
            if let Step::Begin { group, action } = step {
                let error = Some(format!("left as it is, because {error}"));
                self.reports.push(GroupReport { group, action, error, members: Vec::new() });
            }
        }
    }

    pub(in crate::core) fn fail(&mut self, error: String) {
        if let Some(report) = self.reports.last_mut() {
            report.error.get_or_insert(error);
        }
    }
}
