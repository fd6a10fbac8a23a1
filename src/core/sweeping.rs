//! Kills what a program leaves behind (`killmode`): when its process has been reaped, the shell kills the
//! rest of its group or tree, again and again until nothing is left. Only then has it ended for everyone
//! else, so that neither "stopped" nor a restart comes too early.

use std::time::Duration;

use super::effect::{Effect, Pid, ProcId, WaitStatus};
use super::supervisor::Supervisor;
use super::sweep::Sweep;
use super::time::{Mono, Now};
use super::timers::TimerKind;
use crate::conf::config::LogLevel;
use crate::conf::kill_mode::KillMode;

/// The pause before what was killed is looked for again.
const INTERVAL: Duration = Duration::from_millis(50);
/// How long that goes on. A process in an uninterruptible system call cannot be killed.
const LIMIT: Duration = Duration::from_secs(10);

impl Supervisor {
    /// False if nothing has to be killed.
    pub(super) fn begin_sweep(
        &mut self,
        id: ProcId,
        pid: Pid,
        status: WaitStatus,
        now: Now,
    ) -> bool {
        let Some(process) = self.processes.get(&id) else { return false };
        if process.config.killmode == KillMode::Process {
            return false;
        }
        self.sweeps.insert(id, Sweep { pid, status, until: Mono(now.mono.0 + LIMIT) });
        self.sweep(id, now);
        true
    }

    /// Requests a sweep, and the next one in case that the answer fails to come.
    pub(super) fn sweep(&mut self, id: ProcId, now: Now) {
        let Some(Sweep { pid, until, .. }) = self.sweeps.get(&id).copied() else { return };
        if now.mono > until {
            return self.finish_sweep(id, now);
        }
        self.timers.set(id, TimerKind::Sweep, Some(Mono(now.mono.0 + INTERVAL)));
        self.request(Effect::Sweep { id, pid });
    }

    /// `left` are those that were killed and are not gone yet: `12 (worker)`.
    pub(super) fn on_swept(&mut self, id: ProcId, left: &[String], now: Now) {
        let Some(sweep) = self.sweeps.get(&id) else { return };
        if !left.is_empty() && now.mono < sweep.until {
            return;
        }
        if let Some(process) = self.processes.get(&id).filter(|_| !left.is_empty()) {
            let name = process.name();
            let message =
                format!("{name} is down, but these could not be killed: {}", left.join(", "));
            self.log(LogLevel::Warn, message);
        }
        self.finish_sweep(id, now);
    }

    fn finish_sweep(&mut self, id: ProcId, now: Now) {
        self.timers.set(id, TimerKind::Sweep, None);
        if let Some(Sweep { pid, status, .. }) = self.sweeps.remove(&id) {
            self.end_child(id, pid, status, now);
        }
    }
}
