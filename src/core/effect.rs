//! The interface between core and shell: effects that the core requests and inputs that the shell
//! feeds in. The shell performs effects in order and makes no decisions.

use serde::{Deserialize, Serialize};

use super::exchange::{Answer, Exchange};
use super::exit_report::ExitReport;
use super::jobs::id::JobId;
use crate::conf::config::LogLevel;
use crate::conf::events::EventType;
use crate::conf::hook::Hook;
use crate::conf::kill_mode::KillMode;
use crate::conf::probe::ProbeId;
use crate::conf::signals::Signal;

/// Identifies a process of the core for as long as its group exists. Ids are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcId(pub u32);

/// A process id of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pid(pub i32);

/// One request to a proxy or a program. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExchangeId {
    pub process: ProcId,
    pub number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OutputStream {
    Stdout,
    Stderr,
}

impl OutputStream {
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];

    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// How a child terminated, decoded from its wait status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitStatus {
    Exited(i32),
    Signaled { signal: i32, core_dumped: bool },
}

/// The child of a process that a hook concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub pid: Pid,
    /// `None` while it runs.
    pub status: Option<WaitStatus>,
}

/// Whose group or tree is killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepTarget {
    /// What was reaped: the process itself, or a hook beside it; zero if there was neither.
    pub pid: Pid,
    pub killmode: KillMode,
    /// The name of the process, which may have been removed since.
    pub name: String,
}

/// A process that a program has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainProcess {
    pub pid: Pid,
    /// With the pid it identifies a process.
    pub started: u64,
    /// Whether it leads a process group.
    pub leads_group: bool,
}

/// What happened outside the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The fork requested by [`Effect::Spawn`] succeeded.
    Spawned { id: ProcId, pid: Pid },
    /// It failed; `error` is the text for `spawnerr`, worded as in Supervisor.
    SpawnFailed { id: ProcId, error: String },
    /// A child was reaped. All of its output was delivered as `Output` before.
    Reaped { pid: Pid, status: WaitStatus, report: ExitReport },
    /// A child wrote to stdout or stderr.
    Output { id: ProcId, stream: OutputStream, bytes: Vec<u8> },
    /// The child closed its end of the pipe.
    OutputClosed { id: ProcId, stream: OutputStream },
    /// A write to its stdin failed because the pipe is closed; unwritten bytes are lost.
    StdinClosed { id: ProcId },
    /// [`Effect::Kill`] failed with an error other than ESRCH.
    KillFailed { id: ProcId, error: String },
    /// The outcome of [`Effect::CheckCommand`].
    CommandChecked { id: ProcId, usable: bool },
    /// The answer to [`Effect::Probe`]; `error` is shown to people.
    Probed { id: ProcId, probe: ProbeId, number: u64, result: Result<(), String> },
    /// A probe could not be made, because the daemon lacks what it needs.
    NotProbed { id: ProcId, probe: ProbeId, number: u64, why: String },
    /// The answer to [`Effect::Exchange`].
    Exchanged { id: ExchangeId, answer: Answer },
    /// The outcome of [`Effect::MeasureMemory`].
    MemoryMeasured { id: ProcId, pid: Pid, bytes: u64 },
    /// A process has named its main process in such a message; the error is why that is refused.
    MainNamed { id: ProcId, claim: Result<MainProcess, String> },
    /// A process has ended, and its main process has become a child of this daemon.
    Followed { id: ProcId, pid: Pid, status: WaitStatus },
    /// A process sent a message as in `sd_notify(3)`.
    Notified { id: ProcId, message: String },
    /// The hook requested by [`Effect::RunHook`] was forked.
    HookStarted { id: ProcId, pid: Pid },
    /// It could not be.
    HookFailed { id: ProcId, error: String },
    /// A hook wrote to stdout or stderr.
    HookOutput { id: ProcId, stream: OutputStream, bytes: Vec<u8> },
    /// The answer to [`Effect::Sweep`]: what was killed now and may not be gone yet.
    Swept { id: ProcId, left: Vec<String> },
    /// The outcome of [`Effect::CheckUpgrade`]; the error is for people.
    UpgradeChecked { job: JobId, result: Result<(), String> },
    /// The outcome of [`Effect::Upgrade`].
    Upgraded { job: JobId, result: Result<(), String> },
    /// The daemon received a signal.
    Signal(Signal),
}

