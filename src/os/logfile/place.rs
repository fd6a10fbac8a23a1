//! Where the next write to a log begins, so that another process can find out how much was written.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::rotation::suffixed;

/// A file, whatever its name is now, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
}

impl Place {
    /// How much of the next `count` bytes was written to the log under this path, which may have been
    /// rotated after that.
    pub fn written(&self, path: &Path, count: u64) -> u64 {
        let found = [path.to_owned(), suffixed(path, ".1")].into_iter().find_map(|path| {
            let metadata = fs::metadata(path).ok()?;
            let is_it = (metadata.dev(), metadata.ino()) == (self.device, self.inode);
            is_it.then_some(metadata.len())
        });
        match found {
            Some(size) if size >= self.size => (size - self.size).min(count),
            // It was truncated by a rotation without backups, or removed: both follow a whole write.
            Some(_) | None => count,
        }
    }
}
