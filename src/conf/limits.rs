//! Resource limits as in setrlimit(2), and the values of other options of this kind: niceness and OOM
//! score.

use serde::{Deserialize, Serialize};

use super::python::{int, repr, strip};

/// A soft and a hard limit; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceLimit {
    pub soft: Option<u64>,
    pub hard: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    AddressSpace,
    Core,
    Cpu,
    Data,
    FileSize,
    Locks,
    LockedMemory,
    MessageQueues,
    Nice,
    OpenFiles,
    Processes,
    ResidentSet,
    RealtimePriority,
    RealtimeTime,
    PendingSignals,
    Stack,
}

impl Resource {
    /// Its line in `/proc/PID/limits`.
    pub fn proc_name(self) -> &'static str {
        match self {
            Self::AddressSpace => "Max address space",
            Self::Core => "Max core file size",
            Self::Cpu => "Max cpu time",
            Self::Data => "Max data size",
            Self::FileSize => "Max file size",
            Self::Locks => "Max file locks",
            Self::LockedMemory => "Max locked memory",
            Self::MessageQueues => "Max msgqueue size",
            Self::Nice => "Max nice priority",
            Self::OpenFiles => "Max open files",
            Self::Processes => "Max processes",
            Self::ResidentSet => "Max resident set",
            Self::RealtimePriority => "Max realtime priority",
            Self::RealtimeTime => "Max realtime timeout",
            Self::PendingSignals => "Max pending signals",
            Self::Stack => "Max stack size",
        }
    }
}

const UNLIMITED: &str = "unlimited";

/// `LIMIT` for both limits, or `SOFT:HARD`; `quantity` reads one of them.
pub(super) fn parse(
    text: &str,
    quantity: fn(&str) -> Result<i64, String>,
) -> Result<ResourceLimit, String> {
    let bound = |word: &str| {
        let word = strip(word);
        if word.eq_ignore_ascii_case(UNLIMITED) {
            return Ok(None);
        }
        let number = quantity(word).ok().and_then(|number| u64::try_from(number).ok());
        number.map(Some).ok_or_else(|| format!("not a valid limit: {}", repr(text)))
    };
    let (soft, hard) = text.split_once(':').unwrap_or((text, text));
    let limit = ResourceLimit { soft: bound(soft)?, hard: bound(hard)? };
    if exceeds(limit.soft, limit.hard) {
        return Err(format!("the soft limit is above the hard one: {}", repr(text)));
    }
    Ok(limit)
}

/// Whether a bound is above another one.
pub fn exceeds(bound: Option<u64>, other: Option<u64>) -> bool {
    other.is_some_and(|other| bound.is_none_or(|bound| bound > other))
}

pub fn show(limit: &ResourceLimit) -> String {
    let show = |bound: Option<u64>| bound.map_or_else(|| UNLIMITED.to_owned(), |it| it.to_string());
    let (soft, hard) = (show(limit.soft), show(limit.hard));
    if soft == hard { soft } else { format!("{soft}:{hard}") }
}

/// An integer between two others.
pub(super) fn within(text: &str, lowest: i32, highest: i32) -> Result<i32, String> {
    let number = int::decimal(text)?;
    let inside = i32::try_from(number).ok().filter(|it| (lowest..=highest).contains(it));
    inside.ok_or_else(|| format!("{number} is not between {lowest} and {highest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_both_limits() {
        let limit = |text| parse(text, int::decimal).map(|it| (it.soft, it.hard));
        assert_eq!(limit("1024"), Ok((Some(1024), Some(1024))));
        assert_eq!(limit(" 1024 : Unlimited "), Ok((Some(1024), None)));
        assert_eq!(limit("unlimited"), Ok((None, None)));
        for wrong in ["", "-1", "1:", ":1", "1:2:3", "x", "2:1", "unlimited:1"] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }
}