/// What the shell has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Check the command, create the pipes and fork. The outcome is `Spawned` or `SpawnFailed`.
    Spawn { id: ProcId },
    /// Check whether the command of a process can be run. The outcome is `CommandChecked`.
    CheckCommand { id: ProcId },
    /// Send a signal to a process or (`group`) to its process group. ESRCH is not an error: the
    /// process has exited and is about to be reaped.
    Kill { id: ProcId, pid: Pid, signal: Signal, group: bool },
    /// Send a signal to the process that a program has named, if it still exists.
    SignalMain { id: ProcId, main: MainProcess, signal: Signal },
    /// Kill what a process or its hook has left behind, which was reaped. The outcome is `Swept`.
    Sweep { id: ProcId, target: SweepTarget },
    /// Close the pipes of a process that was reaped.
    ClosePipes { id: ProcId },
    /// A process is down and is not restarted automatically: release its shared resources.
    Release { id: ProcId },
    /// Examine a process. The outcome is `Probed`, unless it is cancelled.
    Probe { id: ProcId, probe: ProbeId, number: u64 },
    /// The outcome of a probe is not awaited any longer.
    CancelProbe { id: ProcId, probe: ProbeId, number: u64 },
    /// Run a command beside a process. The outcome is `HookStarted` or `HookFailed`, and `Reaped`.
    RunHook { id: ProcId, hook: Hook, ended: Option<Ended> },
    /// Kill a hook with its process group.
    KillHook { pid: Pid },
    /// A hook was reaped, or was not started: close its pipes.
    HookEnded { id: ProcId },
    /// Make a request to a proxy or a program. The outcome is `Exchanged`, unless it is cancelled.
    Exchange { id: ExchangeId, exchange: Exchange },
    /// Store what a daemon after this one has to know.
    SaveState,
    /// The answer to a request is not awaited any longer.
    CancelExchange { id: ExchangeId },
    /// Measure the memory of a child and its descendants; what is below `limit` need not be exact.
    MeasureMemory { id: ProcId, pid: Pid, limit: u64 },
    /// Write to the stdin of a process, now or when the pipe is writable.
    Stdin { id: ProcId, bytes: Vec<u8> },
    /// Append to the log of a stream (file or syslog or both), rotating as configured.
    ChildLog { id: ProcId, stream: OutputStream, bytes: Vec<u8> },
    /// Write a line to the activity log.
    Log { level: LogLevel, message: String },
    /// Reopen the activity log and all child logs (SIGUSR2).
    ReopenLogs,
    /// A group was added: create its automatic log files and open its `FastCGI` socket.
    GroupAdded { name: String },
    /// A group was removed: release its resources. AUTO logs stay in place, as under Supervisor.
    GroupRemoved { name: String, ids: Vec<ProcId> },
    /// One process was removed from a group that stays.
    ProcessRemoved { id: ProcId },
    /// Write to the daemon's own stdout or stderr (the built-in stdout relays).
    Relay { stream: OutputStream, bytes: Vec<u8> },
    /// Send an event to the clients that stream events over HTTP.
    Publish { serial: u64, kind: EventType, payload: String },
    /// Find out whether another program can continue this daemon. The outcome is `UpgradeChecked`.
    CheckUpgrade { job: JobId, program: String },
    /// Become this program, unless the job was cancelled. The outcome is `Upgraded`.
    Upgrade { job: JobId, program: String },
    /// Every process has stopped: exit, or read the configuration again and restart.
    Exit { restart: bool },
}

impl Effect {
    /// Whether it only writes down or shows what has happened.
    pub fn is_record(&self) -> bool {
        matches!(
            self,
            Self::ChildLog { .. } | Self::Log { .. } | Self::Relay { .. } | Self::Publish { .. }
        )
    }
}
