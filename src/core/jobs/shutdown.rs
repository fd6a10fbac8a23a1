//! The ordered end: groups are stopped one after the other, the highest priority first, each waited
//! for.

use std::collections::BTreeSet;

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
    pub(in crate::core) is_done: bool,
}

impl Shutdown {
    pub(in crate::core) fn deadline(&self) -> Option<Mono> {
        (!self.is_done).then_some(self.report_at)
    }

    pub(in crate::core) fn is_done(&self) -> bool {
        self.is_done
    }
}
