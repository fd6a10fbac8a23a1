//! The commands that run beside programs (`prestart`, `stop_command`, `poststop`): when each runs, its
//! time limit, and what its end means. At most one runs for a process at a time. A start waits until it
//! has ended; so does the end of the daemon.

use super::effect::{Effect, Ended, OutputStream, Pid, ProcId, SweepTarget, WaitStatus};
use super::group::Process;
use super::log_lines::{LogLines, Origin};
use super::process::{Phase, ProcessEvent};
use super::running_hook::Hooks;
use super::supervisor::Supervisor;
use super::sweep::Ending;
use super::time::{Mono, Now};
use super::timers::TimerKind;
use crate::conf::config::LogLevel;
use crate::conf::hook::Hook;
use crate::conf::log_format::LogFormat;

/// Why a hook has failed.
type Failure = String;

impl Supervisor {
    /// The process whose hook this child is.
    pub fn hook_owner(&self, pid: Pid) -> Option<ProcId> {
        let id = self.owner(pid)?;
        self.hooks.get(&id).filter(|hooks| hooks.pid == Some(pid)).map(|_| id)
    }

    pub fn has_hook(&self, id: ProcId) -> bool {
        self.hooks.contains_key(&id)
    }

    /// Whether something beside the process has to end before it is started.
    pub(super) fn is_busy(&self, id: ProcId) -> bool {
        self.has_hook(id) || self.sweeps.contains_key(&id)
    }

    /// The hook of this process that runs now.
    pub fn running_hook(&self, id: ProcId) -> Option<Hook> {
        self.hooks.get(&id).map(|hooks| hooks.hook)
    }

    /// What the end of the daemon waits for: `poststop of web`.
    pub(super) fn running_hooks(&self) -> impl Iterator<Item = String> {
        let hooks = self.hooks.values();
        hooks.map(|hooks| format!("{} of {}", hooks.hook.name(), hooks.name)).chain(self.remains())
    }

    /// Continues a start that waits for a hook, or runs the one that precedes it.
    pub(super) fn prepare_start(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        if !process.is_preparing() || self.is_busy(id) {
            return;
        }
        if process.config.prestart.is_some() {
            self.run_hook(id, Hook::Prestart, None, now);
        } else {
            self.step(id, ProcessEvent::Prepared, now);
        }
    }

    pub(super) fn run_stop_command(&mut self, id: ProcId, pid: Pid, now: Now) {
        self.run_hook(id, Hook::StopCommand, Some(Ended { pid, status: None }), now);
    }

    /// After every end of a child, at once or when the present hook has ended.
    pub(super) fn run_poststop(&mut self, id: ProcId, pid: Pid, status: WaitStatus, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        if process.config.poststop.is_none() {
            return;
        }
        let ended = Ended { pid, status: Some(status) };
        match self.hooks.get_mut(&id) {
            Some(hooks) => hooks.next = Some(ended),
            None => self.run_hook(id, Hook::Poststop, Some(ended), now),
        }
    }

    fn run_hook(&mut self, id: ProcId, hook: Hook, ended: Option<Ended>, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        if hook == Hook::Prestart {
            process.forget_last_output();
        }
        let (name, timeout) = (process.name().to_owned(), hook.timeout(&process.config));
        let until = Some(Mono(now.mono.0.saturating_add(timeout)));
        self.timers.set(id, TimerKind::Hook, until);
        let (stdout, stderr) = (LogLines::default(), LogLines::default());
        let (pid, killmode) = (None, process.config.killmode);
        let hooks = Hooks { hook, pid, until, name, timeout, killmode, next: None, stdout, stderr };
        self.hooks.insert(id, hooks);
        self.request(Effect::RunHook { id, hook, ended });
    }

    pub(super) fn on_hook_started(&mut self, id: ProcId, pid: Pid, now: Now) {
        let Some(hooks) = self.hooks.get_mut(&id) else { return };
        hooks.pid = Some(pid);
        let (hook, message) =
            (hooks.hook, format!("{}: {} (pid {})", hooks.hook.name(), hooks.name, pid.0));
        self.pids.insert(pid, id);
        self.debug(|| message);
        if hook == Hook::Prestart {
            self.step(id, ProcessEvent::PrestartSpawned(pid), now);
            let is_wanted = self.processes.get(&id).is_some_and(Process::is_preparing);
            if !is_wanted {
                // It was stopped in the same moment.
                self.kill_hook(id);
            }
        }
    }

    /// It could not be started.
    pub(super) fn on_hook_failed(&mut self, id: ProcId, error: String, now: Now) {
        self.finish_hook(id, Err(error), None, now);
    }

    /// False if this child is not a hook.
    pub(super) fn on_hook_reaped(&mut self, pid: Pid, status: WaitStatus, now: Now) -> bool {
        let Some(id) = self.hook_owner(pid) else { return false };
        self.pids.remove(&pid);
        let hooks = &self.hooks[&id];
        let result = match status {
            _ if hooks.until.is_none() => {
                Err(format!("it did not end within {} seconds", hooks.timeout.as_secs_f64()))
            }
            WaitStatus::Exited(0) => Ok(()),
            status => Err(status.description()),
        };
        self.finish_hook(id, result, Some(status), now);
        true
    }

