//! A log in a regular file: complete lines, rotation by size, and the loss when a disk is full.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::loss::{LossCounter, Lost};
use super::place::Place;
use super::privacy::Privacy;
use super::rotation::{Rotation, suffixed};
use super::unwritten::Unwritten;

/// The maximum number of backups.
const MAX_BACKUPS: i64 = 10_000;
/// An incomplete line of at most this length is taken back when its end cannot be written.
const MAX_LINE: u64 = 64 * 1024;
/// How often a failed rotation is repeated.
const ROTATION_INTERVAL: Duration = Duration::from_secs(1);
/// How often the file is compared with the one under its path.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// How long a file that was moved stays in use: logrotate moves it and then sends SIGUSR2, and the
/// lines until then belong into the old file, as under Supervisor.
const MOVED_GRACE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Regular {
    file: File,
    identity: (u64, u64),
    /// How many bytes were written since the last line break.
    line: u64,
    loss: LossCounter,
    checked: Duration,
    /// When it was first seen that the file was moved.
    moved: Option<Duration>,
    rotation_failed: Option<Duration>,
}

impl Regular {
    pub(super) fn new(file: File, now: Duration) -> io::Result<Self> {
        let identity = identity(&file.metadata()?);
        let loss = LossCounter::default();
        Ok(Self { file, identity, line: 0, loss, checked: now, moved: None, rotation_failed: None })
    }

    /// Continues to count what was lost before.
    pub(super) fn inherit(&mut self, loss: LossCounter) {
        self.loss = loss;
    }

    pub(super) fn unwritten(&self) -> Unwritten {
        Unwritten { loss: self.loss, line: self.line, ..Unwritten::default() }
    }

    /// Continues in the same file.
    pub(super) fn continue_with(&mut self, unwritten: &Unwritten) {
        self.loss = unwritten.loss;
        self.line = unwritten.line;
    }

    /// Whether lines are being lost, or the file could not be rotated.
    pub(super) fn is_impaired(&self) -> bool {
        self.loss.is_losing() || self.rotation_failed.is_some()
    }

    pub(super) fn place(&self) -> Option<Place> {
        let (device, inode) = self.identity;
        Some(Place { device, inode, size: self.file.metadata().ok()?.len() })
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Appends all bytes. After an error the file ends with a complete line, and what is missing is
    /// counted until a later write succeeds, which returns it.
    pub(super) fn append(&mut self, bytes: &[u8], now: Duration) -> io::Result<Option<Lost>> {
        let bytes = self.loss.skip_rest(bytes, now);
        if bytes.is_empty() {
            return Ok(None);
        }
        let (written, error) = write_fully(&mut self.file, bytes);
        let done = &bytes[..written];
        match done.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => self.line = (written - at - 1) as u64,
            None => self.line += written as u64,
        }
        match error {
            None => Ok(self.loss.resume(now)),
            Some(error) => {
                self.take_line_back(now);
                self.loss.add(&bytes[written..], now);
                Err(error)
            }
        }
    }

    /// Removes the beginning of a line whose end cannot be written, unless another process has
    /// written after it.
    fn take_line_back(&mut self, now: Duration) {
        let line = std::mem::take(&mut self.line);
        if line == 0 || line > MAX_LINE {
            return;
        }
        let end = self.file.stream_position().unwrap_or(0);
        let is_last = self.file.metadata().is_ok_and(|metadata| metadata.len() == end);
        if is_last && end >= line && self.file.set_len(end - line).is_ok() {
            self.loss.take_back(line, now);
        }
    }

    /// Whether another file, or none, is under the path: at once if the file was removed, after a
    /// moment if it was moved.
    pub(super) fn was_replaced(&mut self, path: &Path, now: Duration) -> bool {
        if now.saturating_sub(self.checked) < CHECK_INTERVAL {
            return false;
        }
        self.checked = now;
        let is_other = match fs::metadata(path) {
            Ok(metadata) => metadata.is_file() && identity(&metadata) != self.identity,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !is_other {
            self.moved = None;
            return false;
        }
        let moved = *self.moved.get_or_insert(now);
        now.saturating_sub(moved) >= MOVED_GRACE || self.is_removed()
    }

    /// Whether no name is left by which its content could be read.
    pub(super) fn is_removed(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Rotates if the file has reached its size. If that fails, the old file stays in use and the
    /// rotation is repeated a second later.
    pub(super) fn rotate_if_due(
        &mut self,
        path: &Path,
        rotation: Rotation,
        privacy: Privacy,
        now: Duration,
    ) -> io::Result<()> {
        let maxbytes = u64::try_from(rotation.maxbytes).unwrap_or(0);
        let waits = |failed: Duration| now.saturating_sub(failed) < ROTATION_INTERVAL;
        if maxbytes == 0 || self.rotation_failed.is_some_and(waits) {
            return Ok(());
        }
        if self.file.stream_position()? < maxbytes {
            return Ok(());
        }
        let rotated = self.rotate(path, rotation.backups, privacy);
        self.rotation_failed = rotated.is_err().then_some(now);
        rotated
    }

    /// Rotates if there is something to keep. A file that another log has just moved stays as it is.
    pub(super) fn rotate_now(
        &mut self,
        path: &Path,
        backups: i64,
        privacy: Privacy,
    ) -> io::Result<bool> {
        let named = fs::metadata(path)?;
        if named.len() == 0 || identity(&named) != self.identity {
            return Ok(false);
        }
        if backups <= 0 {
            return Err(io::Error::other("it has no backups, so its content would be lost"));
        }
        self.rotate(path, backups, privacy).map(|()| true)
    }

    fn rotate(&mut self, path: &Path, backups: i64, privacy: Privacy) -> io::Result<()> {
        if backups <= 0 {
            let file = privacy.open(path)?;
            file.set_len(0)?;
            return self.continue_in(file);
        }
        // The new file is made first: a disk without room leaves all names as they are.
        let fresh = suffixed(path, ".new");
        let file = privacy.open(&fresh)?;
        file.set_len(0)?;
        let renamed = shift_backups(path, backups).and_then(|()| rename(&fresh, path));
        if renamed.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        renamed?;
        self.continue_in(file)
    }

    fn continue_in(&mut self, file: File) -> io::Result<()> {
        self.identity = identity(&file.metadata()?);
        self.moved = None;
        self.file = file;
        Ok(())
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// `log.2` becomes `log.3`, `log.1` becomes `log.2`, `log` becomes `log.1`. Missing files are
/// skipped.
fn shift_backups(path: &Path, backups: i64) -> io::Result<()> {
    let backup = |number: i64| suffixed(path, &format!(".{number}"));
    for number in (1..backups.min(MAX_BACKUPS)).rev() {
        rename_if_there(&backup(number), &backup(number + 1))?;
    }
    rename_if_there(path, &backup(1))
}

#[expect(clippy::disallowed_methods, reason = "rotation")]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How many bytes were written, and why not all of them.
fn write_fully(file: &mut File, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
