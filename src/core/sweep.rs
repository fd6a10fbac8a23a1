//! The end of a process that waits for that of its group or tree.

use serde::{Deserialize, Serialize};

use super::effect::{Pid, WaitStatus};
use super::time::Mono;

/// The end of a process that is held back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub(super) pid: Pid,
    pub(super) status: WaitStatus,
    pub(super) until: Mono,
}
