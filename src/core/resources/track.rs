//! The use of resources by one program: differences between looks, across the ends of its children.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ring::{Minute, MinuteFigures, Ring, minute_of};
use super::trees::TreeUsage;
use crate::core::effect::Pid;
use crate::core::history::{Outcome, Record, Run};
use crate::core::time::Mono;

/// Two minutes of a ring are not further apart while any child is up.
const LONGEST_MINUTE: Duration = Duration::from_secs(120);

/// What a program uses now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Current {
    /// Since the previous look; 100 is one processor.
    pub cpu_percent: f64,
    pub memory: u64,
    pub descriptors: Option<u64>,
    pub processes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    child: Option<Child>,
    /// The time on a processor of all children.
    cpu: Duration,
    /// How many ends are included in it.
    ends: u64,
    /// When the last minute of the ring was written, and what was true then.
    minute_at: Mono,
    minute_cpu: Duration,
    starts: u64,
    failures: u64,
    ring: Ring,
}

/// The child that the last look has found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Child {
    pid: Pid,
    cpu: Duration,
    cpu_percent: f64,
    memory: u64,
    descriptors: Option<u64>,
    processes: u64,
}

/// Zero for a time in which nothing can be measured.
pub(super) fn percent(part: Duration, whole: Duration) -> f64 {
    if whole < Duration::from_millis(100) { 0.0 } else { part.div_duration_f64(whole) * 100.0 }
}

impl Track {
    /// Of a process whose first child that is looked at was `started` then.
    pub(super) fn new(starts: u64, record: Option<&Record>, started: Mono) -> Self {
        Self {
            child: None,
            cpu: Duration::ZERO,
            ends: record.map_or(0, |it| it.total),
            minute_at: started,
            minute_cpu: Duration::ZERO,
            starts: starts.saturating_sub(1),
            failures: record.map_or(0, |it| it.failures),
            ring: Ring::default(),
        }
    }

    pub(super) fn cpu(&self) -> Duration {
        self.cpu
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// What the child uses, if the last look has found it.
    pub(super) fn current(&self, pid: Pid) -> Option<Current> {
        let child = self.child.filter(|child| child.pid == pid)?;
        let Child { cpu_percent, memory, descriptors, processes, .. } = child;
        Some(Current { cpu_percent, memory, descriptors, processes })
    }

    /// Adds what children used that have ended since the last look.
    pub(super) fn add_ended(&mut self, record: Option<&Record>) {
        let Some(record) = record else { return };
        let count = usize::try_from(record.total.saturating_sub(self.ends)).unwrap_or(usize::MAX);
        self.ends = record.total;
        for ending in record.endings.iter().rev().take(count) {
            if let Outcome::Ended(run) = &ending.outcome {
                self.add_run(run);
            }
        }
    }

    fn add_run(&mut self, run: &Run) {
        let known = self.child.take_if(|child| child.pid == run.pid);
        let known = known.map_or(Duration::ZERO, |child| child.cpu);
        let whole = run.report.usage.map_or(Duration::ZERO, |usage| usage.user + usage.system);
        self.cpu += whole.saturating_sub(known);
    }

    /// The present child, with what it uses.
    pub(super) fn look(
        &mut self,
        tree: Option<(Pid, TreeUsage)>,
        before: Option<Mono>,
        started: Mono,
        now: Mono,
    ) {
        let Some((pid, usage)) = tree else { return self.child = None };
        let known = self.child.filter(|child| child.pid == pid);
        let used = usage.cpu.saturating_sub(known.map_or(Duration::ZERO, |child| child.cpu));
        let since = known.and(before).unwrap_or(started);
        self.cpu += used;
        self.child = Some(Child {
            pid,
            cpu: usage.cpu,
            cpu_percent: percent(used, now.since(since)),
            memory: usage.memory,
            descriptors: usage.descriptors,
            processes: usage.processes,
        });
    }

    /// Writes the present minute.
    pub(super) fn end_minute(
        &mut self,
        starts: u64,
        record: Option<&Record>,
        started: Mono,
        now: Mono,
    ) {
        let failures = record.map_or(0, |it| it.failures);
        let whole = match now.since(self.minute_at) {
            // There was no child at all meanwhile.
            long if long > LONGEST_MINUTE => now.since(started),
            minute => minute,
        };
        let used = self.cpu.saturating_sub(self.minute_cpu);
        let minute = Minute {
            figures: self.child.map(|child| MinuteFigures {
                cpu_percent: percent(used, whole),
                memory: child.memory,
                descriptors: child.descriptors,
            }),
            has_started: starts != self.starts,
            has_failed: failures != self.failures,
        };
        if minute != Minute::default() {
            self.ring.put(minute_of(now), minute);
        }
        (self.minute_at, self.minute_cpu) = (now, self.cpu);
        (self.starts, self.failures) = (starts, failures);
    }
}
