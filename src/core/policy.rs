//! The part of a program's configuration that the state machine uses.

use std::time::Duration;

use crate::conf::config::{AutoRestart, Process};
use crate::conf::signals::Signal;

/// Start, stop and restart settings, borrowed from the configuration for one transition.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    pub startsecs: i64,
    pub startretries: i64,
    pub stopwaitsecs: i64,
    pub stopsignal: Signal,
    pub stopasgroup: bool,
    pub killasgroup: bool,
    pub autorestart: AutoRestart,
    pub exitcodes: &'a [i64],
    /// False while the daemon shuts down: no process is started then.
    pub may_start: bool,
}

impl<'a> Policy<'a> {
    pub fn of(config: &'a Process, may_start: bool) -> Self {
        Self {
            startsecs: config.startsecs,
            startretries: config.startretries,
            stopwaitsecs: config.stopwaitsecs,
            stopsignal: config.stopsignal,
            stopasgroup: config.stopasgroup,
            killasgroup: config.killasgroup,
            autorestart: config.autorestart,
            exitcodes: &config.exitcodes,
            may_start,
        }
    }

    pub fn startsecs(&self) -> Duration {
        seconds(self.startsecs)
    }

    /// The time between two SIGKILLs: `stopwaitsecs`, but at least one second, so that
    /// `stopwaitsecs=0` does not send SIGKILL in a tight loop.
    pub fn kill_interval(&self) -> Duration {
        seconds(self.stopwaitsecs).max(Duration::from_secs(1))
    }

    pub fn expects(&self, exitstatus: i64) -> bool {
        self.exitcodes.contains(&exitstatus)
    }

    pub fn restarts_after(&self, exitstatus: i64) -> bool {
        match self.autorestart {
            AutoRestart::Never => false,
            AutoRestart::Always => true,
            AutoRestart::Unexpected => !self.expects(exitstatus),
        }
    }
}

pub(super) fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}
