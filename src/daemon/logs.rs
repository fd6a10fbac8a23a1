//! The logs of the children: their resolved paths and open files. Also owns the activity log, where
//! write errors are reported.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::activity::{ActivityLog, log_file_error};
use super::audit::{AuditLog, Requester, Times};
use super::real_host::RealHost;
use super::retry::Retry;
use crate::conf::config::{LogLevel, LogTarget, Process, StreamLog, Supervisord};
use crate::conf::host::Host;
use crate::conf::python::path;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};
use crate::ini::text;
use crate::os::clock;
use crate::os::errno;
use crate::os::files::{self, FileKind};
use crate::os::logfile::{LogFile, Place, Report, Rotation};
use crate::rpc::context::{Log, LogTotals};
use crate::rpc::record::Record;

pub mod saving;

type Key = (ProcId, OutputStream);

pub struct Logs {
    pub activity: ActivityLog,
    audit: Option<AuditLog>,
    /// The directory and identifier of automatic logs.
    directory: PathBuf,
    identifier: String,
    /// The log files by process and stream, open or not. A stream without an entry has no file.
    names: BTreeMap<Key, Name>,
    /// In a box each, because the nodes of the map are half empty when numbers ascend.
    open: BTreeMap<Key, Box<ChildLog>>,
    /// Logs of processes that have terminated, whose reader has not accepted everything.
    slow: BTreeMap<Key, LogFile>,
    totals: BTreeMap<Key, LogTotals>,
    /// The daemon's own stdout and stderr, for the output of programs.
    relays: BTreeMap<OutputStream, LogFile>,
    retry: Retry,
}

/// How long the exit of the daemon waits for slow readers of its logs.
const EXIT_WAIT: Duration = Duration::from_secs(1);

struct Name {
    path: PathBuf,
    /// An automatic file: it is kept while the process is configured to have one.
    is_automatic: bool,
    rotation: Rotation,
}

/// What is lost is known when writing works again, or when the log is closed.
fn add_loss(totals: &mut LogTotals, report: Option<&Report>) {
    if let Some(Report::Resumed(lost) | Report::Ended(lost)) = report {
        totals.lost_bytes += lost.bytes;
        totals.lost_lines += lost.lines;
    }
}

/// The destinations of one stream while its process is alive.
struct ChildLog {
    file: Option<LogFile>,
    /// The prefix of each line in syslog.
    syslog: Option<String>,
}

pub(super) fn streams(process: &Process) -> impl Iterator<Item = (OutputStream, StreamLog<'_>)> {
    let stderr = (!process.redirect_stderr).then_some((OutputStream::Stderr, process.stderr()));
    std::iter::once((OutputStream::Stdout, process.stdout())).chain(stderr)
}

impl Logs {
    pub fn new(activity: ActivityLog, settings: &Supervisord) -> Self {
        let directory = settings.childlogdir.as_str().into();
        Self::without_children(activity, None, directory, settings.identifier.clone())
    }

    fn without_children(
        activity: ActivityLog,
        audit: Option<AuditLog>,
        directory: PathBuf,
        identifier: String,
    ) -> Self {
        Self {
            activity,
            audit,
            directory,
            identifier,
            names: BTreeMap::new(),
            open: BTreeMap::new(),
            slow: BTreeMap::new(),
            totals: BTreeMap::new(),
            relays: BTreeMap::new(),
            retry: Retry::default(),
        }
    }

    /// Opens the audit log, if there is one; the error names the file.
    pub(super) fn open_audit(&mut self, settings: &Supervisord) -> Result<(), String> {
        let opened = AuditLog::open(settings).map_err(|error| {
            let path = settings.audit_logfile.as_deref().unwrap_or_default();
            let (path, error) = (text::repr(path), errno::python_format(&error));
            format!("could not open the audit log: {error}: {path}")
        });
        self.audit = opened?;
        Ok(())
    }

    /// Writes an action to the audit log.
    pub(super) fn audit(
        &mut self,
        requester: &Requester<'_>,
        record: &Record,
        began: Now,
        done: Mono,
    ) {
        let Some(audit) = &mut self.audit else { return };
        let times = Times { wall: began.wall.0, duration: done.since(began.mono) };
        let report = audit.record(requester, record, times);
        self.activity.report(audit.path(), report);
    }

