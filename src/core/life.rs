//! One process in the world: the machine's actions become events, log lines and effects, in the
//! order in which Supervisor's own happen.

use super::announce::Announced;
use super::effect::{Effect, Pid, ProcId, Stream, WaitStatus};
use super::event::Change;
use super::group::{Listening, Output, Process};
use super::policy::Policy;
use super::process::{Action, EndKind, Ending, Happening};
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::Now;
use super::wording;
use crate::conf::config::LogLevel;
use crate::conf::signals::Signal;

/// "waiting for x to stop" is said again after this many seconds.
const STOP_REPORT_SECS: i64 = 2;

/// Why bytes for a process were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StdinClosed;

impl Supervisor {
    /// Starts a process that is not alive. Whether it worked shows in its state once the effects
    /// have been performed.
    pub fn start(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        if process.pid().is_some() {
            let name = process.name().to_owned();
            self.log(LogLevel::Warn, format!("process '{name}' already running"));
            return;
        }
        self.step(id, Happening::Start, now);
        self.settle(now);
    }

    /// Stops a process: its stop signal now, SIGKILL after `stopwaitsecs`. One that waits for its
    /// next try is stopped at once.
    pub fn stop(&mut self, id: ProcId, now: Now) -> Result<(), String> {
        let outcome = self.stop_quietly(id, now);
        self.settle(now);
        outcome
    }

    pub(super) fn stop_quietly(&mut self, id: ProcId, now: Now) -> Result<(), String> {
        let Some(process) = self.processes.get(&id) else { return Ok(()) };
        let (name, signal) = (process.name().to_owned(), process.config.stopsignal);
        match (process.state(), process.pid()) {
            (ProcessState::Backoff, _) => {
                self.debug(|| format!("Attempted to kill {name}, which is in BACKOFF state."));
            }
            (_, None) => {
                let problem =
                    format!("attempted to kill {name} with sig {signal} but it wasn't running");
                self.debug(|| problem.clone());
                return Err(problem);
            }
            (_, Some(pid)) => {
                let group = process.config.stopasgroup;
                self.debug(|| wording::killing(&name, pid, group, signal));
            }
        }
        self.step(id, Happening::Stop, now);
        Ok(())
    }

