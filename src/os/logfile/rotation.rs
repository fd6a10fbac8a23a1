//! When a log is rotated, and how many files are kept.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Zero or less: no rotation.
    pub maxbytes: i64,
    /// Zero or less: the file is truncated instead.
    pub backups: i64,
}

/// The name of a file beside the log.
pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}
