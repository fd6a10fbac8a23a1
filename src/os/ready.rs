//! Polls a small set of descriptors, for clients without a [`super::poller`].

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits until one of the descriptors is readable or closed; returns which ones. All `false` means
/// that the time limit has passed.
#[expect(clippy::disallowed_methods, reason = "a limit of one call")]
pub fn wait_readable(fds: &[BorrowedFd<'_>], limit: Option<Duration>) -> io::Result<Vec<bool>> {
    let mut polled: Vec<_> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    let end = limit.map(|limit| Instant::now() + limit);
    loop {
        match poll(&mut polled, timeout(end)) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(polled.iter().map(|fd| fd.any().unwrap_or(false)).collect()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit of one call")]
fn timeout(end: Option<Instant>) -> PollTimeout {
    let Some(end) = end else { return PollTimeout::NONE };
    let left = end.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}
