//! Waiting for something to come true.

use std::time::{Duration, Instant};

/// Far longer than anything takes on a busy machine; only a failing test waits for so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Returns as soon as `condition` holds, and fails the test if it never does.
#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(comes_true(condition), "waited in vain until {what}");
}

/// Whether `condition` comes true in time.
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

/// Whether a process waits for something to happen.
pub fn is_asleep(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| state.starts_with('S'))
}
