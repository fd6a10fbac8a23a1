//! What a log was given and has not written: lines that were lost and are not reported yet, and what a slow
//! reader has not accepted. It outlives the file that is open.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::loss::{LossCounter, Lost};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwritten {
    pub(super) loss: LossCounter,
    /// How many bytes of a line without an end were written.
    pub(super) line: u64,
    /// What a slow reader has not accepted.
    pub(super) pending: Vec<u8>,
    pub(super) is_failing: bool,
}

impl Unwritten {
    pub(in crate::os) fn new(loss: LossCounter, pending: Vec<u8>, is_failing: bool) -> Self {
        Self { loss, pending, is_failing, line: 0 }
    }

    pub(in crate::os) fn loss(&self) -> LossCounter {
        self.loss
    }

    pub(in crate::os) fn pending(&self) -> &[u8] {
        &self.pending
    }

    pub(in crate::os) fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// Nothing of it will be written: what is lost, unless that is nothing.
    pub(super) fn into_lost(self, now: Duration) -> Option<Lost> {
        let Self { mut loss, pending, .. } = self;
        loss.add(&pending, now);
        loss.resume(now)
    }
}
