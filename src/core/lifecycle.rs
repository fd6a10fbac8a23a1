//! Starts and stops processes: translates the actions of the state machine into events, log lines
//! and effects, in the same order as Supervisor.

use super::effect::{Effect, OutputStream, Pid, ProcId, WaitStatus};
use super::event::StateChange;
use super::event_dispatch::Notification;
use super::exit_report::{ExitReport, SentSignal};
use super::group::{LastExit, Output, PoolMember, Process};
use super::log_messages;
use super::notes::NoteKind;
use super::policy::Policy;
use super::process::{Action, ProcessEvent, Termination, TerminationKind};
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::Now;
use super::timers::TimerKind;
use crate::conf::config::LogLevel;
use crate::conf::signals::Signal;

/// The interval of the message "waiting for x to stop".
const STOP_REPORT_SECS: i64 = 2;

/// The error when bytes for a process are refused: its stdin is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StdinClosed;

/// The process does not run or has no `reloadsignal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReloadable;

impl Supervisor {
    /// Starts a process that is not running, or lets it wait for what it depends on. The outcome is visible in its state after the effects
    /// have been performed.
    pub(super) fn request_start(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        if process.pid().is_some() {
            let name = process.name().to_owned();
            self.log(LogLevel::Warn, format!("process '{name}' already running"));
            return;
        }
        self.note_start(id, now);
        self.start_or_wait(id, now);
    }

    /// Stops a process: sends its stop signal now and SIGKILL after `stopwaitsecs`. One that waits
    /// for its next start, in BACKOFF or EXITED, is stopped immediately.
    pub(super) fn request_stop(&mut self, id: ProcId, now: Now) -> Result<(), String> {
        let did_wait = self.cancel_waiting(id);
        let Some(process) = self.processes.get(&id) else { return Ok(()) };
        if did_wait && process.machine.is_inactive() {
            return Ok(());
        }
        let (name, signal) = (process.name().to_owned(), process.config.stopsignal);
        match (process.state(), process.pid()) {
            (ProcessState::Backoff, _) => {
                self.debug(|| format!("Attempted to kill {name}, which is in BACKOFF state."));
            }
            (ProcessState::Starting, None) if process.is_preparing() => {
                self.debug(|| format!("the start of {name} is cancelled"));
            }
            (state, None) if process.is_active() && state != ProcessState::Starting => {
                self.debug(|| format!("the restart of {name} is cancelled"));
            }
            (_, None) => {
                let problem =
                    format!("attempted to kill {name} with sig {signal} but it wasn't running");
                self.debug(|| problem.clone());
                return Err(problem);
            }
            (_, Some(pid)) if process.config.stop_command.is_some() => {
                self.debug(|| format!("stopping {name} (pid {}) with its stop_command", pid.0));
            }
            (_, Some(pid)) => {
                let group = process.config.stopasgroup;
                self.debug(|| log_messages::killing(&name, pid, group, signal));
            }
        }
        self.record_stop_request(id, now);
        self.step(id, ProcessEvent::Stop, now);
        Ok(())
    }

    /// Sends a signal to a running process without changing its state.
    pub fn signal(
        &mut self,
        id: ProcId,
        signal: Signal,
        requester: &str,
        now: Now,
    ) -> Result<(), String> {
        let Some(process) = self.processes.get_mut(&id) else { return Ok(()) };
        let name = process.name().to_owned();
        let Some(pid) = process.pid() else {
            let problem = format!("attempted to send {name} sig {signal} but it wasn't running");
            self.debug(|| problem.clone());
            return Err(problem);
        };
        let requester = requester.to_owned();
        let sent = SentSignal { signal, requester: requester.clone(), when: now };
        process.sent_signal = Some(Box::new(sent));
        self.note(id, NoteKind::Signalled { signal, requester }, now);
        self.debug(|| format!("sending {name} (pid {}) sig {signal}", pid.0));
        self.send_to_main(id, pid, signal);
        Ok(())
    }

    /// Sends a running process the signal by which it reads its configuration again.
    pub fn reload_process(&mut self, id: ProcId, _now: Now) -> Result<(), NotReloadable> {
        let process = self.processes.get(&id).ok_or(NotReloadable)?;
        let signal = process.config.reloadsignal.ok_or(NotReloadable)?;
        let is_up = matches!(process.state(), ProcessState::Starting | ProcessState::Running);
        let pid = process.pid().filter(|_| is_up).ok_or(NotReloadable)?;
        let message = format!("reloading: {} (pid {}) with {signal}", process.name(), pid.0);
        self.log(LogLevel::Info, message);
        self.send_to_main(id, pid, signal);
        Ok(())
    }

