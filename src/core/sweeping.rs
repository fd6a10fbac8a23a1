//! Kills what a program leaves behind (`killmode`): when its process has been reaped, the shell kills the
//! rest of its group or tree, again and again until nothing is left. Only then has it ended for everyone
//! else, so that neither "stopped" nor a restart comes too early. The commands beside a program belong to its
//! tree: what `prestart` leaves behind ends with the program, what the others leave behind after them.

use std::time::Duration;

use super::effect::{Effect, Pid, ProcId, SweepTarget, WaitStatus};
use super::supervisor::Supervisor;
use super::sweep::{Ending, Sweep};
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
        let killmode = process.config.killmode;
        if killmode == KillMode::Process {
            return false;
        }
        let target = SweepTarget { pid, killmode, name: process.name().to_owned() };
        self.insert_sweep(id, target, Ending::Child(status), now);
        true
    }

    /// The same after a command beside a process, which is in the tree of that process.
    pub(super) fn begin_hook_sweep(
        &mut self,
        id: ProcId,
        target: SweepTarget,
        ending: Ending,
        now: Now,
    ) -> bool {
        if target.killmode != KillMode::Tree {
            return false;
        }
        self.insert_sweep(id, target, ending, now);
        true
    }

    /// A start has failed after its `prestart`, which may have left something behind.
    pub(super) fn sweep_prestart(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        if process.config.prestart.is_some() {
            let (killmode, name) = (process.config.killmode, process.name().to_owned());
            let target = SweepTarget { pid: Pid(0), killmode, name };
            self.begin_hook_sweep(id, target, Ending::Nothing, now);
        }
    }

    fn insert_sweep(&mut self, id: ProcId, target: SweepTarget, ending: Ending, now: Now) {
        let (until, left) = (Mono(now.mono.0 + LIMIT), Vec::new());
        self.sweeps.insert(id, Sweep { target, until, ending, left });
        self.sweep(id, now);
    }

    /// A hook has ended, and with it the reason to spare the tree.
    pub(super) fn continue_sweep(&mut self, id: ProcId, now: Now) {
        if let Some(sweep) = self.sweeps.get_mut(&id) {
            sweep.until = Mono(now.mono.0 + LIMIT);
            self.sweep(id, now);
        }
    }

    /// Requests a sweep, and the next one in case that the answer fails to come. The hook that stops a
    /// program is in its tree, and ends by itself.
    pub(super) fn sweep(&mut self, id: ProcId, now: Now) {
        let Some(Sweep { target, until, .. }) = self.sweeps.get(&id) else { return };
        if target.killmode == KillMode::Tree && self.hooks.contains_key(&id) {
            return;
        }
        if now.mono > *until {
            return self.finish_sweep(id, now);
        }
        let target = target.clone();
        self.timers.set(id, TimerKind::Sweep, Some(Mono(now.mono.0 + INTERVAL)));
        self.request(Effect::Sweep { id, target });
    }

    /// `left` are those that were killed and are not gone yet: `12 (worker)`.
    pub(super) fn on_swept(&mut self, id: ProcId, left: &[String], now: Now) {
        let Some(sweep) = self.sweeps.get_mut(&id) else { return };
        sweep.left = left.to_vec();
        if left.is_empty() || now.mono >= sweep.until {
            self.finish_sweep(id, now);
        }
    }

    fn finish_sweep(&mut self, id: ProcId, now: Now) {
        self.timers.set(id, TimerKind::Sweep, None);
        let Some(Sweep { target, ending, left, .. }) = self.sweeps.remove(&id) else { return };
        if !left.is_empty() {
            let (name, left) = (&target.name, left.join(", "));
            let message = format!("{name} is down, but these could not be killed: {left}");
            self.log(LogLevel::Warn, message);
        }
        match ending {
            Ending::Child(status) => self.end_child(id, target.pid, status, now),
            Ending::Prestart { failure, status } => {
                self.on_prestart_ended(id, failure, Some(status), now);
            }
            Ending::Nothing => {}
        }
        self.prepare_start(id, now);
        self.touch(id);
    }

    /// What the end of the daemon waits for, apart from processes that are not down.
    pub(super) fn remains(&self) -> impl Iterator<Item = String> {
        let sweeps = self.sweeps.values();
        sweeps
            .filter(|sweep| matches!(sweep.ending, Ending::Nothing))
            .map(|sweep| format!("the rest of {}", sweep.target.name))
    }
}
