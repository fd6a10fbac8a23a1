//! When the output of a child is read next. A child that prints a line at a time would wake the daemon
//! for each of them, and the wake-ups cost both of them more than the lines. So a stream that has new
//! bytes again at once is read on a timer, as long as each read finds some; the first line after a
//! silence is read when it arrives.

use std::time::Duration;

use crate::core::time::Mono;

/// How long the bytes of a busy stream are collected: about what a pipe of 64 KiB holds of 80-byte lines
/// at full speed. Nobody sees the difference.
const PAUSE: Duration = Duration::from_micros(200);

/// A stream that is readable again within this time is busy.
const AT_ONCE: Duration = Duration::from_micros(100);

/// A read of that many bytes was worth a wake-up, and the next pause could fill the pipe, which stops the
/// child.
const ENOUGH: usize = 32 * 1024;

/// When to read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    WhenReadable,
    At(Mono),
}

/// The pace of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// The last read that found bytes.
    last: Option<Mono>,
    is_busy: bool,
}

impl Pace {
    /// `count` bytes were read `now`.
    pub(super) fn next(&mut self, count: usize, now: Mono) -> Next {
        if count == 0 {
            *self = Self::default();
            return Next::WhenReadable;
        }
        let is_early = self.last.is_some_and(|last| now.since(last) < AT_ONCE);
        self.last = Some(now);
        self.is_busy |= is_early && count < ENOUGH;
        match (self.is_busy, count < ENOUGH) {
            (false, _) => Next::WhenReadable,
            (true, true) => Next::At(Mono(now.0 + PAUSE)),
            (true, false) => Next::At(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Mono {
        Mono(Duration::from_micros(1_000_000 + micros))
    }

    #[test]
    fn a_line_after_a_silence_is_read_when_it_arrives() {
        let mut pace = Pace::default();
        for micros in [0, 500, 1000, 100_000] {
            assert_eq!(pace.next(80, at(micros)), Next::WhenReadable);
        }
    }

    #[test]
    fn a_busy_stream_is_read_on_a_timer_until_a_read_finds_nothing() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(80, at(0)), Next::WhenReadable);
        assert_eq!(pace.next(160, at(10)), Next::At(at(210)));
        assert_eq!(pace.next(12_000, at(215)), Next::At(at(415)));
        assert_eq!(pace.next(0, at(420)), Next::WhenReadable);
        assert_eq!(pace.next(80, at(430)), Next::WhenReadable);
    }

    #[test]
    fn large_reads_are_not_held_up() {
        let mut pace = Pace::default();
        for micros in [0, 10, 20] {
            assert_eq!(pace.next(65_536, at(micros)), Next::WhenReadable);
        }
        assert_eq!(pace.next(80, at(30)), Next::At(at(230)));
        assert_eq!(pace.next(40_000, at(240)), Next::At(at(240)));
    }
}
