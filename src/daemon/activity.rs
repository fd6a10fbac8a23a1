//! The activity log in Supervisor's line format. It is written to a file or to syslog, and also to
//! the terminal if the daemon runs in the foreground.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::descriptors::{Descriptors, Purpose};
use crate::conf::config::{LogLevel, Supervisord};
use crate::os::clock;
use crate::os::logfile::{LogFile, Rotation};
use crate::os::syslog;

pub struct ActivityLog {
    level: LogLevel,
    console: bool,
    target: Target,
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
}

impl ActivityLog {
    pub fn open(settings: &Supervisord) -> io::Result<Self> {
        // Needed even if the activity log is a file: child logs may use syslog.
        syslog::open("supervisord");
        let target = if settings.logfile == "syslog" {
            Target::Syslog
        } else {
            let (maxbytes, backups) = (settings.logfile_maxbytes, settings.logfile_backups);
            Target::File(LogFile::open(&settings.logfile, Rotation { maxbytes, backups })?)
        };
        let console = settings.nodaemon && !settings.silent;
        Ok(Self { level: settings.loglevel, console, target })
    }

    /// Continues the log of another daemon.
    pub fn adopt(saved: SavedActivityLog, descriptors: &mut Descriptors) -> io::Result<Self> {
        syslog::open("supervisord");
        let SavedActivityLog { level, console, file } = saved;
        let target = match file {
            Some((path, rotation)) => {
                let fd = descriptors.take(&Purpose::ActivityLog);
                Target::File(LogFile::adopt(path, rotation, fd)?)
            }
            None => Target::Syslog,
        };
        Ok(Self { level, console, target })
    }

    pub fn hand_over(self, descriptors: &mut Descriptors) -> SavedActivityLog {
        let file = match self.target {
            Target::File(file) => {
                let saved = (file.path().to_owned(), file.rotation());
                descriptors.extend(Purpose::ActivityLog, file.into_fd());
                Some(saved)
            }
            Target::Syslog => None,
        };
        SavedActivityLog { level: self.level, console: self.console, file }
    }

    /// The path of the log file; `None` if the log goes to syslog.
    pub fn path(&self) -> Option<&Path> {
        match &self.target {
            Target::File(file) => Some(file.path()),
            Target::Syslog => None,
        }
    }

    /// Writes a line if its level is enabled.
    pub fn log(&mut self, level: LogLevel, message: &str) {
        if level < self.level {
            return;
        }
        let head = head(level);
        let line = format!("{head}{message}\n");
        if self.console {
            // An error is ignored: the terminal may have been closed.
            let mut stdout = io::stdout().lock();
            let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
        }
        match &mut self.target {
            Target::Syslog => syslog::write(&head, message.as_bytes()),
            Target::File(file) => {
                if let Err(error) = file.write(line.as_bytes()) {
                    let path = file.path().display();
                    let _ = writeln!(io::stderr(), "supervisord: cannot write to {path}: {error}");
                }
            }
        }
    }

    /// Reopens the log file under its path.
    pub fn reopen(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::File(file) => file.reopen(),
            Target::Syslog => Ok(()),
        }
    }

    /// Truncates the log: continues with an empty file.
    pub fn clear(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::File(file) => file.clear(),
            Target::Syslog => Ok(()),
        }
    }
}

/// `2026-11-23 17:34:54,976 INFO `
fn head(level: LogLevel) -> String {
    let wall = clock::wall();
    format!("{},{:03} {} ", clock::local(wall).stamp(), wall.subsec_millis(), level.short_name())
}
