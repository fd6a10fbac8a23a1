//! The deadlines of all processes. The earliest one bounds how long the daemon sleeps.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::effect::ProcId;
use super::time::Mono;
use crate::conf::probe::ProbeId;

/// What a deadline of a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TimerKind {
    /// The end of the phase that its state machine is in.
    Phase,
    /// The next message "waiting for x to stop".
    StopReport,
    /// The next measurement of its memory.
    Memory,
    /// The next request of a probe, or the end of its time limit.
    Probe(ProbeId),
    /// The time limit of the hook that runs.
    Hook,
    /// The next look at what a process has left behind.
    Sweep,
    /// The next look at the wall clock for its schedule.
    Schedule,
}

type Key = (ProcId, TimerKind);

/// At most one deadline per process and kind; setting one replaces the previous one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "BTreeSet<(Mono, Key)>", into = "BTreeSet<(Mono, Key)>")]
pub struct Timers {
    by_time: BTreeSet<(Mono, Key)>,
    by_key: BTreeMap<Key, Mono>,
}

impl From<BTreeSet<(Mono, Key)>> for Timers {
    fn from(by_time: BTreeSet<(Mono, Key)>) -> Self {
        let by_key = by_time.iter().map(|(at, key)| (*key, *at)).collect();
        Self { by_time, by_key }
    }
}

impl From<Timers> for BTreeSet<(Mono, Key)> {
    fn from(timers: Timers) -> Self {
        timers.by_time
    }
}

impl Timers {
    pub fn set(&mut self, owner: ProcId, kind: TimerKind, at: Option<Mono>) {
        let key = (owner, kind);
        if let Some(old) = self.by_key.remove(&key) {
            self.by_time.remove(&(old, key));
        }
        if let Some(at) = at {
            self.by_key.insert(key, at);
            self.by_time.insert((at, key));
        }
    }

    /// Cancels all deadlines of a process.
    pub fn cancel(&mut self, owner: ProcId) {
        let own = self.by_key.range((owner, TimerKind::Phase)..).map(|(key, _)| *key);
        let own: Vec<Key> = own.take_while(|key| key.0 == owner).collect();
        for (owner, kind) in own {
            self.set(owner, kind, None);
        }
    }

    pub fn nearest(&self) -> Option<Mono> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// The first deadlines that have passed, at most `limit`: earliest first, then in order of
    /// creation of the processes.
    pub fn due(&self, now: Mono, limit: usize) -> Vec<(ProcId, TimerKind)> {
        let due = self.by_time.iter().take_while(|(at, _)| *at <= now);
        due.take(limit).map(|(_, key)| *key).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_process_has_one_deadline_of_each_kind() {
        let at = |seconds| Mono(Duration::from_secs(seconds));
        let (a, b) = (ProcId(1), ProcId(2));
        let mut timers = Timers::default();
        timers.set(a, TimerKind::Phase, Some(at(9)));
        timers.set(a, TimerKind::StopReport, Some(at(2)));
        timers.set(b, TimerKind::Phase, Some(at(2)));
        timers.set(b, TimerKind::Phase, Some(at(3)));
        assert_eq!(timers.nearest(), Some(at(2)));
        assert_eq!(timers.due(at(3), 9), [(a, TimerKind::StopReport), (b, TimerKind::Phase)]);
        assert_eq!(timers.due(at(3), 1), [(a, TimerKind::StopReport)]);
        timers.cancel(a);
        timers.cancel(b);
        assert!(timers.is_empty());
        assert_eq!(timers.nearest(), None);
    }
}
