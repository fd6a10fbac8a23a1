//! Waiting for a condition.

use std::time::{Duration, Instant};

/// Much longer than any wait on a busy machine; only a failing test reaches it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Returns when `condition` holds; fails the test if it does not within the limit.
#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(comes_true(condition), "waited in vain until {what}");
}

/// Waits for `condition`; false if it does not hold within the limit.
pub fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() > end {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    true
}

/// Whether a process is sleeping.
pub fn is_asleep(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| state.starts_with('S'))
}
