//! Repeats what the journal of a daemon that was killed has: the core gets the same inputs at the same
//! times, so it decides the same. What was written to logs already is skipped.

use super::journal::{Entry, Noted};
use crate::core::effect::Input;
use crate::core::time::Now;
use crate::daemon::event_loop::Daemon;

impl Daemon<'_> {
    pub(super) fn replay(&mut self, entries: Vec<Noted>) {
        let inputs: Vec<(Input, Now)> = entries.into_iter().filter_map(input).collect();
        let last = inputs.len().saturating_sub(1);
        for (at, (input, now)) in inputs.into_iter().enumerate() {
            // All but the last one were processed completely.
            self.shell.is_silent = at < last;
            self.core.take(input, now);
            self.perform();
        }
        self.shell.is_silent = false;
    }
}

fn input(noted: Noted) -> Option<(Input, Now)> {
    let bytes = noted.bytes;
    match noted.entry {
        Entry::Output { id, stream, of_hook: false, now } => {
            Some((Input::Output { id, stream, bytes }, now))
        }
        Entry::Output { id, stream, of_hook: true, now } => {
            Some((Input::HookOutput { id, stream, bytes }, now))
        }
        Entry::Reaped { pid, status, report, now } => {
            Some((Input::Reaped { pid, status, report }, now))
        }
        Entry::Followed { id, pid, status, now } => {
            Some((Input::Followed { id, pid, status }, now))
        }
        Entry::LogWrite { .. } | Entry::StdinWrite { .. } | Entry::Killed => None,
    }
}
