//! A log file with rotation by size, which tolerates renamed and removed files and full disks.
//! Pipes, terminals and devices are written to without rotation. Content is bytes; the format is
//! decided by the caller.

mod loss;
mod place;
mod privacy;
mod regular;
mod rotation;
mod sink;
#[cfg(test)]
mod tests;
mod unwritten;

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use loss::LossCounter;
pub use loss::Lost;
pub use place::Place;
use privacy::Privacy;
pub use privacy::try_private;
use regular::Regular;
pub use rotation::Rotation;
use sink::Sink;
pub use unwritten::Unwritten;

/// How often a file that cannot be opened is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// What the operator should know about a log.
#[derive(Debug)]
pub enum Report {
    /// Of consecutive errors only the first is reported, so that a full disk does not flood the
    /// activity log.
    Failed(io::Error),
    Resumed(Lost),
    /// The log was closed before that.
    Ended(Lost),
}

#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    privacy: Privacy,
    target: Target,
    is_failing: bool,
}

#[derive(Debug)]
enum Target {
    Regular(Regular),
    Sink(Sink),
    /// It cannot be opened.
    Missing {
        tried: Duration,
        loss: LossCounter,
    },
}

impl LogFile {
    pub fn open(path: impl Into<PathBuf>, rotation: Rotation, now: Duration) -> io::Result<Self> {
        Self::open_with(path.into(), rotation, Privacy::Open, now)
    }

    /// A log that only the user of this process may read: a regular file of mode 0600, never at the
    /// end of a symbolic link.
    pub fn open_private(
        path: impl Into<PathBuf>,
        rotation: Rotation,
        now: Duration,
    ) -> io::Result<Self> {
        Self::open_with(path.into(), rotation, Privacy::Private, now)
    }

    fn open_with(
        path: PathBuf,
        rotation: Rotation,
        privacy: Privacy,
        now: Duration,
    ) -> io::Result<Self> {
        let target = Target::open(&path, privacy, now)?;
        Ok(Self { path, rotation, privacy, target, is_failing: false })
    }

    /// The standard output or error of this process. A file is written at the position that it
    /// shares with other processes.
    pub fn standard(fd: BorrowedFd<'_>, now: Duration) -> io::Result<Self> {
        let path = if fd.as_raw_fd() == 2 { "/dev/stderr" } else { "/dev/stdout" };
        Self::adopt(path, Rotation::default(), Some(fd.try_clone_to_owned()?), now)
    }

    /// Continues to write to a file that is open already; without a descriptor, the path is opened
    /// by the next write.
    pub fn adopt(
        path: impl Into<PathBuf>,
        rotation: Rotation,
        fd: Option<OwnedFd>,
        now: Duration,
    ) -> io::Result<Self> {
        let path = path.into();
        let target = match fd {
            Some(fd) => Target::of(&path, fd.into(), now)?,
            None => Target::Missing { tried: Duration::ZERO, loss: LossCounter::default() },
        };
        Ok(Self { path, rotation, privacy: Privacy::Open, target, is_failing: false })
    }

    /// Continues to write to a private log that is open already.
    pub fn adopt_private(
        path: impl Into<PathBuf>,
        rotation: Rotation,
        fd: Option<OwnedFd>,
        now: Duration,
    ) -> io::Result<Self> {
        let privacy = Privacy::Private;
        Self::adopt(path, rotation, fd, now).map(|file| Self { privacy, ..file })
    }

    pub fn rotation(&self) -> Rotation {
        self.rotation
    }

