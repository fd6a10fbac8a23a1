//! File operations: atomic replacement, private temporary files, partial reads. Log files are in
//! [`super::logfile`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::sys::stat::fstat;
use nix::unistd::{AccessFlags, access};

use super::trusted;

/// Replaces the content of `path` atomically: readers see the old or the new content, even after a
/// power failure. `mode` is set regardless of the umask; `None` keeps the mode of the old file.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
    replace(path, bytes, mode, Durability::PowerFailure)
}

/// The same for a file that may be lost by a power failure: nothing waits for the disk.
pub fn replace_quickly(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    replace(path, bytes, Some(mode), Durability::Crash)
}

/// What a file has to survive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    PowerFailure,
    /// Of this process.
    Crash,
}

fn replace(path: &Path, bytes: &[u8], mode: Option<u32>, durability: Durability) -> io::Result<()> {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (temporary, file) = create_private_file(directory, &format!(".{name}."), "")?;
    let result = write_and_rename(&temporary, file, path, bytes, mode, durability);
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

#[expect(clippy::disallowed_methods, reason = "the atomic replacement itself")]
fn write_and_rename(
    temporary: &Path,
    mut file: File,
    path: &Path,
    bytes: &[u8],
    mode: Option<u32>,
    durability: Durability,
) -> io::Result<()> {
    let mode = match (mode, fs::metadata(path)) {
        (Some(mode), _) => mode,
        (None, Ok(old)) => old.permissions().mode() & 0o7777,
        (None, Err(_)) => 0o644,
    };
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    if durability == Durability::Crash {
        return fs::rename(temporary, path);
    }
    file.sync_all()?;
    fs::rename(temporary, path)?;
    if let Some(directory) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Makes `path` a symbolic link to `target`, in place of a file or link that may be there.
#[expect(clippy::disallowed_methods, reason = "a link, which has no content to write")]
pub fn link_atomically(target: &Path, path: &Path) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    symlink(target, &beside)?;
    fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// Creates an empty file of mode 0600 with an unpredictable name: `prefix`, eight random
/// characters, `suffix`.
pub fn create_private_file(
    directory: &Path,
    prefix: &str,
    suffix: &str,
) -> io::Result<(PathBuf, File)> {
    for _ in 0..100 {
        let path = directory.join(format!("{prefix}{}{suffix}", random_name()?));
        match trusted::create_new(&path, 0o600) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "no usable temporary file name found"))
}

/// What can be read at a path without blocking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Missing,
    Regular {
        size: u64,
    },
    /// `/dev/null`.
    Null,
    Directory,
    /// A pipe, a socket or another device.
    Special,
}

/// The device and the inode of an open file, pipe or socket. While it is open, no other has the same.
pub fn identity(fd: BorrowedFd<'_>) -> io::Result<(u64, u64)> {
    let found = fstat(fd)?;
    #[allow(clippy::useless_conversion, reason = "the width depends on the system")]
    Ok((u64::from(found.st_dev), u64::from(found.st_ino)))
}

pub fn kind(path: &Path) -> FileKind {
    let Ok(metadata) = fs::metadata(path) else { return FileKind::Missing };
    match () {
        () if metadata.is_file() => FileKind::Regular { size: metadata.len() },
        () if metadata.is_dir() => FileKind::Directory,
        () if trusted::is_null(&metadata) => FileKind::Null,
        () => FileKind::Special,
    }
}

/// Unpredictable bytes.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// An unpredictable token of 32 hex digits.
pub fn random_token() -> io::Result<String> {
    let number = u128::from_ne_bytes(random_bytes()?);
    Ok(format!("{number:032x}"))
}

fn random_name() -> io::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz_01234";
    let bytes: [u8; 8] = random_bytes()?;
    Ok(bytes.iter().map(|byte| LETTERS[usize::from(byte % 32)] as char).collect())
}

/// Reads up to `length` bytes from `offset` on; without `length` to the end.
pub fn read_from(path: &Path, offset: u64, length: Option<u64>) -> io::Result<Vec<u8>> {
    let mut file = trusted::read(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(length.unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file of this user that no other user could have written; `None` if there is none. A
/// symbolic link, another kind of file and one of more than `limit` bytes are errors.
pub fn read_own(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    const BY_OTHERS: u32 = 0o022;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let metadata = file.metadata()?;
    let why = if !metadata.is_file() {
        "it is not a regular file"
    } else if metadata.uid() != nix::unistd::geteuid().as_raw() {
        "it belongs to another user"
    } else if metadata.mode() & BY_OTHERS != 0 {
        "other users may write to it"
    } else if metadata.len() > limit {
        "it is too large"
    } else {
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        return Ok(Some(bytes));
    };
    Err(io::Error::other(why))
}

/// Whether this process may execute a file.
pub fn may_execute(path: &Path) -> bool {
    access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_atomically_and_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomically(&path, b"one", Some(0o640)).unwrap();
        write_atomically(&path, b"two", None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_a_file_of_this_user_is_read_as_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(read_own(&path, 9).unwrap(), None);
        replace_quickly(&path, b"text", 0o600).unwrap();
        assert_eq!(read_own(&path, 9).unwrap().as_deref(), Some(&b"text"[..]));
        assert!(read_own(&path, 3).unwrap_err().to_string().contains("too large"));
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(read_own(&link, 9).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(read_own(&path, 9).unwrap_err().to_string().contains("other users"));
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read_own(&pipe, 9).unwrap_err().to_string().contains("regular"));
    }

    #[test]
    fn the_kind_of_a_file_is_known_without_opening_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(kind(&path), FileKind::Missing);
        write_atomically(&path, b"text", None).unwrap();
        assert_eq!(kind(&path), FileKind::Regular { size: 4 });
        assert_eq!(kind(dir.path()), FileKind::Directory);
        assert_eq!(kind(Path::new("/dev/null")), FileKind::Null);
        assert_eq!(kind(Path::new("/dev/full")), FileKind::Special);
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(kind(&pipe), FileKind::Special);
    }

    #[test]
    fn a_private_file_has_mode_0600_and_the_requested_name() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = create_private_file(dir.path(), "web-stdout---x-", ".log").unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("web-stdout---x-") && name.len() == 15 + 8 + 4, "{name}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
}
