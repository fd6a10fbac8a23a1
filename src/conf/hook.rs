//! The commands that run beside a program: before its start, for its stop and after its end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::process::{self as p, Process};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hook {
    Prestart,
    StopCommand,
    Poststop,
}

impl Hook {
    /// The name of its option.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prestart => p::PRESTART.name,
            Self::StopCommand => p::STOP_COMMAND.name,
            Self::Poststop => p::POSTSTOP.name,
        }
    }

    pub fn command(self, process: &Process) -> Option<&str> {
        match self {
            Self::Prestart => process.prestart.as_deref(),
            Self::StopCommand => process.stop_command.as_deref(),
            Self::Poststop => process.poststop.as_deref(),
        }
    }

    pub fn timeout(self, process: &Process) -> Duration {
        match self {
            Self::Prestart => process.prestart_timeout,
            Self::StopCommand => process.stop_command_timeout,
            Self::Poststop => process.poststop_timeout,
        }
    }
}
