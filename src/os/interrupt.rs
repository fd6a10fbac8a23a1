//! SIGINT as a pollable descriptor. Until an [`Interrupt`] is installed, SIGINT terminates the
//! program; afterwards it makes the descriptor readable.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// A received SIGINT, shared by all clones.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<UnixStream>);

impl Interrupt {
    /// Handles SIGINT from now on, until the process exits.
    pub fn install() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(libc::SIGINT, theirs)?;
        Ok(Self(Arc::new(ours)))
    }

    /// Whether a SIGINT was received since the last call.
    pub fn take(&self) -> bool {
        let mut buffer = [0; 64];
        matches!((&*self.0).read(&mut buffer), Ok(count) if count > 0)
    }
}

/// Runs something that would take SIGINT over, as line editors do, and gives it back afterwards.
pub fn keep<T>(action: impl FnOnce() -> T) -> T {
    // SAFETY: zeroes are a valid `sigaction`, and a null pointer leaves the signal as it is.
    let before = unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(libc::SIGINT, std::ptr::null(), &raw mut before) == 0).then_some(before)
    };
    let result = action();
    if let Some(before) = before {
        // SAFETY: this was in force a moment ago.
        unsafe { libc::sigaction(libc::SIGINT, &raw const before, std::ptr::null_mut()) };
    }
    result
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
