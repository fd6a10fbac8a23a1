//! The logs as plain data, with their files beside them, for a program that continues the daemon.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ChildLog, Key, Logs, Name};
use crate::conf::config::Supervisord;
use crate::core::Process;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::supervisor::Supervisor;
use crate::daemon::activity::{ActivityLog, SavedActivityLog};
use crate::daemon::audit::{AuditLog, SavedAuditLog};
use crate::daemon::descriptors::{Descriptors, Purpose};
use crate::os::clock;
use crate::os::logfile::{LogFile, Rotation, Unwritten};
use crate::rpc::context::LogTotals;

#[derive(Serialize, Deserialize)]
pub struct SavedLogs {
    activity: SavedActivityLog,
    audit: Option<SavedAuditLog>,
    directory: PathBuf,
    identifier: String,
    of_children: Vec<SavedLog>,
    /// Those of the daemon's own stdout and stderr.
    #[serde(default)]
    relays: Vec<(OutputStream, Unwritten)>,
}

/// The logs of one stream of a process.
#[derive(Serialize, Deserialize)]
pub struct SavedLog {
    id: ProcId,
    stream: OutputStream,
    /// The file and whether its name is automatic.
    file: Option<(PathBuf, bool)>,
    is_open: bool,
    #[serde(default)]
    totals: LogTotals,
    #[serde(default)]
    unwritten: Unwritten,
    /// The file of a process that has ended, whose reader has not accepted everything.
    #[serde(default)]
    slow: Option<(PathBuf, Unwritten)>,
}

impl SavedLogs {
    /// The file of a stream.
    pub(in crate::daemon) fn path(&self, id: ProcId, stream: OutputStream) -> Option<&Path> {
        let mut of_children = self.of_children.iter();
        let log = of_children.find(|log| (log.id, log.stream) == (id, stream))?;
        log.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// The logs of a daemon that another program was until now.
    pub(in crate::daemon) fn of_another(
        settings: &Supervisord,
        of_children: Vec<SavedLog>,
    ) -> Self {
        Self {
            activity: ActivityLog::saved(settings),
            audit: AuditLog::saved(settings),
            directory: settings.childlogdir.as_str().into(),
            identifier: settings.identifier.clone(),
            of_children,
            relays: Vec::new(),
        }
    }
}

impl SavedLog {
    pub(in crate::daemon) fn of_another(
        id: ProcId,
        stream: OutputStream,
        file: Option<(PathBuf, bool)>,
        is_open: bool,
    ) -> Self {
        Self {
            id,
            stream,
            file,
            is_open,
            totals: LogTotals::default(),
            unwritten: Unwritten::default(),
            slow: None,
        }
    }
}

impl Logs {
    pub fn save(&self) -> SavedLogs {
        let keys = self.names.keys().chain(self.open.keys()).chain(self.slow.keys());
        let keys: BTreeSet<Key> = keys.copied().collect();
        let relays = self.relays.iter().map(|(stream, file)| (*stream, file.unwritten()));
        SavedLogs {
            activity: self.activity.save(),
            audit: self.audit.as_ref().map(AuditLog::save),
            directory: self.directory.clone(),
            identifier: self.identifier.clone(),
            of_children: keys.into_iter().map(|key| self.save_one(key)).collect(),
            relays: relays.collect(),
        }
    }

    fn save_one(&self, key: Key) -> SavedLog {
        let open = self.open.get(&key);
        let file = open.and_then(|log| log.file.as_ref());
        let slow = self.slow.get(&key).map(|file| (file.path().to_owned(), file.unwritten()));
        SavedLog {
            id: key.0,
            stream: key.1,
            file: self.names.get(&key).map(|it| (it.path.clone(), it.is_automatic)),
            is_open: open.is_some(),
            totals: self.totals.get(&key).copied().unwrap_or_default(),
            unwritten: file.map(LogFile::unwritten).unwrap_or_default(),
            slow,
        }
    }

    pub fn hand_over(self, descriptors: &mut Descriptors) {
        self.activity.hand_over(descriptors);
        descriptors.extend(Purpose::AuditLog, self.audit.and_then(AuditLog::into_fd));
        for ((id, stream), log) in self.open {
            let fd = log.file.and_then(LogFile::into_fd);
            descriptors.extend(Purpose::ChildLog(id, stream), fd);
        }
        for ((id, stream), file) in self.slow {
            descriptors.extend(Purpose::SlowLog(id, stream), file.into_fd());
        }
    }

    pub fn adopt(
        saved: SavedLogs,
        core: &Supervisor,
        descriptors: &mut Descriptors,
    ) -> io::Result<Self> {
        let activity = ActivityLog::adopt(saved.activity, descriptors)?;
        let fd = descriptors.take(&Purpose::AuditLog);
        let audit = saved.audit.map(|audit| AuditLog::adopt(audit, fd)).transpose()?;
        let mut logs = Self::without_children(activity, audit, saved.directory, saved.identifier);
        for log in saved.of_children {
            let process = core.process(log.id);
            logs.adopt_one(log, process, descriptors)?;
        }
        for (stream, unwritten) in saved.relays {
            let now = clock::monotonic();
            if let Ok(mut file) = Self::standard(stream, now) {
                file.continue_with(unwritten, now);
                logs.relays.insert(stream, file);
            }
        }
        if logs.files().any(LogFile::is_pending) {
            logs.retry.request(clock::monotonic());
        }
        Ok(logs)
    }

    fn files(&self) -> impl Iterator<Item = &LogFile> {
        let open = self.open.values().filter_map(|log| log.file.as_ref());
        open.chain(self.slow.values()).chain(self.relays.values())
    }

    /// Continues the logs of a stream. Those of a process that was removed have no configuration, and only a
    /// slow reader.
    fn adopt_one(
        &mut self,
        saved: SavedLog,
        process: Option<&Process>,
        descriptors: &mut Descriptors,
    ) -> io::Result<()> {
        let SavedLog { id, stream, file, is_open, totals, unwritten, slow } = saved;
        let key = (id, stream);
        if let Some((path, unwritten)) = slow {
            let fd = descriptors.take(&Purpose::SlowLog(id, stream));
            self.slow.insert(key, adopt_file(&path, Rotation::default(), fd, unwritten)?);
        }
        let Some(process) = process else { return Ok(()) };
        if totals != LogTotals::default() {
            self.totals.insert(key, totals);
        }
        let log = match stream {
            OutputStream::Stdout => process.config().stdout(),
            OutputStream::Stderr => process.config().stderr(),
        };
        let rotation = Rotation { maxbytes: log.maxbytes, backups: log.backups };
        if is_open {
            let fd = descriptors.take(&Purpose::ChildLog(id, stream));
            let adopt = |(path, _): &(PathBuf, bool)| adopt_file(path, rotation, fd, unwritten);
            let adopted = file.as_ref().map(adopt).transpose()?;
            let syslog = log.syslog.then(|| format!("{} ", process.name()));
            self.open.insert(key, Box::new(ChildLog { file: adopted, syslog }));
        }
        if let Some((path, is_automatic)) = file {
            self.names.insert(key, Name { path, is_automatic, rotation });
        }
        Ok(())
    }
}

fn adopt_file(
    path: &Path,
    rotation: Rotation,
    fd: Option<std::os::fd::OwnedFd>,
    unwritten: Unwritten,
) -> io::Result<LogFile> {
    let now = clock::monotonic();
    let mut file = LogFile::adopt(path, rotation, fd, now)?;
    file.continue_with(unwritten, now);
    Ok(file)
}
