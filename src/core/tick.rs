//! TICK events: one at the start of every period of 5, 60 or 3600 seconds of wall-clock time. The
//! daemon wakes up for them only if there is a subscriber.

use super::event::Event;
use super::supervisor::Supervisor;
use super::time::{Mono, Now, Wall};
use crate::conf::events::EventType;

const PERIODS: [(EventType, i64); 3] =
    [(EventType::Tick5, 5), (EventType::Tick60, 60), (EventType::Tick3600, 3600)];

/// The start of the last announced period of each length.
#[derive(Clone, Debug, Default)]
pub(super) struct TickPeriods([i64; PERIODS.len()]);

impl TickPeriods {
    /// Marks the current tick periods as announced.
    pub(super) fn mark_announced(&mut self, wall: Wall) {
        for (start, (_, period)) in self.0.iter_mut().zip(PERIODS) {
            *start = period_start(wall, period);
        }
    }
}

fn period_start(wall: Wall, period: i64) -> i64 {
    wall.secs() - wall.secs().rem_euclid(period)
}

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
