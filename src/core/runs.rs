//! When a process is started by its schedule.

use serde::{Deserialize, Serialize};

use super::time::Wall;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Runs {
    pub(super) next: Option<Wall>,
    /// The time for which the last run was planned.
    pub(super) last: Option<Wall>,
}
