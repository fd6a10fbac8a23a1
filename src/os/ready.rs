//! Polls a small set of descriptors, for clients without a [`super::poller`].

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits until one of the descriptors is readable or closed; returns which ones. All `false` means
/// that the time limit has passed.
pub fn wait_readable(fds: &[BorrowedFd<'_>], limit: Option<Duration>) -> io::Result<Vec<bool>> {
    let mut polled: Vec<_> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    wait(&mut polled, limit)
}

/// Waits until a descriptor is writable or closed; `false` means that the time limit has passed.
pub fn wait_writable(fd: BorrowedFd<'_>, limit: Option<Duration>) -> io::Result<bool> {
    let ready = wait(&mut [PollFd::new(fd, PollFlags::POLLOUT)], limit)?;
    Ok(ready.contains(&true))
}

/// As [`wait_readable`], but returns `None` as soon as the reader of the pipe or socket `output` is gone.
pub fn wait_readable_for(
    output: BorrowedFd<'_>,
    fds: &[BorrowedFd<'_>],
    limit: Option<Duration>,
) -> io::Result<Option<Vec<bool>>> {
    let readable = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN));
    // Errors and hang-ups are reported without being asked for.
    let mut polled: Vec<_> = readable.chain([PollFd::new(output, PollFlags::empty())]).collect();
    let mut ready = wait(&mut polled, limit)?;
    let is_closed = ready.pop().unwrap_or(false);
    Ok((!is_closed).then_some(ready))
}

#[expect(clippy::disallowed_methods, reason = "a limit of one call")]
fn wait(polled: &mut [PollFd<'_>], limit: Option<Duration>) -> io::Result<Vec<bool>> {
    let end = limit.map(|limit| Instant::now() + limit);
    loop {
        match poll(polled, timeout(end)) {
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
