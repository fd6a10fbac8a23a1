//! A rolling restart: processes are taken out of service, restarted and put back, at most some of
//! them at the same time. The first one that does not come back ends it; the others keep serving.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::JobId;
use super::members::Members;
use crate::conf::config::Process;
use crate::core::effect::ProcId;
use crate::core::exchange::Exchange;
use crate::core::time::Mono;

/// What is done with a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) enum Goal {
    Restart,
    /// The same, and it gets another configuration while it is down.
    Replace(Arc<Process>),
    /// It is drained and stopped.
    Remove,
    /// It is only put back into service.
    Enable,
}

/// A process of a rolling restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) struct Target {
    pub(in crate::core) id: ProcId,
    pub(in crate::core) goal: Goal,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rolling {
    /// How many may be out of service at the same time.
    pub(in crate::core) max_unavailable: usize,
    /// Those whose turn has not come.
    pub(in crate::core) queue: VecDeque<Target>,
    /// Those that are out of service, or about to be.
    pub(in crate::core) active: BTreeMap<ProcId, Instance>,
    /// Those that have to serve before another one is taken out of service.
    pub(in crate::core) peers: Vec<ProcId>,
    pub(in crate::core) reports: Vec<Report>,
    /// No further one is taken out of service.
    pub(in crate::core) is_ending: bool,
    /// A process that cannot be drained is restarted nevertheless.
    pub(in crate::core) is_forced: bool,
    /// When a peer that does not serve began to hold up the next one.
    pub(in crate::core) blocked_since: Option<Mono>,
    /// Requests whose answers are no longer awaited.
    pub(in crate::core) abandoned: Vec<(ProcId, u64)>,
    pub(in crate::core) failures: Vec<String>,
}

/// What became of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub id: ProcId,
    /// `group:process`, or the one name of both.
    pub name: String,
    pub result: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It is still to be restarted, or never was because the restart ended before.
    Untouched,
    /// It is being restarted.
    Active,
    Restarted,
    Failed(String),
}

/// A process that is out of service, or about to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) struct Instance {
    pub(in crate::core) name: String,
    pub(in crate::core) goal: Goal,
    pub(in crate::core) stage: Stage,
    /// What is still to be requested in this stage.
    pub(in crate::core) exchanges: VecDeque<Exchange>,
    pub(in crate::core) request: Option<Pending>,
    /// When the first of `exchanges` is requested again.
    pub(in crate::core) retry_at: Option<Mono>,
    /// When the stage ends in any case, as far as it is limited.
    pub(in crate::core) limit: Option<Mono>,
    /// How often there was no connection, and the last number of them or why it is not known.
    pub(in crate::core) idle_counts: u8,
    pub(in crate::core) last: Option<String>,
}

/// A request that is unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::core) struct Pending {
    pub(in crate::core) number: u64,
    pub(in crate::core) exchange: Exchange,
    pub(in crate::core) until: Mono,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) enum Stage {
    /// Its command is being checked, while it serves or after its configuration was replaced.
    Checking {
        is_down: bool,
    },
    Draining,
    Stopping(Members),
    Starting,
    Enabling,
}

impl Rolling {
    pub(in crate::core) fn is_done(&self) -> bool {
        self.active.is_empty() && (self.is_ending || self.queue.is_empty())
    }

    /// What came of each process, in the order of the request.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// Each process with its part of the restart in one word, and why it failed, if it did.
    pub fn stages(&self) -> impl Iterator<Item = (&str, &'static str, &str)> {
        self.reports.iter().map(|report| {
            let (stage, why) = match &report.result {
                Fate::Untouched if self.is_ending => ("untouched", ""),
                Fate::Untouched => ("queued", ""),
                Fate::Active => {
                    (self.active.get(&report.id).map_or("starting", Instance::stage), "")
                }
                Fate::Restarted => ("restarted", ""),
                Fate::Failed(why) => ("failed", why.as_str()),
            };
            (report.name.as_str(), stage, why)
        })
    }

    pub(in crate::core) fn holds(&self, id: ProcId) -> bool {
        let is_queued = || !self.is_ending && self.queue.iter().any(|it| it.id == id);
        self.active.contains_key(&id) || is_queued()
    }

    /// Whether it starts a process in a later step.
    pub(in crate::core) fn will_start(&self, id: ProcId) -> bool {
        let is_down = |it: &Instance| {
            let stops = matches!(it.stage, Stage::Stopping(_) | Stage::Checking { is_down: true });
            stops && !matches!(it.goal, Goal::Remove)
        };
        self.active.get(&id).is_some_and(is_down)
    }

