//! The ordered end: groups are stopped one after the other, the highest priority first, each waited
//! for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::core::effect::ProcId;
use crate::core::time::Mono;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) struct Shutdown {
    /// Groups that were not stopped yet; the last one is next.
    pub(in crate::core) groups: Vec<String>,
    /// The processes of the present group that are not down.
    pub(in crate::core) pending: BTreeSet<ProcId>,
    pub(in crate::core) report_at: Mono,
    /// Requests to proxies by which processes are no longer drained, and how long they are awaited.
    pub(in crate::core) releases: BTreeMap<u64, ProcId>,
    /// Processes of which a request has failed.
    pub(in crate::core) unreleased: BTreeSet<ProcId>,
    pub(in crate::core) release_limit: Mono,
    pub(in crate::core) is_done: bool,
}

impl Shutdown {
    pub(in crate::core) fn deadline(&self) -> Option<Mono> {
        let release = (!self.releases.is_empty()).then_some(self.release_limit);
        let next = release.map_or(self.report_at, |release| release.min(self.report_at));
        (!self.is_done).then_some(next)
    }

    pub(in crate::core) fn is_done(&self) -> bool {
        self.is_done
    }
}
