//! Processes that are out of service because of a rolling restart. One that serves and that no job is
//! restarting is put back, whatever became of the restart.

use std::collections::BTreeMap;

use super::effect::{Effect, ExchangeId, ProcId};
use super::exchange::{Answer, Exchange, to_enable};
use super::group::Process;
use super::jobs::{Job, Request, Rolling, Task};
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::{Mono, Now};
use crate::conf::dependency::Condition;

impl Supervisor {
    /// Whether a process can answer requests: it is ready, or RUNNING if it has no readiness probe.
    pub(super) fn is_serving(&self, id: ProcId) -> bool {
        let is_serving =
            |it: &Process| it.is_ready().unwrap_or(it.state() == ProcessState::Running);
        self.processes.get(&id).is_some_and(is_serving)
    }

    /// Whether a process stays down until somebody starts it.
    pub(super) fn is_at_rest(&self, id: ProcId) -> bool {
        let is_down = |it: &Process| it.machine.is_inactive() && !it.is_forking();
        self.processes.get(&id).is_some_and(is_down) && !self.is_waiting(id)
    }

    /// Whether proxies send a process no requests, as requested.
    pub fn is_drained(&self, id: ProcId) -> bool {
        self.drained.contains(&id)
    }

    pub(super) fn request_exchange(&mut self, process: ProcId, exchange: Exchange) -> u64 {
        self.exchange_number += 1;
        let number = self.exchange_number;
        self.request(Effect::Exchange { id: ExchangeId { process, number }, exchange });
        number
    }

    pub(super) fn cancel_exchange(&mut self, process: ProcId, number: u64) {
        self.request(Effect::CancelExchange { id: ExchangeId { process, number } });
    }

    /// The answer to [`Effect::Exchange`].
    pub(super) fn on_exchanged(&mut self, id: ExchangeId, answer: &Answer, now: Now) {
        let ExchangeId { process, number } = id;
        let outcome = answer.as_ref().map_or_else(Clone::clone, u64::to_string);
        self.debug(|| format!("rolling restart: request {number}: {outcome}"));
        self.on_answer(process, number, answer, now);
    }

    /// Puts back what serves and is not being restarted.
    pub(super) fn enable_drained(&mut self, now: Now) {
        if self.drained.is_empty() || !self.may_start() {
            return;
        }
        let is_held = |id: ProcId| self.jobs.running.values().any(|job| self.is_held_by(job, id));
        let drained = self.drained.iter().copied();
        let ids: Vec<ProcId> = drained.filter(|id| self.is_serving(*id) && !is_held(*id)).collect();
        if ids.is_empty() {
            return;
        }
        for id in ids {
            let target = self.processes.get(&id).map_or_else(String::new, Process::full_name);
            let (requester, task) = ("readiness".to_owned(), Task::Enable(id));
            self.begin_job(Request { requester, target, task }, now);
        }
        self.advance_jobs(now);
    }

    fn is_held_by(&self, job: &Job, id: ProcId) -> bool {
        job.holds(id) || self.processes.get(&id).is_some_and(|it| job.holds_group(it.group()))
    }

    /// Everything is about to be stopped: the proxies are to decide for themselves what they use.
    /// Returns the numbers of the requests. What a proxy does not confirm is left to the next daemon.
    pub(super) fn release_drained(&mut self) -> BTreeMap<u64, ProcId> {
        let mut numbers = BTreeMap::new();
        for id in self.drained.clone() {
            let exchanges = self.processes.get(&id).map(|it| to_enable(&it.config));
            let is_release = |it: &Exchange| matches!(it, Exchange::Enable(_));
            let releases: Vec<Exchange> =
                exchanges.unwrap_or_default().into_iter().filter(is_release).collect();
            if releases.is_empty() {
                self.set_drained(id, false);
            }
            for exchange in releases {
                numbers.insert(self.request_exchange(id, exchange), id);
            }
        }
        numbers
    }

    /// After a hand-over: what had been requested is requested again.
    pub fn resume_exchanges(&mut self) {
        let pending: Vec<_> = self
            .jobs
            .running
            .values()
            .filter_map(Job::rolling)
            .flat_map(Rolling::pending)
            .collect();
        for (process, (number, exchange)) in pending {
            self.request(Effect::Exchange { id: ExchangeId { process, number }, exchange });
        }
    }
}

impl Process {
    /// `FATAL, Exited too quickly`, `ready_tcp 127.0.0.1:8080, refused for 12 s`
    pub(super) fn not_serving_text(&self, now: Mono) -> String {
        self.progress_text(Condition::Ready, now)
    }
}
