//! The context of a method call: the core, and the [`Services`] outside of it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::conf::config::{Config, Process, Supervisord};
use crate::core::Supervisor;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::exit_report::Usage;
use crate::core::jobs::{Request, Task};
use crate::core::lasting::Lasting;
use crate::core::resources::Resources;
use crate::core::time::{Mono, Now, Wall};

use super::access::Rights;
use super::call_stats::CallStats;
use super::fault::MaxReply;
use super::log_part::{LogPart, PartRequest};
use super::log_text::{FileFault, LogSource, OpenLogFault};
use super::record::Record;

/// Everything that a method can read and change. Created for one call.
pub struct Context<'a> {
    pub supervisor: &'a mut Supervisor,
    pub services: &'a mut dyn Services,
    /// The section of the server through which the call came.
    pub requester: &'a str,
    /// What the account of the client may do.
    pub rights: &'a Rights,
    /// The maximum size of a reply, without the logs in it.
    pub max_reply: MaxReply,
    pub now: Now,
}

impl Context<'_> {
    /// A request for a job in the name of the present client.
    pub fn request(&self, target: &str, task: Task) -> Request {
        Request { requester: self.requester.to_owned(), target: target.to_owned(), task }
    }
}

/// A log that the daemon writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    Main,
    /// The audit log.
    Audit,
    Child(ProcId, OutputStream),
}

/// What was received for the log of a stream, and what of it was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTotals {
    pub bytes: u64,
    pub lost_bytes: u64,
    pub lost_lines: u64,
}

/// Why a command cannot be run, worded as in Supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandFault {
    NotFound(String),
    NotExecutable(String),
}

/// What is at the path of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFile {
    Missing,
    /// A file of this size; `/dev/null` is empty.
    Readable(u64),
    Directory,
    /// A pipe, a socket or a device, which is not read.
    Special,
}

/// A local date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    pub year: i32,
    /// From 1.
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
}

/// `2026-11-27 23:14:39`
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// The services that methods need outside the core.
pub trait Services {
    /// The process id of the daemon.
    fn pid(&self) -> i64;

    /// Converts a time to the local time zone.
    fn local_time(&self, when: Wall) -> LocalTime;

    /// What a child has used so far, if that can be known.
    fn usage(&self, pid: i32) -> Option<Usage>;

    /// Looks at what the processes use, unless that was done a moment ago.
    fn sample_resources(&mut self, supervisor: &Supervisor);

    /// What the last look has found, and those before.
    fn resources(&self) -> &Resources;

    /// The time now, not only that of the present turn.
    fn monotonic(&self) -> Mono;

    /// When the daemon began.
    fn began(&self) -> Wall;

    /// An XML-RPC call was answered, which was made at `since`.
    fn count_call(&mut self, method: &'static str, has_failed: bool, since: Mono);

    fn calls(&self) -> &CallStats;

    /// What was received for a log since the daemon began; `None` if nothing was.
    fn log_totals(&self, id: ProcId, stream: OutputStream) -> Option<LogTotals>;

    /// The path of a log; `None` if it is not written to a file.
    fn log_path(&self, log: Log) -> Option<String>;

    /// What is at a path.
    fn log_file(&self, path: &str) -> LogFile;

    /// Reads at most `length` bytes of a readable file from `offset` on.
    fn read_file(&self, path: &str, offset: u64, length: u64) -> Result<Vec<u8>, FileFault>;

    /// Reads a part of a log, also if it was rotated since.
    fn log_part(&self, path: &str, request: &PartRequest) -> Result<LogPart, FileFault>;

    /// Opens a log that is read while a reply is sent.
    fn open_log(&self, path: &str) -> Result<Arc<dyn LogSource>, OpenLogFault>;

    /// Truncates the activity log.
    fn clear_main_log(&mut self) -> Result<(), FileFault>;

    /// Truncates both logs of a process.
    fn clear_child_logs(&mut self, id: ProcId) -> Result<(), FileFault>;

    /// Rotates a log; false if it is empty or no file. The error is a message for the client.
    fn rotate_log(&mut self, log: Log) -> Result<bool, String>;

    /// Reopens a log under its name; false if it is not open.
    fn reopen_log(&mut self, log: Log) -> Result<bool, String>;

    /// Stores what a restart of the daemon must not change.
    fn save_state(&mut self, settings: &Supervisord, state: &Lasting) -> Result<(), String>;

    /// Checks whether the command of a process can be run now.
    fn check_command(&self, process: &Process) -> Result<(), CommandFault>;

    /// Reads the configuration again; the error message is identical to Supervisor's.
    fn reread(&mut self) -> Result<Config, String>;

    /// Checks whether the daemon could restart with the configuration as it is now; `running` is
    /// that of the open servers. Logs what is in the way; the error is a message for the client.
    fn check_restart(&mut self, running: &Config) -> Result<(), String>;

    /// The absolute path of the program of an upgrade, which can be executed and which only trusted users
    /// can change; the error is a message for the client.
    fn program_for_upgrade(&self, given: Option<&str>) -> Result<String, String>;

    /// Writes an action to the audit log, if there is one.
    fn audit(&mut self, record: Record);

    /// The processes of a `[program:x]` section with these options in a group of the active
    /// configuration; the error is a message for the client.
    fn program(
        &self,
        active: &Config,
        group: &str,
        program: &str,
        options: &[(String, String)],
    ) -> Result<Vec<Arc<Process>>, String>;
}
