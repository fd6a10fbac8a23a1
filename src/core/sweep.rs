//! An end that waits for that of the group or tree.

use serde::{Deserialize, Serialize};

use super::effect::{SweepTarget, WaitStatus};
use super::time::Mono;

/// A sweep that goes on, or will when the hook beside the process has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub(super) target: SweepTarget,
    pub(super) until: Mono,
    pub(super) ending: Ending,
    /// What was left when it was looked at last.
    #[serde(default)]
    pub(super) left: Vec<String>,
}

/// What is held back until nothing is left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Ending {
    /// The end of the child.
    Child(WaitStatus),
    /// The end of a `prestart` without a start after it.
    Prestart { failure: Option<String>, status: WaitStatus },
    /// Only the next start, and the end of the daemon.
    Nothing,
}
