//! The state machine of one process: its phases, the data of each phase and the transitions. Start
//! reading here. This file knows no log line, no event text and no other process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::effect::{Pid, WaitStatus};
use super::policy::Policy;
use super::state::ProcessState;
use super::time::Mono;
use crate::conf::signals::Signal;

/// The minimum time between a start and the next automatic restart. It keeps a program with
/// `startsecs=0` that exits immediately from restarting in a tight loop.
const RESTART_INTERVAL: Duration = Duration::from_secs(1);

/// Each phase holds exactly the data that is valid in it; a pid exists only where a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Stopped,
    /// STARTING is entered before the fork, so there is no pid yet.
    Forking {
        since: Mono,
    },
    /// STARTING, before the fork: a command that precedes the start runs, or one that must end first.
    Preparing {
        prestart: Option<Pid>,
    },
    Starting {
        pid: Pid,
        since: Mono,
    },
    Running {
        pid: Pid,
        since: Mono,
    },
    Backoff {
        until: Mono,
    },
    Stopping {
        pid: Pid,
        kill_at: Mono,
    },
    Exited {
        /// When it is restarted; `None` means never.
        restart_at: Option<Mono>,
    },
    Fatal,
    /// A signal could not be sent. The process may still exist.
    Unknown {
        pid: Option<Pid>,
    },
}

/// An input to the state machine of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    Start,
    Stop,
    /// The daemon shuts down and does not wait for another attempt.
    GiveUp,
    /// The command that precedes the start was forked.
    PrestartSpawned(Pid),
    /// Nothing precedes the fork any more.
    Prepared,
    Spawned(Pid),
    SpawnFailed,
    StopCommandEnded {
        succeeded: bool,
    },
    Reaped(WaitStatus),
    KillFailed,
    Tick,
}

/// An output of the state machine: something to do, log or announce, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Entered {
        from: ProcessState,
        to: ProcessState,
        /// The pid in the event; zero where there is no process.
        pid: Pid,
        tries: u32,
        expected: bool,
    },
    /// Run what precedes the fork.
    Prepare,
    Fork,
    RunStopCommand {
        pid: Pid,
    },
    Signal {
        pid: Pid,
        signal: Signal,
        group: bool,
    },
    /// It stayed up for `startsecs`.
    Succeeded,
    /// It used up its retries.
    GaveUp,
    /// It did not stop within `stopwaitsecs`.
    EscalateToKill {
        pid: Pid,
    },
    Terminated(Termination),
}

/// How a process terminated, for the log and for `exitstatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termination {
    pub status: WaitStatus,
    pub kind: TerminationKind,
    pub expected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationKind {
    /// It was stopped on request.
    Stopped,
    /// It did not stay up for `startsecs`.
    TooQuickly,
    Exited,
}

/// The state machine: the phase, and the number of failed starts, which persists across phases.
/// Supervisor resets that number only when a start succeeds, when it gives up and when the process
/// exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    phase: Phase,
    tries: u32,
}

impl Default for Machine {
    fn default() -> Self {
        Self { phase: Phase::Stopped, tries: 0 }
    }
}

impl WaitStatus {
    /// Supervisor's exit status: -1 if the process was terminated by a signal.
    pub fn exitstatus(self) -> i64 {
        match self {
            Self::Exited(code) => i64::from(code),
            Self::Signaled { .. } => -1,
        }
    }
}

impl Policy<'_> {
    fn stop_signal(&self, pid: Pid) -> Action {
        Action::Signal { pid, signal: self.stopsignal, group: self.stopasgroup }
    }
}

impl Phase {
    pub fn state(self) -> ProcessState {
        match self {
            Self::Stopped => ProcessState::Stopped,
            Self::Forking { .. } | Self::Preparing { .. } | Self::Starting { .. } => {
                ProcessState::Starting
            }
            Self::Running { .. } => ProcessState::Running,
            Self::Backoff { .. } => ProcessState::Backoff,
            Self::Stopping { .. } => ProcessState::Stopping,
            Self::Exited { .. } => ProcessState::Exited,
            Self::Fatal => ProcessState::Fatal,
            Self::Unknown { .. } => ProcessState::Unknown,
        }
    }

    pub fn pid(self) -> Option<Pid> {
        match self {
            Self::Starting { pid, .. } | Self::Running { pid, .. } | Self::Stopping { pid, .. } => {
                Some(pid)
            }
            Self::Unknown { pid } => pid,
            _ => None,
        }
    }
}

