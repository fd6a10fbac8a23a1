//! Checks before a restart stops anything: whether the daemon could start with the configuration as
//! it is now. Supervisor stops everything, reads the file and terminates if it is invalid.

use super::config_reader::ConfigReader;
use super::logs::Logs;
use super::preflight;
use crate::conf::config::{Config, LogLevel};
use crate::conf::fault::{Fault, InvalidConfig};

/// What is in the way of a restart, one line each.
pub(super) type Problems = Vec<String>;

/// Reads the configuration and tries the steps of a start. `running` has the addresses that are open
/// now.
pub(super) fn check(reader: &ConfigReader, running: &Config) -> Result<(), Problems> {
    let examined = reader.examine();
    let problems = preflight::before_restart(&examined, running);
    if examined.config.is_some() && !problems.is_empty() {
        let line = |fault: &Fault| fault.diagnostic.line(&examined.loaded.sources);
        return Err(problems.iter().map(line).collect());
    }
    let config = examined.into_config().map_err(|invalid: InvalidConfig| invalid.lines())?;
    reader.accept(config);
    Ok(())
}

pub(super) fn log(problems: &Problems, logs: &mut Logs) {
    for problem in problems {
        logs.log(LogLevel::Critical, problem);
    }
    let outcome = "the restart is refused because the daemon could not start again; everything \
                   keeps running";
    logs.log(LogLevel::Critical, outcome);
}
