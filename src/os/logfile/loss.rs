//! What could not be written to a log, counted in whole lines until writing works again.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What was lost, for the activity log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    pub lines: u64,
    pub bytes: u64,
    pub after: Duration,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, bytes, after } = self;
        write!(f, "{} s, {lines} lines ({}) lost", after.as_secs(), size(*bytes))
    }
}

/// Bytes in the largest unit that leaves at least one: `1.2 MB`.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

/// Counts from the first loss to the first write that succeeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::os) struct LossCounter {
    since: Option<Duration>,
    lines: u64,
    bytes: u64,
    /// The beginning of the line that comes next was lost, so its rest is not written either.
    in_line: bool,
}

impl LossCounter {
    pub(in crate::os) fn is_losing(&self) -> bool {
        self.since.is_some()
    }

    /// Counts lost bytes.
    pub(in crate::os) fn add(&mut self, bytes: &[u8], now: Duration) {
        let Some(last) = bytes.last() else { return };
        self.since.get_or_insert(now);
        self.lines += bytes.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.bytes += bytes.len() as u64;
        self.in_line = *last != b'\n';
    }

    /// Counts the bytes of a line that was taken back after a part of it had been written.
    pub(in crate::os) fn take_back(&mut self, bytes: u64, now: Duration) {
        self.since.get_or_insert(now);
        self.bytes += bytes;
        self.in_line = true;
    }

    /// Drops the rest of a line whose beginning was lost; returns what may be written.
    pub(in crate::os) fn skip_rest<'b>(&mut self, bytes: &'b [u8], now: Duration) -> &'b [u8] {
        if !self.in_line {
            return bytes;
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        self.add(&bytes[..end], now);
        &bytes[end..]
    }

    /// What was lost, if anything was; counting starts again.
    pub(in crate::os) fn resume(&mut self, now: Duration) -> Option<Lost> {
        let since = self.since?;
        let lost = Lost {
            lines: self.lines.max(u64::from(self.in_line)),
            bytes: self.bytes,
            after: now.saturating_sub(since),
        };
        *self = Self::default();
        Some(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_lines_are_counted_whole() {
        let at = Duration::from_secs;
        let mut counter = LossCounter::default();
        assert_eq!(counter.skip_rest(b"as it is", at(1)), b"as it is");
        assert_eq!(counter.resume(at(1)), None);
        counter.add(b"one\ntwo\nthr", at(2));
        assert_eq!(counter.skip_rest(b"ee", at(3)), b"");
        assert_eq!(counter.skip_rest(b"\nfour\n", at(5)), b"four\n");
        let lost = counter.resume(at(14)).expect("something was lost");
        assert_eq!(lost, Lost { lines: 3, bytes: 14, after: at(12) });
        assert!(!counter.is_losing());
    }

    #[test]
    fn a_loss_is_shown_with_its_duration_and_size() {
        let shown =
            |bytes| Lost { lines: 3686, bytes, after: Duration::from_millis(12_900) }.to_string();
        assert_eq!(shown(1_258_291), "12 s, 3686 lines (1.1 MB) lost");
        assert_eq!(shown(999), "12 s, 3686 lines (999 bytes) lost");
        assert_eq!(shown(5 << 30), "12 s, 3686 lines (5.0 GB) lost");
    }
}
