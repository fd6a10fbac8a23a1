//! A line on the terminal while a call takes long: what is waited for, and for how long already.

use std::io::{self, IsTerminal, Write};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::os::ready::wait_readable;

/// The line is written anew once per interval.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub struct Notice {
    text: String,
}

impl Notice {
    /// A notice on standard error; `None` if that is no terminal.
    pub fn on_terminal(text: String) -> Option<Self> {
        is_possible().then_some(Self { text })
    }

    /// Waits like [`wait_readable`] and shows the notice meanwhile.
    pub(super) fn wait(
        &self,
        fds: &[BorrowedFd<'_>],
        limit: Option<Duration>,
    ) -> io::Result<Vec<bool>> {
        let mut waited = Duration::ZERO;
        let ready = loop {
            let left = limit.map(|limit| limit.saturating_sub(waited));
            let interval = left.map_or(INTERVAL, |left| left.min(INTERVAL));
            let ready = wait_readable(fds, Some(interval))?;
            waited += interval;
            if ready.contains(&true) || limit.is_some_and(|limit| waited >= limit) {
                break ready;
            }
            self.show(waited);
        };
        if waited > INTERVAL {
            erase();
        }
        Ok(ready)
    }

    pub fn show(&self, waited: Duration) {
        let _ = write!(io::stderr(), "\r{} ({} s)\x1b[K", self.text, waited.as_secs());
    }
}

/// Whether standard error is a terminal.
pub fn is_possible() -> bool {
    io::stderr().is_terminal()
}

/// Removes what was shown.
pub fn erase() {
    let _ = write!(io::stderr(), "\r\x1b[K");
}
