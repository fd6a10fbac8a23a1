//! A client ends a rolling restart: what has begun is finished, nothing else is begun.

use crate::core::jobs::job::Work;
use crate::core::jobs::rolling::Rolling;
use crate::core::jobs::{Job, JobId};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

/// Why a job was not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotCancelled {
    Unknown(JobId),
    /// The job, as in `job 3 (start of web, requested through unix_http_server)`.
    Finished(String),
    /// Its end would leave processes stopped.
    NotRolling(String),
}

impl std::fmt::Display for NotCancelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(id) => write!(f, "there is no job {}", id.0),
            Self::Finished(job) => write!(f, "{job} has finished"),
            Self::NotRolling(job) => {
                write!(f, "{job} cannot be cancelled, because it is not restarting one by one")
            }
        }
    }
}

impl Job {
    /// Whether it restarts processes one by one, so that it can end between two of them.
    pub fn is_cancellable(&self) -> bool {
        let is_restart = matches!(self.work(), Work::Rolling(_) | Work::Update(_));
        let is_rolling = self.rolling().is_some_and(|rolling| !rolling.is_ending);
        self.finished().is_none() && is_restart && is_rolling
    }
}

impl Supervisor {
    /// Ends a rolling restart or a rolling update. Processes that are out of service are put back
    /// first, so the job may run on for a while. `by` is the requester.
    pub(crate) fn cancel_job(&mut self, id: JobId, by: &str, now: Now) -> Result<(), NotCancelled> {
        let job = self.job(id).ok_or(NotCancelled::Unknown(id))?;
        if job.finished().is_some() {
            return Err(NotCancelled::Finished(job.describe()));
        }
        if !job.is_cancellable() {
            return Err(NotCancelled::NotRolling(job.describe()));
        }
        let why = format!("cancelled through {by}");
        self.with_job(id, now, |supervisor, work| {
            if let Some(rolling) = work.rolling_mut() {
                rolling.give_up(why);
            }
            work.advance(supervisor, &[], now);
        });
        self.pump(now);
        Ok(())
    }
}

impl Rolling {
    fn give_up(&mut self, why: String) {
        self.failures.push(why);
        self.end();
    }
}