impl Machine {
    /// A process that is in this phase already. How often its start has failed is not known.
    pub fn continuing(phase: Phase) -> Self {
        Self { phase, tries: 0 }
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn state(&self) -> ProcessState {
        self.phase.state()
    }

    pub fn pid(&self) -> Option<Pid> {
        self.phase.pid()
    }

    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Whether the process is down and only a command starts it again.
    pub fn is_inactive(&self) -> bool {
        matches!(self.phase, Phase::Stopped | Phase::Exited { restart_at: None } | Phase::Fatal)
    }

    /// Whether it runs or is about to: RUNNING, STARTING, BACKOFF, or EXITED before its automatic
    /// restart.
    pub fn is_active(&self) -> bool {
        self.state().is_running() || matches!(self.phase, Phase::Exited { restart_at: Some(_) })
    }

    /// When this phase needs a `Tick`; `None` means no timer.
    pub fn deadline(&self, policy: &Policy) -> Option<Mono> {
        match self.phase {
            Phase::Starting { since, .. } => Some(Mono(since.0 + policy.startsecs())),
            Phase::Backoff { until } if policy.may_start => Some(until),
            Phase::Stopping { kill_at, .. } => Some(kill_at),
            Phase::Exited { restart_at } if policy.may_start => restart_at,
            _ => None,
        }
    }

    /// Sends SIGKILL not before `until`, if the process is being stopped.
    pub fn extend_stop(&mut self, until: Mono) {
        if let Phase::Stopping { kill_at, .. } = &mut self.phase {
            *kill_at = until.max(*kill_at);
        }
    }

    /// Another process takes the place of the one that is supervised.
    pub fn follow(&mut self, to: Pid) {
        if let Phase::Starting { pid, .. }
        | Phase::Running { pid, .. }
        | Phase::Stopping { pid, .. }
        | Phase::Unknown { pid: Some(pid) } = &mut self.phase
        {
            *pid = to;
        }
    }

    /// Applies one event. An event that has no meaning in the present phase is ignored.
    pub fn step(&mut self, policy: &Policy, event: ProcessEvent, now: Mono) -> Vec<Action> {
        use Phase as P;
        use ProcessEvent as E;
        let mut actions = Vec::new();
        match (self.phase, event) {
            (P::Stopped | P::Exited { .. } | P::Fatal, E::Start) if policy.may_start => {
                self.begin(policy, now, &mut actions);
            }
            (P::Backoff { until }, E::Tick) if policy.may_start && now >= until => {
                self.begin(policy, now, &mut actions);
            }
            (P::Exited { restart_at: Some(at) }, E::Tick) if policy.may_start && now >= at => {
                self.begin(policy, now, &mut actions);
            }
            (P::Preparing { .. }, E::PrestartSpawned(pid)) => {
                self.phase = P::Preparing { prestart: Some(pid) };
            }
            (P::Preparing { .. }, E::Prepared) => {
                self.phase = P::Forking { since: now };
                actions.push(Action::Fork);
            }
            (P::Preparing { prestart: Some(pid) }, E::Stop) => {
                let kill_at = now.plus_secs(policy.stopwaitsecs);
                self.enter(P::Stopping { pid, kill_at }, pid, &mut actions);
                actions.push(Action::Signal { pid, signal: policy.stopsignal, group: true });
            }
            (P::Preparing { prestart: None }, E::Stop) => {
                self.enter(P::Stopping { pid: Pid(0), kill_at: now }, Pid(0), &mut actions);
                self.enter(P::Stopped, Pid(0), &mut actions);
            }
            (P::Forking { since }, E::Spawned(pid)) => self.phase = P::Starting { pid, since },
            (P::Preparing { .. } | P::Forking { .. }, E::SpawnFailed) => {
                self.back_off(policy, None, now, &mut actions);
            }
            (P::Starting { pid, since }, E::Tick) if now.since(since) >= policy.startsecs() => {
                self.succeed(pid, since, &mut actions);
                actions.push(Action::Succeeded);
            }
            (P::Starting { pid, .. } | P::Running { pid, .. }, E::Stop) => {
                let kill_at = now.plus_secs(policy.stopwaitsecs);
                if let Some(timeout) = policy.stop_command_timeout {
                    // Its end sets the time anew.
                    let kill_at = Mono(kill_at.0.saturating_add(timeout));
                    self.enter(P::Stopping { pid, kill_at }, pid, &mut actions);
                    actions.push(Action::RunStopCommand { pid });
                } else {
                    self.enter(P::Stopping { pid, kill_at }, pid, &mut actions);
                    actions.push(policy.stop_signal(pid));
                }
            }
            (P::Stopping { pid, .. }, E::StopCommandEnded { succeeded }) => {
                self.phase = P::Stopping { pid, kill_at: now.plus_secs(policy.stopwaitsecs) };
                if !succeeded {
                    actions.push(policy.stop_signal(pid));
                }
            }
            (P::Backoff { .. } | P::Exited { restart_at: Some(_) }, E::Stop) => {
                self.enter(P::Stopped, Pid(0), &mut actions);
            }
            (P::Backoff { .. }, E::GiveUp) => self.give_up(&mut actions),
            (P::Stopping { pid, kill_at }, E::Tick) if now >= kill_at => {
                self.phase = P::Stopping { pid, kill_at: Mono(now.0 + policy.kill_interval()) };
                actions.push(Action::EscalateToKill { pid });
                let (signal, group) = (Signal::KILL, policy.killasgroup);
                actions.push(Action::Signal { pid, signal, group });
            }
            (P::Starting { pid, since }, E::Reaped(status)) => {
                if now.since(since) < policy.startsecs() {
                    let termination =
                        Termination { status, kind: TerminationKind::TooQuickly, expected: false };
                    self.back_off(policy, Some((pid, termination)), now, &mut actions);
                } else {
                    self.succeed(pid, since, &mut actions);
                    self.exit(policy, pid, since, status, now, &mut actions);
                }
            }
            (P::Running { pid, since }, E::Reaped(status)) => {
                self.exit(policy, pid, since, status, now, &mut actions);
            }
            (P::Stopping { pid, .. } | P::Unknown { pid: Some(pid) }, E::Reaped(status)) => {
                self.stopped(policy, pid, status, &mut actions);
            }
            (
                P::Starting { pid, .. } | P::Running { pid, .. } | P::Stopping { pid, .. },
                E::KillFailed,
            ) => {
                self.enter(P::Unknown { pid: Some(pid) }, pid, &mut actions);
            }
            _ => {}
        }
        actions
    }

    fn enter(&mut self, phase: Phase, pid: Pid, actions: &mut Vec<Action>) {
        self.enter_expecting(phase, pid, true, actions);
    }

    fn enter_expecting(
        &mut self,
        phase: Phase,
        pid: Pid,
        expected: bool,
        actions: &mut Vec<Action>,
    ) {
        let (from, to) = (self.phase.state(), phase.state());
        self.phase = phase;
        actions.push(Action::Entered { from, to, pid, tries: self.tries, expected });
    }

    fn begin(&mut self, policy: &Policy, now: Mono, actions: &mut Vec<Action>) {
        if policy.prepares {
            self.enter(Phase::Preparing { prestart: None }, Pid(0), actions);
            actions.push(Action::Prepare);
        } else {
            self.enter(Phase::Forking { since: now }, Pid(0), actions);
            actions.push(Action::Fork);
        }
    }

    fn succeed(&mut self, pid: Pid, since: Mono, actions: &mut Vec<Action>) {
        self.tries = 0;
        self.enter(Phase::Running { pid, since }, pid, actions);
    }

    /// Waits for the next attempt, or gives up.
    fn back_off(
        &mut self,
        policy: &Policy,
        terminated: Option<(Pid, Termination)>,
        now: Mono,
        actions: &mut Vec<Action>,
    ) {
        self.tries = self.tries.saturating_add(1);
        let until = Mono(now.0.saturating_add(policy.backoff(self.tries)));
        let pid = terminated.map_or(Pid(0), |(pid, _)| pid);
        self.enter(Phase::Backoff { until }, pid, actions);
        actions.extend(terminated.map(|(_, termination)| Action::Terminated(termination)));
        if policy.gives_up_after(self.tries) {
            self.give_up(actions);
            actions.push(Action::GaveUp);
        }
    }

    fn give_up(&mut self, actions: &mut Vec<Action>) {
        self.tries = 0;
        self.enter(Phase::Fatal, Pid(0), actions);
    }

    fn exit(
        &mut self,
        policy: &Policy,
        pid: Pid,
        since: Mono,
        status: WaitStatus,
        now: Mono,
        actions: &mut Vec<Action>,
    ) {
        self.tries = 0;
        let expected = policy.expects(status.exitstatus());
        let restart_at = policy
            .restarts_after(status.exitstatus())
            .then(|| policy.restartdelay.map_or(since.0 + RESTART_INTERVAL, |delay| now.0 + delay))
            .map(|at| Mono(at.max(now.0)));
        self.enter_expecting(Phase::Exited { restart_at }, pid, expected, actions);
        actions.push(Action::Terminated(Termination {
            status,
            kind: TerminationKind::Exited,
            expected,
        }));
    }

    fn stopped(
        &mut self,
        policy: &Policy,
        pid: Pid,
        status: WaitStatus,
        actions: &mut Vec<Action>,
    ) {
        let expected = policy.expects(status.exitstatus());
        self.enter(Phase::Stopped, pid, actions);
        actions.push(Action::Terminated(Termination {
            status,
            kind: TerminationKind::Stopped,
            expected,
        }));
    }
}
