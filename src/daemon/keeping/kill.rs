//! A signal that is sent when the state was saved.

use serde::{Deserialize, Serialize};

use crate::conf::signals::Signal;
use crate::core::effect::{Pid, ProcId};

/// A signal to a process of the core or to its process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::daemon) struct Kill {
    pub(in crate::daemon) id: ProcId,
    pub(in crate::daemon) pid: Pid,
    pub(in crate::daemon) signal: Signal,
    pub(in crate::daemon) group: bool,
}
