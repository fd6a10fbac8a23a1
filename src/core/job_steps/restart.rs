//! The steps of a restart.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::Process;
use crate::core::effect::{Effect, ProcId};
use crate::core::jobs::members::failure_of;
use crate::core::jobs::restart::{Restart, Scope, Stage};
use crate::core::jobs::{Failure, Members};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

impl Restart {
    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, touched: &[ProcId], now: Now) {
        match &mut self.stage {
            Stage::Stopping(members) => {
                members.advance_stops(supervisor, touched, now);
                if members.are_done() && !self.is_cancelled {
                    self.begin_starting(supervisor);
                }
            }
            Stage::Starting { members, .. } => members.observe_starts(supervisor, touched, now),
        }
    }

    /// Commands are checked first, so that a program that cannot run stays STOPPED.
    fn begin_starting(&mut self, supervisor: &mut Supervisor) {
        let ids = match &self.scope {
            Scope::One(id) => vec![*id],
            Scope::Many(ids) => ids.clone(),
            Scope::All => supervisor.by_priority(),
        };
        let mut checked = BTreeSet::new();
        for id in ids {
            let Some(process) = supervisor.process(id) else { continue };
            if let Some(by) = self.released.get(&id) {
                let failure = Failure::TakenOver(*by);
                self.failures.push(failure_of(&process.full_name(), &failure));
            } else if let Some(why) = supervisor.disabled_reason(id) {
                if matches!(self.scope, Scope::One(_)) {
                    let failure = Failure::Disabled(why);
                    self.failures.push(failure_of(&process.full_name(), &failure));
                }
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
        let mut ids = match &scope {
            Scope::One(id) => vec![*id],
            Scope::Many(ids) => ids.clone(),
            Scope::All => self.by_priority(),
        };
        ids.retain(|id| self.process(*id).is_some_and(Process::is_active));
        let stage = Stage::Stopping(self.begin_stop(&ids, true, now));
        let (released, failures) = (BTreeMap::new(), Vec::new());
        Restart { scope, stage, released, failures, is_cancelled: false }
    }
}
