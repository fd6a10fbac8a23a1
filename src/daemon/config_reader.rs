//! Reads the configuration, at startup and on every reread. The command line of the daemon always
//! takes precedence over the file.

use super::real_host::RealHost;
use crate::conf::config::Config;
use crate::conf::fault::InvalidConfig;
use crate::conf::options::CommandLine;
use crate::conf::read;

/// The path of the configuration file and the command-line options that override it.
#[derive(Clone, Debug)]
pub struct ConfigReader {
    /// `argv[0]`, for messages.
    program: String,
    line: CommandLine,
    /// The path of the main file as given, and as an absolute path.
    given: String,
    absolute: String,
}

impl ConfigReader {
    pub fn new(program: String, line: CommandLine, file: String) -> Self {
        let absolute = std::path::absolute(&file)
            .map_or_else(|_| file.clone(), |path| path.display().to_string());
        Self { program, line, given: file, absolute }
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    /// The first read, before the daemon may have changed its working directory.
    pub fn read_first(&self) -> Result<Config, InvalidConfig> {
        read::read(&self.given, &self.line, &RealHost)
    }

    pub fn read(&self) -> Result<Config, InvalidConfig> {
        read::read(&self.absolute, &self.line, &RealHost)
    }
}
