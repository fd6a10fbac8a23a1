//! The steps of a stop of everything: the process of the highest priority first, what depends on it
//! before, each waited for; then the daemon is shut down.

use std::collections::VecDeque;
use std::time::Duration;

use crate::core::Process;
use crate::core::effect::ProcId;
use crate::core::jobs::{Failure, Job, JobId, JobKind, StopAll};
use crate::core::state::Mood;
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};

/// How long the results can be read: a client needs another call after each one.
const RESULTS_PAUSE: Duration = Duration::from_millis(300);

impl StopAll {
    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, now: Now) {
        if self.is_done {
            return;
        }
        self.stop_pending(supervisor, now);
        while self.members.are_done() {
            let Some(id) = self.next(supervisor) else {
                return self.end(supervisor, now);
            };
            let name = supervisor.process(id).map_or_else(String::new, Process::full_name);
            self.members.push(id, name);
            self.stop_pending(supervisor, now);
        }
    }

    /// Everything was stopped; clients that follow the job can read the last result before the end.
    fn end(&mut self, supervisor: &mut Supervisor, now: Now) {
        let has_results = self.members.iter().next().is_some();
        let pause = if has_results { RESULTS_PAUSE } else { Duration::ZERO };
        let end_at = self.end_at.get_or_insert(Mono(now.mono.0.saturating_add(pause)));
        if now.mono >= *end_at {
            self.is_done = true;
            supervisor.end_daemon(&self.requester);
        }
    }

    /// Stops what is pending, also if it came back; one without a pid is stopped when it has one.
    fn stop_pending(&mut self, supervisor: &mut Supervisor, now: Now) {
        let pending: Vec<ProcId> = self.members.pending().collect();
        for &id in &pending {
            let process = supervisor.process(id);
            if process.is_some_and(|it| it.is_active() && !it.is_forking()) {
                if let Err(why) = supervisor.request_stop(id, now) {
                    self.members.finish(id, Err(Failure::Stop(why)), now);
                }
                supervisor.dispatch();
            }
            supervisor.watch_stop(id, now);
        }
        self.members.observe_stops(supervisor, &pending, now);
    }

    /// The next process to stop.
    fn next(&mut self, supervisor: &Supervisor) -> Option<ProcId> {
        let is_up = |it: &Process| it.is_active() || !it.state().is_stopped();
        while let Some(&first) = self.queue.front() {
            if supervisor.process(first).is_some_and(is_up) {
                let id = supervisor.last_dependant(first);
                self.queue.retain(|queued| *queued != id);
                return Some(id);
            }
            self.queue.pop_front();
        }
        None
    }
}

impl Supervisor {
    /// The job that stops everything, if there is one.
    pub fn stop_of_all(&self) -> Option<JobId> {
        let is_one = |job: &&Job| job.kind() == JobKind::StopAll;
        self.jobs.running.values().find(is_one).map(Job::id)
    }

    /// Nothing that waits for its dependencies is started any more.
    pub(super) fn begin_stop_all(&mut self, requester: &str) -> StopAll {
        for id in self.waiting.iter().copied().collect::<Vec<_>>() {
            self.cancel_waiting(id);
        }
        let is_listener = |id: &ProcId| self.process(*id).is_some_and(|it| it.listener().is_some());
        // Listeners are last, so that they get all events.
        let (listeners, programs): (Vec<ProcId>, Vec<ProcId>) =
            self.by_priority().into_iter().rev().partition(is_listener);
        let queue: VecDeque<ProcId> = programs.into_iter().chain(listeners).collect();
        StopAll::new(requester.to_owned(), queue)
    }

    /// A process that depends on `id`, directly or through others, runs, and on which none depends
    /// that runs; `id` itself if there is none.
    fn last_dependant(&self, id: ProcId) -> ProcId {
        let mut last = id;
        while let Some(dependant) = self.live_dependants(last).first() {
            last = *dependant;
        }
        last
    }

    fn end_daemon(&mut self, requester: &str) {
        if self.may_start() {
            self.mood = Mood::Shutdown;
            requester.clone_into(&mut self.shutdown_requester);
        }
    }
}