    pub(super) fn expire_hook(&mut self, id: ProcId, now: Now) {
        let Some(hooks) = self.hooks.get(&id) else { return };
        if hooks.until.is_none_or(|until| now.mono < until) {
            return;
        }
        if hooks.pid.is_none() {
            return self.finish_hook(id, Err("internal error of supkit".to_owned()), None, now);
        }
        self.kill_hook(id);
    }

    fn kill_hook(&mut self, id: ProcId) {
        self.timers.set(id, TimerKind::Hook, None);
        let Some(hooks) = self.hooks.get_mut(&id) else { return };
        hooks.until = None;
        let Some(pid) = hooks.pid else { return };
        let message = format!("killing {} of {} (pid {})", hooks.hook.name(), hooks.name, pid.0);
        self.log(LogLevel::Warn, message);
        self.request(Effect::KillHook { pid });
    }

    /// The output of a hook goes to the logs of its program, nowhere else. Until the fork, that of
    /// `prestart` is the last output of the process.
    pub(super) fn on_hook_output(
        &mut self,
        id: ProcId,
        stream: OutputStream,
        bytes: Vec<u8>,
        now: Now,
    ) {
        let is_prestart = self.running_hook(id) == Some(Hook::Prestart);
        if let Some(process) = self.processes.get_mut(&id).filter(|_| is_prestart) {
            process.keep_output(stream, &bytes);
        }
        self.log_hook(id, stream, now, |lines, format, origin| lines.feed(format, bytes, origin));
    }

    fn log_hook(
        &mut self,
        id: ProcId,
        stream: OutputStream,
        now: Now,
        records: impl FnOnce(&mut LogLines, LogFormat, Origin<'_>) -> Vec<u8>,
    ) {
        let Some(process) = self.processes.get(&id) else { return };
        let Some(hooks) = self.hooks.get_mut(&id) else { return };
        let (program, pid) = (process.full_name(), hooks.pid.unwrap_or(Pid(0)));
        let origin = Origin { time: now.wall, program: &program, pid, stream };
        let lines = match stream {
            OutputStream::Stdout => &mut hooks.stdout,
            OutputStream::Stderr => &mut hooks.stderr,
        };
        let bytes = records(lines, process.config.log_format, origin);
        self.append(id, stream, bytes);
    }

    fn finish_hook(
        &mut self,
        id: ProcId,
        result: Result<(), Failure>,
        status: Option<WaitStatus>,
        now: Now,
    ) {
        for stream in OutputStream::BOTH {
            self.log_hook(id, stream, now, LogLines::finish);
        }
        let Some(hooks) = self.hooks.remove(&id) else { return };
        let Hooks { hook, pid, name, killmode, next, .. } = hooks;
        self.timers.set(id, TimerKind::Hook, None);
        self.request(Effect::HookEnded { id });
        let failure = result.err().map(|why| format!("{} failed: {why}", hook.name()));
        // What a hook that was forked has left behind.
        let rest = pid.zip(status).map(|(pid, status)| {
            let target = SweepTarget { pid, killmode, name: name.clone() };
            (target, status)
        });
        match hook {
            Hook::Prestart => self.end_prestart(id, failure, rest, now),
            Hook::StopCommand | Hook::Poststop => {
                let succeeded = failure.is_none();
                if let Some(why) = failure {
                    self.log(LogLevel::Warn, format!("{name}: {why}"));
                }
                if self.sweeps.contains_key(&id) {
                    self.continue_sweep(id, now);
                } else if hook == Hook::StopCommand {
                    self.step(id, ProcessEvent::StopCommandEnded { succeeded }, now);
                } else if let Some((target, _)) = rest {
                    self.begin_hook_sweep(id, target, Ending::Nothing, now);
                }
            }
        }
        if let Some(ended) = next {
            self.run_hook(id, Hook::Poststop, Some(ended), now);
        }
        self.prepare_start(id, now);
        self.touch(id);
    }

    /// A start follows, which takes over what is left of the command; or there is none, and that ends.
    fn end_prestart(
        &mut self,
        id: ProcId,
        failure: Option<Failure>,
        rest: Option<(SweepTarget, WaitStatus)>,
        now: Now,
    ) {
        let is_wanted = self.processes.get(&id).is_some_and(Process::is_preparing);
        let Some((target, status)) = rest else {
            return self.on_prestart_ended(id, failure, None, now);
        };
        if failure.is_none() && is_wanted {
            return self.on_prestart_ended(id, failure, Some(status), now);
        }
        let ending = Ending::Prestart { failure: failure.clone(), status };
        if !self.begin_hook_sweep(id, target, ending, now) {
            self.on_prestart_ended(id, failure, Some(status), now);
        }
    }

    pub(super) fn on_prestart_ended(
        &mut self,
        id: ProcId,
        failure: Option<Failure>,
        status: Option<WaitStatus>,
        now: Now,
    ) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        match (process.machine.phase(), status, failure) {
            (Phase::Preparing { .. }, _, None) => self.step(id, ProcessEvent::Prepared, now),
            (Phase::Preparing { .. }, _, Some(error)) => self.on_spawn_failed(id, error, now),
            // The start was cancelled by a stop.
            (_, Some(status), _) => {
                process.stopped = Some(now);
                process.stop_report_at = None;
                self.step(id, ProcessEvent::Reaped(status), now);
            }
            _ => {}
        }
    }
}
