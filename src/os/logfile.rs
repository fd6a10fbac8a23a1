//! A log file with rotation by size, which tolerates renamed and removed files. Pipes, terminals
//! and devices are written to without rotation. Content is bytes; the format is decided by the
//! caller.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The rotation settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Zero or less: no rotation.
    pub maxbytes: i64,
    /// Zero or less: the file is truncated instead.
    pub backups: i64,
}

/// The maximum number of backups.
const MAX_BACKUPS: i64 = 10_000;

#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    /// `None` while the file cannot be opened; every write retries.
    target: Option<Target>,
    is_failing: bool,
}

#[derive(Debug)]
struct Target {
    file: File,
    is_rotatable: bool,
}

impl LogFile {
    pub fn open(path: impl Into<PathBuf>, rotation: Rotation) -> io::Result<Self> {
        let path = path.into();
        let target = Some(Target::open(&path)?);
        Ok(Self { path, rotation, target, is_failing: false })
    }

    /// Continues to write to a file that is open already; without a descriptor, the path is opened
    /// by the next write.
    pub fn adopt(
        path: impl Into<PathBuf>,
        rotation: Rotation,
        fd: Option<OwnedFd>,
    ) -> io::Result<Self> {
        let path = path.into();
        let target = fd.map(|fd| Target::of(&path, fd.into())).transpose()?;
        Ok(Self { path, rotation, target, is_failing: false })
    }

    pub fn rotation(&self) -> Rotation {
        self.rotation
    }

    pub fn into_fd(self) -> Option<OwnedFd> {
        self.target.map(|target| target.file.into())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends all `bytes`, then rotates if the file has reached its size. Of consecutive errors
    /// only the first is returned, so that a full disk does not flood the activity log.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let result = self.append(bytes).and_then(|()| self.rotate_if_due());
        let was_failing = std::mem::replace(&mut self.is_failing, result.is_err());
        if was_failing { Ok(()) } else { result }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        write_fully(&mut self.target()?.file, bytes)
    }

    fn target(&mut self) -> io::Result<&mut Target> {
        match &mut self.target {
            Some(target) => Ok(target),
            missing @ None => Ok(missing.insert(Target::open(&self.path)?)),
        }
    }

    fn rotate_if_due(&mut self) -> io::Result<()> {
        let maxbytes = u64::try_from(self.rotation.maxbytes).unwrap_or(0);
        let Some(target) = self.target.as_mut().filter(|target| target.is_rotatable) else {
            return Ok(());
        };
        if maxbytes == 0 || target.file.stream_position()? < maxbytes {
            return Ok(());
        }
        self.target = None;
        if self.rotation.backups > 0 {
            self.shift_backups()?;
        }
        let file = append_options().truncate(false).open(&self.path)?;
        file.set_len(0)?;
        self.target = Some(Target { file, is_rotatable: true });
        Ok(())
    }

    /// `log.2` becomes `log.3`, `log.1` becomes `log.2`, `log` becomes `log.1`. Missing files are
    /// skipped.
    fn shift_backups(&self) -> io::Result<()> {
        for number in (1..self.rotation.backups.min(MAX_BACKUPS)).rev() {
            rename_if_there(&self.backup(number), &self.backup(number + 1))?;
        }
        rename_if_there(&self.path, &self.backup(1))
    }

    fn backup(&self, number: i64) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    /// Closes the file and opens the path again.
    pub fn reopen(&mut self) -> io::Result<()> {
        self.target = None;
        self.target = Some(Target::open(&self.path)?);
        self.is_failing = false;
        Ok(())
    }

    /// Replaces the file by a new, empty one. A target that cannot be removed, such as a device,
    /// stays.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.target.as_ref().is_none_or(|target| target.is_rotatable) {
            match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.reopen()
    }
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        let is_fifo = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        let opened = match inherited_fd(path) {
            // Opening a pipe by name could block until it has a reader, so the inherited descriptor
            // is used.
            Some(fd) if is_fifo => File::from(fd.try_clone_to_owned()?),
            None if is_fifo => open_fifo(path)?,
            // A socket, or a terminal of another user, cannot be opened by name.
            Some(fd) => match append_options().open(path) {
                Ok(file) => file,
                Err(_) => File::from(fd.try_clone_to_owned()?),
            },
            None => append_options().open(path)?,
        };
        Self::of(path, opened)
    }

    fn of(path: &Path, file: File) -> io::Result<Self> {
        let is_file = file.metadata()?.is_file();
        Ok(Self { is_rotatable: is_file && !is_special(path), file })
    }
}

