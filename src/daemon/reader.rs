//! Reads the configuration, now and whenever it is asked for again: the command line that the
//! daemon was started with stays in force.

use super::surroundings::System;
use crate::conf::config::Config;
use crate::conf::fault::Refused;
use crate::conf::options::CommandLine;
use crate::conf::read;

/// Where the configuration is and what is laid over it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// `argv[0]`, for messages.
    program: String,
    line: CommandLine,
    /// The main file as it was given, and so that it is found from anywhere.
    given: String,
    absolute: String,
}

impl Reader {
    pub fn new(program: String, line: CommandLine, file: String) -> Self {
        let absolute = std::path::absolute(&file)
            .map_or_else(|_| file.clone(), |path| path.display().to_string());
        Self { program, line, given: file, absolute }
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    /// The first reading, before the daemon may have gone elsewhere.
    pub fn read_first(&self) -> Result<Config, Refused> {
        read::read(&self.given, &self.line, &System)
    }

    pub fn read(&self) -> Result<Config, Refused> {
        read::read(&self.absolute, &self.line, &System)
    }
}
