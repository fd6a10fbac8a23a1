//! The life of one process: which phase it is in, what a phase knows, and what each input does to
//! it. Start reading here. Knows no log line, no event text and no other process.

use std::time::Duration;

use super::effect::{Pid, WaitStatus};
use super::policy::Policy;
use super::state::ProcessState;
use super::time::Mono;
use crate::conf::signals::Signal;

/// An automatic restart comes no sooner after the last start than this, so that a program with
/// `startsecs=0` that ends at once cannot spin.
const RESTART_INTERVAL: Duration = Duration::from_secs(1);

/// Exactly the facts that exist in a phase. A pid exists where a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Stopped,
    /// STARTING is announced before the fork; so there is a moment without a pid.
    Forking {
        since: Mono,
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
        /// When it is started again; `None` is never.
        restart_at: Option<Mono>,
    },
    Fatal,
    /// A signal could not be sent. The process may still be there.
    Unknown {
        pid: Option<Pid>,
    },
}

/// What happens to one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Start,
    Stop,
    /// The daemon shuts down and will not wait for another try.
    GiveUp,
    Spawned(Pid),
    SpawnFailed,
    Died(WaitStatus),
    KillFailed,
    Tick,
}

/// What the machine wants done or told, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Entered {
        from: ProcessState,
        to: ProcessState,
        /// As the announcement shows it; zero where there is no process.
        pid: Pid,
        tries: u32,
        expected: bool,
    },
    Fork,
    Signal {
        pid: Pid,
        signal: Signal,
        group: bool,
    },
    /// It stayed up for `startsecs`.
    Succeeded,
    /// It used up its retries.
    GaveUp,
    /// It did not stop in time.
    KillsHard {
        pid: Pid,
    },
    Ended(Ending),
}

/// How a life ended, for the log and for `exitstatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub status: WaitStatus,
    pub kind: EndKind,
    pub expected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// It was told to stop.
    Stopped,
    /// It did not stay up for `startsecs`.
    TooQuick,
    Exited,
}

/// The machine: a phase, and the number of tries, which outlives phases. Supervisor forgets the
/// tries only when a start succeeds, when it gives up and when the process exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// What Supervisor calls the exit status: -1 for a death by signal.
    pub fn exitstatus(self) -> i64 {
        match self {
            Self::Exited(code) => i64::from(code),
            Self::Signaled { .. } => -1,
        }
    }
}

