//! Waits for descriptors, level-triggered: unread data is reported again. The only blocking call of
//! the daemon.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use polling::{Event, Events, PollMode};

/// Identifies one registration. Tokens are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(usize);

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

    fn event(self, token: Token) -> Event {
        Event::new(token.0, self.read, self.write)
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
    inner: polling::Poller,
    events: Events,
    last: usize,
}

/// The maximum number of descriptors per wait; the others are reported by the next wait.
const MAX_EVENTS: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

impl Poller {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            inner: polling::Poller::new()?,
            events: Events::with_capacity(MAX_EVENTS),
            last: 0,
        })
    }

    /// Registers `fd`; the caller must [`remove`](Self::remove) it before closing it.
    pub fn add(&mut self, fd: impl AsFd, interest: Interest) -> io::Result<Token> {
        let token = Token(self.last + 1);
        let raw = fd.as_fd().as_raw_fd();
        // SAFETY: every owner of a token removes it before closing the descriptor. A descriptor
        // that was not removed is removed by the kernel on close, and its token is never reused.
        unsafe { self.inner.add_with_mode(raw, interest.event(token), PollMode::Level) }?;
        self.last = token.0;
        Ok(token)
    }

    /// Changes the interest of a registered descriptor.
    pub fn change(&mut self, token: Token, fd: impl AsFd, interest: Interest) -> io::Result<()> {
        let fd: BorrowedFd<'_> = fd.as_fd();
        self.inner.modify_with_mode(fd, interest.event(token), PollMode::Level)
    }

    /// Removes a descriptor. It is no error if it was not registered.
    pub fn remove(&mut self, fd: impl AsFd) {
        let _ = self.inner.delete(fd.as_fd());
    }

    /// Blocks until a descriptor is ready or `timeout` has passed; `None` blocks without limit.
    /// Ready descriptors are returned in order of registration.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Ready>> {
        self.events.clear();
        match self.inner.wait(&mut self.events, timeout) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        let ready = self.events.iter().map(|event| Ready {
            token: Token(event.key),
            readable: event.readable,
            writable: event.writable,
        });
        let mut ready: Vec<Ready> = ready.collect();
        ready.sort_unstable_by_key(|ready| ready.token);
        Ok(ready)
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
