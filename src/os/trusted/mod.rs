//! Opens files without following what another user placed in a directory that all may write, such as
//! `/tmp`. Each component of a path is opened relative to the one before and examined while it is
//! open, so nothing can be exchanged in between. Elsewhere links are followed as usual.
//!
//! On systems other than Linux paths are opened as they are.

mod rules;
mod walk;

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use walk::Place;

/// Links that changed while they were examined are tried again so many times.
const TRIES: usize = 8;

/// Opens a file for appending and creates it if it is missing. A FIFO is opened for reading as well,
/// so that neither open nor write requires a reader.
pub fn append(path: &Path) -> io::Result<File> {
    let of_fifo = OFlag::O_RDWR;
    let of_others = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
    open(path, |place| if place.is_fifo() { of_fifo } else { of_others })
}

/// Opens a file for appending, and creates it with this mode if it is missing. The last component of the
/// path is not followed; a link there is an error.
pub fn append_to_entry(path: &Path, mode: u32) -> io::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
    let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let place = Place::of_entry(path)?;
    if place.is_link() {
        return Err(nix::Error::ELOOP.into());
    }
    Ok(place.open(flags, Mode::from_bits_truncate(mode))?.into())
}

/// Opens a regular file or `/dev/null` for reading. Other files could block, or have no end.
pub fn read(path: &Path) -> io::Result<File> {
    let file = open(path, |_| OFlag::O_RDONLY)?;
    let found = file.metadata()?;
    match found.file_type() {
        kind if kind.is_file() || is_null(&found) => Ok(file),
        kind if kind.is_dir() => Err(nix::Error::EISDIR.into()),
        _ => Err(io::Error::other("not a plain file")),
    }
}

/// Whether it is `/dev/null`.
pub(super) fn is_null(metadata: &Metadata) -> bool {
    let is_device = metadata.file_type().is_char_device();
    is_device && fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev())
}

/// The text of a small regular file, such as a pid file.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    io::read_to_string(read(path)?)
}

/// Writes a file in place: its directory need not be writable.
pub fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open(path, |_| OFlag::O_WRONLY | OFlag::O_CREAT)?;
    // Only after it is known which file it is.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    file.write_all(bytes)
}

/// Creates an empty file that did not exist.
pub fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    let file = Place::of_entry(path)?.open(flags, Mode::from_bits_truncate(mode))?;
    Ok(file.into())
}

/// A socket that this process has bound at `path`, as a descriptor by which its mode and owner can be
/// set; `None` on systems without such descriptors.
pub fn own_socket(path: &Path) -> io::Result<Option<OwnedFd>> {
    Place::of_entry(path)?.own_socket()
}

/// The error that opening the file would return because of other users; a file that does not exist, or
/// cannot be opened for another reason, is not an error.
pub fn check(path: &Path) -> io::Result<()> {
    match Place::of_file(path) {
        Ok(place) => place.check(),
        Err(error) if is_refusal(&error) => Err(error),
        Err(_) => Ok(()),
    }
}

/// The same for an entry that is created, replaced or removed, which is not followed itself.
pub fn check_directory_of(path: &Path) -> io::Result<()> {
    match Place::of_entry(path) {
        Err(error) if is_refusal(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Whether a file was not opened because of other users.
pub fn is_refusal(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<walk::Refusal>())
}

/// Opens the file with the flags for what is there now. Never blocks, and never acquires a terminal.
fn open(path: &Path, flags: impl Fn(&Place) -> OFlag) -> io::Result<File> {
    let mode = Mode::from_bits_truncate(0o666);
    for _ in 0..TRIES {
        let place = Place::of_file(path)?;
        match place.open(flags(&place) | OFlag::O_NONBLOCK, mode) {
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {}
            opened => return Ok(opened?.into()),
        }
    }
    Err(nix::Error::ELOOP.into())
}

#[cfg(test)]
mod tests;
