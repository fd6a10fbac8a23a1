//! Two clocks that are never mixed: [`Mono`] for decisions, [`Wall`] for display.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A time on the monotonic clock, since an arbitrary start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Mono(pub Duration);

impl Mono {
    /// `seconds` later; negative seconds, which a configuration may contain, count as zero.
    #[must_use]
    pub fn plus_secs(self, seconds: i64) -> Self {
        let seconds = u64::try_from(seconds).unwrap_or(0);
        Self(self.0.saturating_add(Duration::from_secs(seconds)))
    }

    /// The time since `earlier`; zero if `earlier` is in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// A time on the wall clock, since the epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Wall(pub Duration);

impl Wall {
    pub fn secs(self) -> i64 {
        i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX)
    }
}

/// One reading of both clocks, passed with every input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    pub mono: Mono,
    pub wall: Wall,
}
