//! One day of a process, minute by minute, in five bytes each.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::small_float::SmallFloat;
use crate::core::time::Mono;

/// In seconds.
pub(super) const MINUTE: u64 = 60;

/// How many minutes are kept.
pub const MINUTES: usize = 24 * 60;

/// The bytes of a minute, and how many minutes the memory grows by.
const SLOT: usize = 5;
const GROWTH: usize = 60;

/// In pages of 4 KiB.
const MEMORY: SmallFloat = SmallFloat { exponent: 5, mantissa: 9 };
/// In tenths of a percent.
const CPU: SmallFloat = SmallFloat { exponent: 4, mantissa: 8 };
const DESCRIPTORS: SmallFloat = SmallFloat { exponent: 4, mantissa: 8 };
const PAGE: u64 = 4096;

/// What is known about a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Minute {
    /// `None` if it did not run, or the daemon did not look.
    pub figures: Option<MinuteFigures>,
    /// A child was started.
    pub has_started: bool,
    /// A child ended that should not have, or could not be started.
    pub has_failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinuteFigures {
    /// 100 is one processor.
    pub cpu_percent: f64,
    /// In bytes.
    pub memory: u64,
    /// `None` if they may not be counted.
    pub descriptors: Option<u64>,
}

/// The number of the minute of a moment.
pub(super) fn minute_of(at: Mono) -> u64 {
    at.0.as_secs() / MINUTE
}

/// The last minutes, the newest of which has a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ring {
    newest: u64,
    /// Where the oldest minute is, once all are in use.
    oldest: usize,
    bytes: Vec<u8>,
}

impl Ring {
    /// The number of the newest minute, if there is any.
    pub(super) fn newest(&self) -> Option<u64> {
        (!self.bytes.is_empty()).then_some(self.newest)
    }

    /// Adds a minute; those between it and the newest one are empty. A minute that is there already
    /// gets new figures and keeps its marks.
    pub(super) fn put(&mut self, number: u64, minute: Minute) {
        let Some(newest) = self.newest() else {
            self.newest = number;
            return self.push(minute);
        };
        if number <= newest {
            let Some(index) = self.index(newest) else { return };
            let old = self.read(index);
            let minute = Minute {
                has_started: old.has_started || minute.has_started,
                has_failed: old.has_failed || minute.has_failed,
                ..minute
            };
            return self.write(index, minute);
        }
        let missing = usize::try_from(number - newest - 1).unwrap_or(usize::MAX).min(MINUTES);
        (0..missing).for_each(|_| self.push(Minute::default()));
        self.newest = number;
        self.push(minute);
    }

    /// The last `count` minutes up to `end`, oldest first.
    pub(super) fn last(&self, count: usize, end: u64) -> impl Iterator<Item = Minute> {
        let first = (end + 1).saturating_sub(count as u64);
        (first..=end).map(|number| self.index(number).map(|at| self.read(at)).unwrap_or_default())
    }

    /// The bytes that it occupies beside its own size.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    fn len(&self) -> usize {
        self.bytes.len() / SLOT
    }

    fn index(&self, number: u64) -> Option<usize> {
        let age = usize::try_from(self.newest.checked_sub(number)?).ok()?;
        let from_oldest = self.len().checked_sub(age + 1)?;
        Some((self.oldest + from_oldest) % self.len())
    }

    fn push(&mut self, minute: Minute) {
        if self.len() < MINUTES {
            if self.bytes.len() == self.bytes.capacity() {
                self.bytes.reserve_exact(GROWTH * SLOT);
            }
            self.bytes.extend_from_slice(&pack(minute));
        } else {
            let index = self.oldest;
            self.oldest = (index + 1) % MINUTES;
            self.write(index, minute);
        }
    }

    fn read(&self, index: usize) -> Minute {
        let mut bytes = [0; SLOT];
        bytes.copy_from_slice(&self.bytes[index * SLOT..][..SLOT]);
        unpack(bytes)
    }

    fn write(&mut self, index: usize, minute: Minute) {
        self.bytes[index * SLOT..][..SLOT].copy_from_slice(&pack(minute));
    }
}

/// From the lowest bit: the marks, the descriptors, the processor, the memory. A code of zero stands
/// for an unknown number of descriptors, and for no figures at all.
fn pack(minute: Minute) -> [u8; SLOT] {
    let marks = u64::from(minute.has_started) | u64::from(minute.has_failed) << 1;
    let known =
        |format: SmallFloat, number: u64| (format.encode(number) + 1).min((1 << format.bits()) - 1);
    let figures = minute.figures.map_or(0, |figures| {
        let cpu = CPU.encode((figures.cpu_percent * 10.0).round() as u64);
        let descriptors = figures.descriptors.map_or(0, |it| known(DESCRIPTORS, it));
        let memory = known(MEMORY, figures.memory.div_ceil(PAGE));
        (memory << CPU.bits() | cpu) << DESCRIPTORS.bits() | descriptors
    });
    let word = (figures << 2 | marks).to_le_bytes();
    let mut bytes = [0; SLOT];
    bytes.copy_from_slice(&word[..SLOT]);
    bytes
}

