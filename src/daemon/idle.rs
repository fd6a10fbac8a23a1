//! When an idle daemon returns memory: once after each burst of activity, so that a daemon without
//! activity is not woken up.

use std::time::Duration;

use crate::core::time::Mono;

/// How long the daemon must have been idle: at first, and at most. The time doubles with each use, so
/// that a daemon with little work all the time is hardly ever woken up for it.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(64);

/// The last activity, and whether the memory for it was returned.
#[derive(Clone, Debug)]
pub(super) struct Idle {
    since: Mono,
    /// `None` if nothing happened since the last return.
    wanted: Option<Duration>,
    next: Duration,
}

impl Default for Idle {
    fn default() -> Self {
        Self { since: Mono::default(), wanted: Some(FIRST), next: FIRST }
    }
}

impl Idle {
    /// Something happened.
    pub(super) fn on_activity(&mut self, now: Mono) {
        self.since = now;
        self.wanted = Some(self.next);
    }

    /// How much longer the daemon must be idle; `None` if there is nothing to return.
    pub(super) fn remaining(&self, now: Mono) -> Option<Duration> {
        Some(self.wanted?.saturating_sub(now.since(self.since)))
    }

    /// The memory was returned.
    pub(super) fn on_release(&mut self) {
        self.wanted = None;
        self.next = (self.next * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono(Duration::from_millis(millis))
    }

    #[test]
    fn memory_is_returned_once_after_each_burst_and_ever_later() {
        let mut idle = Idle::default();
        idle.on_activity(at(10_000));
        assert_eq!(idle.remaining(at(10_400)), Some(Duration::from_millis(600)));
        idle.on_activity(at(10_500));
        assert_eq!(idle.remaining(at(11_600)), Some(Duration::ZERO));
        idle.on_release();
        assert_eq!(idle.remaining(at(90_000)), None);
        let mut waits = Vec::new();
        for _ in 0..8 {
            idle.on_activity(at(100_000));
            waits.extend(idle.remaining(at(100_000)).map(|left| left.as_secs()));
            idle.on_release();
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 64, 64]);
    }
}
