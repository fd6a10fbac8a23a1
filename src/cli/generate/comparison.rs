//! A plan compared with the file system.

use crate::generate::plan::Plan;
use crate::generate::planned_file::{File, FileStatus};

/// A plan, and the status of each file.
pub(super) struct Comparison {
    pub(super) plan: Plan,
    pub(super) files: Vec<(File, FileStatus)>,
    /// Scripts that supkit did not write and that are kept.
    pub(super) kept: Vec<String>,
}

impl Comparison {
    /// The files that are to be written or in conflict.
    pub(super) fn changes(&self) -> impl Iterator<Item = &(File, FileStatus)> {
        self.files.iter().filter(|(_, status)| *status != FileStatus::Unchanged)
    }
}