fn unpack(bytes: [u8; SLOT]) -> Minute {
    let mut word = [0; 8];
    word[..SLOT].copy_from_slice(&bytes);
    let word = u64::from_le_bytes(word);
    let field = |from: u32, bits: u32| word >> from & ((1 << bits) - 1);
    let descriptors = field(2, DESCRIPTORS.bits());
    let cpu = field(2 + DESCRIPTORS.bits(), CPU.bits());
    let memory = field(2 + DESCRIPTORS.bits() + CPU.bits(), MEMORY.bits());
    let figures = memory.checked_sub(1).map(|memory| MinuteFigures {
        cpu_percent: CPU.decode(cpu) as f64 / 10.0,
        memory: MEMORY.decode(memory) * PAGE,
        descriptors: descriptors.checked_sub(1).map(|code| DESCRIPTORS.decode(code)),
    });
    Minute { figures, has_started: word & 1 != 0, has_failed: word & 2 != 0 }
}

/// The minutes from the oldest on, in base64.
#[derive(Serialize, Deserialize)]
struct Saved {
    newest: u64,
    minutes: String,
}

impl Serialize for Ring {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (late, early) = self.bytes.split_at(self.oldest * SLOT);
        let minutes = BASE64_STANDARD.encode([early, late].concat());
        Saved { newest: self.newest, minutes }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Ring {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Saved { newest, minutes } = Saved::deserialize(from)?;
        let bytes = BASE64_STANDARD.decode(minutes).map_err(de::Error::custom)?;
        if bytes.len() % SLOT != 0 || bytes.len() > MINUTES * SLOT {
            return Err(de::Error::custom("the minutes of a ring have another length"));
        }
        Ok(Self { newest, oldest: 0, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(cpu_percent: f64, memory: u64, descriptors: Option<u64>) -> Minute {
        let figures = Some(MinuteFigures { cpu_percent, memory, descriptors });
        Minute { figures, ..Minute::default() }
    }

    #[test]
    fn a_minute_is_nearly_what_was_put_in() {
        let cases = [
            (0.0, 0, None),
            (0.1, 1, Some(0)),
            (99.9, 1 << 20, Some(3)),
            (3200.0, 3 << 40, Some(1_048_576)),
            (1e12, u64::MAX, Some(u64::MAX)),
        ];
        for (cpu, memory, descriptors) in cases {
            let put = minute(cpu, memory, descriptors);
            let put = Minute { has_started: true, ..put };
            let got = unpack(pack(put));
            let (wanted, found) = (put.figures.unwrap(), got.figures.unwrap());
            assert!(got.has_started && !got.has_failed);
            assert_eq!(found.descriptors.is_some(), wanted.descriptors.is_some());
            if memory < u64::MAX {
                let error = found.memory.abs_diff(memory);
                assert!(error <= PAGE.max(memory / 500), "{memory} became {}", found.memory);
                let error = (found.cpu_percent - cpu).abs();
                assert!(error <= cpu / 250.0, "{cpu} became {}", found.cpu_percent);
            }
        }
        assert_eq!(unpack(pack(Minute::default())), Minute::default());
        let failed = Minute { has_failed: true, ..Minute::default() };
        assert_eq!(unpack(pack(failed)), failed);
    }

    #[test]
    fn the_last_day_is_kept_in_order() {
        let mut ring = Ring::default();
        let count = MINUTES as u64 + 100;
        let at = |number: u64| minute(number as f64 / 10.0, number << 20, None);
        (1..=count).for_each(|number| ring.put(number, at(number)));
        let as_kept = |number: u64| unpack(pack(at(number)));
        let last: Vec<Minute> = ring.last(2, count).collect();
        assert_eq!(last, [as_kept(count - 1), as_kept(count)]);
        let all: Vec<Minute> = ring.last(MINUTES + 1, count).collect();
        assert_eq!(all[..2], [Minute::default(), as_kept(101)]);
        assert_eq!(ring.bytes.capacity(), MINUTES * SLOT);
    }

    #[test]
    fn minutes_without_a_look_are_empty_and_marks_stay() {
        let mut ring = Ring::default();
        ring.put(10, Minute { has_started: true, ..minute(1.0, 1, None) });
        ring.put(10, Minute { has_failed: true, ..minute(2.0, 1, None) });
        ring.put(13, minute(3.0, 1, None));
        let found: Vec<Minute> = ring.last(5, 14).collect();
        assert!(found[0].has_started && found[0].has_failed);
        assert_eq!(found[0].figures.map(|it| it.cpu_percent), Some(2.0));
        assert_eq!(found[3].figures.map(|it| it.cpu_percent), Some(3.0));
        assert_eq!([found[1], found[2], found[4]], [Minute::default(); 3]);
        ring.put(1_000_000, minute(4.0, 1, None));
        assert_eq!(ring.last(MINUTES, 1_000_000).filter(|it| it.figures.is_some()).count(), 1);
    }

    #[test]
    fn a_ring_survives_as_text() {
        let mut ring = Ring::default();
        for number in [5, 6, 9, MINUTES as u64 + 9] {
            ring.put(number, minute(number as f64, number, Some(number)));
        }
        let text = serde_json::to_string(&ring).unwrap();
        let mut again: Ring = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
        let end = MINUTES as u64 + 11;
        for ring in [&mut ring, &mut again] {
            ring.put(end, minute(7.0, 7, None));
        }
        assert!(ring.last(MINUTES, end).eq(again.last(MINUTES, end)));
        assert!(serde_json::from_str::<Ring>(r#"{"newest":1,"minutes":"AAAA"}"#).is_err());
    }
}
