//! Stop, wait, start again: of one process, or of all.

use std::collections::{BTreeMap, BTreeSet};

use super::job::{JobId, failure_of};
use super::members::{Failure, Members};
use crate::core::Process;
use crate::core::effect::{Effect, ProcId};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    One(ProcId),
    /// Everything that runs is stopped; then everything is started, as Supervisor's page does it.
    All,
}

#[derive(Clone, Debug)]
pub(crate) struct Restart {
    scope: Scope,
    stage: Stage,
    /// Processes about which another job decided.
    released: BTreeMap<ProcId, JobId>,
    failures: Vec<String>,
    is_cancelled: bool,
}

#[derive(Clone, Debug)]
enum Stage {
    Stopping(Members),
    Starting {
        /// Those whose command is being checked.
        checked: BTreeSet<ProcId>,
        members: Members,
    },
}

impl Restart {
    pub(super) fn is_done(&self) -> bool {
        self.is_cancelled
            || matches!(&self.stage, Stage::Starting { checked, members }
                if checked.is_empty() && members.are_done())
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = ProcId> {
        let (checked, members) = match &self.stage {
            Stage::Stopping(members) => (None, members),
            Stage::Starting { checked, members } => (Some(checked), members),
        };
        checked.into_iter().flatten().copied().chain(members.pending())
    }

    /// Whether a process is still to be started by this job.
    pub(super) fn holds(&self, id: ProcId) -> bool {
        if self.released.contains_key(&id) || self.is_cancelled {
            return false;
        }
        match (&self.stage, self.scope) {
            (Stage::Stopping(_), Scope::One(one)) => one == id,
            (Stage::Stopping(_), Scope::All) => true,
            (Stage::Starting { checked, .. }, _) => checked.contains(&id),
        }
    }

    pub(super) fn release(&mut self, id: ProcId, by: JobId) {
        if self.holds(id) {
            self.released.insert(id, by);
            if let Stage::Starting { checked, .. } = &mut self.stage {
                checked.remove(&id);
            }
        }
    }

    pub(super) fn cancel(&mut self, by: JobId) {
        self.is_cancelled = true;
        self.failures.push(format!("cancelled by job {}", by.0));
    }

    pub(super) fn failures(&self) -> Vec<String> {
        let mut failures = self.failures.clone();
        if let Stage::Starting { members, .. } = &self.stage {
            failures.extend(members.failures());
        }
        failures
    }

    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, touched: &[ProcId], now: Now) {
        match &mut self.stage {
            Stage::Stopping(members) => {
                members.observe_stops(supervisor, touched, now);
                if members.are_done() && !self.is_cancelled {
                    self.begin_starting(supervisor);
                }
            }
            Stage::Starting { members, .. } => members.observe_starts(supervisor, touched, now),
        }
    }

    /// Commands are checked first, so that a program that cannot run stays STOPPED.
    fn begin_starting(&mut self, supervisor: &mut Supervisor) {
        let ids = match self.scope {
            Scope::One(id) => vec![id],
            Scope::All => supervisor.by_priority(),
        };
        let mut checked = BTreeSet::new();
        for id in ids {
            let Some(process) = supervisor.process(id) else { continue };
            if let Some(by) = self.released.get(&id) {
                let failure = Failure::TakenOver(*by);
                self.failures.push(failure_of(&process.full_name(), &failure));
            } else if !process.state().is_running() {
                checked.insert(id);
                supervisor.request(Effect::CheckCommand { id });
            }
        }
        self.stage = Stage::Starting { checked, members: Members::default() };
    }

    pub(super) fn on_checked(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        usable: bool,
        now: Now,
    ) {
        let Stage::Starting { checked, members } = &mut self.stage else { return };
        if !checked.remove(&id) {
            return;
        }
        if !usable {
            let name = supervisor.process(id).map_or_else(String::new, Process::full_name);
            self.failures.push(failure_of(&name, &Failure::Command));
        } else if supervisor.process(id).is_some_and(|it| !it.state().is_running()) {
            supervisor.begin_one_start(members, id, now);
        }
    }
}

impl Supervisor {
    pub(super) fn begin_restart(&mut self, scope: Scope, now: Now) -> Restart {
        let is_active = |process: &&Process| process.is_active();
        let ids: Vec<ProcId> = match scope {
            Scope::One(id) => {
                self.process(id).filter(is_active).map(Process::id).into_iter().collect()
            }
            Scope::All => {
                let all = self.by_priority();
                all.into_iter()
                    .filter(|id| self.process(*id).is_some_and(Process::is_active))
                    .collect()
            }
        };
        let stage = Stage::Stopping(self.begin_stop(&ids, true, now));
        let (released, failures) = (BTreeMap::new(), Vec::new());
        Restart { scope, stage, released, failures, is_cancelled: false }
    }
}
