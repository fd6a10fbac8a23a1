//! The logs of the children: their real names, the files that are open, and the activity log that
//! hears of their troubles. What is written is decided elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::activity::ActivityLog;
use crate::conf::config::{LogLevel, LogTarget, Process, StreamLog};
use crate::core::effect::{OutputStream, ProcId};
use crate::os::errno;
use crate::os::files;
use crate::os::logfile::{LogFile, Rotation};
use crate::os::syslog;

type Key = (ProcId, OutputStream);

pub struct Logs {
    pub activity: ActivityLog,
    /// Where automatic logs live and whose they are.
    directory: PathBuf,
    identifier: String,
    /// The files by name, whether open or not. What is not here has no file.
    names: BTreeMap<Key, Name>,
    open: BTreeMap<Key, ChildLog>,
}

struct Name {
    path: PathBuf,
    /// Made by us, and so kept as long as the process has any.
    is_automatic: bool,
}

/// Where the output of one stream goes while its process is alive.
struct ChildLog {
    file: Option<LogFile>,
    /// What stands before each line in the system log.
    syslog: Option<String>,
}

pub(super) fn streams(process: &Process) -> impl Iterator<Item = (OutputStream, &StreamLog)> {
    let stderr = (!process.redirect_stderr).then_some((OutputStream::Stderr, &process.stderr));
    std::iter::once((OutputStream::Stdout, &process.stdout)).chain(stderr)
}

impl Logs {
    pub fn new(activity: ActivityLog, directory: &str, identifier: &str) -> Self {
        Self {
            activity,
            directory: directory.into(),
            identifier: identifier.to_owned(),
            names: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    pub fn log(&mut self, level: LogLevel, message: &str) {
        self.activity.log(level, message);
    }

    /// The file of a stream; `None` for NONE and for syslog alone.
    pub fn path(&self, id: ProcId, stream: OutputStream) -> Option<&Path> {
        self.names.get(&(id, stream)).map(|name| name.path.as_path())
    }

    /// Settles the names for a process as it is configured now, creating automatic files that are
    /// not there yet.
    pub fn settle(&mut self, id: ProcId, process: &Process) -> io::Result<()> {
        self.names.retain(|(owner, stream), _| {
            let is_wanted = |(wanted, log): (OutputStream, &StreamLog)| {
                wanted == *stream && log.target != LogTarget::None
            };
            *owner != id || streams(process).any(is_wanted)
        });
        for (stream, log) in streams(process) {
            let has_automatic = self.names.get(&(id, stream)).is_some_and(|name| name.is_automatic);
            let name = match &log.target {
                LogTarget::None => continue,
                LogTarget::Auto if has_automatic => continue,
                LogTarget::Auto => {
                    Name { path: self.automatic(process, stream)?, is_automatic: true }
                }
                LogTarget::File(path) => Name { path: path.into(), is_automatic: false },
            };
            self.names.insert((id, stream), name);
        }
        Ok(())
    }

    fn automatic(&self, process: &Process, stream: OutputStream) -> io::Result<PathBuf> {
        let (name, channel) = (&process.name, stream.name());
        let prefix = format!("{name}-{channel}---{}-", self.identifier);
        files::make_private(&self.directory, &prefix, ".log")
    }

    /// Opens the logs of a process that is about to be started.
    pub fn open(&mut self, id: ProcId, process: &Process) -> io::Result<()> {
        self.settle(id, process)?;
        for (stream, log) in streams(process) {
            let rotation = Rotation { maxbytes: log.maxbytes, backups: log.backups };
            let file = match self.names.get(&(id, stream)) {
                Some(name) => Some(LogFile::open(&name.path, rotation)?),
                None => None,
            };
            let syslog = log.syslog.then(|| format!("{} ", process.name));
            self.open.insert((id, stream), ChildLog { file, syslog });
        }
        Ok(())
    }

    pub fn write(&mut self, id: ProcId, stream: OutputStream, bytes: &[u8]) {
        let Some(log) = self.open.get_mut(&(id, stream)) else { return };
        if let Some(prefix) = &log.syslog {
            syslog::write(prefix, bytes);
        }
        let Some(file) = &mut log.file else { return };
        if let Err(error) = file.write(bytes) {
            let message = trouble(file.path(), "write", &error);
            self.activity.log(LogLevel::Error, &message);
        }
    }

    /// Lets go of the files of a process that ended.
    pub fn close(&mut self, id: ProcId) {
        self.open.retain(|(owner, _), _| *owner != id);
    }

    /// Forgets a process that will not come back. Its files stay.
    pub fn forget(&mut self, id: ProcId) {
        self.close(id);
        self.names.retain(|(owner, _), _| *owner != id);
    }

    /// Opens everything again under its name, the activity log first.
    pub fn reopen(&mut self) {
        let mut troubles = Vec::new();
        if let Err(error) = self.activity.reopen() {
            troubles.extend(self.activity.path().map(|path| trouble(path, "reopen", &error)));
        }
        for file in self.open.values_mut().filter_map(|log| log.file.as_mut()) {
            if let Err(error) = file.reopen() {
                troubles.push(trouble(file.path(), "reopen", &error));
            }
        }
        for message in troubles {
            self.activity.log(LogLevel::Error, &message);
        }
    }

    /// Begins new, empty logs for a process. As under Supervisor, one that is not alive keeps its
    /// old ones.
    pub fn clear(&mut self, id: ProcId) -> io::Result<()> {
        let own = self.open.iter_mut().filter(|((owner, _), _)| *owner == id);
        for file in own.filter_map(|(_, log)| log.file.as_mut()) {
            file.clear()?;
        }
        Ok(())
    }
}

fn trouble(path: &Path, verb: &str, error: &io::Error) -> String {
    format!("could not {verb} log {}: {}", path.display(), errno::of(error))
}
