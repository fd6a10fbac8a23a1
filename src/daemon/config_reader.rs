//! Reads the configuration, at startup and on every reread. The command line of the daemon always
//! takes precedence over the file.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::real_host::RealHost;
use crate::conf::config::{Config, Environment};
use crate::conf::fault::InvalidConfig;
use crate::conf::options::CommandLine;
use crate::conf::read::{self, Examined};

/// The path of the configuration file and the command-line options that override it.
#[derive(Clone, Debug)]
pub struct ConfigReader {
    /// `argv[0]`, for messages.
    program: String,
    line: CommandLine,
    /// The path of the main file as given, and as an absolute path.
    given: String,
    absolute: String,
    /// The variables of `[supervisord]` in all files that were read since the start.
    environment: RefCell<Environment>,
    /// What the last check before a restart accepted.
    accepted: RefCell<Option<Config>>,
}

/// What a reader knows beside the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedReader {
    given: String,
    absolute: String,
    environment: Environment,
}

impl ConfigReader {
    pub(super) fn save(&self) -> SavedReader {
        SavedReader {
            given: self.given.clone(),
            absolute: self.absolute.clone(),
            environment: self.environment.borrow().clone(),
        }
    }

    /// The reader of a daemon that continues another one: its directory may have changed since.
    pub(super) fn restore(program: String, line: CommandLine, saved: SavedReader) -> Self {
        let SavedReader { given, absolute, environment } = saved;
        let (environment, accepted) = (environment.into(), RefCell::default());
        Self { program, line, given, absolute, environment, accepted }
    }

    pub fn new(program: String, line: CommandLine, file: String) -> Self {
        let absolute = std::path::absolute(&file)
            .map_or_else(|_| file.clone(), |path| path.display().to_string());
        let (environment, accepted) = (RefCell::default(), RefCell::default());
        Self { program, line, given: file, absolute, environment, accepted }
    }

    /// The variables of a configuration that another program has read.
    pub(super) fn remember(&self, environment: &Environment) {
        self.environment.replace(environment.clone());
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    /// The absolute path of the main file.
    pub(super) fn path(&self) -> &str {
        &self.absolute
    }

    /// The first read, before the daemon may have changed its working directory.
    pub fn read_first(&self) -> Result<Config, InvalidConfig> {
        self.start_with(read::read(&self.given, &self.line, &RealHost))
    }

    /// Examines the configuration of a restart. The variables of earlier files stay known.
    pub(super) fn examine(&self) -> Examined {
        read::examine(&self.absolute, &self.line, &RealHost)
    }

    /// Keeps a checked configuration for [`ConfigReader::read_for_restart`].
    pub(super) fn accept(&self, config: Config) {
        self.accepted.replace(Some(config));
    }

    /// The configuration for a restart. If the file has become invalid since it was checked, it is
    /// the checked one: the programs are stopped by now.
    pub(super) fn read_for_restart(&self) -> Result<Config, InvalidConfig> {
        let accepted = self.accepted.take();
        self.read().or_else(|error| {
            let mut config = accepted.ok_or_else(|| error.clone())?;
            let why = error.lines().join("; ");
            let warning = format!(
                "the configuration became invalid during the restart; the one that was checked \
                 before is used: {why}"
            );
            config.notes.warnings.push(warning);
            Ok(config)
        })
    }

    /// The read of a restart.
    pub fn read(&self) -> Result<Config, InvalidConfig> {
        self.start_with(read::read(&self.absolute, &self.line, &RealHost))
    }

    fn start_with(&self, config: Result<Config, InvalidConfig>) -> Result<Config, InvalidConfig> {
        let environment = config.as_ref().map(|config| config.supervisord.environment.clone());
        self.environment.replace(environment.unwrap_or_default());
        config
    }

    /// The read of a running daemon. Variables of earlier files stay known, as in Supervisor.
    pub fn reread(&self) -> Result<Config, InvalidConfig> {
        let mut known = self.environment.borrow_mut();
        let examined = read::examine_again(&self.absolute, &self.line, &RealHost, &known);
        let supervisord = examined.draft.supervisord.iter();
        for (key, value) in supervisord.flat_map(|section| &section.environment) {
            known.retain(|(earlier, _)| earlier != key);
            known.push((key.clone(), value.clone()));
        }
        examined.into_config()
    }
}
