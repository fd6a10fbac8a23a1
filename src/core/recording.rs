//! Writes the history: records each end of a process, and who stopped it.

use std::time::Duration;

use super::Supervisor;
use super::effect::{OutputStream, Pid, ProcId};
use super::exit_report::{ExitReport, Requester, StopRequest};
use super::group::Process;
use super::history::{self, Ending, History, Outcome, Run, RunEnd};
use super::jobs::JobId;
use super::notes::NoteKind;
use super::output_tail::OutputTail;
use super::process::{Phase, Termination, TerminationKind};
use super::time::{Mono, Now};
use crate::conf::signals::Signal;

impl Supervisor {
    /// How the children of all processes ended.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Continues the history of a previous daemon. Called before anything ends.
    pub fn continue_history(&mut self, history: History) {
        self.revision += 1;
        self.history = history;
    }

    /// Runs `act` as what a requester asks for: processes that it stops are recorded with it.
    pub(super) fn act_for<T>(
        &mut self,
        requester: Requester,
        act: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = self.acting.replace(requester);
        let result = act(self);
        self.acting = outer;
        result
    }

    pub(super) fn act_for_job<T>(
        &mut self,
        id: JobId,
        description: String,
        act: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.act_for(Requester::Job { id, description }, act)
    }

    /// A process is being stopped.
    pub(super) fn record_stop_request(&mut self, id: ProcId, now: Now) {
        let Some(by) = self.acting.clone() else { return };
        let Some(process) = self.processes.get_mut(&id) else { return };
        let signal = process.config.stopsignal;
        let has_command = process.config.stop_command.is_some();
        let request = StopRequest { by, has_command, signal, when: now };
        process.stop_request = Some(Box::new(request.clone()));
        self.note(id, NoteKind::StopRequested(request), now);
    }

    pub(super) fn record_failed_spawn(&mut self, id: ProcId, error: &str, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let outcome = Outcome::NotSpawned { error: error.to_owned() };
        let ending = Ending { when: now.wall, outcome, output: process.last_output() };
        let (group, name) = (process.group.clone(), process.name().to_owned());
        self.record(&group, &name, ending);
    }

    pub(super) fn record_end(&mut self, id: ProcId, termination: Termination, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let kind = match (termination.kind, termination.expected) {
            (TerminationKind::Stopped, _) => RunEnd::Stopped,
            (TerminationKind::TooQuickly, _) => RunEnd::TooQuickly,
            (TerminationKind::Exited, true) => RunEnd::Expected,
            (TerminationKind::Exited, false) => RunEnd::Unexpected,
        };
        let (pid, report) = process.ended.take().unwrap_or((Pid(0), ExitReport::default()));
        let run = Run {
            pid,
            lasted: process.started.map_or(Duration::ZERO, |it| now.mono.since(it.mono)),
            status: termination.status,
            kind,
            report,
            stop: process.stop_request.as_deref().cloned(),
            sent: process.sent_signal.as_deref().cloned(),
            was_killed: process.is_killed,
        };
        let (group, name) = (process.group.clone(), process.name().to_owned());
        let ending =
            Ending { when: now.wall, outcome: Outcome::Ended(run), output: process.last_output() };
        self.record(&group, &name, ending);
    }

    fn record(&mut self, group: &str, name: &str, ending: Ending) {
        self.history.push(group, name, ending);
        self.limit_history();
    }

    pub(super) fn limit_history(&mut self) {
        if self.history.is_full(self.processes.len()) {
            let active = self.processes.values().map(|it| history::key(&it.group, it.name()));
            self.history.limit(&active.collect());
        }
    }
}

impl Process {
    /// The last lines of each stream of its present child, or of its last one.
    pub fn last_output(&self) -> Vec<(OutputStream, Vec<String>)> {
        let streams = [(OutputStream::Stdout, &self.stdout), (OutputStream::Stderr, &self.stderr)];
        let lines = streams.map(|(stream, output)| (stream, output.tail.lines()));
        lines.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }

    pub(super) fn forget_last_output(&mut self) {
        self.stdout.tail = OutputTail::default();
        self.stderr.tail = OutputTail::default();
    }

    pub(super) fn keep_output(&mut self, stream: OutputStream, bytes: &[u8]) {
        match stream {
            OutputStream::Stdout => self.stdout.tail.push(bytes),
            OutputStream::Stderr => self.stderr.tail.push(bytes),
        }
    }

    /// Who requested the stop that it is in, or that ended its last child.
    pub fn stop_request(&self) -> Option<&StopRequest> {
        self.stop_request.as_deref()
    }

    /// Whether this daemon has sent SIGKILL to its child.
    pub fn was_sent_kill(&self) -> bool {
        let is_kill = |signal: Signal| signal == Signal::KILL;
        self.is_killed
            || self.sent_signal.as_ref().is_some_and(|it| is_kill(it.signal))
            || self.stop_request.as_ref().is_some_and(|it| is_kill(it.signal))
    }

    /// When it is started again without a request, while it waits for that.
    pub fn next_attempt(&self) -> Option<Mono> {
        match self.machine.phase() {
            Phase::Backoff { until } => Some(until),
            Phase::Exited { restart_at } => restart_at,
            _ => None,
        }
    }

    /// When it receives SIGKILL, while it is being stopped.
    pub fn kill_at(&self) -> Option<Mono> {
        match self.machine.phase() {
            Phase::Stopping { kill_at, .. } => Some(kill_at),
            _ => None,
        }
    }
}
