//! Work of several steps, as data: the requester, the steps that are left, and the results.
//! A client that waits for a job only observes it; its disconnection changes nothing.
//!
//! At most one job with steps still to take holds a group or a process. A second such job is refused
//! ([`Conflict`]). Plain starts and stops take all their steps at once and are never refused: they
//! take a process over from the job that holds it.
//!
//! Jobs are data; `job_steps` executes them.

pub(super) mod id;
pub(super) mod job;
pub(super) mod members;
mod progress;
pub(super) mod restart;
pub(super) mod rolling;
pub(super) mod shutdown;
pub(super) mod stop_all;
pub(super) mod update;
pub(super) mod upgrade;

use std::collections::{BTreeMap, VecDeque};

pub use id::JobId;
pub use job::{Job, JobKind, Request, Task};
pub use members::{Failure, Member, Members};
pub use progress::{Part, Progress};
pub use restart::Scope;
pub use rolling::{Fate, Report, Rolling};
pub use stop_all::StopAll;
pub use update::{GroupReport, MemberReport, Update, UpdateAction};

use serde::{Deserialize, Serialize};

use super::effect::ProcId;
use super::time::Mono;

/// How many finished jobs are remembered.
const REMEMBERED: usize = 100;

/// Jobs that run, and the last ones that finished.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Jobs {
    pub(super) last_id: u64,
    /// How many ended with a failure.
    #[serde(default)]
    pub(super) failed: u64,
    pub(super) running: BTreeMap<JobId, Job>,
    /// Oldest first.
    pub(super) finished: VecDeque<Job>,
    /// Processes that may have changed since the jobs were last advanced.
    pub(super) touched: Vec<ProcId>,
}

/// Why a job was not accepted: another one holds what it would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The group or process that is held.
    pub held: String,
    /// The job that holds it, such as `job 3 (update of all, requested through unix_http_server)`.
    pub by: String,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is being changed by {}", self.held, self.by)
    }
}

impl Jobs {
    /// A process may have changed; jobs that wait for it are to look again.
    pub(super) fn touch(&mut self, id: ProcId) {
        if !self.running.is_empty() {
            self.touched.push(id);
        }
    }

    /// When a running job is to be advanced even if nothing happens.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.running.values().filter_map(Job::deadline).min()
    }

    /// Forgets finished jobs that every observer has had a turn to see.
    pub(super) fn forget(&mut self) {
        while self.finished.len() > REMEMBERED && self.finished.front().is_some_and(|job| job.seen)
        {
            self.finished.pop_front();
        }
        for job in self.finished.iter_mut().rev().take_while(|job| !job.seen) {
            job.seen = true;
        }
    }

    pub(super) fn get(&self, id: JobId) -> Option<&Job> {
        let finished = || self.finished.iter().rev().find(|job| job.id() == id);
        self.running.get(&id).or_else(finished)
    }
}
