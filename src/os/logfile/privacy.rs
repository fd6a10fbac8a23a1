//! Who may read a log, and how its file is opened.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::os::{access, trusted, users};

/// Who may read a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Privacy {
    /// Whom the umask allows.
    #[default]
    Open,
    /// Only the user of this process. The file is one of this user, and its name is no link.
    Private,
}

const PRIVATE_MODE: u32 = 0o600;

impl Privacy {
    /// Opens a file for appending, and creates it if there is none.
    pub(super) fn open(self, path: &Path) -> io::Result<File> {
        match self {
            Self::Open => trusted::append(path),
            Self::Private => {
                let file = trusted::append_to_entry(path, PRIVATE_MODE)?;
                make_private(&file)?;
                Ok(file)
            }
        }
    }
}

/// The error that opening a private log would return, without opening or creating it.
pub fn try_private(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(metadata) if metadata.is_symlink() => {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        Ok(metadata) => check(&metadata)?,
    }
    access::try_append(path)
}

fn check(metadata: &Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    if metadata.uid() != users::uid() {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    Ok(())
}

fn make_private(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    check(&metadata)?;
    if metadata.permissions().mode() & 0o7777 != PRIVATE_MODE {
        file.set_permissions(Permissions::from_mode(PRIVATE_MODE))?;
    }
    Ok(())
}