    pub(in crate::core) fn report(&mut self, id: ProcId, result: Fate) {
        if let Some(report) = self.reports.iter_mut().find(|it| it.id == id) {
            report.result = result;
        }
    }

    /// The end of one process; one that failed ends the restart of the others.
    pub(in crate::core) fn finish(&mut self, id: ProcId, result: Result<(), String>) {
        let Some(instance) = self.active.remove(&id) else { return };
        if let Some(pending) = instance.request {
            self.abandoned.push((id, pending.number));
        }
        match result {
            Ok(()) => self.report(id, Fate::Restarted),
            Err(why) => {
                self.report(id, Fate::Failed(why.clone()));
                self.failures.push(format!("{} {why}", instance.name));
                self.end();
            }
        }
    }

    /// Takes no further process out of service; those that are out are put back.
    pub(in crate::core) fn end(&mut self) {
        if !std::mem::replace(&mut self.is_ending, true) {
            let is_left = |it: &&Report| it.result == Fate::Untouched;
            let left: Vec<&str> =
                self.reports.iter().filter(is_left).map(|it| it.name.as_str()).collect();
            if !left.is_empty() {
                self.failures.push(format!("not restarted: {}", left.join(", ")));
            }
        }
    }

    /// Another job decided about a process.
    pub(in crate::core) fn release(&mut self, id: ProcId, by: JobId) {
        if !self.holds(id) {
            return;
        }
        let why = format!("was taken over by job {}", by.0);
        if self.active.contains_key(&id) {
            return self.finish(id, Err(why));
        }
        self.queue.retain(|it| it.id != id);
        let name = self.reports.iter().find(|it| it.id == id).map(|it| it.name.clone());
        self.report(id, Fate::Failed(why.clone()));
        self.failures.push(format!("{} {why}", name.unwrap_or_default()));
        self.end();
    }

    /// Ends at once.
    pub(in crate::core) fn cancel(&mut self, by: JobId) {
        let why = format!("cancelled by job {}", by.0);
        for (id, instance) in std::mem::take(&mut self.active) {
            self.report(id, Fate::Failed(why.clone()));
            self.abandoned.extend(instance.request.map(|pending| (id, pending.number)));
        }
        self.failures.push(why);
        self.end();
    }

    pub(in crate::core) fn deadline(&self) -> Option<Mono> {
        let own = self.active.values().filter_map(Instance::deadline);
        own.chain(self.blocked_limit()).min()
    }

    fn blocked_limit(&self) -> Option<Mono> {
        self.blocked_since.map(|since| since.plus_secs(BLOCKED_SECS))
    }

    /// Whether the next one was held up for too long.
    pub(in crate::core) fn is_blocked(&self, now: Mono) -> bool {
        self.blocked_limit().is_some_and(|limit| now >= limit)
    }
}

/// How long the next process waits for those before it to serve.
const BLOCKED_SECS: i64 = 300;

impl Instance {
    fn deadline(&self) -> Option<Mono> {
        let request = self.request.map(|pending| pending.until);
        [request, self.retry_at, self.limit].into_iter().flatten().min()
    }

    /// Which part of its restart it is in, in one word.
    fn stage(&self) -> &'static str {
        match (&self.stage, self.exchanges.front()) {
            (Stage::Draining, _) => "draining",
            (Stage::Checking { .. }, _) => "checking",
            (Stage::Stopping(_), _) => "stopping",
            (Stage::Starting, _) => "starting",
            (Stage::Enabling, Some(Exchange::Warm(_))) => "warming",
            (Stage::Enabling, _) => "enabling",
        }
    }

    /// What it waits for, for people.
    pub(in crate::core) fn waits_for(&self) -> String {
        let what = match (&self.stage, self.exchanges.front()) {
            (Stage::Draining, Some(Exchange::Count(_))) => "its connections to end",
            (Stage::Draining, _) => "to be drained",
            (Stage::Checking { .. }, _) => "its command to be checked",
            (Stage::Stopping(_), _) => "to stop",
            (Stage::Starting, _) => "to be ready",
            (Stage::Enabling, Some(Exchange::Warm(_))) => "its pages",
            (Stage::Enabling, _) => "to be in service",
        };
        format!("{}: {what}", self.name)
    }
}
