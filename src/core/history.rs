//! How the children of each process ended, and what was noted about it: the last few of both, as plain data. It outlives the
//! processes, because an update removes and adds them; a daemon can hand it to the next one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::effect::{OutputStream, Pid, WaitStatus};
use super::exit_report::{ExitReport, SentSignal, StopRequest};
use super::notes::{self, Note, Notes};
use super::time::Wall;

/// How many ends of a process are kept.
const ENDINGS: usize = 10;

/// How many of them keep their output.
const WITH_OUTPUT: usize = 3;

/// How many processes are kept. More than this run rarely; removed ones are forgotten first.
const PROCESSES: usize = 2000;

/// How an attempt to run a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub when: Wall,
    pub outcome: Outcome,
    /// The last lines of each stream that has any.
    pub output: Vec<(OutputStream, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// There was no child: a command that cannot be run, no descriptor.
    NotSpawned {
        error: String,
    },
    Ended(Run),
}

/// The life of one child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub pid: Pid,
    pub lasted: Duration,
    pub status: WaitStatus,
    pub kind: RunEnd,
    pub report: ExitReport,
    /// Who requested its stop.
    pub stop: Option<StopRequest>,
    /// The last signal that a client sent to it.
    pub sent: Option<SentSignal>,
    /// Whether SIGKILL was sent because it did not stop within `stopwaitsecs`.
    pub was_killed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunEnd {
    /// On request.
    Stopped,
    /// Within `startsecs`.
    TooQuickly,
    Expected,
    Unexpected,
}

impl Ending {
    /// Whether a person may want to know about it.
    pub fn is_failure(&self) -> bool {
        match &self.outcome {
            Outcome::NotSpawned { .. } => true,
            Outcome::Ended(run) => {
                run.was_killed || matches!(run.kind, RunEnd::TooQuickly | RunEnd::Unexpected)
            }
        }
    }
}

/// The ends of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When the first one was counted.
    pub since: Wall,
    pub total: u64,
    pub failures: u64,
    /// The last ones, oldest first.
    pub endings: VecDeque<Ending>,
}

/// The ends of all processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// By group and process.
    records: BTreeMap<String, Record>,
    #[serde(default)]
    notes: BTreeMap<String, Notes>,
    /// How often something was added.
    #[serde(skip)]
    changes: u64,
    /// How often a failure was added.
    #[serde(skip)]
    failures: u64,
}

/// A name cannot contain a colon that the group does not end with.
pub(super) fn key(group: &str, process: &str) -> String {
    format!("{group}:{process}")
}

impl History {
    pub(super) fn push(&mut self, group: &str, process: &str, ending: Ending) {
        self.changes += 1;
        self.failures += u64::from(ending.is_failure());
        let new = || Record {
            since: ending.when,
            total: 0,
            failures: 0,
            endings: VecDeque::with_capacity(1),
        };
        let record = self.records.entry(key(group, process)).or_insert_with(new);
        record.total += 1;
        record.failures += u64::from(ending.is_failure());
        record.endings.push_back(ending);
        if record.endings.len() > ENDINGS {
            record.endings.pop_front();
        }
        let older = record.endings.len().saturating_sub(WITH_OUTPUT);
        record.endings.iter_mut().take(older).for_each(|ending| ending.output = Vec::new());
    }

    pub(super) fn note(&mut self, group: &str, process: &str, note: Note) {
        self.changes += 1;
        let kept = self.notes.entry(key(group, process)).or_insert_with(|| Notes::with_capacity(1));
        notes::push(kept, note);
    }

    /// Whether there may be processes to forget; with as many active ones there are none.
    pub(super) fn is_full(&self, active: usize) -> bool {
        self.records.len().max(self.notes.len()) > active.max(PROCESSES)
    }

    /// Forgets the processes whose last end or note is longest ago, if there are too many. Those that are
    /// active are kept.
    pub(super) fn limit(&mut self, active: &BTreeSet<String>) {
        limit(&mut self.records, active, |it| it.endings.back().map(|it| it.when));
        limit(&mut self.notes, active, |it| it.back().map(|it| it.when));
    }

    pub fn notes_of(&self, group: &str, process: &str) -> impl DoubleEndedIterator<Item = &Note> {
        self.notes.get(&key(group, process)).into_iter().flatten()
    }

    pub fn of(&self, group: &str, process: &str) -> Option<&Record> {
        self.records.get(&key(group, process))
    }

    /// Rises with each end and note.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Rises with each end that is a failure.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether any failure is recorded.
    pub fn has_failures(&self) -> bool {
        self.records.values().any(|record| record.failures > 0)
    }
}

fn limit<T>(
    all: &mut BTreeMap<String, T>,
    active: &BTreeSet<String>,
    last: impl Fn(&T) -> Option<Wall>,
) {
    while all.len() > active.len().max(PROCESSES) {
        let removed = all.iter().filter(|(key, _)| !active.contains(*key));
        let oldest = removed.min_by_key(|(_, it)| last(it));
        let Some(key) = oldest.map(|(key, _)| key.clone()) else { return };
        all.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(second: u64) -> Ending {
        let lines = vec!["x".repeat(100); 20];
        Ending {
            when: Wall(Duration::from_secs(second)),
            outcome: Outcome::NotSpawned { error: "no".to_owned() },
            output: vec![(OutputStream::Stdout, lines.clone()), (OutputStream::Stderr, lines)],
        }
    }

    #[test]
    fn the_last_ends_are_kept_and_the_very_last_ones_with_output() {
        let mut history = History::default();
        (0..25).for_each(|second| history.push("web", "web", failure(second)));
        let record = history.of("web", "web").unwrap();
        assert_eq!((record.total, record.failures, record.since), (25, 25, Wall::default()));
        let kept: Vec<i64> = record.endings.iter().map(|it| it.when.secs()).collect();
        assert_eq!(kept, (15..25).collect::<Vec<_>>());
        let with_output = record.endings.iter().filter(|it| !it.output.is_empty());
        assert_eq!(with_output.map(|it| it.when.secs()).collect::<Vec<_>>(), [22, 23, 24]);
    }

    #[test]
    fn removed_programs_are_forgotten_first() {
        let mut history = History::default();
        for number in 0..PROCESSES as u64 + 5 {
            let name = format!("p{number}");
            history.push(&name, &name, Ending { output: Vec::new(), ..failure(number) });
            history.limit(&BTreeSet::from([key("p0", "p0")]));
        }
        assert_eq!(history.records.len(), PROCESSES);
        assert!(history.of("p0", "p0").is_some() && history.of("p5", "p5").is_none());
    }

    #[test]
    fn there_is_nothing_to_forget_while_all_are_active() {
        let mut history = History::default();
        for number in 0..PROCESSES as u64 + 5 {
            let name = format!("p{number}");
            history.push(&name, &name, Ending { output: Vec::new(), ..failure(number) });
        }
        assert!(history.is_full(PROCESSES));
        assert!(!history.is_full(PROCESSES + 5));
    }

    #[test]
    fn a_hundred_programs_take_less_than_two_megabytes() {
        let mut history = History::default();
        (0..12).for_each(|second| history.push("web", "web", failure(second)));
        let bytes = serde_json::to_vec(&history).unwrap().len();
        assert!(bytes < 16 << 10, "{bytes}");
    }
}