    /// The file of the audit log, if there is one.
    pub(super) fn audit_path(&self) -> Option<&Path> {
        self.audit.as_ref().map(AuditLog::path)
    }

    /// Writes the jobs that have ended to the audit log.
    pub(super) fn audit_jobs(&mut self, core: &Supervisor) {
        let Some(audit) = &mut self.audit else { return };
        let report = audit.record_jobs(core);
        self.activity.report(audit.path(), report);
    }

    /// Directory and identifier of automatic files that are created from now on.
    pub(super) fn name_automatic(&mut self, settings: &Supervisord) {
        self.directory = settings.childlogdir.as_str().into();
        self.identifier.clone_from(&settings.identifier);
    }

    pub fn log(&mut self, level: LogLevel, message: &str) {
        self.activity.log(level, message);
    }

    /// The log file of a stream; `None` for NONE and for syslog only.
    pub fn path(&self, id: ProcId, stream: OutputStream) -> Option<&Path> {
        self.names.get(&(id, stream)).map(|name| name.path.as_path())
    }

    /// Resolves the log paths of a process from its present configuration and creates missing
    /// automatic files.
    pub fn resolve_log_paths(&mut self, id: ProcId, process: &Process) -> io::Result<()> {
        for stream in OutputStream::BOTH {
            let is_wanted = |(wanted, log): (OutputStream, StreamLog<'_>)| {
                wanted == stream && *log.target != LogTarget::None
            };
            if !streams(process).any(is_wanted) {
                self.names.remove(&(id, stream));
            }
        }
        for (stream, log) in streams(process) {
            let rotation = Rotation { maxbytes: log.maxbytes, backups: log.backups };
            let has_automatic = self.names.get(&(id, stream)).is_some_and(|name| name.is_automatic);
            let name = match log.target {
                LogTarget::None => continue,
                LogTarget::Auto if has_automatic => continue,
                LogTarget::Auto => {
                    Name { path: self.automatic(process, stream)?, is_automatic: true, rotation }
                }
                LogTarget::File(path) => Name { path: path.into(), is_automatic: false, rotation },
            };
            self.names.insert((id, stream), name);
        }
        Ok(())
    }

    fn automatic(&self, process: &Process, stream: OutputStream) -> io::Result<PathBuf> {
        let (name, channel) = (&process.name, stream.name());
        let prefix = format!("{name}-{channel}---{}-", self.identifier);
        // Absolute, because the working directory may change before the file is opened.
        let directory = RealHost.current_dir();
        let directory = path::abspath(&self.directory.to_string_lossy(), &directory);
        let created = files::create_private_file(Path::new(&directory), &prefix, ".log");
        created.map(|(path, _)| path)
    }

    /// Opens the logs of a process that is about to start.
    pub fn open(&mut self, id: ProcId, process: &Process) -> io::Result<()> {
        self.resolve_log_paths(id, process)?;
        for (stream, log) in streams(process) {
            let rotation = Rotation { maxbytes: log.maxbytes, backups: log.backups };
            let path = self.names.get(&(id, stream)).map(|name| name.path.clone());
            let file = match (path, self.slow.remove(&(id, stream))) {
                (Some(path), Some(file)) if file.path() == path => Some(file),
                (path, slow) => {
                    if let Some(slow) = slow {
                        self.end((id, stream), slow);
                    }
                    let open = |path| LogFile::open(path, rotation, clock::monotonic());
                    path.map(open).transpose()?
                }
            };
            let syslog = log.syslog.then(|| format!("{} ", process.name));
            self.open.insert((id, stream), Box::new(ChildLog { file, syslog }));
        }
        Ok(())
    }

    pub fn is_open(&self, id: ProcId) -> bool {
        OutputStream::BOTH.iter().any(|stream| self.open.contains_key(&(id, *stream)))
    }