    pub fn into_fd(self) -> Option<OwnedFd> {
        match self.target {
            Target::Regular(regular) => Some(regular.into_file().into()),
            Target::Sink(sink) => Some(sink.into_file().into()),
            Target::Missing { .. } => None,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends `bytes`, then rotates if the file has reached its size. Nothing is written of a line
    /// that cannot be written whole. Never waits for a reader.
    pub fn write(&mut self, bytes: &[u8], now: Duration) -> Option<Report> {
        let result = self.append(bytes, now);
        self.report(result)
    }

    /// Where the next write goes to; `None` for a pipe or a device.
    pub fn place(&mut self, now: Duration) -> Option<Place> {
        // An error is reported by the write.
        let _ = self.open_missing(&[], now);
        match &self.target {
            Target::Regular(regular) => regular.place(),
            Target::Sink(_) | Target::Missing { .. } => None,
        }
    }

    fn append(&mut self, bytes: &[u8], now: Duration) -> io::Result<Option<Lost>> {
        self.open_missing(bytes, now)?;
        match &mut self.target {
            Target::Regular(regular) => {
                let lost = regular.append(bytes, now)?;
                let rotated = regular.rotate_if_due(&self.path, self.rotation, self.privacy, now);
                if lost.is_some() { Ok(lost) } else { rotated.map(|()| None) }
            }
            Target::Sink(sink) => sink.write(bytes, now),
            Target::Missing { .. } => Ok(None),
        }
    }

    /// Opens the path again if it names another file, or none, or could not be opened before.
    fn open_missing(&mut self, bytes: &[u8], now: Duration) -> io::Result<()> {
        match &mut self.target {
            Target::Sink(_) => {}
            Target::Regular(regular) => {
                if regular.was_replaced(&self.path, now) {
                    let mut loss = regular.unwritten().loss;
                    match Target::open(&self.path, self.privacy, now) {
                        Ok(mut target) => {
                            target.inherit(loss);
                            self.target = target;
                        }
                        Err(error) if regular.is_removed() => {
                            loss.add(bytes, now);
                            self.target = Target::Missing { tried: now, loss };
                            return Err(error);
                        }
                        // The old file was moved, so what is written to it is not lost.
                        Err(_) => {}
                    }
                }
            }
            Target::Missing { tried, loss } => {
                let opened = if now.saturating_sub(*tried) < RETRY_INTERVAL && loss.is_losing() {
                    None
                } else {
                    *tried = now;
                    Some(Target::open(&self.path, self.privacy, now))
                };
                match opened {
                    Some(Ok(mut target)) => {
                        target.inherit(*loss);
                        self.target = target;
                    }
                    Some(Err(error)) => {
                        loss.add(bytes, now);
                        return Err(error);
                    }
                    None => loss.add(bytes, now),
                }
            }
        }
        Ok(())
    }

    fn report(&mut self, result: io::Result<Option<Lost>>) -> Option<Report> {
        match result {
            Ok(Some(lost)) => {
                self.is_failing = false;
                Some(Report::Resumed(lost))
            }
            Ok(None) => {
                self.is_failing &= self.is_impaired();
                None
            }
            Err(error) => {
                let was_failing = std::mem::replace(&mut self.is_failing, true);
                (!was_failing).then_some(Report::Failed(error))
            }
        }
    }

    fn is_impaired(&self) -> bool {
        match &self.target {
            Target::Regular(regular) => regular.is_impaired(),
            Target::Sink(sink) => sink.is_losing(),
            Target::Missing { loss, .. } => loss.is_losing(),
        }
    }

    /// Whether a slow reader has not accepted everything yet; then [`LogFile::flush`] is to be
    /// called.
    pub fn is_pending(&self) -> bool {
        matches!(&self.target, Target::Sink(sink) if sink.is_pending())
    }

    /// Writes what a slow reader did not accept before.
    pub fn flush(&mut self, now: Duration) -> Option<Report> {
        let Target::Sink(sink) = &mut self.target else { return None };
        let result = sink.flush(now);
        self.report(result)
    }

    /// Waits for a slow reader, at most until then.
    pub fn finish(&mut self, until: Duration) {
        if let Target::Sink(sink) = &mut self.target {
            sink.finish(until);
        }
    }

    /// Closes the file and opens the path again. What was lost before is counted further.
    pub fn reopen(&mut self, now: Duration) -> io::Result<()> {
        let Unwritten { mut loss, pending, .. } = self.unwritten();
        self.target = Target::Missing { tried: now, loss };
        match Target::open(&self.path, self.privacy, now) {
            Ok(target) => {
                self.target = target;
                self.target.continue_with(Unwritten { loss, pending, ..Unwritten::default() }, now);
                self.is_failing = false;
                Ok(())
            }
            Err(error) => {
                loss.add(&pending, now);
                self.target = Target::Missing { tried: now, loss };
                Err(error)
            }
        }
    }

    /// What another program has to continue with that adopts the file.
    pub fn unwritten(&self) -> Unwritten {
        let is_failing = self.is_failing;
        match &self.target {
            Target::Regular(regular) => Unwritten { is_failing, ..regular.unwritten() },
            Target::Sink(sink) => Unwritten { is_failing, ..sink.unwritten() },
            Target::Missing { loss, .. } => {
                Unwritten { is_failing, loss: *loss, ..Unwritten::default() }
            }
        }
    }

    /// Continues with it, in the same file.
    pub fn continue_with(&mut self, unwritten: Unwritten, now: Duration) {
        self.is_failing = unwritten.is_failing;
        self.target.continue_with(unwritten, now);
    }

    /// Called before the log is closed for good: what is lost with it.
    pub fn end(&mut self, now: Duration) -> Option<Report> {
        let unwritten = self.unwritten();
        self.target.continue_with(Unwritten::default(), now);
        unwritten.into_lost(now).map(Report::Ended)
    }

    /// Rotates whatever the size of the file; false if it is empty or no regular file.
    pub fn rotate(&mut self) -> io::Result<bool> {
        match &mut self.target {
            Target::Regular(regular) => {
                regular.rotate_now(&self.path, self.rotation.backups, self.privacy)
            }
            Target::Sink(_) | Target::Missing { .. } => Ok(false),
        }
    }

    /// Replaces the file by a new, empty one. A target that cannot be removed, such as a device,
    /// stays.
    pub fn clear(&mut self, now: Duration) -> io::Result<()> {
        if !matches!(self.target, Target::Sink(_)) {
            match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.reopen(now)
    }
}

impl Target {
    fn open(path: &Path, privacy: Privacy, now: Duration) -> io::Result<Self> {
        if privacy == Privacy::Private {
            return Ok(Self::Regular(Regular::new(privacy.open(path)?, now)?));
        }
        let is_fifo = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        let opened = match inherited_fd(path) {
            // Opening a pipe by name could block until it has a reader, so the inherited descriptor
            // is used.
            Some(fd) if is_fifo => File::from(fd.try_clone_to_owned()?),
            // A socket, or a terminal of another user, cannot be opened by name.
            Some(fd) => match privacy.open(path) {
                Ok(file) => file,
                Err(_) => File::from(fd.try_clone_to_owned()?),
            },
            None => privacy.open(path)?,
        };
        Self::of(path, opened, now)
    }

    fn of(path: &Path, file: File, now: Duration) -> io::Result<Self> {
        if file.metadata()?.is_file() && !is_special(path) {
            Ok(Self::Regular(Regular::new(file, now)?))
        } else {
            Ok(Self::Sink(Sink::new(file)))
        }
    }

    fn continue_with(&mut self, mut unwritten: Unwritten, now: Duration) {
        if !matches!(self, Self::Sink(_)) {
            // Only a sink has a place for it.
            unwritten.loss.add(&unwritten.pending, now);
        }
        match self {
            Self::Regular(regular) => regular.continue_with(&unwritten),
            Self::Sink(sink) => sink.continue_with(unwritten),
            Self::Missing { loss, .. } => *loss = unwritten.loss,
        }
    }

    /// Continues to count what was lost before.
    fn inherit(&mut self, loss: LossCounter) {
        match self {
            Self::Regular(regular) => regular.inherit(loss),
            Self::Sink(sink) => sink.inherit(loss),
            Self::Missing { .. } => {}
        }
    }
}

/// Paths that lead to files which must not be renamed.
pub fn is_special(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}

/// Whether a path names an inherited descriptor, which need not be opened by name.
pub fn is_inherited(path: &Path) -> bool {
    inherited_fd(path).is_some()
}

/// The inherited descriptor that a path like `/dev/stdout` names.
fn inherited_fd(path: &Path) -> Option<BorrowedFd<'static>> {
    let number = match path.to_str()? {
        "/dev/stdout" => 1,
        "/dev/stderr" => 2,
        text => {
            text.strip_prefix("/dev/fd/").or(text.strip_prefix("/proc/self/fd/"))?.parse().ok()?
        }
    };
    match number {
        // SAFETY: 1 and 2 stay open until the process exits.
        1 | 2 => Some(unsafe { BorrowedFd::borrow_raw(number) }),
        _ => None,
    }
}
