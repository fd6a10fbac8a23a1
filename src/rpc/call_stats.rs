//! How often each XML-RPC method was called, and how long its answers took.

use std::collections::BTreeMap;
use std::time::Duration;

/// Upper bounds of the classes of durations, in milliseconds. What takes longer is in none.
pub const BOUNDS: [u64; 8] = [1, 5, 25, 100, 500, 2_500, 10_000, 60_000];

/// The calls of one method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodCalls {
    pub succeeded: u64,
    pub failed: u64,
    /// How many took at most as long as each of [`BOUNDS`].
    pub within: [u64; BOUNDS.len()],
    pub duration: Duration,
}

/// The calls of all methods. It has a row for each method of the table at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallStats {
    methods: BTreeMap<&'static str, MethodCalls>,
}

impl CallStats {
    pub fn add(&mut self, method: &'static str, has_failed: bool, duration: Duration) {
        let calls = self.methods.entry(method).or_default();
        if has_failed {
            calls.failed += 1;
        } else {
            calls.succeeded += 1;
        }
        calls.duration += duration;
        for (number, bound) in calls.within.iter_mut().zip(BOUNDS) {
            *number += u64::from(duration <= Duration::from_millis(bound));
        }
    }

    /// In the order of their names.
    pub fn methods(&self) -> impl Iterator<Item = (&'static str, &MethodCalls)> {
        self.methods.iter().map(|(name, calls)| (*name, calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_result_and_duration() {
        let mut stats = CallStats::default();
        for (millis, has_failed) in [(0, false), (25, false), (26, true), (90_000, false)] {
            stats.add("supervisor.getState", has_failed, Duration::from_millis(millis));
        }
        let (name, calls) = stats.methods().next().unwrap();
        assert_eq!((name, calls.succeeded, calls.failed), ("supervisor.getState", 3, 1));
        assert_eq!(calls.within, [1, 1, 2, 3, 3, 3, 3, 3]);
        assert_eq!(calls.duration, Duration::from_millis(90_051));
    }
}
