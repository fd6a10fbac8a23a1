//! When the last start of a process was requested and when it came up.

use serde::{Deserialize, Serialize};

use super::time::Mono;
use crate::conf::dependency::Condition;

/// The moments of the last start of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Milestones {
    pub(super) requested: Option<Mono>,
    /// It was first RUNNING.
    pub(super) running: Option<Mono>,
    /// Its readiness probes first succeeded.
    pub(super) ready: Option<Mono>,
    /// It ended by itself as expected.
    pub(super) completed: Option<Mono>,
}

impl Milestones {
    pub(super) fn of(requested: Mono) -> Self {
        Self { requested: Some(requested), ..Self::default() }
    }

    /// When it met a condition.
    pub(super) fn met(&self, condition: Condition) -> Option<Mono> {
        match condition {
            Condition::Running => self.running,
            Condition::Completed => self.completed,
            Condition::Ready => self.ready.or(self.running),
        }
    }
}
