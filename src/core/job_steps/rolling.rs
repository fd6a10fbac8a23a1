//! The steps of a rolling restart: which process is next, and whether it may be taken out of service.
//! What happens to one process is in `rolling_instance`.

use std::collections::{BTreeMap, VecDeque};

use super::rolling_instance::Progress;
use crate::conf::config::LogLevel;
use crate::core::Process;
use crate::core::effect::ProcId;
use crate::core::exchange::{Answer, Exchange};
use crate::core::jobs::rolling::{Fate, Goal, Instance, Report, Rolling, Target};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

impl Rolling {
    /// A rolling restart of these processes. Those that do not exist are left out.
    pub(in crate::core) fn of(
        supervisor: &Supervisor,
        targets: Vec<Target>,
        max_unavailable: usize,
    ) -> Self {
        let exists = |target: &Target| supervisor.process(target.id).is_some();
        let queue: VecDeque<Target> = targets.into_iter().filter(exists).collect();
        let report = |target: &Target| Report {
            id: target.id,
            name: supervisor.process(target.id).map_or_else(String::new, Process::full_name),
            result: Fate::Untouched,
        };
        let reports = queue.iter().map(report).collect();
        let max_unavailable = max_unavailable.max(1);
        Self { max_unavailable, queue, reports, ..Self::default() }
    }

    /// What a client requests.
    pub(super) fn restart(
        supervisor: &Supervisor,
        ids: &[ProcId],
        max_unavailable: usize,
        is_forced: bool,
    ) -> Self {
        let targets = ids.iter().map(|id| Target { id: *id, goal: Goal::Restart }).collect();
        Self { is_forced, ..Self::of(supervisor, targets, max_unavailable) }
    }

    /// Puts processes that were drained and serve back into service.
    pub(super) fn enable(supervisor: &Supervisor, ids: &[ProcId]) -> Self {
        let targets = ids.iter().map(|id| Target { id: *id, goal: Goal::Enable }).collect();
        Self::of(supervisor, targets, ids.len())
    }

    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, touched: &[ProcId], now: Now) {
        loop {
            for id in self.active.keys().copied().collect::<Vec<_>>() {
                self.advance_one(supervisor, id, touched, now);
            }
            if !self.begin_next(supervisor, now) {
                break;
            }
        }
        self.cancel_abandoned(supervisor);
    }

    fn advance_one(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        touched: &[ProcId],
        now: Now,
    ) {
        let is_forced = self.is_forced;
        let Some(instance) = self.active.get_mut(&id) else { return };
        loop {
            match instance.advance(supervisor, id, touched, is_forced, now) {
                Progress::Wait => return,
                Progress::Again => {}
                Progress::Done => return self.finish(id, Ok(())),
                Progress::Failed(why) => return self.finish(id, Err(why)),
            }
        }
    }

    /// Requests the end of what is no longer awaited.
    pub(in crate::core) fn cancel_abandoned(&mut self, supervisor: &mut Supervisor) {
        for (process, number) in std::mem::take(&mut self.abandoned) {
            supervisor.cancel_exchange(process, number);
        }
    }

    /// Takes the next process out of service, if that may be.
    fn begin_next(&mut self, supervisor: &mut Supervisor, now: Now) -> bool {
        self.queue.retain(|target| supervisor.process(target.id).is_some());
        if self.is_ending || self.queue.is_empty() || self.active.len() >= self.max_unavailable {
            self.blocked_since = None;
            return false;
        }
        let missing = self.missing_peers(supervisor);
        if self.active.len() + missing.len() >= self.max_unavailable {
            self.wait_for(supervisor, &missing, now);
            return false;
        }
        self.blocked_since = None;
        // One that does not serve costs nothing.
        let is_down = |target: &Target| !supervisor.is_serving(target.id);
        let at = self.queue.iter().position(is_down).unwrap_or(0);
        let Some(Target { id, goal }) = self.queue.remove(at) else { return false };
        let name = supervisor.process(id).map_or_else(String::new, Process::full_name);
        let why = supervisor.disabled_reason(id).filter(|_| matches!(goal, Goal::Replace(_)));
        if let Some(why) = why {
            // It was disabled since the update began: it would be stopped, and not started again.
            self.report(id, Fate::Failed(why.clone()));
            self.failures.push(format!("{name} {why}"));
            self.end();
            return false;
        }
        if !matches!(goal, Goal::Enable) {
            supervisor.log(LogLevel::Info, format!("rolling restart: {name} is next"));
        }
        self.report(id, Fate::Active);
        self.active.insert(id, Instance::begin(supervisor, id, name, goal));
        true
    }

    /// Those that have to serve and do not.
    fn missing_peers(&self, supervisor: &Supervisor) -> Vec<ProcId> {
        let restarted = self.reports.iter().filter(|it| it.result == Fate::Restarted);
        let all = restarted.map(|it| it.id).chain(self.peers.iter().copied());
        all.filter(|id| supervisor.process(*id).is_some() && !supervisor.is_serving(*id)).collect()
    }

    /// A process that this or an earlier step restarted has to serve first. One that will not come
    /// up without a request, or takes too long, ends the restart.
    fn wait_for(&mut self, supervisor: &Supervisor, missing: &[ProcId], now: Now) {
        if !self.active.is_empty() || missing.is_empty() {
            self.blocked_since = None;
            return;
        }
        self.blocked_since.get_or_insert(now.mono);
        let lost = missing.iter().find(|id| supervisor.is_at_rest(**id));
        let late = missing.first().filter(|_| self.is_blocked(now.mono));
        if let Some(process) = lost.or(late).and_then(|id| supervisor.process(*id)) {
            let why = process.not_serving_text(now.mono);
            self.failures.push(format!("{} is not in service: {why}", process.full_name()));
            self.blocked_since = None;
            self.end();
        }
    }

    /// The outcome of [`crate::core::effect::Effect::CheckCommand`].
    pub(super) fn on_checked(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        usable: bool,
        now: Now,
    ) {
        let Some(instance) = self.active.get_mut(&id) else { return };
        match instance.on_checked(supervisor, id, usable, now) {
            Progress::Failed(why) => self.finish(id, Err(why)),
            _ => self.advance(supervisor, &[id], now),
        }
    }

    /// The answer to a request; that to an earlier one is ignored.
    pub(super) fn on_answer(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        number: u64,
        answer: &Answer,
        now: Now,
    ) {
        let is_forced = self.is_forced;
        let Some(instance) = self.active.get_mut(&id) else { return };
        if instance.request.is_none_or(|pending| pending.number != number) {
            return;
        }
        if let Progress::Failed(why) = instance.on_answer(supervisor, id, answer, is_forced, now) {
            self.finish(id, Err(why));
        }
        self.advance(supervisor, &[id], now);
    }

    /// After a hand-over: what had been requested is requested again.
    pub(in crate::core) fn pending(&self) -> BTreeMap<ProcId, (u64, Exchange)> {
        let of = |(id, it): (&ProcId, &Instance)| {
            it.request.map(|pending| (*id, (pending.number, pending.exchange)))
        };
        self.active.iter().filter_map(of).collect()
    }

    pub(super) fn waiting(&self, supervisor: &Supervisor) -> Vec<String> {
        let active = self.active.values().map(Instance::waits_for);
        let missing =
            if self.blocked_since.is_some() { self.missing_peers(supervisor) } else { Vec::new() };
        let missing = missing.into_iter().filter_map(|id| supervisor.process(id));
        active.chain(missing.map(|it| format!("{}: to be ready", it.full_name()))).collect()
    }
}
