//! Ends of programs that end the daemon: of an `essential` one, and of the last one with
//! `exit_when_done`. A program that was stopped on request is no reason.

use super::effect::{ProcId, WaitStatus};
use super::group::Process;
use super::state::{Mood, ProcessState};
use super::supervisor::Supervisor;
use crate::conf::config::LogLevel;

impl Supervisor {
    /// The exit status of the daemon after an orderly end.
    pub fn exit_status(&self) -> u8 {
        self.exit_status
    }

    /// A process has ended and is not restarted without a request.
    pub(super) fn on_rest(&mut self, id: ProcId) {
        let Some(process) = self.processes.get(&id) else { return };
        let has_ended = matches!(process.state(), ProcessState::Exited | ProcessState::Fatal);
        if !has_ended || !self.running || !self.may_start() {
            return;
        }
        if process.config.essential {
            let (name, how) = (process.full_name(), process.ending());
            let status = process.exit_status();
            self.end(status, format!("the end of {name}"));
            let message = format!("the essential program {name} has ended ({how})");
            self.log(LogLevel::Warn, message);
        } else {
            self.end_if_done();
        }
    }

    /// With `exit_when_done`: ends the daemon if nothing is left that runs or will.
    pub(super) fn end_if_done(&mut self) {
        if !self.config.supervisord.exit_when_done || !self.is_done() {
            return;
        }
        let is_failure = |it: &&Process| it.listener.is_none() && it.exit_status() != 0;
        let failed = self.processes().find(is_failure);
        let status = failed.map_or(0, Process::exit_status);
        let message = match failed {
            Some(it) => format!(
                "all programs have ended; the exit status {status} is that of {} ({})",
                it.full_name(),
                it.ending()
            ),
            None => "all programs have ended".to_owned(),
        };
        self.end(status, "the end of the last program".to_owned());
        self.log(LogLevel::Info, message);
    }

    fn end(&mut self, status: u8, requester: String) {
        self.exit_status = status;
        self.mood = Mood::Shutdown;
        self.shutdown_requester = requester;
    }

    /// Whether no program runs or will be started without a request.
    fn is_done(&self) -> bool {
        let mut programs = self.processes().filter(|process| process.listener.is_none());
        programs.all(|process| {
            let waits = self.is_waiting(process.id) && process.pid().is_none();
            let is_over = if waits {
                self.failed_dependency(process.id).is_some()
            } else {
                process.machine.is_inactive()
            };
            let is_planned = process.config.schedule.is_some();
            is_over && !is_planned && !self.is_to_be_restarted(process.id)
        })
    }
}

impl Process {
    /// As a shell counts it: 128 and the number of a signal. 1 for a program that could not be
    /// started; 0 for one that was never started or was stopped.
    fn exit_status(&self) -> u8 {
        let ended = match self.last_exit.map(|exit| exit.status) {
            Some(WaitStatus::Exited(code)) => u8::try_from(code).unwrap_or(1),
            Some(WaitStatus::Signaled { signal, .. }) => u8::try_from(128 + signal).unwrap_or(1),
            None => 0,
        };
        match self.state() {
            ProcessState::Fatal => ended.max(1),
            ProcessState::Exited => ended,
            _ => 0,
        }
    }

    /// `exit status 3`, `FATAL: Exited too quickly`
    fn ending(&self) -> String {
        match (self.state(), self.last_exit) {
            (ProcessState::Exited, Some(exit)) => exit.description(),
            (state, _) => match &self.spawnerr {
                Some(error) => format!("{state}: {error}"),
                None => state.to_string(),
            },
        }
    }
}
