//! Supervisor's states, with the names and numbers of its XML-RPC interface.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProcessState {
    Stopped,
    Starting,
    Running,
    Backoff,
    Stopping,
    Exited,
    Fatal,
    Unknown,
}

impl ProcessState {
    const TABLE: [(Self, i64, &'static str); 8] = [
        (Self::Stopped, 0, "STOPPED"),
        (Self::Starting, 10, "STARTING"),
        (Self::Running, 20, "RUNNING"),
        (Self::Backoff, 30, "BACKOFF"),
        (Self::Stopping, 40, "STOPPING"),
        (Self::Exited, 100, "EXITED"),
        (Self::Fatal, 200, "FATAL"),
        (Self::Unknown, 1000, "UNKNOWN"),
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|row| row.0)
    }

    pub fn code(self) -> i64 {
        Self::TABLE.iter().find(|row| row.0 == self).map_or(1000, |row| row.1)
    }

    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("UNKNOWN", |row| row.2)
    }

    pub fn from_code(code: i64) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// STOPPED, EXITED, FATAL and UNKNOWN: not running and not about to run.
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Stopped | Self::Exited | Self::Fatal | Self::Unknown)
    }

    /// RUNNING, BACKOFF and STARTING: running or about to run.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Backoff | Self::Starting)
    }

    /// RUNNING, STARTING and STOPPING: it has a pid that may be signalled.
    pub fn is_signallable(self) -> bool {
        matches!(self, Self::Running | Self::Starting | Self::Stopping)
    }
}

impl fmt::Display for ProcessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The state of the daemon, which Supervisor calls its mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mood {
    Fatal,
    Running,
    Restarting,
    Shutdown,
}

impl Mood {
    pub fn code(self) -> i64 {
        match self {
            Self::Fatal => 2,
            Self::Running => 1,
            Self::Restarting => 0,
            Self::Shutdown => -1,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Running => "RUNNING",
            Self::Restarting => "RESTARTING",
            Self::Shutdown => "SHUTDOWN",
        }
    }
}

/// The state of a listener in the event listener protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListenerState {
    Acknowledged,
    Ready,
    Busy,
    Unknown,
}

impl ListenerState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Ready => "READY",
            Self::Busy => "BUSY",
            Self::Unknown => "UNKNOWN",
        }
    }
}
