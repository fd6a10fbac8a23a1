//! Restarts processes that use too much memory, one at a time and as a rolling restart does.

use super::effect::{Effect, Pid, ProcId};
use super::jobs::{Request, Task};
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::LogLevel;
use crate::conf::sections::program as p;

/// Seconds between two measurements, and before the first one.
const INTERVAL: i64 = 30;

impl Supervisor {
    /// Begins and ends the measurements after a change of a process.
    pub(super) fn adjust_memory_checks(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let is_wanted =
            process.config.memory_max_restart > 0 && process.state() == ProcessState::Running;
        if !is_wanted {
            process.memory_check_at = None;
        } else if process.memory_check_at.is_none() {
            process.memory_check_at = Some(now.mono.plus_secs(INTERVAL));
        }
    }

    /// The time of a measurement has come.
    pub(super) fn measure_memory(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let is_due = process.memory_check_at.is_some_and(|at| now.mono >= at);
        let Some(pid) = process.pid().filter(|_| is_due) else { return };
        process.memory_check_at = Some(now.mono.plus_secs(INTERVAL));
        let limit = u64::try_from(process.config.memory_max_restart).unwrap_or(0);
        self.request(Effect::MeasureMemory { id, pid, limit });
    }

    /// The outcome of [`Effect::MeasureMemory`].
    pub(super) fn on_memory_measured(&mut self, id: ProcId, pid: Pid, bytes: u64, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let limit = process.config.memory_max_restart;
        let is_too_much = limit > 0 && u64::try_from(limit).is_ok_and(|limit| bytes > limit);
        if !is_too_much || process.pid() != Some(pid) || process.state() != ProcessState::Running {
            return;
        }
        let (name, option) = (process.full_name(), p::MEMORY_MAX_RESTART.name);
        if let Some(why) = self.disabled_reason(id) {
            return self
                .debug(|| format!("{name} exceeds {option} and is not restarted: it {why}"));
        }
        if let Some(other) = self.jobs.running.values().find(|job| job.rolling().is_some()) {
            let other = other.describe();
            self.debug(|| format!("{name} exceeds {option}; {other} has to end first"));
            return;
        }
        let [used, limit] = [bytes, u64::try_from(limit).unwrap_or(0)].map(megabytes);
        let message = format!("{name} is restarted: it uses {used} of memory, more than {limit}");
        self.log(LogLevel::Warn, message);
        let task = Task::Roll { ids: vec![id], max_unavailable: 1, is_forced: true };
        let request = Request { requester: option.to_owned(), target: name, task };
        if let Err(conflict) = self.submit(request, now) {
            self.log(LogLevel::Warn, conflict.to_string());
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / f64::from(1 << 20))
}
