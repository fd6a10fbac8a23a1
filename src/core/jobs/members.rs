//! The processes that are started or stopped together, and what came of each.

use std::collections::BTreeMap;
use std::fmt;

use super::job::{JobId, failure_of};
use crate::core::effect::ProcId;
use crate::core::state::ProcessState;
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};

#[derive(Clone, Debug, Default)]
pub struct Members {
    all: Vec<Member>,
    /// Those that are not done, by their place.
    pending: BTreeMap<ProcId, usize>,
    /// How many were not forked yet.
    unspawned: usize,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: ProcId,
    /// `group:process`, or the one name of both.
    pub name: String,
    spawned: Option<Mono>,
    done: Option<(Mono, Result<(), Failure>)>,
}

/// Why a process was not started or not stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawn => f.write_str("could not be spawned"),
            Self::Terminated => f.write_str("did not stay up"),
            Self::Stop(why) => write!(f, "could not be stopped: {why}"),
            Self::TakenOver(by) => write!(f, "was taken over by job {}", by.0),
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
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.all.iter()
    }

    pub fn are_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether every child exists, or never will.
    pub fn are_spawned(&self) -> bool {
        self.unspawned == 0
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = ProcId> {
        self.pending.keys().copied()
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = String> {
        self.pending.values().map(|at| self.all[*at].name.clone())
    }

    pub(super) fn failures(&self) -> Vec<String> {
        let failure = |member: &Member| match &member.done {
            Some((_, Err(failure))) => Some(failure_of(&member.name, failure)),
            _ => None,
        };
        self.all.iter().filter_map(failure).collect()
    }

    pub(super) fn push(&mut self, id: ProcId, name: String) {
        self.pending.insert(id, self.all.len());
        self.unspawned += 1;
        self.all.push(Member { id, name, spawned: None, done: None });
    }

    /// A member that is done from the start.
    pub(super) fn push_done(
        &mut self,
        id: ProcId,
        name: String,
        result: Result<(), Failure>,
        now: Now,
    ) {
        self.push(id, name);
        self.finish(id, result, now);
    }

    fn set_spawned(&mut self, at: usize, now: Now) {
        if self.all[at].spawned.is_none() {
            self.all[at].spawned = Some(now.mono);
            self.unspawned -= 1;
        }
    }

    fn finish(&mut self, id: ProcId, result: Result<(), Failure>, now: Now) {
        if let Some(at) = self.pending.remove(&id) {
            self.set_spawned(at, now);
            self.all[at].done = Some((now.mono, result));
        }
    }

    pub(super) fn observe_starts(&mut self, supervisor: &Supervisor, touched: &[ProcId], now: Now) {
        for id in touched {
            self.observe_start(supervisor, *id, now);
        }
    }

    fn observe_start(&mut self, supervisor: &Supervisor, id: ProcId, now: Now) {
        let Some(&at) = self.pending.get(&id) else { return };
        let process = supervisor.process(id);
        if process.is_some_and(|it| it.spawnerr().is_some()) {
            return self.finish(id, Err(Failure::Spawn), now);
        }
        match process.map_or(ProcessState::Unknown, crate::core::Process::state) {
            ProcessState::Starting if process.is_some_and(crate::core::Process::is_forking) => {}
            ProcessState::Starting => self.set_spawned(at, now),
            ProcessState::Running => self.finish(id, Ok(()), now),
            _ => self.finish(id, Err(Failure::Terminated), now),
        }
    }

    pub(super) fn observe_stops(&mut self, supervisor: &Supervisor, touched: &[ProcId], now: Now) {
        for id in touched {
            if supervisor.process(*id).is_none_or(|it| it.state().is_stopped()) {
                self.finish(*id, Ok(()), now);
            }
        }
    }
}

impl Supervisor {
    pub(super) fn begin_start(&mut self, ids: &[ProcId], now: Now) -> Members {
        let mut members = Members::default();
        for &id in ids {
            self.begin_one_start(&mut members, id, now);
        }
        members
    }

    pub(super) fn begin_one_start(&mut self, members: &mut Members, id: ProcId, now: Now) {
        let Some(name) = self.process(id).map(crate::core::Process::full_name) else { return };
        members.push(id, name);
        self.request_start(id, now);
        // Listeners learn of each start before the next one begins.
        self.dispatch();
        members.observe_starts(self, &[id], now);
    }

    pub(super) fn begin_stop(&mut self, ids: &[ProcId], wait: bool, now: Now) -> Members {
        let mut members = Members::default();
        for &id in ids {
            let Some(name) = self.process(id).map(crate::core::Process::full_name) else {
                continue;
            };
            match self.request_stop(id, now) {
                Ok(()) => members.push(id, name),
                Err(why) => members.push_done(id, name, Err(Failure::Stop(why)), now),
            }
            self.dispatch();
        }
        members.observe_stops(self, ids, now);
        if wait {
            members
                .pending()
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|id| self.watch_stop(id, now));
        }
        members
    }
}