    /// Sends a signal to a process that is alive, without meaning to stop it.
    pub fn signal(&mut self, id: ProcId, signal: Signal, _now: Now) -> Result<(), String> {
        let Some(process) = self.processes.get(&id) else { return Ok(()) };
        let name = process.name().to_owned();
        let Some(pid) = process.pid() else {
            let problem = format!("attempted to send {name} sig {signal} but it wasn't running");
            self.debug(|| problem.clone());
            return Err(problem);
        };
        self.debug(|| format!("sending {name} (pid {}) sig {signal}", pid.0));
        self.effects.push_back(Effect::Kill { id, pid, signal, group: false });
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

    /// Somebody waits for a process to stop: says so in the log, now and every two seconds.
    pub fn watch_stop(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        if process.stop_report_at.is_none() {
            process.stop_report_at = Some(now.mono);
            self.report_stop(id, now);
            self.set_timer(id);
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

    pub(super) fn spawned(&mut self, id: ProcId, pid: Pid, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.spawnerr = None;
        let message = format!("spawned: '{}' with pid {}", process.name(), pid.0);
        self.pids.insert(pid, id);
        self.log(LogLevel::Info, message);
        self.step(id, Happening::Spawned(pid), now);
    }

    pub(super) fn spawn_failed(&mut self, id: ProcId, error: String, now: Now) {
        self.log(LogLevel::Info, format!("spawnerr: {error}"));
        if let Some(process) = self.processes.get_mut(&id) {
            process.spawnerr = Some(error);
        }
        self.step(id, Happening::SpawnFailed, now);
    }

    pub(super) fn died(&mut self, pid: Pid, status: WaitStatus, now: Now) {
        let Some(id) = self.pids.remove(&pid) else {
            let how = wording::ending(status);
            self.log(LogLevel::Info, format!("reaped unknown pid {} ({how})", pid.0));
            return;
        };
        self.finish_output(id, Stream::Stdout, now);
        self.finish_output(id, Stream::Stderr, now);
        if let Some(process) = self.processes.get_mut(&id) {
            process.stopped = Some(now);
            process.stop_report_at = None;
        }
        self.step(id, Happening::Died(status), now);
        self.effects.push_back(Effect::ClosePipes { id });
        self.return_event(id, now);
    }

    pub(super) fn kill_failed(&mut self, id: ProcId, error: &str, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let message = wording::kill_failed(process.name(), process.shown_pid(), error);
        self.log(LogLevel::Critical, message);
        self.step(id, Happening::KillFailed, now);
    }

    /// Runs the machine of one process and does what it says.
    pub(super) fn step(&mut self, id: ProcId, happening: Happening, now: Now) {
        let may_start = self.may_start();
        let Some(process) = self.processes.get_mut(&id) else { return };
        let policy = Policy::of(&process.config, may_start);
        let rested = process.machine.rests();
        let actions = process.machine.step(&policy, happening, now.mono);
        let rests = process.machine.rests();
        for action in actions {
            self.act(id, action, now);
        }
        if rests && !rested {
            self.effects.push_back(Effect::Rest { id });
        }
        self.set_timer(id);
    }

    /// Gives a process the timer that its phase asks for.
    pub(super) fn set_timer(&mut self, id: ProcId) {
        let may_start = self.may_start();
        let Some(process) = self.processes.get(&id) else { return };
        let phase = process.machine.deadline(&Policy::of(&process.config, may_start));
        let report = process.stop_report_at.filter(|_| process.state() == ProcessState::Stopping);
        self.timers.set(id, [phase, report].into_iter().flatten().min());
    }

    fn act(&mut self, id: ProcId, action: Action, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        match action {
            Action::Entered { from, to, pid, tries, expected } => {
                if to == ProcessState::Starting {
                    process.forget_last_life(now);
                }
                let change = Change { from, to, tries, expected };
                self.announce(id, pid, &Announced::State(change), now);
            }
            Action::Fork => {
                process.prepare_streams();
                self.effects.push_back(Effect::Spawn { id });
            }
            Action::Signal { pid, signal, group } => {
                self.effects.push_back(Effect::Kill { id, pid, signal, group });
            }
            Action::Succeeded => {
                let message = wording::succeeded(process.name(), process.config.startsecs);
                self.log(LogLevel::Info, message);
            }
            Action::GaveUp => {
                let message = wording::gave_up(process.name());
                self.log(LogLevel::Info, message);
            }
            Action::KillsHard { pid } => {
                let name = process.name().to_owned();
                let group = process.config.killasgroup;
                self.log(LogLevel::Warn, format!("killing '{name}' ({}) with SIGKILL", pid.0));
                self.debug(|| wording::killing(&name, pid, group, Signal::KILL));
            }
            Action::Ended(ending) => self.ended(id, ending),
        }
    }

    fn ended(&mut self, id: ProcId, ending: Ending) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let exitstatus = ending.status.exitstatus();
        match ending.kind {
            EndKind::TooQuick => {
                process.exitstatus = None;
                process.spawnerr = Some(wording::EXITED_TOO_QUICKLY.to_owned());
            }
            EndKind::Exited if !ending.expected => {
                process.exitstatus = Some(exitstatus);
                process.spawnerr = Some(format!("Bad exit code {exitstatus}"));
            }
            EndKind::Exited | EndKind::Stopped => process.exitstatus = Some(exitstatus),
        }
        let level = if ending.expected { LogLevel::Info } else { LogLevel::Warn };
        let message = wording::ended(process.name(), ending);
        self.log(level, message);
    }
}

impl Process {
    fn forget_last_life(&mut self, now: Now) {
        self.started = Some(now);
        self.spawnerr = None;
        self.exitstatus = None;
    }

    fn prepare_streams(&mut self) {
        self.stdout = Output::of(&self.config.stdout);
        self.stderr = Output::of(&self.config.stderr);
        self.stdin_closed = false;
        if let Some(listening) = &mut self.listener {
            *listening = Listening::default();
        }
    }
}