    pub fn write(&mut self, id: ProcId, stream: OutputStream, bytes: &[u8]) {
        let Some(log) = self.open.get_mut(&(id, stream)) else { return };
        if let Some(prefix) = &log.syslog {
            self.activity.write_syslog(prefix, bytes);
        }
        let Some(file) = &mut log.file else { return };
        let report = file.write(bytes, clock::monotonic());
        let totals = self.totals.entry((id, stream)).or_default();
        totals.bytes += bytes.len() as u64;
        add_loss(totals, report.as_ref());
        self.activity.followed.on_written(file.path());
        if file.is_pending() {
            self.retry.request(clock::monotonic());
        }
        self.activity.report(file.path(), report);
    }

    /// Counts bytes that another daemon has written.
    pub(super) fn count(&mut self, id: ProcId, stream: OutputStream, bytes: usize) {
        if bytes > 0 && self.open.contains_key(&(id, stream)) {
            self.totals.entry((id, stream)).or_default().bytes += bytes as u64;
        }
    }

    /// Where the next write to a log goes to; `None` if that is no regular file.
    pub(super) fn place(&mut self, id: ProcId, stream: OutputStream) -> Option<Place> {
        let log = self.open.get_mut(&(id, stream))?;
        log.file.as_mut()?.place(clock::monotonic())
    }

    /// What was received for a log so far; `None` if nothing was.
    pub fn totals(&self, id: ProcId, stream: OutputStream) -> Option<LogTotals> {
        self.totals.get(&(id, stream)).copied()
    }

    /// Writes to the daemon's own stdout or stderr. A stream that cannot be opened is ignored.
    pub fn relay(&mut self, stream: OutputStream, bytes: &[u8]) {
        let now = clock::monotonic();
        if let Entry::Vacant(entry) = self.relays.entry(stream) {
            match Self::standard(stream, now) {
                Ok(file) => drop(entry.insert(file)),
                Err(_) => return,
            }
        }
        let Some(file) = self.relays.get_mut(&stream) else { return };
        let report = file.write(bytes, now);
        if file.is_pending() {
            self.retry.request(now);
        }
        self.activity.report(file.path(), report);
    }

    /// The daemon's own stdout or stderr.
    fn standard(stream: OutputStream, now: Duration) -> io::Result<LogFile> {
        match stream {
            OutputStream::Stdout => LogFile::standard(io::stdout().as_fd(), now),
            OutputStream::Stderr => LogFile::standard(io::stderr().as_fd(), now),
        }
    }

    /// When [`Logs::flush`] is to be called: a reader has not accepted everything.
    pub fn deadline(&self) -> Option<Mono> {
        [self.retry.at, self.activity.retry.at].into_iter().flatten().min().map(Mono)
    }

    /// Writes what slow readers did not accept before.
    pub fn flush(&mut self, now: Mono) {
        if self.activity.retry.is_due(now.0) {
            self.activity.flush(now.0);
        }
        if !self.retry.is_due(now.0) {
            return;
        }
        let mut is_pending = false;
        let open = self.open.iter_mut();
        let of_children = open.filter_map(|(key, log)| Some((Some(*key), log.file.as_mut()?)));
        let of_ended = self.slow.iter_mut().map(|(key, file)| (Some(*key), file));
        let others = of_ended.chain(self.relays.values_mut().map(|file| (None, file)));
        for (key, file) in of_children.chain(others).filter(|(_, file)| file.is_pending()) {
            let report = file.flush(now.0);
            if let Some(totals) = key.and_then(|key| self.totals.get_mut(&key)) {
                add_loss(totals, report.as_ref());
            }
            is_pending |= file.is_pending();
            self.activity.report(file.path(), report);
        }
        for (key, file) in std::mem::take(&mut self.slow) {
            self.close_file(key, file);
        }
        self.retry.continue_if(is_pending, now.0);
    }

    /// Waits a moment for slow readers: the daemon is about to exit. What is lost is reported.
    pub fn finish(&mut self) {
        let until = clock::monotonic() + EXIT_WAIT;
        let of_children = self.open.values_mut().filter_map(|log| log.file.as_mut());
        let files = of_children.chain(self.slow.values_mut()).chain(self.relays.values_mut());
        for file in files {
            file.finish(until);
            let report = file.end(clock::monotonic());
            self.activity.report(file.path(), report);
        }
        if let Some(audit) = &mut self.audit {
            let report = audit.end();
            self.activity.report(audit.path(), report);
        }
        self.activity.finish(until);
    }

