//! The stop of everything, one process after the other, and then of the daemon.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::id::JobId;
use super::members::Members;
use crate::core::effect::ProcId;
use crate::core::time::Mono;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StopAll {
    /// In whose name the daemon is shut down at the end.
    pub(in crate::core) requester: String,
    /// Those whose turn has not come; the next one is first.
    pub(in crate::core) queue: VecDeque<ProcId>,
    /// Those that were stopped, and the one that is being stopped.
    pub(in crate::core) members: Members,
    /// When the daemon ends, after everything was stopped.
    pub(in crate::core) end_at: Option<Mono>,
    pub(in crate::core) failures: Vec<String>,
    pub(in crate::core) is_done: bool,
}

impl StopAll {
    pub(in crate::core) fn new(requester: String, queue: VecDeque<ProcId>) -> Self {
        let members = Members::of_stop(BTreeSet::new(), true);
        Self { requester, queue, members, end_at: None, failures: Vec::new(), is_done: false }
    }

    /// A shutdown that was requested meanwhile stops what is left.
    pub(in crate::core) fn cancel(&mut self, by: JobId) {
        self.is_done = true;
        if self.end_at.is_none() {
            self.failures.push(format!("cancelled by job {}", by.0));
        }
    }

    pub(in crate::core) fn deadline(&self) -> Option<Mono> {
        self.end_at.filter(|_| !self.is_done)
    }

    pub(in crate::core) fn failures(&self) -> Vec<String> {
        self.failures.iter().cloned().chain(self.members.failures()).collect()
    }
}
