//! The services that XML-RPC methods need outside the core: logs, files and the clock.

use std::io;
use std::path::Path;
use std::process;
use std::sync::Arc;

use super::audit::Requester;
use super::command::CommandError;
use super::config_reader::ConfigReader;
use super::kernel::Kernel;
use super::log_parts;
use super::logs::Logs;
use super::open_logs::OpenLogs;
use super::restart_check;
use super::runtime_program;
use super::sampler::Sampler;
use super::state_file;
use super::upgrade::program;
use crate::conf::config::{Config, LogLevel, Process, Supervisord};
use crate::core::Supervisor;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::exit_report::Usage;
use crate::core::lasting::Lasting;
use crate::core::resources::Resources;
use crate::core::time::{Mono, Now, Wall};
use crate::os::files::FileKind;
use crate::os::{clock, files, processes};
use crate::rpc::call_stats::CallStats;
use crate::rpc::context::{CommandFault, LocalTime, Log, LogFile, LogTotals, Services};
use crate::rpc::log_part::{LogPart, PartRequest};
use crate::rpc::log_text::{FileFault, LogSource, OpenLogFault};
use crate::rpc::record::Record;

pub(super) struct DaemonServices<'a> {
    pub(super) kernel: &'a dyn Kernel,
    pub(super) logs: &'a mut Logs,
    pub(super) sampler: &'a mut Sampler,
    pub(super) reader: &'a ConfigReader,
    pub(super) open_logs: &'a OpenLogs,
    /// The client.
    pub(super) requester: Requester<'a>,
    pub(super) now: Now,
}

impl Services for DaemonServices<'_> {
    fn pid(&self) -> i64 {
        process::id().into()
    }

    fn local_time(&self, when: Wall) -> LocalTime {
        let local = clock::local(when.0);
        let unsigned = |number: i32| u32::try_from(number).unwrap_or(0);
        LocalTime {
            year: local.year,
            month: unsigned(local.month),
            day: unsigned(local.day),
            hour: unsigned(local.hour),
            minute: unsigned(local.minute),
            second: unsigned(local.second),
        }
    }

    fn usage(&self, pid: i32) -> Option<Usage> {
        let usage = processes::usage(pid)?;
        Some(Usage { peak_memory: usage.peak_memory, user: usage.user, system: usage.system })
    }

    fn monotonic(&self) -> Mono {
        self.kernel.now().mono
    }

    fn began(&self) -> Wall {
        self.sampler.began
    }

    fn count_call(&mut self, method: &'static str, has_failed: bool, since: Mono) {
        let duration = self.monotonic().since(since);
        self.sampler.calls.add(method, has_failed, duration);
    }

    fn calls(&self) -> &CallStats {
        &self.sampler.calls
    }

    fn log_totals(&self, id: ProcId, stream: OutputStream) -> Option<LogTotals> {
        self.logs.totals(id, stream)
    }

    fn sample_resources(&mut self, supervisor: &Supervisor) {
        self.sampler.refresh(supervisor, self.kernel, self.now);
    }

    fn resources(&self) -> &Resources {
        self.sampler.resources()
    }

    fn log_path(&self, log: Log) -> Option<String> {
        let path = match log {
            Log::Main => self.logs.activity.path(),
            Log::Audit => self.logs.audit_path(),
            Log::Child(id, stream) => self.logs.path(id, stream),
        };
        path.map(|path| path.to_string_lossy().into_owned())
    }

    fn log_file(&self, path: &str) -> LogFile {
        match files::kind(Path::new(path)) {
            FileKind::Missing => LogFile::Missing,
            FileKind::Regular { size } => LogFile::Readable(size),
            FileKind::Null => LogFile::Readable(0),
            FileKind::Directory => LogFile::Directory,
            FileKind::Special => LogFile::Special,
        }
    }

    fn read_file(&self, path: &str, offset: u64, length: u64) -> Result<Vec<u8>, FileFault> {
        files::read_from(Path::new(path), offset, Some(length)).map_err(file_fault)
    }

    fn log_part(&self, path: &str, request: &PartRequest) -> Result<LogPart, FileFault> {
        log_parts::read(Path::new(path), request).map_err(file_fault)
    }

    fn open_log(&self, path: &str) -> Result<Arc<dyn LogSource>, OpenLogFault> {
        let log = self.open_logs.open(Path::new(path))?;
        Ok(log)
    }

    fn clear_main_log(&mut self) -> Result<(), FileFault> {
        self.logs.activity.log(LogLevel::Info, "reopening log file");
        self.logs.activity.clear().map_err(file_fault)
    }

    fn clear_child_logs(&mut self, id: ProcId) -> Result<(), FileFault> {
        self.logs.clear(id).map_err(file_fault)
    }

    fn rotate_log(&mut self, log: Log) -> Result<bool, String> {
        self.logs.rotate(log)
    }

    fn reopen_log(&mut self, log: Log) -> Result<bool, String> {
        self.logs.reopen_one(log)
    }

    fn save_state(&mut self, settings: &Supervisord, state: &Lasting) -> Result<(), String> {
        state_file::save(settings, state)
    }

    fn check_command(&self, process: &Process) -> Result<(), CommandFault> {
        match self.kernel.resolve(process) {
            Ok(_) => Ok(()),
            Err(error @ CommandError::NotFound(_)) => {
                Err(CommandFault::NotFound(error.to_string()))
            }
            Err(error) => Err(CommandFault::NotExecutable(error.to_string())),
        }
    }

    fn reread(&mut self) -> Result<Config, String> {
        self.reader.reread().map_err(|error| error.text().to_owned())
    }

    fn check_restart(&mut self, running: &Config) -> Result<(), String> {
        let problems = match restart_check::check(self.reader, running) {
            Ok(()) => return Ok(()),
            Err(problems) => problems,
        };
        restart_check::log(&problems, self.logs);
        Err(problems.join("\n"))
    }

    fn audit(&mut self, record: Record) {
        let done = self.kernel.now().mono;
        self.logs.audit(&self.requester, &record, self.now, done);
    }

    fn program_for_upgrade(&self, given: Option<&str>) -> Result<String, String> {
        program::find(given)
    }

    fn program(
        &self,
        active: &Config,
        group: &str,
        program: &str,
        options: &[(String, String)],
    ) -> Result<Vec<Arc<Process>>, String> {
        runtime_program::processes(active, group, program, options)
    }
}

fn file_fault(_: io::Error) -> FileFault {
    FileFault
}