    /// Closes the logs of a process that has terminated.
    pub fn close(&mut self, id: ProcId) {
        for stream in OutputStream::BOTH {
            let log = self.open.remove(&(id, stream));
            if let Some(file) = log.and_then(|log| log.file) {
                self.close_file((id, stream), file);
            }
        }
    }

    /// Closes a file, unless its reader has not accepted everything.
    fn close_file(&mut self, key: Key, file: LogFile) {
        if file.is_pending() {
            self.slow.insert(key, file);
        } else {
            self.end(key, file);
        }
    }

    /// Closes a file, and reports what is lost with it.
    fn end(&mut self, key: Key, mut file: LogFile) {
        let report = file.end(clock::monotonic());
        if let Some(totals) = self.totals.get_mut(&key) {
            add_loss(totals, report.as_ref());
        }
        self.activity.report(file.path(), report);
    }

    /// Removes a process from the registry. Its files stay on disk.
    pub fn forget(&mut self, id: ProcId) {
        self.close(id);
        for stream in OutputStream::BOTH {
            self.names.remove(&(id, stream));
            self.totals.remove(&(id, stream));
        }
    }

    /// Reopens all open log files, the activity log first.
    pub fn reopen(&mut self) {
        let mut errors = Vec::new();
        if let Err(error) = self.activity.reopen() {
            errors.extend(self.activity.path().map(|path| log_file_error(path, "reopen", &error)));
        }
        if let Some(audit) = &mut self.audit {
            if let Err(error) = audit.reopen() {
                errors.push(log_file_error(audit.path(), "reopen", &error));
            }
        }
        for file in self.open.values_mut().filter_map(|log| log.file.as_mut()) {
            if let Err(error) = file.reopen(clock::monotonic()) {
                errors.push(log_file_error(file.path(), "reopen", &error));
            }
        }
        for message in errors {
            self.activity.log(LogLevel::Error, &message);
        }
    }

    /// Rotates a log, also of a process that does not run; false if there is nothing to rotate.
    pub fn rotate(&mut self, log: Log) -> Result<bool, String> {
        let (id, stream) = match log {
            Log::Child(id, stream) => (id, stream),
            Log::Main => return self.activity.rotate(),
            Log::Audit => return Ok(false),
        };
        let open = self.open.get_mut(&(id, stream)).and_then(|log| log.file.as_mut());
        let Some(Name { path, rotation, .. }) = self.names.get(&(id, stream)) else {
            return Ok(false);
        };
        let rotated = match open {
            Some(file) => file.rotate(),
            None if !matches!(files::kind(path), FileKind::Regular { .. }) => Ok(false),
            None => LogFile::open(path, *rotation, clock::monotonic())
                .and_then(|mut file| file.rotate()),
        };
        rotated.map_err(|error| log_file_error(path, "rotate", &error))
    }

    /// Reopens a log; false if it is not open.
    pub fn reopen_one(&mut self, log: Log) -> Result<bool, String> {
        let file = match log {
            Log::Main => {
                let reopened = self.activity.reopen();
                let Some(path) = self.activity.path() else { return Ok(false) };
                return match reopened {
                    Ok(()) => Ok(true),
                    Err(error) => Err(log_file_error(path, "reopen", &error)),
                };
            }
            Log::Audit => None,
            Log::Child(id, stream) => {
                self.open.get_mut(&(id, stream)).and_then(|log| log.file.as_mut())
            }
        };
        let Some(file) = file else { return Ok(false) };
        let reopened = file.reopen(clock::monotonic());
        reopened.map(|()| true).map_err(|error| log_file_error(file.path(), "reopen", &error))
    }

    /// Truncates the open logs of a process. As under Supervisor, the logs of a stopped process are
    /// not changed.
    pub fn clear(&mut self, id: ProcId) -> io::Result<()> {
        for stream in OutputStream::BOTH {
            let log = self.open.get_mut(&(id, stream));
            if let Some(file) = log.and_then(|log| log.file.as_mut()) {
                file.clear(clock::monotonic())?;
            }
        }
        Ok(())
    }
}
