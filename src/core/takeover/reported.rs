//! What a supervisor reports about one process, in `getAllProcessInfo`.

use std::time::Duration;

use crate::core::effect::Pid;
use crate::core::group::full_name;
use crate::core::state::ProcessState;
use crate::core::time::{Mono, Now, Wall};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    pub group: String,
    pub name: String,
    pub state: ProcessState,
    pub pid: Option<Pid>,
    /// In seconds since the epoch; zero for never.
    pub start: i64,
    pub stop: i64,
    /// The time of the report.
    pub now: i64,
    /// -1 after a signal; zero also if it has not ended yet.
    pub exitstatus: i64,
    pub spawnerr: String,
    /// The log files, with the names of automatic ones; empty for none.
    pub stdout_logfile: String,
    pub stderr_logfile: String,
}

impl Reported {
    /// `group:process`, or the one name of both.
    pub fn full_name(&self) -> String {
        full_name(&self.group, &self.name)
    }

    /// When it was started last.
    pub(super) fn started(&self, now: Now) -> Option<Now> {
        moment(self.start, now)
    }

    pub(super) fn stopped(&self, now: Now) -> Option<Now> {
        moment(self.stop, now)
    }
}

/// A time on both clocks.
fn moment(seconds: i64, now: Now) -> Option<Now> {
    let wall = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    let wall = Duration::from_secs(wall);
    let ago = now.wall.0.saturating_sub(wall);
    Some(Now { mono: Mono(now.mono.0.saturating_sub(ago)), wall: Wall(wall) })
}