    /// Writes to the stdin of a process.
    pub fn write_stdin(&mut self, id: ProcId, bytes: Vec<u8>) -> Result<(), StdinClosed> {
        let process = self.processes.get(&id).ok_or(StdinClosed)?;
        let alive = matches!(process.state(), ProcessState::Starting | ProcessState::Running);
        if !alive || process.pid().is_none() || process.stdin_closed {
            return Err(StdinClosed);
        }
        self.effects.push_back(Effect::Stdin { id, bytes });
        Ok(())
    }

    /// Called while a client waits for a process to stop: logs that now and every two seconds.
    pub(super) fn watch_stop(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        if process.stop_report_at.is_none() {
            process.stop_report_at = Some(now.mono);
            self.report_stop(id, now);
            self.set_timers(id);
        }
    }

    pub(super) fn report_stop(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        if process.state() != ProcessState::Stopping {
            process.stop_report_at = None;
        } else if process.stop_report_at.is_some_and(|at| now.mono >= at) {
            process.stop_report_at = Some(now.mono.plus_secs(STOP_REPORT_SECS));
            let message = format!("waiting for {} to stop", process.name());
            self.log(LogLevel::Info, message);
        }
    }

    pub(super) fn on_spawned(&mut self, id: ProcId, pid: Pid, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.spawnerr = None;
        process.starts += 1;
        let message = format!("spawned: '{}' with pid {}", process.name(), pid.0);
        self.pids.insert(pid, id);
        self.log(LogLevel::Info, message);
        self.step(id, ProcessEvent::Spawned(pid), now);
    }

    pub(super) fn on_spawn_failed(&mut self, id: ProcId, error: String, now: Now) {
        self.log(LogLevel::Info, format!("spawnerr: {error}"));
        self.record_failed_spawn(id, &error, now);
        if let Some(process) = self.processes.get_mut(&id) {
            process.spawnerr = Some(error);
        }
        self.step(id, ProcessEvent::SpawnFailed, now);
    }

    pub(super) fn on_reaped(&mut self, pid: Pid, status: WaitStatus, report: ExitReport, now: Now) {
        if self.on_hook_reaped(pid, status, now) {
            return;
        }
        let Some(id) = self.pids.remove(&pid) else {
            let how = status.description();
            self.log(LogLevel::Info, format!("reaped unknown pid {} ({how})", pid.0));
            return;
        };
        self.finish_output(id, OutputStream::Stdout, now);
        self.finish_output(id, OutputStream::Stderr, now);
        if let Some(process) = self.processes.get_mut(&id) {
            process.stopped = Some(now);
            process.ended = Some((pid, report));
            process.stop_report_at = None;
        }
        if !self.begin_sweep(id, pid, status, now) {
            self.end_child(id, pid, status, now);
        }
    }

    /// Nothing of a child is left.
    pub(super) fn end_child(&mut self, id: ProcId, pid: Pid, status: WaitStatus, now: Now) {
        self.step(id, ProcessEvent::Reaped(status), now);
        self.restart_dependants(id, now);
        self.effects.push_back(Effect::ClosePipes { id });
        self.return_event(id, now);
        self.run_poststop(id, pid, status, now);
    }

    pub(super) fn on_kill_failed(&mut self, id: ProcId, error: &str, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let message = log_messages::kill_failed(process.name(), process.payload_pid(), error);
        self.log(LogLevel::Critical, message);
        self.step(id, ProcessEvent::KillFailed, now);
    }

    /// Applies an event to the state machine of one process and executes the resulting actions.
    pub(super) fn step(&mut self, id: ProcId, event: ProcessEvent, now: Now) {
        if event == ProcessEvent::Tick && self.hold_restart(id, now) {
            return;
        }
        let (may_start, is_busy) = (self.may_start_process(id), self.is_busy(id));
        let Some(process) = self.processes.get_mut(&id) else { return };
        let mut policy = Policy::of(&process.config, may_start);
        policy.prepares |= is_busy;
        let was_inactive = process.machine.is_inactive();
        let actions = process.machine.step(&policy, event, now.mono);
        let is_inactive = process.machine.is_inactive();
        for action in actions {
            self.execute(id, action, now);
        }
        if is_inactive && !was_inactive {
            self.effects.push_back(Effect::Release { id });
            self.on_rest(id);
        }
        self.touch(id);
        self.adjust_memory_checks(id, now);
        self.set_timers(id);
        self.adjust_probes(id, now);
        if self.is_disabled(id) {
            self.cancel_start(id, now);
        }
    }

