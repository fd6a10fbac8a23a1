//! A command that runs beside a process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::effect::{Ended, Pid};
use super::log_lines::LogLines;
use super::time::Mono;
use crate::conf::hook::Hook;
use crate::conf::kill_mode::KillMode;

/// The hooks of one process; there is an entry only while one runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Hooks {
    pub(super) hook: Hook,
    /// `None` until it is forked.
    pub(super) pid: Option<Pid>,
    /// When it is killed; `None` after that.
    pub(super) until: Option<Mono>,
    /// The name of the process, which may have been removed since.
    pub(super) name: String,
    pub(super) timeout: Duration,
    pub(super) killmode: KillMode,
    /// The child after whose end `poststop` is to run next.
    pub(super) next: Option<Ended>,
    pub(super) stdout: LogLines,
    pub(super) stderr: LogLines,
}

impl Hooks {
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.until
    }
}
