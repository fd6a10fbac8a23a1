//! Keeps the history of the core in a file, for the next daemon with the same configuration. It is
//! written after a failure of a program, but rarely, and at exit; a daemon whose programs never
//! failed writes none. Nothing waits for the disk: a power failure may lose it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::conf::config::{LogLevel, LogTarget, Supervisord};
use crate::core::history::History;
use crate::core::time::Mono;
use crate::os::{clock, files};

/// The time between two writes, and how many times as long as a write it is at least.
const PAUSE: Duration = Duration::from_secs(5);
const SHARE: u32 = 100;
/// The same after a failure, such as a full disk.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// More than ten ends of each of two thousand programs take.
const MAX_SIZE: u64 = 128 << 20;

const MODE: u32 = 0o600;

/// The layout of the file.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    configuration: &'a str,
    identifier: &'a str,
    history: &'a History,
}

#[derive(Deserialize)]
struct Read {
    format: u32,
    configuration: String,
    identifier: String,
    history: History,
}

/// A message for the activity log.
pub(super) type Remark = (LogLevel, String);

/// The file of one daemon; without a path nothing is kept.
#[derive(Debug, Default)]
pub(super) struct HistoryFile {
    path: Option<PathBuf>,
    configuration: String,
    identifier: String,
    written_changes: u64,
    written_failures: u64,
    /// Not before.
    next: Mono,
    /// Whether the last write has failed, which was reported.
    is_failing: bool,
}

impl HistoryFile {
    /// `configuration` is the path of the main file.
    pub(super) fn of(settings: &Supervisord, configuration: &str) -> Self {
        let path = match &settings.history_file {
            LogTarget::None => None,
            LogTarget::File(path) => Some(path.into()),
            LogTarget::Auto => Some(automatic(settings, configuration)),
        };
        let (configuration, identifier) = (configuration.to_owned(), settings.identifier.clone());
        Self { path, configuration, identifier, ..Self::default() }
    }

    /// What a previous daemon has kept. A file that cannot be trusted or read is reported.
    pub(super) fn read(&self) -> (History, Option<Remark>) {
        let Some(path) = &self.path else { return (History::default(), None) };
        let ignored = |why: String| {
            let message = format!("the history in {} is ignored: {why}", path.display());
            (History::default(), Some((LogLevel::Warn, message)))
        };
        let bytes = match files::read_own(path, MAX_SIZE) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return (History::default(), None),
            Err(error) => return ignored(error.to_string()),
        };
        match serde_json::from_slice::<Read>(&bytes) {
            Ok(read) if read.format != FORMAT => ignored("another version wrote it".to_owned()),
            Ok(read)
                if read.configuration != self.configuration
                    || read.identifier != self.identifier =>
            {
                ignored(format!("it is that of {} ({})", read.configuration, read.identifier))
            }
            Ok(read) => (read.history, None),
            Err(error) => ignored(error.to_string()),
        }
    }

    /// When [`HistoryFile::write_due`] is to be called.
    pub(super) fn deadline(&self, history: &History) -> Option<Mono> {
        let has_news = self.path.is_some() && history.failures() != self.written_failures;
        has_news.then_some(self.next)
    }

    pub(super) fn write_due(&mut self, history: &History, now: Mono) -> Option<Remark> {
        let is_due = self.deadline(history).is_some_and(|at| at <= now);
        if is_due { self.write(history, now) } else { None }
    }

    /// Called at exit.
    pub(super) fn finish(&mut self, history: &History, now: Mono) -> Option<Remark> {
        let has_news = history.has_failures() && history.changes() != self.written_changes;
        if has_news { self.write(history, now) } else { None }
    }

    fn write(&mut self, history: &History, now: Mono) -> Option<Remark> {
        let path = self.path.clone()?;
        let before = clock::monotonic();
        let result = self.write_to(&path, history);
        let duration = clock::monotonic().saturating_sub(before);
        let was_failing = std::mem::replace(&mut self.is_failing, result.is_err());
        let path = path.display();
        match result {
            Ok(()) => {
                self.next = Mono(now.0 + PAUSE.max(duration * SHARE));
                self.written_changes = history.changes();
                self.written_failures = history.failures();
                was_failing
                    .then(|| (LogLevel::Info, format!("the history is kept in {path} again")))
            }
            Err(error) => {
                self.next = Mono(now.0 + PAUSE_AFTER_FAILURE);
                let message = format!("the history cannot be kept in {path}: {error}");
                (!was_failing).then_some((LogLevel::Warn, message))
            }
        }
    }

    fn write_to(&self, path: &Path, history: &History) -> io::Result<()> {
        let (configuration, identifier) = (&self.configuration, &self.identifier);
        let written = Written { format: FORMAT, configuration, identifier, history };
        files::replace_quickly(path, &serde_json::to_vec(&written)?, MODE)
    }
}

/// A name of its own for each configuration, because many share `/tmp`.
fn automatic(settings: &Supervisord, configuration: &str) -> PathBuf {
    let digest = Sha1::digest(configuration.as_bytes());
    let hash = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let identifier = settings.identifier.replace('/', "_");
    Path::new(&settings.childlogdir).join(format!("{identifier}-history-{hash:08x}.json"))
}
