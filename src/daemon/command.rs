//! Resolves the executable of a `command=`. The error messages are identical to Supervisor's.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::conf::config::Process;
use crate::conf::words;
use crate::ini::text;
use crate::os::files;

/// A resolved command: the executable and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub program: PathBuf,
    pub argv: Vec<OsString>,
}

/// Why a command cannot be started; shown as `spawnerr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    Empty,
    Unreadable { command: String, error: words::WordsError },
    NotFound(String),
    IsDirectory(String),
    NotExecutable(String),
    NoPermission(String),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = text::repr;
        match self {
            Self::Empty => f.write_str("command is empty"),
            Self::Unreadable { command, error } => {
                write!(f, "can't parse command {}: {error}", quote(command))
            }
            Self::NotFound(file) => write!(f, "can't find command {}", quote(file)),
            Self::IsDirectory(file) => write!(f, "command at {} is a directory", quote(file)),
            Self::NotExecutable(file) => write!(f, "command at {} is not executable", quote(file)),
            Self::NoPermission(file) => write!(f, "no permission to run command {}", quote(file)),
        }
    }
}

/// Splits the command of `process` and resolves its executable. A name with a slash is relative to
/// the working directory of the daemon, not to the program's `directory=`.
pub fn resolve(process: &Process) -> Result<Command, CommandError> {
    let words = words::split(&process.command)
        .map_err(|error| CommandError::Unreadable { command: process.command.clone(), error })?;
    let name = words.first().ok_or(CommandError::Empty)?;
    let (program, metadata) = find(name, process);
    check(&program, metadata.as_ref())?;
    Ok(Command { program, argv: words.iter().map(OsString::from).collect() })
}

fn find(name: &str, process: &Process) -> (PathBuf, Option<Metadata>) {
    if name.contains('/') {
        return (name.into(), fs::metadata(name).ok());
    }
    for directory in search_path(process) {
        let candidate = Path::new(&directory).join(name);
        if let Ok(metadata) = fs::metadata(&candidate) {
            return (candidate, Some(metadata));
        }
    }
    (name.into(), None)
}

/// The program's own `PATH`, else the daemon's, else Supervisor's default.
fn search_path(process: &Process) -> Vec<String> {
    let own =
        process.environment.iter().find(|(key, _)| key == "PATH").map(|(_, path)| path.clone());
    let inherited = || std::env::var("PATH").ok().filter(|path| !path.is_empty());
    match own.or_else(inherited) {
        Some(path) => path.split(':').map(str::to_owned).collect(),
        None => ["/bin", "/usr/bin", "/usr/local/bin"].map(str::to_owned).to_vec(),
    }
}

fn check(program: &Path, metadata: Option<&Metadata>) -> Result<(), CommandError> {
    let shown = || program.display().to_string();
    let metadata = metadata.ok_or_else(|| CommandError::NotFound(shown()))?;
    if metadata.is_dir() {
        Err(CommandError::IsDirectory(shown()))
    } else if metadata.permissions().mode() & 0o111 == 0 {
        Err(CommandError::NotExecutable(shown()))
    } else if !files::may_execute(program) {
        Err(CommandError::NoPermission(shown()))
    } else {
        Ok(())
    }
}
