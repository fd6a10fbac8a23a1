//! One job: the request, the requester, and its progress.

use serde::{Deserialize, Serialize};

use super::id::JobId;
use super::members::Members;
use super::restart::{Restart, Scope, Stage};
use super::rolling::Rolling;
use super::shutdown::Shutdown;
use super::stop_all::StopAll;
use super::update::Update;
use super::upgrade::Upgrade;
use crate::conf::config::LogLevel;
use crate::core::effect::ProcId;
use crate::core::time::{Mono, Now};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    Start,
    Stop,
    Restart,
    RollingRestart,
    /// Puts a process back into service that was drained.
    Enable,
    Update,
    /// Stops one process after the other, then the daemon.
    StopAll,
    Shutdown,
    /// Replaces the program of the daemon.
    Upgrade,
}

impl JobKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::RollingRestart => "rolling restart",
            Self::Enable => "enable",
            Self::Update => "update",
            Self::StopAll => "stop and shutdown",
            Self::Shutdown => "shutdown",
            Self::Upgrade => "upgrade",
        }
    }
}

/// A job to submit.
#[derive(Clone, Debug)]
pub struct Request {
    /// The server or the signal through which it came: `unix_http_server`, `SIGTERM`.
    pub requester: String,
    /// What it is about, for people: `web`, `zope:*`, `all`.
    pub target: String,
    pub task: Task,
}

#[derive(Clone, Debug)]
pub enum Task {
    Start(Vec<ProcId>),
    /// `wait`: a client waits for it, so "waiting for x to stop" is logged.
    Stop {
        ids: Vec<ProcId>,
        wait: bool,
    },
    Restart(Scope),
    /// One after the other, or as many at the same time as may be out of service.
    Roll {
        ids: Vec<ProcId>,
        max_unavailable: usize,
        /// Whether what cannot be drained is restarted nevertheless.
        is_forced: bool,
    },
    /// Puts a process back into service.
    Enable(ProcId),
    Update(Update),
    /// Stops one process after the other, then the daemon.
    StopAll,
    /// Stops everything; whether the daemon starts again is its mood.
    Shutdown,
    /// Replaces the program of the daemon by the one in this file.
    Upgrade(String),
}

impl Task {
    pub(in crate::core) fn kind(&self) -> JobKind {
        match self {
            Self::Start(_) => JobKind::Start,
            Self::Stop { .. } => JobKind::Stop,
            Self::Restart(_) => JobKind::Restart,
            Self::Roll { .. } => JobKind::RollingRestart,
            Self::Enable(_) => JobKind::Enable,
            Self::Update(_) => JobKind::Update,
            Self::StopAll => JobKind::StopAll,
            Self::Shutdown => JobKind::Shutdown,
            Self::Upgrade(_) => JobKind::Upgrade,
        }
    }

    /// The groups that will be changed as a whole.
    pub(in crate::core) fn groups(&self) -> Vec<&str> {
        match self {
            Self::Update(update) => update.groups().collect(),
            _ => Vec::new(),
        }
    }
}

pub(in crate::core) fn describe(id: JobId, kind: JobKind, target: &str, requester: &str) -> String {
    let kind = kind.name();
    format!("job {} ({kind} of {target}, requested through {requester})", id.0)
}

/// A job that runs or has finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    id: JobId,
    requester: String,
    target: String,
    started: Now,
    finished: Option<Now>,
    work: Work,
    /// Set one turn of the daemon after the end, when every observer has looked.
    pub(in crate::core) seen: bool,
}

/// What is still to be done, and what was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::core) enum Work {
    Start(Members),
    Stop(Members),
    Restart(Restart),
    Rolling(Rolling),
    Enable(Rolling),
    Update(Update),
    StopAll(StopAll),
    Shutdown(Shutdown),
    Upgrade(Upgrade),
}

impl Work {
    pub(in crate::core) fn is_done(&self) -> bool {
        match self {
            Self::Start(members) | Self::Stop(members) => members.are_done(),
            Self::Restart(restart) => restart.is_done(),
            Self::Rolling(rolling) | Self::Enable(rolling) => rolling.is_done(),
            Self::Update(update) => update.is_done(),
            Self::StopAll(stop) => stop.is_done,
            Self::Shutdown(shutdown) => shutdown.is_done(),
            Self::Upgrade(upgrade) => upgrade.is_done(),
        }
    }

    pub(in crate::core) fn rolling_mut(&mut self) -> Option<&mut Rolling> {
        match self {
            Self::Rolling(rolling) | Self::Enable(rolling) => Some(rolling),
            Self::Update(update) => update.rolling_mut(),
            _ => None,
        }
    }
}

impl Job {
    pub(in crate::core) fn new(
        id: JobId,
        requester: String,
        target: String,
        work: Work,
        started: Now,
    ) -> Self {
        Self { id, requester, target, started, finished: None, work, seen: false }
    }

    pub fn id(&self) -> JobId {
        self.id
    }

    pub fn kind(&self) -> JobKind {
        match &self.work {
            Work::Start(_) => JobKind::Start,
            Work::Stop(_) => JobKind::Stop,
            Work::Restart(_) => JobKind::Restart,
            Work::Rolling(_) => JobKind::RollingRestart,
            Work::Enable(_) => JobKind::Enable,
            Work::Update(_) => JobKind::Update,
            Work::StopAll(_) => JobKind::StopAll,
            Work::Shutdown(_) => JobKind::Shutdown,
            Work::Upgrade(_) => JobKind::Upgrade,
        }
    }

    pub fn requester(&self) -> &str {
        &self.requester
    }

    pub fn target(&self) -> &str {
        &self.target
    }

    pub fn started(&self) -> Now {
        self.started
    }

