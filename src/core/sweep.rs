//! An end that waits for that of the group or tree.

use serde::{Deserialize, Serialize};

use super::effect::{Pid, WaitStatus};
use super::time::Mono;
use crate::conf::kill_mode::KillMode;

/// A sweep that goes on, or will when the hook beside the process has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub(super) target: Target,
    pub(super) until: Mono,
    pub(super) ending: Ending,
}

/// Whose group or tree is killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What was reaped: the process itself, or a hook beside it; zero if there was neither.
    pub pid: Pid,
    pub killmode: KillMode,
    /// The name of the process, which may have been removed since.
    pub name: String,
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
