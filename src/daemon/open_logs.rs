//! The logs that are being sent to clients. Clients that read the same log share its descriptor, and
//! the number of descriptors is limited.

use std::cell::RefCell;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Weak};

use crate::os::trusted;
use crate::rpc::log_text::{FileFault, LogSource, OpenLogFault};

/// The maximum number of different logs.
const MAX_OPEN: usize = 64;

#[derive(Default)]
pub(super) struct OpenLogs {
    open: RefCell<Vec<Weak<OpenLog>>>,
}

/// A log that stays open while it is sent, also when it is rotated meanwhile.
pub(super) struct OpenLog {
    file: File,
    id: (u64, u64),
}

impl OpenLogs {
    /// Opens a regular file; others could block.
    pub(super) fn open(&self, path: &Path) -> Result<Arc<OpenLog>, OpenLogFault> {
        let unreadable = |_| OpenLogFault::Unreadable;
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(OpenLogFault::Unreadable);
        }
        let mut open = self.open.borrow_mut();
        open.retain(|log| log.strong_count() > 0);
        let id = id(&metadata);
        if let Some(log) = open.iter().filter_map(Weak::upgrade).find(|log| log.id == id) {
            return Ok(log);
        }
        if open.len() >= MAX_OPEN {
            return Err(OpenLogFault::TooMany(MAX_OPEN));
        }
        let file = trusted::read(path).map_err(unreadable)?;
        let log = Arc::new(OpenLog { file, id });
        open.push(Arc::downgrade(&log));
        Ok(log)
    }
}

fn id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl LogSource for OpenLog {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FileFault> {
        self.file.read_at(buffer, offset).map_err(|_| FileFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_opened_once_and_stays_readable_when_it_is_rotated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "old").unwrap();
        let logs = OpenLogs::default();
        let log = logs.open(&path).ok().unwrap();
        assert!(Arc::ptr_eq(&log, &logs.open(&path).ok().unwrap()));
        fs::rename(&path, dir.path().join("log.1")).unwrap();
        fs::write(&path, "new").unwrap();
        assert!(!Arc::ptr_eq(&log, &logs.open(&path).ok().unwrap()));
        let mut buffer = [0; 9];
        assert_eq!(log.read_at(1, &mut buffer), Ok(2));
        assert_eq!(&buffer[..2], b"ld");
    }

    #[test]
    fn the_number_of_open_logs_is_limited() {
        let dir = tempfile::tempdir().unwrap();
        let logs = OpenLogs::default();
        let open = |number: usize| {
            let path = dir.path().join(number.to_string());
            fs::write(&path, "").unwrap();
            logs.open(&path)
        };
        let mut held: Vec<_> = (0..MAX_OPEN).map(|number| open(number).ok().unwrap()).collect();
        assert_eq!(open(MAX_OPEN).err(), Some(OpenLogFault::TooMany(MAX_OPEN)));
        held.pop();
        assert!(open(MAX_OPEN).is_ok());
    }

    #[test]
    fn only_regular_files_are_opened() {
        let logs = OpenLogs::default();
        for path in ["/dev/null", "/nowhere", "/tmp"] {
            assert_eq!(logs.open(Path::new(path)).err(), Some(OpenLogFault::Unreadable));
        }
    }
}
