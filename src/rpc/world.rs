//! What a method works on: the core, and what lies outside of it, asked for through [`Services`].

use crate::conf::config::{Config, Process};
use crate::core::Supervisor;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::time::{Now, Wall};

/// All that a method may see and move. Lives for one call.
pub struct World<'a> {
    pub supervisor: &'a mut Supervisor,
    pub services: &'a mut dyn Services,
    pub now: Now,
}

/// A log that the daemon writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    Main,
    Child(ProcId, OutputStream),
}

/// Why a command cannot be run, in Supervisor's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandFault {
    NotFound(String),
    NotExecutable(String),
}

/// Something about a file did not work; what exactly, nobody is told over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFault;

/// A moment of the local calendar, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i32,
    /// From 1.
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
}

/// What the methods need of the world outside of the core.
pub trait Services {
    /// The process id of the daemon.
    fn pid(&self) -> i64;

    /// The calendar where the daemon lives.
    fn civil(&self, when: Wall) -> Civil;

    /// Where a log is kept; `None` if it is not kept in a file.
    fn log_path(&self, log: Log) -> Option<String>;

    /// How long a file is; `None` if it is not there.
    fn file_size(&self, path: &str) -> Option<u64>;

    /// At most `length` bytes from `offset` on.
    fn read_file(&self, path: &str, offset: u64, length: u64) -> Result<Vec<u8>, FileFault>;

    /// Throw away what the activity log holds and go on with an empty one.
    fn clear_main_log(&mut self) -> Result<(), FileFault>;

    /// The same for both logs of a process.
    fn clear_child_logs(&mut self, id: ProcId) -> Result<(), FileFault>;

    /// Whether the command of a process could be run now.
    fn check_command(&self, process: &Process) -> Result<(), CommandFault>;

    /// Read the configuration again; the error is Supervisor's sentence for it.
    fn reread(&mut self) -> Result<Config, String>;

    /// The processes that a `[program:x]` section with these options would make in a group of the
    /// active configuration; the error says what is wrong with them.
    fn program(
        &self,
        active: &Config,
        group: &str,
        program: &str,
        options: &[(String, String)],
    ) -> Result<Vec<Process>, String>;
}
