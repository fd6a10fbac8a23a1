//! The processes that are started or stopped together, and what came of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::JobId;
use crate::core::effect::ProcId;
use crate::core::time::{Mono, Now};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Members {
    all: Vec<Member>,
    /// Those that are not done, by their place.
    pub(in crate::core) pending: BTreeMap<ProcId, usize>,
    /// How many were not forked yet.
    unspawned: usize,
    /// Those of a stop that are stopped only when what depends on them is down.
    pub(in crate::core) held: BTreeSet<ProcId>,
    /// Those that are stopped with what they depend on, and are started with it again.
    pub(in crate::core) followers: BTreeSet<ProcId>,
    /// Whether "waiting for x to stop" is logged.
    pub(in crate::core) is_watched: bool,
}

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub id: ProcId,
    /// `group:process`, or the one name of both.
    pub name: String,
    spawned: Option<Mono>,
    done: Option<(Mono, Result<(), Failure>)>,
}

/// Why a process was not started or not stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The child could not be made.
    Spawn,
    /// It ended before it had stayed up for `startsecs`.
    Terminated,
    /// The stop could not be requested.
    Stop(String),
    /// Another job decided about it.
    TakenOver(JobId),
    /// Its command cannot be run; it was not started.
    Command,
    /// It waits for something that has failed.
    Dependency(String),
    /// An operator has disabled it.
    Disabled(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawn => f.write_str("could not be spawned"),
            Self::Terminated => f.write_str("did not stay up"),
            Self::Stop(why) => write!(f, "could not be stopped: {why}"),
            Self::TakenOver(by) => write!(f, "was taken over by job {}", by.0),
            Self::Dependency(why) | Self::Disabled(why) => f.write_str(why),
            Self::Command => f.write_str("has a command that cannot be run"),
        }
    }
}

impl Member {
    /// When and how it ended; `None` while it is waited for.
    pub fn done(&self) -> Option<&(Mono, Result<(), Failure>)> {
        self.done.as_ref()
    }

    /// Why it was not started or stopped, if that is known.
    pub fn failure(&self) -> Option<&Failure> {
        self.done.as_ref()?.1.as_ref().err()
    }

    /// When its child existed, or it was known that none will.
    pub fn spawned(&self) -> Option<Mono> {
        self.spawned
    }
}

impl Members {
    pub(in crate::core) fn of_stop(followers: BTreeSet<ProcId>, is_watched: bool) -> Self {
        Self { followers, is_watched, ..Self::default() }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.all.iter()
    }

    pub fn are_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many are done.
    pub fn done_count(&self) -> usize {
        self.all.len() - self.pending.len()
    }

    /// Whether every child exists, or never will.
    pub fn are_spawned(&self) -> bool {
        self.unspawned == 0
    }

    pub(in crate::core) fn pending(&self) -> impl Iterator<Item = ProcId> {
        self.pending.keys().copied()
    }

    pub(in crate::core) fn waiting(&self) -> impl Iterator<Item = String> {
        self.pending.values().map(|at| self.all[*at].name.clone())
    }

    pub(in crate::core) fn failures(&self) -> Vec<String> {
        let failure = |member: &Member| match &member.done {
            Some((_, Err(failure))) => Some(failure_of(&member.name, failure)),
            _ => None,
        };
        self.all.iter().filter_map(failure).collect()
    }

    pub(in crate::core) fn push(&mut self, id: ProcId, name: String) {
        self.pending.insert(id, self.all.len());
        self.unspawned += 1;
        self.all.push(Member { id, name, spawned: None, done: None });
    }

    /// A member that is done from the start.
    pub(in crate::core) fn push_done(
        &mut self,
        id: ProcId,
        name: String,
        result: Result<(), Failure>,
        now: Now,
    ) {
        self.push(id, name);
        self.finish(id, result, now);
    }

    pub(in crate::core) fn set_spawned(&mut self, at: usize, now: Now) {
        if self.all[at].spawned.is_none() {
            self.all[at].spawned = Some(now.mono);
            self.unspawned -= 1;
        }
    }

    /// Another job decided about a process: it is not started again with what it depends on.
    pub(in crate::core) fn release(&mut self, id: ProcId) {
        self.followers.remove(&id);
    }

    /// Stops nothing any more; what is pending is only observed.
    pub(in crate::core) fn cancel(&mut self) {
        self.held.clear();
        self.followers.clear();
    }

    pub(in crate::core) fn finish(&mut self, id: ProcId, result: Result<(), Failure>, now: Now) {
        if let Some(at) = self.pending.remove(&id) {
            self.set_spawned(at, now);
            self.all[at].done = Some((now.mono, result));
        }
    }
}

/// One sentence about one process.
pub(in crate::core) fn failure_of(name: &str, failure: &Failure) -> String {
    format!("{name} {failure}")
}
