//! Why a probe cannot be made: because of what it examines, or because this daemon lacks what it needs. The
//! latter is no statement about the program.

use std::io;

use super::launch::spawn_error;
use super::probes::describe;
use crate::os::child_settings::SpawnError;
use crate::os::limits;

pub(super) enum Unable {
    Failed(String),
    Lacking(String),
}

impl Unable {
    pub(super) fn of(error: &io::Error) -> Self {
        let lacks = limits::is_exhausted(error);
        let text = describe(error);
        if lacks { Self::Lacking(text) } else { Self::Failed(text) }
    }

    pub(super) fn of_spawn(name: &str, error: &SpawnError) -> Self {
        let text = spawn_error(name, error);
        match error {
            SpawnError::Fork(_) => Self::Lacking(text),
            SpawnError::Setting { .. } => Self::Failed(text),
        }
    }
}

impl From<String> for Unable {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}

impl From<Unable> for String {
    fn from(unable: Unable) -> Self {
        match unable {
            Unable::Failed(text) | Unable::Lacking(text) => text,
        }
    }
}