    pub fn finished(&self) -> Option<Now> {
        self.finished
    }

    pub(in crate::core) fn work(&self) -> &Work {
        &self.work
    }

    pub(in crate::core) fn work_mut(&mut self) -> &mut Work {
        &mut self.work
    }

    pub(in crate::core) fn finish(&mut self, now: Now) {
        self.finished = Some(now);
    }

    /// The processes of a start or stop; of a stop of everything those whose turn has come.
    pub fn members(&self) -> Option<&Members> {
        match &self.work {
            Work::Start(members) | Work::Stop(members) => Some(members),
            Work::StopAll(stop) => Some(&stop.members),
            _ => None,
        }
    }

    /// The processes that it is stopping.
    pub(in crate::core) fn stops(&self) -> Option<&Members> {
        match &self.work {
            Work::Stop(members)
            | Work::Restart(Restart { stage: Stage::Stopping(members), .. }) => Some(members),
            Work::StopAll(stop) => Some(&stop.members),
            _ => None,
        }
    }

    /// A restart of processes one after the other, by itself or as the present step of an update.
    pub fn rolling(&self) -> Option<&Rolling> {
        match &self.work {
            Work::Rolling(rolling) | Work::Enable(rolling) => Some(rolling),
            Work::Update(update) => update.rolling(),
            _ => None,
        }
    }

    /// What an update has done so far.
    pub fn update(&self) -> Option<&Update> {
        match &self.work {
            Work::Update(update) => Some(update),
            _ => None,
        }
    }

    /// What did not work, in one sentence each. Empty for a success.
    pub fn failures(&self) -> Vec<String> {
        match &self.work {
            Work::Start(members) | Work::Stop(members) => members.failures(),
            Work::Restart(restart) => restart.failures(),
            Work::Rolling(rolling) | Work::Enable(rolling) => rolling.failures.clone(),
            Work::Update(update) => update.failures(),
            Work::StopAll(stop) => stop.failures(),
            Work::Shutdown(_) => Vec::new(),
            Work::Upgrade(upgrade) => upgrade.failures(),
        }
    }

    /// `job 3 (update of all, requested through unix_http_server)`
    pub fn describe(&self) -> String {
        describe(self.id, self.kind(), &self.target, &self.requester)
    }

    /// Starts, stops and the shutdown are logged as in Supervisor, process by process.
    pub(in crate::core) fn log_line(&self) -> Option<(LogLevel, String)> {
        let failures = self.failures();
        match self.kind() {
            _ if !failures.is_empty() && !self.is_plain() => Some((
                LogLevel::Warn,
                format!("{} failed: {}", self.describe(), failures.join("; ")),
            )),
            JobKind::Update | JobKind::RollingRestart | JobKind::Upgrade => {
                Some((LogLevel::Info, format!("{} finished", self.describe())))
            }
            _ => None,
        }
    }

    /// Whether all its steps are taken at once.
    fn is_plain(&self) -> bool {
        matches!(self.work, Work::Start(_) | Work::Stop(_))
    }

    pub(in crate::core) fn holds(&self, id: ProcId) -> bool {
        match &self.work {
            Work::Restart(restart) => restart.holds(id),
            Work::Rolling(rolling) | Work::Enable(rolling) => rolling.holds(id),
            Work::StopAll(_) => true,
            _ => false,
        }
    }

    pub(in crate::core) fn holds_group(&self, name: &str) -> bool {
        match &self.work {
            Work::Update(update) => update.groups().any(|group| group == name),
            Work::StopAll(_) => true,
            _ => false,
        }
    }

    /// Whether it starts a process that it holds in a later step.
    pub(in crate::core) fn will_start(&self, id: ProcId) -> bool {
        match &self.work {
            Work::Restart(restart) => restart.holds(id),
            Work::Rolling(rolling) => rolling.will_start(id),
            Work::Update(update) => update.will_start(id),
            _ => false,
        }
    }

    /// Another job decided about a process: no later step of this one touches it.
    pub(in crate::core) fn release(&mut self, id: ProcId, by: JobId) {
        match &mut self.work {
            Work::Restart(restart) => restart.release(id, by),
            Work::Rolling(rolling) | Work::Enable(rolling) => rolling.release(id, by),
            Work::Update(update) => update.release(id, by),
            Work::Stop(members) => members.release(id),
            Work::Start(_) | Work::StopAll(_) | Work::Shutdown(_) | Work::Upgrade(_) => {}
        }
    }

    /// Takes no further step.
    pub(in crate::core) fn cancel(&mut self, by: JobId) {
        match &mut self.work {
            Work::Restart(restart) => restart.cancel(by),
            Work::Rolling(rolling) | Work::Enable(rolling) => rolling.cancel(by),
            Work::Update(update) => update.cancel(by),
            Work::Stop(members) => members.cancel(),
            Work::StopAll(stop) => stop.cancel(by),
            Work::Upgrade(upgrade) => upgrade.cancel(by),
            Work::Start(_) | Work::Shutdown(_) => {}
        }
    }

    pub(in crate::core) fn deadline(&self) -> Option<Mono> {
        match &self.work {
            Work::StopAll(stop) => stop.deadline(),
            Work::Shutdown(shutdown) => shutdown.deadline(),
            _ => self.rolling()?.deadline(),
        }
    }

    /// Requests whose answers are no longer awaited.
    pub(in crate::core) fn take_abandoned(&mut self) -> Vec<(ProcId, u64)> {
        match &mut self.work {
            Work::Rolling(rolling) | Work::Enable(rolling) => {
                std::mem::take(&mut rolling.abandoned)
            }
            Work::Update(update) => update.take_abandoned(),
            _ => Vec::new(),
        }
    }
}
