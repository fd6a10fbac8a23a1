//! A line on the terminal while a call takes long: what is waited for, and for how long already.

use std::io::{self, IsTerminal, Write};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::os::ready::wait_readable;

/// The line is written anew once per interval.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub(super) struct Notice {
    text: String,
}

impl Notice {
    /// A notice on standard error; `None` if that is no terminal.
    pub(super) fn on_terminal(text: String) -> Option<Self> {
        io::stderr().is_terminal().then_some(Self { text })
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

    fn show(&self, waited: Duration) {
        let _ = write!(io::stderr(), "\r{} ({} s)\x1b[K", self.text, waited.as_secs());
    }
}

fn erase() {
    let _ = write!(io::stderr(), "\r\x1b[K");
}
