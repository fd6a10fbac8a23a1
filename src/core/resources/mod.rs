//! What programs, the daemon and the machine use: the last look at them, and one day of each program
//! in minutes. The daemon looks once a minute, and more often while a client asks; it passes each look
//! as a [`Sample`]. Nothing here decides about processes.

mod ring;
mod small_float;
pub mod text;
mod track;
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::effect::Pid;
use super::group::{Process, full_name};
use super::supervisor::Supervisor;
use super::time::{Mono, Now, Wall};
use ring::{MINUTE, minute_of};
pub use ring::{MINUTES, Minute, MinuteFigures};
pub use track::Current;
use track::{Track, percent};
pub use trees::{Details, Observed, TreeUsage, usage};

/// The daemon wakes up for a minute so late in it, and samples earlier if it wakes up anyway.
const LATEST: u64 = 55;

/// How many programs are kept. More than this run rarely; removed ones are forgotten first.
const TRACKS: usize = 2000;

/// What one look at the machine has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// By the children of the daemon.
    pub trees: BTreeMap<Pid, TreeUsage>,
    pub daemon: TreeUsage,
    /// `None` where it cannot be known.
    pub machine: Option<MachineUsage>,
}

/// What the whole machine uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineUsage {
    pub processors: u64,
    /// The time of all processors with and without work.
    pub busy: Duration,
    pub idle: Duration,
    /// In bytes.
    pub memory: u64,
    pub available: u64,
    /// The load of the last 1, 5 and 15 minutes.
    pub load: [f64; 3],
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// By full name.
    tracks: BTreeMap<String, Track>,
    daemon: (Duration, u64, Option<u64>),
    machine: Option<MachineUsage>,
    /// Of all processors together, between the last two looks.
    machine_percent: f64,
    sampled: Option<Mono>,
    /// The last minute of the rings.
    minute: Option<u64>,
}

impl Resources {
    /// The first minute is the one after this.
    pub fn begin(&mut self, now: Mono) {
        self.minute.get_or_insert(minute_of(now));
    }

    /// When the next look is due at the latest.
    pub fn deadline(&self) -> Option<Mono> {
        let start = (self.minute? + 1) * MINUTE;
        Some(Mono(Duration::from_secs(start + LATEST)))
    }

    /// Whether the rings have no figures of the present minute yet.
    pub fn is_due(&self, now: Mono) -> bool {
        self.minute.is_some_and(|minute| minute < minute_of(now))
    }

    /// When the last look was.
    pub fn sampled(&self) -> Option<Mono> {
        self.sampled
    }

    /// Takes the result of a look.
    pub fn take(&mut self, core: &Supervisor, sample: &Sample, now: Now) {
        let is_new_minute = self.minute.is_none_or(|minute| minute < minute_of(now.mono));
        let before = self.sampled.replace(now.mono);
        for process in core.processes() {
            let tree = process.pid().and_then(|pid| Some((pid, *sample.trees.get(&pid)?)));
            let name = process.full_name();
            if tree.is_none() && !self.tracks.contains_key(&name) {
                continue;
            }
            let record = core.history().of(process.group(), process.name());
            let started = process.started().map_or(now.mono, |it| it.mono);
            let new = || Track::new(process.starts(), record, started);
            let track = self.tracks.entry(name).or_insert_with(new);
            track.add_ended(record);
            track.look(tree, before, started, now.mono);
            if is_new_minute {
                track.end_minute(process.starts(), record, started, now.mono);
            }
        }
        self.take_totals(sample);
        if is_new_minute {
            self.minute = Some(minute_of(now.mono));
            self.limit(core);
        }
    }

    fn take_totals(&mut self, sample: &Sample) {
        let TreeUsage { cpu, memory, descriptors, .. } = sample.daemon;
        self.daemon = (cpu, memory, descriptors);
        if let (Some(old), Some(new)) = (self.machine, sample.machine) {
            let busy = new.busy.saturating_sub(old.busy);
            let whole = busy + new.idle.saturating_sub(old.idle);
            self.machine_percent = percent(busy, whole);
        }
        self.machine = sample.machine;
    }

    /// Forgets programs that were removed: those of which no minute is left, and if there are too many,
    /// those whose last minute is longest ago.
    fn limit(&mut self, core: &Supervisor) {
        let minute = self.minute.unwrap_or_default();
        let active: BTreeSet<String> = core.processes().map(Process::full_name).collect();
        let is_active = |name: &str| active.contains(name);
        let is_old = |track: &Track| {
            let newest = track.ring().newest().unwrap_or_default();
            minute.saturating_sub(newest) >= MINUTES as u64
        };
        self.tracks.retain(|name, track| !is_old(track) || is_active(name));
        while self.tracks.len() > active.len().max(TRACKS) {
            let removed = self.tracks.iter().filter(|(name, _)| !is_active(name));
            let oldest = removed.min_by_key(|(_, track)| track.ring().newest());
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { return };
            self.tracks.remove(&name);
        }
    }

    /// What a process uses, if its present child was looked at.
    pub fn current(&self, process: &Process) -> Option<Current> {
        self.track(process)?.current(process.pid()?)
    }

    /// The time on a processor of all children of a process so far.
    pub fn cpu(&self, process: &Process) -> Duration {
        self.track(process).map_or(Duration::ZERO, Track::cpu)
    }

    /// The last `count` minutes of a process, oldest first, and when the first of them began.
    pub fn minutes(&self, process: &Process, count: usize, now: Now) -> (Wall, Vec<Minute>) {
        let count = count.min(MINUTES);
        let end = self.minute.unwrap_or_else(|| minute_of(now.mono));
        let minutes = match self.track(process) {
            Some(track) => track.ring().last(count, end).collect(),
            None => vec![Minute::default(); count.min(end as usize + 1)],
        };
        let begin = (end + 1).saturating_sub(minutes.len() as u64) * MINUTE;
        let age = now.mono.since(Mono(Duration::from_secs(begin)));
        (Wall(now.wall.0.saturating_sub(age)), minutes)
    }

    /// The machine, and how much of its processors was used since the previous look, in percent of all
    /// of them.
    pub fn machine(&self) -> Option<(MachineUsage, f64)> {
        self.machine.map(|machine| (machine, self.machine_percent))
    }

    /// What the daemon itself uses, without its children.
    pub fn daemon(&self) -> TreeUsage {
        let (cpu, memory, descriptors) = self.daemon;
        TreeUsage { cpu, memory, descriptors, processes: 1 }
    }

    fn track(&self, process: &Process) -> Option<&Track> {
        self.tracks.get(&full_name(process.group(), process.name()))
    }
}

#[cfg(test)]
mod tests;
