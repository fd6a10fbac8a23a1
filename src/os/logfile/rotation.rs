//! When a log is rotated, and how many files are kept.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Zero or less: no rotation.
    pub maxbytes: i64,
    /// Zero or less: the file is truncated instead.
    pub backups: i64,
}
