//! A time limit on the monotonic clock.

use std::time::Duration;

use crate::os::clock::monotonic;

#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Duration);

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self(monotonic() + limit)
    }

    pub(super) fn has_passed(self) -> bool {
        monotonic() > self.0
    }
}
