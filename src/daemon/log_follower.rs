//! Follows a log file for one client, starting near its end, across growth, rotation and
//! truncation. The file stays open, so a rotated file is read to its end.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::os::trusted;

/// How many bytes before the end are sent first.
const INITIAL_BYTES: u64 = 1024;
/// The maximum number of bytes per read.
const MAX_READ: usize = 16 * 1024;
/// Supervisor's notice for a truncated file.
const TRUNCATED: &[u8] = b"==> File truncated <==\n";

pub(super) struct LogFollower {
    path: PathBuf,
    file: File,
    inode: u64,
    offset: u64,
}

/// A follower without its descriptor.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedFollower {
    path: PathBuf,
    inode: u64,
    offset: u64,
}

impl From<LogFollower> for OwnedFd {
    fn from(follower: LogFollower) -> Self {
        follower.file.into()
    }
}

impl LogFollower {
    /// Starts near the end of the file. Only regular files and `/dev/null` are accepted, because
    /// others could block.
    pub(super) fn begin(path: &str) -> io::Result<Self> {
        let file = trusted::read(Path::new(path))?;
        let metadata = file.metadata()?;
        let offset = metadata.len().saturating_sub(INITIAL_BYTES);
        Ok(Self { path: path.into(), inode: metadata.ino(), file, offset })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How far it has read.
    pub(super) fn save(&self) -> SavedFollower {
        SavedFollower { path: self.path.clone(), inode: self.inode, offset: self.offset }
    }

    pub(super) fn restore(saved: SavedFollower, file: OwnedFd) -> Self {
        let SavedFollower { path, inode, offset } = saved;
        Self { path, file: file.into(), inode, offset }
    }

    /// The modification time, in seconds since the epoch.
    pub(super) fn modified(&self) -> Option<i64> {
        let modified = self.file.metadata().and_then(|metadata| metadata.modified()).ok()?;
        let since = modified.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }

    /// At most `room` new bytes; empty if there are none.
    pub(super) fn next(&mut self, room: usize) -> Vec<u8> {
        let bytes = self.read(room);
        if !bytes.is_empty() || room == 0 {
            return bytes;
        }
        match self.file.metadata() {
            Ok(metadata) if metadata.len() < self.offset => {
                self.offset = 0;
                TRUNCATED.to_vec()
            }
            _ if self.has_new_file() => self.read(room),
            _ => Vec::new(),
        }
    }

    fn read(&mut self, room: usize) -> Vec<u8> {
        let mut bytes = vec![0; room.min(MAX_READ)];
        let count = self.file.read_at(&mut bytes, self.offset).unwrap_or(0);
        bytes.truncate(count);
        self.offset += count as u64;
        bytes
    }

    /// Whether the path names another file now, which is then followed from its start.
    fn has_new_file(&mut self) -> bool {
        let named =
            fs::metadata(&self.path).ok().filter(|it| it.is_file() && it.ino() != self.inode);
        let Some((named, file)) = named.and_then(|it| Some((it, trusted::read(&self.path).ok()?)))
        else {
            return false;
        };
        self.inode = file.metadata().map_or(named.ino(), |metadata| metadata.ino());
        self.file = file;
        self.offset = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn append(path: &std::path::Path, text: &str) {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_log_is_followed_over_growth_rotation_and_truncation() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        append(&path, &"x".repeat(2000));
        let mut follow = LogFollower::begin(path.to_str().unwrap()).unwrap();
        assert_eq!(follow.next(5000).len(), 1024);
        assert_eq!(follow.next(5000), b"");
        append(&path, "more");
        assert_eq!(follow.next(2), b"mo");
        fs::rename(&path, dir.path().join("log.1")).unwrap();
        append(&path, "new");
        assert_eq!(follow.next(5000), b"re");
        assert_eq!(follow.next(5000), b"new");
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        append(&path, "a");
        assert_eq!(follow.next(5000), TRUNCATED);
        assert_eq!(follow.next(5000), b"a");
        fs::remove_file(&path).unwrap();
        assert_eq!(follow.next(5000), b"");
    }

    #[test]
    fn only_plain_files_are_followed() {
        assert!(LogFollower::begin("/dev/null").is_ok_and(|mut it| it.next(100).is_empty()));
        assert!(LogFollower::begin("/dev/zero").is_err());
        assert!(LogFollower::begin("/dev/full").is_err());
        assert!(LogFollower::begin("/nowhere").is_err());
        assert!(LogFollower::begin("/tmp").is_err());
    }

    #[test]
    fn dev_null_is_followed_in_silence() {
        let mut follower = LogFollower::begin("/dev/null").unwrap();
        assert!(follower.next(100).is_empty());
    }
}
