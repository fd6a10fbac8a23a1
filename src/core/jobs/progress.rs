//! How far a job has come.

use super::job::{Job, Work};
use super::members::Members;
use super::restart::Stage;

/// The present part of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub part: Part,
    /// How many processes are done, in an update how many groups.
    pub done: usize,
    pub total: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Starting,
    Stopping,
    Rolling,
    Updating,
    ShuttingDown,
    Upgrading,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Rolling => "rolling",
            Self::Updating => "updating",
            Self::ShuttingDown => "shutting-down",
            Self::Upgrading => "upgrading",
        }
    }
}

impl Job {
    pub fn progress(&self) -> Progress {
        let new = |part, done, total| Progress { part, done, total };
        let of = |part, members: &Members| {
            let total = members.iter().count();
            new(part, members.done_count(), total)
        };
        match self.work() {
            Work::Start(members) => of(Part::Starting, members),
            Work::Stop(members) => of(Part::Stopping, members),
            Work::Restart(restart) => match &restart.stage {
                Stage::Stopping(members) => of(Part::Stopping, members),
                Stage::Starting { checked, members } => {
                    let progress = of(Part::Starting, members);
                    new(Part::Starting, progress.done, progress.total + checked.len())
                }
            },
            Work::Rolling(rolling) | Work::Enable(rolling) => {
                let is_done = |stage: &str| ["restarted", "failed"].contains(&stage);
                let done = rolling.stages().filter(|(_, stage, _)| is_done(stage)).count();
                new(Part::Rolling, done, rolling.reports().len())
            }
            Work::Update(update) => {
                let begun = update.reports().len();
                let done = if update.is_done() { begun } else { begun.saturating_sub(1) };
                new(Part::Updating, done, update.groups().count())
            }
            Work::StopAll(stop) => of(Part::ShuttingDown, &stop.members),
            Work::Shutdown(_) => new(Part::ShuttingDown, 0, 0),
            Work::Upgrade(_) => new(Part::Upgrading, 0, 0),
        }
    }
}
