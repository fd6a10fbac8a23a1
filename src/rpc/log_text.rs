//! A part of a log as a value. It is read while the reply is sent, so a reply of any size needs
//! little memory.

use std::fmt;
use std::sync::Arc;

/// A failed file operation. The details are not part of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFault;

/// Why a log cannot be read while a reply is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenLogFault {
    Unreadable,
    /// So many logs are being sent already.
    TooMany(usize),
}

/// An open log.
pub trait LogSource: Send + Sync {
    /// Reads bytes from `offset` on; zero at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, FileFault>;
}

/// A range of an open log.
#[derive(Clone)]
pub struct LogText {
    pub source: Arc<dyn LogSource>,
    pub offset: u64,
    pub length: u64,
}

impl PartialEq for LogText {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source)
            && (self.offset, self.length) == (other.offset, other.length)
    }
}

impl fmt::Debug for LogText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogText({}, {})", self.offset, self.length)
    }
}
