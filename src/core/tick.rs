//! TICK events: one when the calendar enters a new slice of 5, 60 or 3600 seconds. Nobody is woken
//! for them unless somebody listens.

use super::event::Event;
use super::supervisor::Supervisor;
use super::time::{Mono, Now, Wall};
use crate::conf::events::EventType;

const PERIODS: [(EventType, i64); 3] =
    [(EventType::Tick5, 5), (EventType::Tick60, 60), (EventType::Tick3600, 3600)];

/// The slice of each period that was entered last.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticks([i64; PERIODS.len()]);

impl Ticks {
    /// Takes the present slices as told.
    pub(super) fn catch_up(&mut self, wall: Wall) {
        for (slice, (_, period)) in self.0.iter_mut().zip(PERIODS) {
            *slice = slice_of(wall, period);
        }
    }
}

fn slice_of(wall: Wall, period: i64) -> i64 {
    wall.secs() - wall.secs().rem_euclid(period)
}

impl Supervisor {
    pub(super) fn tick(&mut self, now: Now) {
        let before = self.ticks.clone();
        self.ticks.catch_up(now.wall);
        for (at, (kind, _)) in PERIODS.into_iter().enumerate() {
            let slice = self.ticks.0[at];
            if slice != before.0[at] {
                self.emit(Event::tick(kind, slice), now);
            }
        }
    }

    /// When the next slice begins that somebody wants to hear of.
    pub(super) fn next_tick(&self, now: Now) -> Option<Mono> {
        let period = PERIODS.iter().find(|(kind, _)| self.is_heard(*kind))?.1;
        let next = Wall(std::time::Duration::from_secs(
            u64::try_from(slice_of(now.wall, period) + period).unwrap_or(0),
        ));
        Some(Mono(now.mono.0 + next.0.saturating_sub(now.wall.0)))
    }
}
