//! Waits for descriptors, level-triggered: unread data is reported again. The only blocking call of
//! the daemon.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;

/// Identifies one registration. Tokens are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

/// The events to wait for. A hang-up is reported regardless of the interest, until the descriptor
/// is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    pub read: bool,
    pub write: bool,
}

impl Interest {
    /// Only hang-ups.
    pub const NONE: Self = Self { read: false, write: false };
    pub const READ: Self = Self { read: true, write: false };
    pub const WRITE: Self = Self { read: false, write: true };
    pub const BOTH: Self = Self { read: true, write: true };

    fn event(self, token: Token) -> EpollEvent {
        let mut flags = EpollFlags::empty();
        flags.set(EpollFlags::EPOLLIN, self.read);
        flags.set(EpollFlags::EPOLLOUT, self.write);
        EpollEvent::new(flags, token.0)
    }
}

/// A ready descriptor. A hang-up or an error is reported as readable and writable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub token: Token,
    pub readable: bool,
    pub writable: bool,
}

pub struct Poller {
    epoll: Epoll,
    events: [EpollEvent; MAX_EVENTS],
    last: u64,
}

/// The maximum number of descriptors per wait; the others are reported by the next wait.
const MAX_EVENTS: usize = 256;

/// From here on a timeout is rounded up to milliseconds, the unit of `epoll_wait`.
const COARSE: Duration = Duration::from_millis(10);

impl Poller {
    pub fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self { epoll, events: [EpollEvent::empty(); MAX_EVENTS], last: 0 })
    }

    /// Registers `fd`; the caller must [`remove`](Self::remove) it before closing it. The kernel removes
    /// one that was forgotten, and its token is never reused.
    pub fn add(&mut self, fd: impl AsFd, interest: Interest) -> io::Result<Token> {
        let token = Token(self.last + 1);
        self.epoll.add(fd, interest.event(token))?;
        self.last = token.0;
        Ok(token)
    }

    /// Changes the interest of a registered descriptor.
    pub fn change(&mut self, token: Token, fd: impl AsFd, interest: Interest) -> io::Result<()> {
        Ok(self.epoll.modify(fd, &mut interest.event(token))?)
    }

    /// Removes a descriptor. It is no error if it was not registered.
    pub fn remove(&mut self, fd: impl AsFd) {
        let _ = self.epoll.delete(fd);
    }

    /// Blocks until a descriptor is ready or `timeout` has passed; `None` blocks without limit.
    /// Ready descriptors are returned in order of registration.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Ready>> {
        let count = match self.wait_for_events(timeout) {
            // What was ready meanwhile is reported before timers expire: after this process was stopped, both
            // are due.
            Err(Errno::EINTR) => self.wait_for_events(Some(Duration::ZERO))?,
            waited => waited?,
        };
        let mut ready: Vec<Ready> = self.events[..count].iter().map(ready).collect();
        ready.sort_unstable_by_key(|ready| ready.token);
        Ok(ready)
    }

    fn wait_for_events(&mut self, timeout: Option<Duration>) -> nix::Result<usize> {
        let timeout = match timeout {
            None => EpollTimeout::NONE,
            Some(Duration::ZERO) => EpollTimeout::ZERO,
            Some(short) if short < COARSE => {
                let mut epoll = [PollFd::new(self.epoll.0.as_fd(), PollFlags::POLLIN)];
                if ppoll(&mut epoll, Some(TimeSpec::from_duration(short)), None)? == 0 {
                    return Ok(0);
                }
                EpollTimeout::ZERO
            }
            Some(long) => {
                EpollTimeout::try_from(long.as_micros().div_ceil(1000)).unwrap_or(EpollTimeout::MAX)
            }
        };
        self.epoll.wait(&mut self.events, timeout)
    }
}

fn ready(event: &EpollEvent) -> Ready {
    let flags = event.events();
    let failed = flags.intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
    Ready {
        token: Token(event.data()),
        readable: failed || flags.contains(EpollFlags::EPOLLIN),
        writable: failed || flags.contains(EpollFlags::EPOLLOUT),
    }
}

/// Makes reads and writes on a descriptor non-blocking.
pub fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn unread_data_is_reported_again_and_removed_descriptors_are_not() {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let mut poller = Poller::new().unwrap();
        let token = poller.add(&reader, Interest::READ).unwrap();
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), []);
        writer.write_all(b"x").unwrap();
        let ready = Ready { token, readable: true, writable: false };
        assert_eq!(poller.wait(None).unwrap(), [ready]);
        assert_eq!(poller.wait(None).unwrap(), [ready]);
        poller.remove(&reader);
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), []);
        assert_ne!(poller.add(&reader, Interest::BOTH).unwrap(), token);
    }
}