impl Phase {
    pub fn state(self) -> ProcessState {
        match self {
            Self::Stopped => ProcessState::Stopped,
            Self::Forking { .. } | Self::Starting { .. } => ProcessState::Starting,
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

    /// Whether it is down, and only a command starts it again.
    pub fn rests(&self) -> bool {
        matches!(self.phase, Phase::Stopped | Phase::Exited { restart_at: None } | Phase::Fatal)
    }

    /// When this phase wants a `Tick`; `None` lets the daemon sleep for ever.
    pub fn deadline(&self, policy: &Policy) -> Option<Mono> {
        match self.phase {
            Phase::Starting { since, .. } => Some(Mono(since.0 + policy.startsecs())),
            Phase::Backoff { until } if policy.may_start => Some(until),
            Phase::Stopping { kill_at, .. } => Some(kill_at),
            Phase::Exited { restart_at } if policy.may_start => restart_at,
            _ => None,
        }
    }

    /// One turn. What means nothing in this phase changes nothing.
    pub fn step(&mut self, policy: &Policy, happening: Happening, now: Mono) -> Vec<Action> {
        use Happening as H;
        use Phase as P;
        let mut told = Vec::new();
        match (self.phase, happening) {
            (P::Stopped | P::Exited { .. } | P::Fatal, H::Start) if policy.may_start => {
                self.fork(now, &mut told);
            }
            (P::Backoff { until }, H::Tick) if policy.may_start && now >= until => {
                self.fork(now, &mut told);
            }
            (P::Exited { restart_at: Some(at) }, H::Tick) if policy.may_start && now >= at => {
                self.fork(now, &mut told);
            }
            (P::Forking { since }, H::Spawned(pid)) => self.phase = P::Starting { pid, since },
            (P::Forking { .. }, H::SpawnFailed) => self.back_off(policy, None, now, &mut told),
            (P::Starting { pid, since }, H::Tick) if now.since(since) >= policy.startsecs() => {
                self.succeed(pid, since, &mut told);
                told.push(Action::Succeeded);
            }
            (P::Starting { pid, .. } | P::Running { pid, .. }, H::Stop) => {
                let kill_at = now.plus_secs(policy.stopwaitsecs);
                self.enter(P::Stopping { pid, kill_at }, pid, &mut told);
                let (signal, group) = (policy.stopsignal, policy.stopasgroup);
                told.push(Action::Signal { pid, signal, group });
            }
            (P::Backoff { .. }, H::Stop) => self.enter(P::Stopped, Pid(0), &mut told),
            (P::Backoff { .. }, H::GiveUp) => self.give_up(&mut told),
            (P::Stopping { pid, kill_at }, H::Tick) if now >= kill_at => {
                self.phase = P::Stopping { pid, kill_at: Mono(now.0 + policy.kill_again()) };
                told.push(Action::KillsHard { pid });
                let (signal, group) = (Signal::KILL, policy.killasgroup);
                told.push(Action::Signal { pid, signal, group });
            }
            (P::Starting { pid, since }, H::Died(status)) => {
                if now.since(since) < policy.startsecs() {
                    let ending = Ending { status, kind: EndKind::TooQuick, expected: false };
                    self.back_off(policy, Some((pid, ending)), now, &mut told);
                } else {
                    self.succeed(pid, since, &mut told);
                    self.exit(policy, pid, since, status, now, &mut told);
                }
            }
            (P::Running { pid, since }, H::Died(status)) => {
                self.exit(policy, pid, since, status, now, &mut told);
            }
            (P::Stopping { pid, .. } | P::Unknown { pid: Some(pid) }, H::Died(status)) => {
                self.stopped(policy, pid, status, &mut told);
            }
            (
                P::Starting { pid, .. } | P::Running { pid, .. } | P::Stopping { pid, .. },
                H::KillFailed,
            ) => {
                self.enter(P::Unknown { pid: Some(pid) }, pid, &mut told);
            }
            _ => {}
        }
        told
    }

    fn enter(&mut self, phase: Phase, pid: Pid, told: &mut Vec<Action>) {
        self.enter_expecting(phase, pid, true, told);
    }

    fn enter_expecting(&mut self, phase: Phase, pid: Pid, expected: bool, told: &mut Vec<Action>) {
        let (from, to) = (self.phase.state(), phase.state());
        self.phase = phase;
        told.push(Action::Entered { from, to, pid, tries: self.tries, expected });
    }

    fn fork(&mut self, now: Mono, told: &mut Vec<Action>) {
        self.enter(Phase::Forking { since: now }, Pid(0), told);
        told.push(Action::Fork);
    }

    fn succeed(&mut self, pid: Pid, since: Mono, told: &mut Vec<Action>) {
        self.tries = 0;
        self.enter(Phase::Running { pid, since }, pid, told);
    }

    /// Waits as many seconds as there were tries, or gives up.
    fn back_off(
        &mut self,
        policy: &Policy,
        died: Option<(Pid, Ending)>,
        now: Mono,
        told: &mut Vec<Action>,
    ) {
        self.tries = self.tries.saturating_add(1);
        let until = now.plus_secs(i64::from(self.tries));
        let pid = died.map_or(Pid(0), |(pid, _)| pid);
        self.enter(Phase::Backoff { until }, pid, told);
        told.extend(died.map(|(_, ending)| Action::Ended(ending)));
        if i64::from(self.tries) > policy.startretries {
            self.give_up(told);
            told.push(Action::GaveUp);
        }
    }

    fn give_up(&mut self, told: &mut Vec<Action>) {
        self.tries = 0;
        self.enter(Phase::Fatal, Pid(0), told);
    }

    fn exit(
        &mut self,
        policy: &Policy,
        pid: Pid,
        since: Mono,
        status: WaitStatus,
        now: Mono,
        told: &mut Vec<Action>,
    ) {
        self.tries = 0;
        let expected = policy.expects(status.exitstatus());
        let restart_at = policy
            .restarts_after(status.exitstatus())
            .then_some(Mono(now.0.max(since.0 + RESTART_INTERVAL)));
        self.enter_expecting(Phase::Exited { restart_at }, pid, expected, told);
        told.push(Action::Ended(Ending { status, kind: EndKind::Exited, expected }));
    }

    fn stopped(&mut self, policy: &Policy, pid: Pid, status: WaitStatus, told: &mut Vec<Action>) {
        let expected = policy.expects(status.exitstatus());
        self.enter(Phase::Stopped, pid, told);
        told.push(Action::Ended(Ending { status, kind: EndKind::Stopped, expected }));
    }
}
