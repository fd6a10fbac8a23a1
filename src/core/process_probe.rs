//! A probe of a process, and what is shown of it.

use serde::{Deserialize, Serialize};

use super::line_matcher::LineMatcher;
use super::probe::Probe;
use crate::conf::probe::{ProbeId, Purpose};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessProbe {
    pub(super) id: ProbeId,
    pub(super) probe: Probe,
    /// Of stdout and of stderr.
    pub(super) lines: [LineMatcher; 2],
}

/// What is known of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeStatus {
    pub id: ProbeId,
    /// What it examines.
    pub target: String,
    pub is_up: bool,
    /// Why it failed; empty if it did not.
    pub error: String,
}

impl ProcessProbe {
    pub(super) fn new(id: ProbeId) -> Self {
        Self { id, probe: Probe::default(), lines: Default::default() }
    }

    pub(super) fn is_ready_probe(&self) -> bool {
        self.id.purpose == Purpose::Ready
    }
}
