//! Whether a SIGKILL came from the kernel's out-of-memory killer: compares its counters with the last
//! reading. They are read at the start and when a child ends by a SIGKILL from elsewhere.

use crate::core::exit_report::OomKill;
use crate::core::time::Mono;
use crate::os::oom::{self, OomCounters};

#[derive(Debug)]
pub(super) struct OomWatch {
    seen: OomCounters,
}

impl OomWatch {
    pub(super) fn begin() -> Self {
        Self { seen: OomCounters::read() }
    }

    /// What is known about a child that was started at `started` and ended by SIGKILL.
    pub(super) fn examine(&mut self, pid: i32, started: Mono) -> OomKill {
        let now = OomCounters::read();
        let before = std::mem::replace(&mut self.seen, now);
        match verdict(before, now) {
            OomKill::Excluded => OomKill::Excluded,
            suspicion => match oom::kernel_log_names(pid, started.0) {
                Some(true) => OomKill::Confirmed,
                Some(false) if suspicion != OomKill::Likely => OomKill::Excluded,
                _ => suspicion,
            },
        }
    }
}

fn verdict(before: OomCounters, now: OomCounters) -> OomKill {
    let has_risen = |before: Option<u64>, now: Option<u64>| Some(now? > before?);
    let group = has_risen(before.group, now.group);
    let machine = has_risen(before.machine, now.machine);
    match (group, machine) {
        (Some(true), _) => OomKill::Likely,
        (Some(false), _) | (None, Some(false)) => OomKill::Excluded,
        (None, Some(true)) => OomKill::Possible,
        (None, None) => OomKill::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_counter_decides() {
        let at = |group, machine| OomCounters { group, machine };
        for (before, now, want) in [
            (at(Some(1), Some(5)), at(Some(2), Some(6)), OomKill::Likely),
            (at(Some(1), Some(5)), at(Some(1), Some(6)), OomKill::Excluded),
            (at(Some(1), None), at(Some(1), None), OomKill::Excluded),
            (at(None, Some(5)), at(None, Some(6)), OomKill::Possible),
            (at(None, Some(5)), at(None, Some(5)), OomKill::Excluded),
            (at(None, None), at(None, None), OomKill::Unknown),
        ] {
            assert_eq!(verdict(before, now), want, "{before:?} {now:?}");
        }
    }
}
