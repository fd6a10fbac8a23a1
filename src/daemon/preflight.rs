//! What would prevent a start: the steps of [`super::startup`] on this host, tried without an
//! effect. No file is created and nothing listens. `supkit check` tries them in a process of its own,
//! the daemon before a restart.

mod held;
mod reason;
mod steps;

use std::path::Path;

use crate::conf::config::Config;
use crate::conf::fault::Fault;
use crate::conf::read::Examined;
use crate::diag::Diagnostic;
use crate::os::{signals, trusted};

use held::Held;
use steps::Steps;

/// The result of the trial.
#[derive(Debug, Default)]
pub struct Preflight {
    /// What supervisord would refuse to start for.
    pub faults: Vec<Fault>,
    /// What it would log, or start a program without success for.
    pub warnings: Vec<Diagnostic>,
    /// The daemon of this configuration, if it runs. It holds the addresses.
    pub running: Option<i32>,
}

/// Tries to start. This process switches to the user of the daemon, as the daemon would, and stays
/// it: call this last. A configuration without a readable `[supervisord]` is not tried.
pub fn preflight(examined: &Examined) -> Preflight {
    let Some(settings) = &examined.draft.supervisord else { return Preflight::default() };
    let running = running(&settings.pidfile);
    let held = if running.is_some() { Held::Any } else { Held::None };
    let mut steps = Steps::new(examined, settings, held);
    if steps.switch_user() {
        steps.try_all();
    }
    let (faults, warnings) = steps.into_results();
    Preflight { faults, warnings, running }
}

/// Why this daemon could not start again with a valid configuration. `running` has the addresses that
/// it holds now.
pub(super) fn before_restart(examined: &Examined, running: &Config) -> Vec<Fault> {
    let Some(settings) = &examined.draft.supervisord else { return Vec::new() };
    let mut steps = Steps::new(examined, settings, Held::By(running));
    if steps.may_switch_user() {
        steps.try_all();
    }
    steps.into_results().0
}

/// The living process that a pid file names.
fn running(pidfile: &str) -> Option<i32> {
    let pid: i32 = trusted::read_to_string(Path::new(pidfile)).ok()?.trim().parse().ok()?;
    (pid > 0 && signals::exists(pid)).then_some(pid)
}
