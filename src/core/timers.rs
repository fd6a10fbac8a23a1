//! The deadlines of all processes. The earliest one bounds how long the daemon sleeps.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::ProcId;
use super::time::Mono;

/// At most one deadline per process; setting a deadline replaces the previous one.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    by_time: BTreeSet<(Mono, ProcId)>,
    by_owner: BTreeMap<ProcId, Mono>,
}

impl Timers {
    pub fn set(&mut self, owner: ProcId, at: Option<Mono>) {
        if let Some(old) = self.by_owner.remove(&owner) {
            self.by_time.remove(&(old, owner));
        }
        if let Some(at) = at {
            self.by_owner.insert(owner, at);
            self.by_time.insert((at, owner));
        }
    }

    pub fn nearest(&self) -> Option<Mono> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// The processes whose deadline has passed: earliest first, then in order of creation.
    pub fn due(&self, now: Mono) -> Vec<ProcId> {
        self.by_time.iter().take_while(|(at, _)| *at <= now).map(|(_, owner)| *owner).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.by_owner.is_empty()
    }
}
