//! The activity log in Supervisor's line format. It is written to a file or to syslog, and also to
//! the terminal if the daemon runs in the foreground.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::descriptors::{Descriptors, Purpose};
use super::followed::Followed;
use super::log_line::harmless;
use super::retry::Retry;
use crate::conf::config::{LogLevel, Supervisord};
use crate::os::clock;
use crate::os::errno;
use crate::os::logfile::{LogFile, Report, Rotation, Unwritten};
use crate::os::syslog::Syslog;

/// The name of the daemon in syslog.
const IDENTIFIER: &str = "supervisord";
/// The name of syslog in `logfile` and in messages.
const SYSLOG: &str = "syslog";

pub struct ActivityLog {
    level: LogLevel,
    /// The terminal, if the daemon runs in the foreground.
    console: Option<LogFile>,
    target: Target,
    /// For this log or those of children.
    syslog: Syslog,
    pub(super) retry: Retry,
    /// Those that follow this log or one of a child.
    pub(super) followed: Followed,
}

enum Target {
    File(LogFile),
    Syslog,
}

/// The settings that it was opened with; the configuration may have changed since.
#[derive(Serialize, Deserialize)]
pub struct SavedActivityLog {
    level: LogLevel,
    console: bool,
    /// `None` if it goes to syslog.
    file: Option<(PathBuf, Rotation)>,
    #[serde(default)]
    unwritten: UnwrittenActivity,
}

/// What was logged and not written yet.
#[derive(Default, Serialize, Deserialize)]
struct UnwrittenActivity {
    file: Unwritten,
    console: Unwritten,
    syslog: Unwritten,
}

impl ActivityLog {
    pub fn open(settings: &Supervisord) -> io::Result<Self> {
        let target = if settings.logfile == SYSLOG {
            Target::Syslog
        } else {
            let (maxbytes, backups) = (settings.logfile_maxbytes, settings.logfile_backups);
            let rotation = Rotation { maxbytes, backups };
            Target::File(LogFile::open(&settings.logfile, rotation, clock::monotonic())?)
        };
        let console = console(settings.nodaemon && !settings.silent);
        Ok(Self {
            level: settings.loglevel,
            console,
            target,
            syslog: Syslog::new(IDENTIFIER),
            retry: Retry::default(),
            followed: Followed::default(),
        })
    }

    /// Continues the log of another daemon.
    pub fn adopt(saved: SavedActivityLog, descriptors: &mut Descriptors) -> io::Result<Self> {
        let SavedActivityLog { level, console, file, unwritten } = saved;
        let now = clock::monotonic();
        let target = match file {
            Some((path, rotation)) => {
                let fd = descriptors.take(&Purpose::ActivityLog);
                let mut file = LogFile::adopt(path, rotation, fd, now)?;
                file.continue_with(unwritten.file, now);
                Target::File(file)
            }
            None => Target::Syslog,
        };
        let mut console = self::console(console);
        if let Some(console) = &mut console {
            console.continue_with(unwritten.console, now);
        }
        let mut syslog = Syslog::new(IDENTIFIER);
        syslog.continue_with(&unwritten.syslog);
        let (retry, followed) = (Retry::default(), Followed::default());
        let mut log = Self { level, console, target, syslog, retry, followed };
        if log.is_pending() {
            log.retry.request(now);
        }
        Ok(log)
    }

    /// The settings of a log that another program has opened.
    pub(super) fn saved(settings: &Supervisord) -> SavedActivityLog {
        let (maxbytes, backups) = (settings.logfile_maxbytes, settings.logfile_backups);
        let file = (settings.logfile != SYSLOG)
            .then(|| (PathBuf::from(&settings.logfile), Rotation { maxbytes, backups }));
        let console = settings.nodaemon && !settings.silent;
        let unwritten = UnwrittenActivity::default();
        SavedActivityLog { level: settings.loglevel, console, file, unwritten }
    }

    pub fn save(&self) -> SavedActivityLog {
        let file = match &self.target {
            Target::File(file) => Some((file.path().to_owned(), file.rotation())),
            Target::Syslog => None,
        };
        let unwritten = UnwrittenActivity {
            file: self.file().map(LogFile::unwritten).unwrap_or_default(),
            console: self.console.as_ref().map(LogFile::unwritten).unwrap_or_default(),
            syslog: self.syslog.unwritten(),
        };
        SavedActivityLog { level: self.level, console: self.console.is_some(), file, unwritten }
    }

    pub fn hand_over(self, descriptors: &mut Descriptors) {
        if let Target::File(file) = self.target {
            descriptors.extend(Purpose::ActivityLog, file.into_fd());
        }
    }

    fn file(&self) -> Option<&LogFile> {
        match &self.target {
            Target::File(file) => Some(file),
            Target::Syslog => None,
        }
    }

    /// The path of the log file; `None` if the log goes to syslog.
    pub fn path(&self) -> Option<&Path> {
        self.file().map(LogFile::path)
    }