/// Opened for reading too, so that neither open nor write requires a reader.
fn open_fifo(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)
}

fn append_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    options
}

/// Paths that lead to files which must not be renamed.
fn is_special(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
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

#[expect(clippy::disallowed_methods, reason = "rotation")]
fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes all bytes. A descriptor that another process made non-blocking is polled; a FIFO without
/// a reader times out.
fn write_fully(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_writable(file, error)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wait_writable(file: &File, blocked: io::Error) -> io::Result<()> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut fds, PollTimeout::from(100_u8)) {
        Ok(0) => Err(blocked),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(path: &Path) -> String {
        String::from_utf8(fs::read(path).unwrap_or_else(|_| b"(none)".to_vec())).unwrap()
    }

    #[test]
    fn a_log_rotates_after_the_write_that_reaches_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = LogFile::open(&path, Rotation { maxbytes: 4, backups: 2 }).unwrap();
        let mut seen = Vec::new();
        for chunk in ["abc", "d", "efghij", "kl", "mn", "o"] {
            log.write(chunk.as_bytes()).unwrap();
            let backups =
                ["log", "log.1", "log.2", "log.3"].map(|name| content(&dir.path().join(name)));
            seen.push(backups.join(" "));
        }
        insta::assert_snapshot!(seen.join("\n"), @r"
        abc (none) (none) (none)
         abcd (none) (none)
         efghij abcd (none)
        kl efghij abcd (none)
         klmn efghij (none)
        o klmn efghij (none)
        ");
    }

    #[test]
    fn without_backups_the_file_is_truncated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = LogFile::open(&path, Rotation { maxbytes: 3, backups: 0 }).unwrap();
        log.write(b"abc").unwrap();
        log.write(b"d").unwrap();
        assert_eq!(content(&path), "d");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_removed_directory_is_reported_once_and_tolerated() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("logs");
        fs::create_dir(&home).unwrap();
        let path = home.join("log");
        let mut log = LogFile::open(&path, Rotation { maxbytes: 2, backups: 1 }).unwrap();
        fs::remove_dir_all(&home).unwrap();
        assert!(log.write(b"ab").is_err(), "the rotation fails");
        assert!(log.write(b"cd").is_ok(), "the error was reported already");
        fs::create_dir(&home).unwrap();
        log.write(b"e").unwrap();
        assert_eq!(content(&path), "e");
        fs::remove_dir_all(&home).unwrap();
        assert!(log.write(b"f").is_err(), "a new series of errors");
    }

    #[test]
    fn a_full_disk_is_reported_once() {
        let mut log = LogFile::open("/dev/full", Rotation::default()).unwrap();
        assert_eq!(log.write(b"x").unwrap_err().raw_os_error(), Some(libc::ENOSPC));
        assert!(log.write(b"x").is_ok());
    }

    #[test]
    fn clear_creates_a_new_file_and_reopen_opens_the_path() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = LogFile::open(&path, Rotation::default()).unwrap();
        log.write(b"old").unwrap();
        fs::rename(&path, dir.path().join("moved")).unwrap();
        log.write(b"er").unwrap();
        log.reopen().unwrap();
        log.write(b"new").unwrap();
        assert_eq!(content(&dir.path().join("moved")), "older");
        assert_eq!(content(&path), "new");
        let before = fs::metadata(&path).unwrap().ino();
        fs::hard_link(&path, dir.path().join("keeps the inode busy")).unwrap();
        log.clear().unwrap();
        assert_ne!(fs::metadata(&path).unwrap().ino(), before);
        assert_eq!(content(&path), "");
    }

    #[test]
    fn a_fifo_is_written_without_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut log = LogFile::open(&path, Rotation { maxbytes: 1, backups: 1 }).unwrap();
        log.write(b"abc").unwrap();
        let mut reader = File::open(&path).unwrap();
        let mut bytes = [0; 3];
        io::Read::read_exact(&mut reader, &mut bytes).unwrap();
        assert_eq!(&bytes, b"abc");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
