//! The replacement of the program of the daemon, while everything runs on.

use serde::{Deserialize, Serialize};

use super::id::JobId;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Upgrade {
    /// The file of the new program.
    pub(in crate::core) program: String,
    pub(in crate::core) stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::core) enum Stage {
    /// The new program is asked whether it can read the state of this daemon.
    Checking,
    /// It can; this process becomes it.
    Replacing,
    Done,
    /// Why the old program runs on.
    Failed(String),
}

impl Upgrade {
    pub(in crate::core) fn new(program: String) -> Self {
        Self { program, stage: Stage::Checking }
    }

    pub(in crate::core) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Failed(_))
    }

    pub(in crate::core) fn failures(&self) -> Vec<String> {
        match &self.stage {
            Stage::Failed(why) => vec![why.clone()],
            _ => Vec::new(),
        }
    }

    /// A shutdown was requested meanwhile.
    pub(in crate::core) fn cancel(&mut self, by: JobId) {
        if !self.is_done() {
            self.stage = Stage::Failed(format!("cancelled by job {}", by.0));
        }
    }
}