    /// Writes a line if its level is enabled.
    pub fn log(&mut self, level: LogLevel, message: &str) {
        if level < self.level {
            return;
        }
        let message = harmless(message);
        let head = head(level);
        let line = format!("{head}{message}\n");
        let now = clock::monotonic();
        if let Some(console) = &mut self.console {
            // An error is ignored: the terminal may have been closed.
            let _ = console.write(line.as_bytes(), now);
        }
        let report = match &mut self.target {
            Target::Syslog => {
                let report = self.syslog.write(&head, message.as_bytes(), now);
                report.filter(|report| matches!(report, Report::Resumed(_)))
            }
            Target::File(file) => {
                self.followed.on_written(file.path());
                file.write(line.as_bytes(), now)
            }
        };
        if self.is_pending() {
            self.retry.request(now);
        }
        self.report_own(report);
    }

    /// Reports what happened to this log itself.
    fn report_own(&mut self, report: Option<Report>) {
        let path = self.path().unwrap_or(Path::new(SYSLOG)).to_owned();
        match report {
            None => {}
            Some(Report::Failed(error)) => {
                let path = path.display();
                let _ = writeln!(io::stderr(), "supervisord: cannot write to {path}: {error}");
            }
            Some(Report::Ended(lost)) => {
                let path = path.display();
                let _ = writeln!(io::stderr(), "supervisord: writing to {path} ended after {lost}");
            }
            report @ Some(Report::Resumed(_)) => self.report(&path, report),
        }
    }

    /// Writes the output of a child to syslog.
    pub(super) fn write_syslog(&mut self, prefix: &str, bytes: &[u8]) {
        let now = clock::monotonic();
        let report = self.syslog.write(prefix, bytes, now);
        if self.syslog.is_pending() {
            self.retry.request(now);
        }
        self.report_syslog(report);
    }

    /// Reports what happened to syslog. That it fails cannot be written to itself.
    fn report_syslog(&mut self, report: Option<Report>) {
        let is_own = matches!(self.target, Target::Syslog);
        if !(is_own && matches!(report, Some(Report::Failed(_)))) {
            self.report(Path::new(SYSLOG), report);
        }
    }

    /// Logs what happened to a log.
    pub fn report(&mut self, path: &Path, report: Option<Report>) {
        let (level, message) = match report {
            None => return,
            Some(Report::Failed(error)) => (LogLevel::Error, log_file_error(path, "write", &error)),
            Some(Report::Resumed(lost)) => {
                let path = path.display();
                (LogLevel::Warn, format!("writing to log {path} resumed after {lost}"))
            }
            Some(Report::Ended(lost)) => {
                let path = path.display();
                (LogLevel::Warn, format!("writing to log {path} ended after {lost}"))
            }
        };
        self.log(level, &message);
    }

    fn is_pending(&self) -> bool {
        self.syslog.is_pending() || self.console.iter().chain(self.file()).any(LogFile::is_pending)
    }

    /// Writes what slow readers did not accept before.
    pub(super) fn flush(&mut self, now: Duration) {
        if let Some(console) = &mut self.console {
            let _ = console.flush(now);
        }
        if let Target::File(file) = &mut self.target {
            let report = file.flush(now);
            self.report_own(report);
        }
        let report = self.syslog.flush(now);
        self.report_syslog(report);
        self.retry.continue_if(self.is_pending(), now);
    }

    /// Waits for slow readers, at most until then, and reports what is lost.
    pub(super) fn finish(&mut self, until: Duration) {
        self.syslog.finish(until);
        if matches!(self.target, Target::File(_)) {
            let report = self.syslog.end(clock::monotonic());
            self.report_syslog(report);
        }
        let file = match &mut self.target {
            Target::File(file) => Some(file),
            Target::Syslog => None,
        };
        for file in self.console.iter_mut().chain(file) {
            file.finish(until);
        }
        let report = match &mut self.target {
            Target::File(file) => file.end(clock::monotonic()),
            Target::Syslog => self.syslog.end(clock::monotonic()),
        };
        self.report_own(report);
    }

    /// Reopens the log file under its path.
    pub fn reopen(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::File(file) => file.reopen(clock::monotonic()),
            Target::Syslog => Ok(()),
        }
    }

    /// Rotates the log file; false if there is nothing to rotate.
    pub fn rotate(&mut self) -> Result<bool, String> {
        let Target::File(file) = &mut self.target else { return Ok(false) };
        file.rotate().map_err(|error| log_file_error(file.path(), "rotate", &error))
    }

    /// Truncates the log: continues with an empty file.
    pub fn clear(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::File(file) => file.clear(clock::monotonic()),
            Target::Syslog => Ok(()),
        }
    }
}

/// The daemon's standard output, unless it is closed.
fn console(is_wanted: bool) -> Option<LogFile> {
    let open = || LogFile::standard(io::stdout().as_fd(), clock::monotonic()).ok();
    is_wanted.then(open).flatten()
}

pub(super) fn log_file_error(path: &Path, verb: &str, error: &io::Error) -> String {
    format!("could not {verb} log {}: {}", path.display(), errno::describe(error))
}

/// `2026-11-23 17:34:54,976 INFO `
fn head(level: LogLevel) -> String {
    let wall = clock::wall();
    format!("{},{:03} {} ", clock::local(wall).stamp(), wall.subsec_millis(), level.short_name())
}
