//! What is checked as one: a configuration with its included files, or a project.

use serde::{Deserialize, Serialize};

use crate::editor::main_file::Main;

/// By the absolute path of the main file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Subject {
    Configuration(String),
    /// A file that no known configuration includes.
    Fragment(String),
    Project(String),
}

impl Subject {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Configuration(path) | Self::Fragment(path) | Self::Project(path) => path,
        }
    }
}

impl From<Main> for Subject {
    fn from(main: Main) -> Self {
        match main {
            Main::File(path) => Self::Configuration(path),
            Main::Unknown(path) => Self::Fragment(path),
        }
    }
}
