//! Waits for descriptors, level-triggered: what is not read comes back. The only place of the daemon
//! that sleeps. Knows neither what a descriptor is for nor what time it is.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use polling::{Event, Events, PollMode};

/// Names one registration. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(usize);

/// What to wait for. A descriptor that hangs up is reported whatever the interest, again and again
/// until it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    pub read: bool,
    pub write: bool,
}

impl Interest {
    /// Only a hang-up.
    pub const NONE: Self = Self { read: false, write: false };
    pub const READ: Self = Self { read: true, write: false };
    pub const WRITE: Self = Self { read: false, write: true };
    pub const BOTH: Self = Self { read: true, write: true };

    fn event(self, token: Token) -> Event {
        Event::new(token.0, self.read, self.write)
    }
}

/// A descriptor that can be used without blocking. A hang-up or an error shows as both.
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

/// How many descriptors one wait may report; the rest is reported by the next.
const BATCH: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

impl Poller {
    pub fn new() -> io::Result<Self> {
        Ok(Self { inner: polling::Poller::new()?, events: Events::with_capacity(BATCH), last: 0 })
    }

    /// Begins to watch `fd`, which the caller must [`remove`](Self::remove) before closing it.
    pub fn add(&mut self, fd: impl AsFd, interest: Interest) -> io::Result<Token> {
        let token = Token(self.last + 1);
        let raw = fd.as_fd().as_raw_fd();
        // SAFETY: every owner of a token removes it before it closes the descriptor; would one be
        // forgotten, the kernel forgets it on close, and its token is never given out again.
        unsafe { self.inner.add_with_mode(raw, interest.event(token), PollMode::Level) }?;
        self.last = token.0;
        Ok(token)
    }

    /// Waits for something else on the same descriptor.
    pub fn change(&mut self, token: Token, fd: impl AsFd, interest: Interest) -> io::Result<()> {
        let fd: BorrowedFd<'_> = fd.as_fd();
        self.inner.modify_with_mode(fd, interest.event(token), PollMode::Level)
    }

    /// Stops watching. It is no error if the descriptor was not watched.
    pub fn remove(&mut self, fd: impl AsFd) {
        let _ = self.inner.delete(fd.as_fd());
    }

    /// Sleeps until something is ready or `timeout` has passed; without one, for as long as it takes.
    /// What is ready comes in the order in which it was added.
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

/// Makes reads and writes on our end of a pipe return at once, whatever there is.
pub fn never_block(fd: impl AsFd) -> io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_is_not_read_is_reported_again_and_what_is_removed_never() {
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
