//! What the core asks of the shell, and what the shell tells the core. The shell performs effects in
//! order and feeds the outcomes back; it decides nothing.

use crate::conf::config::LogLevel;
use crate::conf::signals::Signal;

/// One process that the core knows, for as long as its group exists. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcId(pub u32);

/// A process id as the kernel gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(pub i32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// How a child ended, decoded from its wait status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    Exited(i32),
    Signaled { signal: i32, core_dumped: bool },
}

/// What happened in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The fork asked for by [`Effect::Spawn`] succeeded.
    Spawned { id: ProcId, pid: Pid },
    /// It did not; `error` is the text for `spawnerr`, in Supervisor's words.
    SpawnFailed { id: ProcId, error: String },
    /// A child was reaped. All that it wrote has been delivered as `Output` before.
    Died { pid: Pid, status: WaitStatus },
    /// A child wrote something.
    Output { id: ProcId, stream: Stream, bytes: Vec<u8> },
    /// Its end of the pipe is closed.
    OutputClosed { id: ProcId, stream: Stream },
    /// A write to its stdin met a closed pipe; what was not written is lost.
    StdinClosed { id: ProcId },
    /// [`Effect::Kill`] failed for another reason than that the process is gone.
    KillFailed { id: ProcId, error: String },
    /// The daemon itself was signalled.
    Signal(Signal),
}

/// What the shell is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Check the command, make the pipes and fork. Answered by `Spawned` or `SpawnFailed`.
    Spawn { id: ProcId },
    /// Send a signal to a process or (`group`) to its process group. "No such process" is not an
    /// error: its death is about to be reaped.
    Kill { id: ProcId, pid: Pid, signal: Signal, group: bool },
    /// Close the pipes of a process that was reaped.
    ClosePipes { id: ProcId },
    /// A process is down and does not come back by itself: what it shares is no longer held for it.
    Rest { id: ProcId },
    /// Write to the stdin of a process, now or when it can take it. Bounded by the core.
    Stdin { id: ProcId, bytes: Vec<u8> },
    /// Append to the log of a stream (file or syslog or both), rotating as configured.
    ChildLog { id: ProcId, stream: Stream, bytes: Vec<u8> },
    /// A line of the activity log.
    Log { level: LogLevel, message: String },
    /// Close and open again the activity log and all child logs (SIGUSR2).
    ReopenLogs,
    /// A group came: settle its automatic log names, open its `FastCGI` socket.
    GroupAdded { name: String },
    /// A group went: nothing of it is kept, AUTO logs are left in place as Supervisor leaves them.
    GroupRemoved { name: String, ids: Vec<ProcId> },
    /// One process of a group that stays went.
    ProcessRemoved { id: ProcId },
    /// Write to the daemon's own stdout or stderr (the built-in stdout relays).
    Relay { stream: Stream, bytes: Vec<u8> },
    /// An event for those who stream them over HTTP.
    Publish { serial: u64, name: &'static str, payload: String },
    /// All has stopped: end, or read the configuration again and start afresh.
    Exit { restart: bool },
}
