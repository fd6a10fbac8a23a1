//! TICK events: one at the start of every period of 5, 60 or 3600 seconds of wall-clock time. The
//! daemon wakes up for them only if there is a subscriber.

use super::event::Event;
use super::supervisor::Supervisor;
use super::tick_periods::{PERIODS, period_start};
use super::time::{Mono, Now, Wall};

impl Supervisor {
    pub(super) fn tick(&mut self, now: Now) {
        let before = self.ticks.clone();
        self.ticks.mark_announced(now.wall);
        for (at, (kind, _)) in PERIODS.into_iter().enumerate() {
            let start = self.ticks.0[at];
            if start != before.0[at] {
                self.emit(Event::tick(kind, start), now);
            }
        }
    }

    /// The start of the next period that has a subscriber.
    pub(super) fn next_tick(&self, now: Now) -> Option<Mono> {
        let period = PERIODS.iter().find(|(kind, _)| self.has_subscriber(*kind))?.1;
        let next = Wall(std::time::Duration::from_secs(
            u64::try_from(period_start(now.wall, period) + period).unwrap_or(0),
        ));
        Some(Mono(now.mono.0 + next.0.saturating_sub(now.wall.0)))
    }
}
