//! What the kernel reports about a terminated child beyond its wait status, and who stopped it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::jobs::JobId;
use super::time::Now;
use crate::conf::signals::Signal;

/// The resources that a child used, with the children that it has waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The peak of its resident memory, in bytes; of the largest one if it had children.
    pub peak_memory: u64,
    pub user: Duration,
    pub system: Duration,
}

/// Whether the kernel's out-of-memory killer ended a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OomKill {
    /// It did not end by a SIGKILL from elsewhere.
    #[default]
    NotSuspected,
    /// The kernel log names its pid.
    Confirmed,
    /// The counter of its control group rose.
    Likely,
    /// The counter of the whole machine rose; the control group has none that can be read.
    Possible,
    /// No counter rose.
    Excluded,
    /// Neither counters nor the kernel log can be read.
    Unknown,
}

impl OomKill {
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSuspected => "",
            Self::Confirmed => "confirmed",
            Self::Likely => "likely",
            Self::Possible => "possible",
            Self::Excluded => "excluded",
            Self::Unknown => "unknown",
        }
    }
}

/// What comes with the wait status of a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitReport {
    pub usage: Option<Usage>,
    pub oom: OomKill,
}

/// The request by which a process is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    pub by: Requester,
    /// Whether `stop_command` runs instead of the signal.
    pub has_command: bool,
    /// The stop signal.
    pub signal: Signal,
    pub when: Now,
}

impl StopRequest {
    /// `SIGTERM was sent by job 3 (stop of web, requested through SIGTERM)`
    pub fn description(&self) -> String {
        let Self { by, has_command, signal, .. } = self;
        if *has_command {
            format!("stop_command was run for {by}")
        } else {
            format!("{signal} was sent by {by}")
        }
    }
}

/// Where a stop comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requester {
    /// `description` is that of the job: `job 3 (stop of web, requested through SIGTERM)`.
    Job { id: JobId, description: String },
    /// A process that it depends on has terminated.
    Dependency(String),
}

impl std::fmt::Display for Requester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Job { description, .. } => f.write_str(description),
            Self::Dependency(name) => write!(f, "the end of {name}, which it depends on"),
        }
    }
}

/// A signal that a client had sent to a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentSignal {
    pub signal: Signal,
    /// The server through which the request came.
    pub requester: String,
    pub when: Now,
}
