//! The steps of the ordered shutdown.

use std::collections::BTreeSet;

use crate::conf::config::LogLevel;
use crate::conf::events::EventType;
use crate::core::Process;
use crate::core::effect::{Effect, ProcId};
use crate::core::exchange::Answer;
use crate::core::jobs::shutdown::Shutdown;
use crate::core::process::ProcessEvent;
use crate::core::state::{Mood, ProcessState};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

/// "waiting for a, b to die" is logged again after this many seconds.
const REPORT_SECS: i64 = 3;

/// How long a shutdown waits for the proxies of drained processes.
const RELEASE_SECS: i64 = 5;

impl Shutdown {
    /// All processes that are not down, group by group.
    pub(in crate::core) fn waiting(supervisor: &Supervisor) -> Vec<String> {
        let alive = supervisor.processes().filter(|process| !process.state().is_stopped());
        let alive = alive.map(|process| process.name().to_owned());
        alive.chain(supervisor.running_hooks()).collect()
    }

    pub(super) fn advance(&mut self, supervisor: &mut Supervisor, touched: &[ProcId], now: Now) {
        let changed: Vec<ProcId> = if touched.is_empty() || supervisor.dependencies.is_empty() {
            touched.iter().copied().filter(|id| self.pending.contains(id)).collect()
        } else {
            // A process that waits for its dependants may depend on what changed.
            self.pending.iter().copied().collect()
        };
        for id in changed {
            self.stop_member(supervisor, id, now);
        }
        while self.pending.is_empty() {
            let Some(name) = self.groups.pop() else { break };
            for id in supervisor.members_to_stop(&name) {
                self.stop_member(supervisor, id, now);
            }
        }
        if now.mono >= self.release_limit {
            self.releases.clear();
        }
        if self.pending.is_empty()
            && supervisor.running_hooks().next().is_none()
            && self.releases.is_empty()
        {
            self.is_done = true;
            let restart = supervisor.mood() == Mood::Restarting;
            supervisor.request(Effect::Exit { restart });
        } else if now.mono >= self.report_at {
            self.report_at = now.mono.plus_secs(REPORT_SECS);
            let waiting = Self::waiting(supervisor).join(", ");
            if !waiting.is_empty() {
                supervisor.log(LogLevel::Info, format!("waiting for {waiting} to die"));
            }
        }
    }

    /// A proxy has answered that it decides for itself, or has failed.
    pub(super) fn on_answer(&mut self, supervisor: &mut Supervisor, number: u64, answer: &Answer) {
        let Some(id) = self.releases.remove(&number) else { return };
        if answer.is_err() {
            self.unreleased.insert(id);
        }
        let is_open = self.unreleased.contains(&id) || self.releases.values().any(|it| *it == id);
        if !is_open {
            supervisor.set_drained(id, false);
        }
    }

    /// Stops a process unless it is down or being stopped, what depends on it first. One that has no
    /// pid yet is pending until it has.
    fn stop_member(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) {
        for dependant in supervisor.live_dependants(id) {
            self.stop_member(supervisor, dependant, now);
        }
        let is_held = !supervisor.live_dependants(id).is_empty();
        match supervisor.process(id).map(Process::state) {
            _ if is_held => {}
            Some(ProcessState::Running | ProcessState::Starting) => {
                let _ = supervisor.request_stop(id, now);
            }
            Some(ProcessState::Backoff) => supervisor.step(id, ProcessEvent::GiveUp, now),
            _ => {}
        }
        let is_down = supervisor.process(id).is_none_or(|process| process.state().is_stopped());
        if is_down {
            self.pending.remove(&id);
        } else {
            self.pending.insert(id);
        }
    }
}

impl Supervisor {
    pub(super) fn begin_shutdown(&mut self, now: Now) -> Shutdown {
        self.waiting.clear();
        self.autostarts.clear();
        // No process may wake the daemon for a start that will not come.
        let ids: Vec<ProcId> = self.processes.ids().collect();
        for id in ids {
            self.set_timers(id);
        }
        self.notify_supervisor(EventType::SupervisorStateChangeStopping, now);
        Shutdown {
            groups: self.groups_by_priority(),
            pending: BTreeSet::new(),
            report_at: now.mono,
            releases: self.release_drained(),
            unreleased: BTreeSet::new(),
            release_limit: now.mono.plus_secs(RELEASE_SECS),
            is_done: false,
        }
    }

    /// The processes of a group, the highest priority first; equals in reverse.
    fn members_to_stop(&self, name: &str) -> Vec<ProcId> {
        let Some(group) = self.group(name) else { return Vec::new() };
        self.members_by_priority(group).into_iter().rev().collect()
    }
}
