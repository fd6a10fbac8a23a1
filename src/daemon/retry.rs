//! When to try again to write what a slow reader did not accept.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// A time, and the interval that led to it: it doubles while the reader accepts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retry {
    pub(super) at: Option<Duration>,
    interval: Duration,
}

impl Retry {
    /// Something has to wait, possibly for the first time.
    pub(super) fn request(&mut self, now: Duration) {
        if self.at.is_none() {
            self.interval = FIRST;
            self.at = Some(now + FIRST);
        }
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.at.is_some_and(|at| now >= at)
    }

    /// After an attempt: waits longer if something is still pending.
    pub(super) fn continue_if(&mut self, is_pending: bool, now: Duration) {
        self.interval = (self.interval * 2).min(LONGEST);
        self.at = is_pending.then(|| now + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_doubles_up_to_a_second_and_starts_again() {
        let mut retry = Retry::default();
        let mut now = Duration::from_secs(5);
        retry.request(now);
        let mut waited = Vec::new();
        for _ in 0..9 {
            let at = retry.at.expect("it is pending");
            waited.push(at.saturating_sub(now).as_millis());
            now = at;
            retry.request(now);
            assert!(retry.is_due(now));
            retry.continue_if(true, now);
        }
        assert_eq!(waited, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        retry.continue_if(false, now);
        assert_eq!(retry.at, None);
        retry.request(now);
        assert_eq!(retry.at, Some(now + FIRST));
    }
}
