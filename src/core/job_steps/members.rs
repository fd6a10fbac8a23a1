//! Requests starts and stops of several processes, and observes their results.

use crate::core::effect::ProcId;
use crate::core::jobs::{Failure, Members};
use crate::core::state::ProcessState;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

impl Members {
    pub(super) fn observe_starts(&mut self, supervisor: &Supervisor, touched: &[ProcId], now: Now) {
        for id in touched {
            self.observe_start(supervisor, *id, now);
        }
    }

    fn observe_start(&mut self, supervisor: &Supervisor, id: ProcId, now: Now) {
        let Some(&at) = self.pending.get(&id) else { return };
        if supervisor.is_waiting(id) {
            return match supervisor.failed_dependency(id) {
                Some(why) => self.finish(id, Err(Failure::Dependency(why)), now),
                None => self.set_spawned(at, now),
            };
        }
        let process = supervisor.process(id);
        let is_inactive = process.is_some_and(|it| it.pid().is_none() && !it.is_forking());
        if let Some(why) = supervisor.disabled_reason(id).filter(|_| is_inactive) {
            return self.finish(id, Err(Failure::Disabled(why)), now);
        }
        if process.is_some_and(|it| it.spawnerr().is_some()) {
            return self.finish(id, Err(Failure::Spawn), now);
        }
        match process.map_or(ProcessState::Unknown, crate::core::Process::state) {
            ProcessState::Starting if process.is_some_and(crate::core::Process::is_forking) => {}
            ProcessState::Starting => self.set_spawned(at, now),
            ProcessState::Running => self.finish(id, Ok(()), now),
            _ => self.finish(id, Err(Failure::Terminated), now),
        }
    }

    /// Observes stops, and stops what was held until what depends on it is down.
    pub(super) fn advance_stops(
        &mut self,
        supervisor: &mut Supervisor,
        touched: &[ProcId],
        now: Now,
    ) {
        self.observe_stops(supervisor, touched, now);
        if !touched.is_empty() {
            while let Some(id) = self.next_to_stop(supervisor) {
                self.held.remove(&id);
                self.stop_held(supervisor, id, now);
            }
        }
        // Not before, because what they depend on is up until it is stopped.
        if self.held.is_empty() {
            for id in std::mem::take(&mut self.followers) {
                supervisor.wait_again(id, now);
            }
        }
    }

    /// A held process whose dependants are down, or that went down by itself.
    fn next_to_stop(&self, supervisor: &Supervisor) -> Option<ProcId> {
        self.held.iter().copied().find(|id| {
            let is_down = supervisor.process(*id).is_none_or(|it| it.pid().is_none());
            let mut dependants = supervisor.dependencies.dependants(*id);
            is_down || !dependants.any(|dependant| self.pending.contains_key(&dependant))
        })
    }

    fn stop_held(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) {
        let process = supervisor.process(id);
        if process.is_some_and(crate::core::Process::is_active) {
            if let Err(why) = supervisor.request_stop(id, now) {
                return self.finish(id, Err(Failure::Stop(why)), now);
            }
            supervisor.dispatch();
            if self.is_watched {
                supervisor.watch_stop(id, now);
            }
        }
        self.observe_stops(supervisor, &[id], now);
    }

    pub(super) fn observe_stops(&mut self, supervisor: &Supervisor, touched: &[ProcId], now: Now) {
        for id in touched.iter().filter(|id| !self.held.contains(id)).copied().collect::<Vec<_>>() {
            if supervisor.process(id).is_none_or(|it| it.state().is_stopped()) {
                self.finish(id, Ok(()), now);
            }
        }
    }
}

impl Supervisor {
    pub(super) fn begin_start(&mut self, ids: &[ProcId], now: Now) -> Members {
        let mut members = Members::default();
        for &id in ids {
            self.begin_one_start(&mut members, id, now);
        }
        members
    }

    pub(super) fn begin_one_start(&mut self, members: &mut Members, id: ProcId, now: Now) {
        let Some(name) = self.process(id).map(crate::core::Process::full_name) else { return };
        members.push(id, name);
        self.request_start(id, now);
        // Listeners learn of each start before the next one begins.
        self.dispatch();
        members.observe_starts(self, &[id], now);
    }

    pub(super) fn begin_stop(&mut self, ids: &[ProcId], wait: bool, now: Now) -> Members {
        let followers = self.followers(ids);
        let all: Vec<ProcId> = ids.iter().chain(&followers).copied().collect();
        let mut members = Members::of_stop(followers, wait);
        for &id in &all {
            let Some(name) = self.process(id).map(crate::core::Process::full_name) else {
                continue;
            };
            if self.live_dependants(id).iter().any(|dependant| all.contains(dependant)) {
                members.push(id, name);
                members.held.insert(id);
                continue;
            }
            match self.request_stop(id, now) {
                Ok(()) => members.push(id, name),
                Err(why) => members.push_done(id, name, Err(Failure::Stop(why)), now),
            }
            self.dispatch();
        }
        members.observe_stops(self, &all, now);
        if wait {
            members
                .pending()
                .filter(|id| !members.held.contains(id))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|id| self.watch_stop(id, now));
        }
        members
    }
}
