//! Stop, wait, start again: of one process, of several, or of all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::id::JobId;
use super::members::Members;
use crate::core::effect::ProcId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    One(ProcId),
    /// Those of them that run are stopped; then all of them are started.
    Many(Vec<ProcId>),
    /// Everything that runs is stopped; then everything is started, as Supervisor's page does it.
    All,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Restart {
    pub(in crate::core) scope: Scope,
    pub(in crate::core) stage: Stage,
    /// Processes about which another job decided.
    pub(in crate::core) released: BTreeMap<ProcId, JobId>,
    pub(in crate::core) failures: Vec<String>,
    pub(in crate::core) is_cancelled: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) enum Stage {
    Stopping(Members),
    Starting {
        /// Those whose command is being checked.
        checked: BTreeSet<ProcId>,
        members: Members,
    },
}

impl Restart {
    pub(in crate::core) fn is_done(&self) -> bool {
        self.is_cancelled
            || matches!(&self.stage, Stage::Starting { checked, members }
                if checked.is_empty() && members.are_done())
    }

    pub(in crate::core) fn waiting(&self) -> impl Iterator<Item = ProcId> {
        let (checked, members) = match &self.stage {
            Stage::Stopping(members) => (None, members),
            Stage::Starting { checked, members } => (Some(checked), members),
        };
        checked.into_iter().flatten().copied().chain(members.pending())
    }

    /// Whether a process is still to be started by this job.
    pub(in crate::core) fn holds(&self, id: ProcId) -> bool {
        if self.released.contains_key(&id) || self.is_cancelled {
            return false;
        }
        match (&self.stage, &self.scope) {
            (Stage::Stopping(_), Scope::One(one)) => *one == id,
            (Stage::Stopping(_), Scope::Many(ids)) => ids.contains(&id),
            (Stage::Stopping(_), Scope::All) => true,
            (Stage::Starting { checked, .. }, _) => checked.contains(&id),
        }
    }

    pub(in crate::core) fn release(&mut self, id: ProcId, by: JobId) {
        if let Stage::Stopping(members) = &mut self.stage {
            members.release(id);
        }
        if self.holds(id) {
            self.released.insert(id, by);
            if let Stage::Starting { checked, .. } = &mut self.stage {
                checked.remove(&id);
            }
        }
    }

    pub(in crate::core) fn cancel(&mut self, by: JobId) {
        self.is_cancelled = true;
        self.failures.push(format!("cancelled by job {}", by.0));
    }

    pub(in crate::core) fn failures(&self) -> Vec<String> {
        let mut failures = self.failures.clone();
        if let Stage::Starting { members, .. } = &self.stage {
            failures.extend(members.failures());
        }
        failures
    }
}