    /// Sets the timers of a process: the deadline of its phase and the next report about its stop.
    pub(super) fn set_timers(&mut self, id: ProcId) {
        let may_start = self.may_start_process(id);
        let Some(process) = self.processes.get(&id) else { return };
        let phase = process.machine.deadline(&Policy::of(&process.config, may_start));
        // One that was reaped neither succeeds nor is killed again.
        let phase = phase.filter(|_| !self.sweeps.contains_key(&id));
        let is_held = self.waiting.contains(&id) && process.next_attempt().is_some();
        let phase = phase.filter(|_| !is_held);
        let report = process.stop_report_at.filter(|_| process.state() == ProcessState::Stopping);
        let probes: Vec<_> = process.probes.iter().map(|it| (it.id, it.probe.deadline())).collect();
        if !may_start {
            self.timers.set(id, TimerKind::Schedule, None);
        }
        self.timers.set(id, TimerKind::Phase, phase);
        let memory_check = process.memory_check_at;
        self.timers.set(id, TimerKind::StopReport, report);
        self.timers.set(id, TimerKind::Memory, memory_check);
        for (probe, deadline) in probes {
            self.timers.set(id, TimerKind::Probe(probe), deadline);
        }
    }

    fn execute(&mut self, id: ProcId, action: Action, now: Now) {
        // A command that is stopped, instead of the program that it precedes, may have children.
        let is_hook = |pid| self.hook_owner(pid).is_some();
        let action = match action {
            Action::Signal { pid, signal, .. } if is_hook(pid) => {
                Action::Signal { pid, signal, group: true }
            }
            // It was reaped, and its tree is being killed.
            Action::Signal { pid, .. } | Action::RunStopCommand { pid }
                if !self.pids.contains_key(&pid) =>
            {
                return;
            }
            action => action,
        };
        let Some(process) = self.processes.get_mut(&id) else { return };
        match action {
            Action::Entered { from, to, pid, tries, expected } => {
                if to == ProcessState::Starting {
                    process.reset_for_start(now);
                }
                if to == ProcessState::Running {
                    process.milestones.running.get_or_insert(now.mono);
                }
                let change = StateChange { from, to, tries, expected };
                self.notify_process(id, pid, &Notification::State(change), now);
            }
            Action::Prepare => self.prepare_start(id, now),
            Action::RunStopCommand { pid } => self.run_stop_command(id, pid, now),
            Action::Fork => {
                // What precedes the fork does not count as its uptime.
                process.started = Some(now);
                process.prepare_streams(self.config.supervisord.loglevel);
                self.effects.push_back(Effect::Spawn { id });
            }
            Action::Signal { pid, signal, group } => self.send(id, pid, signal, group),
            Action::Succeeded => {
                let message = log_messages::succeeded(process.name(), process.config.startsecs);
                self.log(LogLevel::Info, message);
            }
            Action::GaveUp => {
                let message = log_messages::gave_up(process.name());
                self.log(LogLevel::Info, message);
            }
            Action::EscalateToKill { pid } => {
                process.is_killed = true;
                let name = process.name().to_owned();
                let group = process.config.killasgroup;
                self.log(LogLevel::Warn, format!("killing '{name}' ({}) with SIGKILL", pid.0));
                self.debug(|| log_messages::killing(&name, pid, group, Signal::KILL));
            }
            Action::Terminated(termination) => self.record_termination(id, termination, now),
        }
    }

    fn record_termination(&mut self, id: ProcId, termination: Termination, now: Now) {
        let ended = self.processes.get(&id).and_then(|process| process.ended);
        let oom = ended.map(|(_, report)| report.oom).unwrap_or_default();
        self.record_end(id, termination, now);
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Termination { status, kind, expected } = termination;
        let is_expected = expected || kind == TerminationKind::Stopped;
        let was_killed = std::mem::take(&mut process.is_killed);
        process.last_exit = Some(LastExit { status, is_expected, was_killed, oom, when: now });
        if kind == TerminationKind::Exited && expected {
            process.milestones.completed.get_or_insert(now.mono);
        }
        let exitstatus = status.exitstatus();
        match termination.kind {
            TerminationKind::TooQuickly => {
                process.exitstatus = None;
                process.spawnerr = Some(log_messages::EXITED_TOO_QUICKLY.to_owned());
            }
            TerminationKind::Exited if !termination.expected => {
                process.exitstatus = Some(exitstatus);
                process.spawnerr = Some(format!("Bad exit code {exitstatus}"));
            }
            TerminationKind::Exited | TerminationKind::Stopped => {
                process.exitstatus = Some(exitstatus);
            }
        }
        let level = if termination.expected { LogLevel::Info } else { LogLevel::Warn };
        let message = log_messages::terminated(process.name(), termination);
        self.log(level, message);
    }
}

impl Process {
    fn reset_for_start(&mut self, now: Now) {
        self.started = Some(now);
        self.spawnerr = None;
        self.exitstatus = None;
        self.stop_request = None;
        self.sent_signal = None;
        self.main = None;
    }

    fn prepare_streams(&mut self, level: LogLevel) {
        self.stdout = Output::of(&self.config.stdout());
        self.stderr = Output::of(&self.config.stderr());
        self.stdin_closed = false;
        self.is_relayed = level <= LogLevel::Debug;
        if let Some(pool_member) = &mut self.listener {
            **pool_member = PoolMember::default();
        }
    }
}
