//! Reads the configuration, now and whenever it is asked for again: the command line that the
//! daemon was started with stays in force.

use crate::conf::config::Config;

/// How this daemon was called.
#[derive(Clone, Debug)]
pub struct Reader {
    /// `argv[0]`, for messages.
    pub program: String,
    pub args: Vec<String>,
}

/// A configuration with what is to be said about it in the log.
#[derive(Clone, Debug)]
pub struct Reading {
    pub config: Config,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

impl Reader {
    /// The error is a sentence for people.
    pub fn read(&self) -> Result<Reading, String> {
        Err("not yet".to_owned())
    }
}
