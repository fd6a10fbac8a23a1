//! The part of a program's configuration that the state machine uses.

use std::time::Duration;

use crate::conf::config::{AutoRestart, Process};
use crate::conf::kill_mode::KillMode;
use crate::conf::signals::Signal;

/// Start, stop and restart settings, borrowed from the configuration for one transition.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    pub startsecs: i64,
    pub startretries: i64,
    pub restartdelay: Option<Duration>,
    pub restartdelaymax: Option<Duration>,
    pub stopwaitsecs: i64,
    pub stopsignal: Signal,
    pub stopasgroup: bool,
    pub killasgroup: bool,
    pub autorestart: AutoRestart,
    pub exitcodes: &'a [i64],
    /// Whether something precedes the fork: `prestart`, or a hook that has not ended.
    pub prepares: bool,
    /// The time limit of `stop_command`, if there is one.
    pub stop_command_timeout: Option<Duration>,
    /// False while the daemon shuts down: no process is started then.
    pub may_start: bool,
}

/// The value of `startretries` for retries without end.
const ENDLESS: i64 = -1;

impl<'a> Policy<'a> {
    pub fn of(config: &'a Process, may_start: bool) -> Self {
        Self {
            startsecs: config.startsecs,
            startretries: config.startretries,
            restartdelay: config.restartdelay,
            restartdelaymax: config.restartdelaymax,
            stopwaitsecs: config.stopwaitsecs,
            stopsignal: config.stopsignal,
            stopasgroup: config.stopasgroup,
            killasgroup: config.killasgroup || config.killmode != KillMode::Process,
            autorestart: config.autorestart,
            exitcodes: &config.exitcodes,
            prepares: config.prestart.is_some(),
            stop_command_timeout: config.stop_command.as_ref().map(|_| config.stop_command_timeout),
            may_start,
        }
    }

    /// Whether this number of failed starts is the end. `startretries=-1` never gives up.
    pub fn gives_up_after(&self, failures: u32) -> bool {
        self.startretries != ENDLESS && i64::from(failures) > self.startretries
    }

    /// The pause after a number of failed starts.
    pub fn backoff(&self, failures: u32) -> Duration {
        let delay = match (self.restartdelay, self.restartdelaymax) {
            (None, _) => Duration::from_secs(u64::from(failures)),
            (Some(delay), None) => delay,
            (Some(delay), Some(_)) => {
                let doublings = failures.saturating_sub(1).min(31);
                delay.saturating_mul(1 << doublings)
            }
        };
        self.restartdelaymax.map_or(delay, |longest| delay.min(longest))
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
