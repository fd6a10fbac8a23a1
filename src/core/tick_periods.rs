//! The periods of TICK events.

use serde::{Deserialize, Serialize};

use super::time::Wall;
use crate::conf::events::EventType;

pub(super) const PERIODS: [(EventType, i64); 3] =
    [(EventType::Tick5, 5), (EventType::Tick60, 60), (EventType::Tick3600, 3600)];

/// The start of the last announced period of each length.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct TickPeriods(pub(super) [i64; PERIODS.len()]);

impl TickPeriods {
    /// Marks the current tick periods as announced.
    pub(super) fn mark_announced(&mut self, wall: Wall) {
        for (start, (_, period)) in self.0.iter_mut().zip(PERIODS) {
            *start = period_start(wall, period);
        }
    }
}

pub(super) fn period_start(wall: Wall, period: i64) -> i64 {
    wall.secs() - wall.secs().rem_euclid(period)
}
