//! Ctrl-C as something to wait for. Until a [`Interrupt`] exists, SIGINT ends the program as it
//! always does; afterwards it makes a descriptor readable. Knows nothing of who waits.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// A SIGINT that came, seen by all clones alike.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<UnixStream>);

impl Interrupt {
    /// Takes SIGINT over, for the rest of the program's life.
    pub fn install() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(libc::SIGINT, theirs)?;
        Ok(Self(Arc::new(ours)))
    }

    /// Whether a SIGINT came since the last time somebody asked.
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
