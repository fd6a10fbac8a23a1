//! Ends what a killed daemon left running.

use anyhow::{Result, bail};

use crate::conf::config::Config;
use crate::core::orphans::Action;
use crate::daemon::orphans::{self, Work};

use super::deployment::print_line;

/// Ends the orphans of a configuration as their daemon would; returns their number. `ended` is the
/// daemon that was just shut down.
pub(super) fn stop(config: &Config, ended: Option<i32>) -> Result<usize> {
    let found = orphans::search(config, ended);
    let others = orphans::of_others(&found);
    if !others.is_empty() {
        bail!("outlived their daemon: {}\nstop them as root or as that user", others.join(", "));
    }
    let count = found.len();
    let mut work = Work::new(found, config);
    while !work.is_done() {
        for action in work.advance().map_err(anyhow::Error::msg)? {
            report(&action);
        }
    }
    Ok(count)
}

fn report(action: &Action) {
    match action {
        Action::Signal { .. } => {}
        Action::Escalated { name, pid } => {
            print_line(&format!("{name} (pid {pid}) did not stop in time and is killed"));
        }
        Action::Ended { name, pid } => {
            print_line(&format!("stopped {name} (pid {pid}), which outlived its daemon"));
        }
    }
}
