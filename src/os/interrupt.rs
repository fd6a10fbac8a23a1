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

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
