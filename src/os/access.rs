//! Whether this process may create or append to files, without opening or creating one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::trusted;

/// The longest chain of links that the kernel follows.
const MAX_LINKS: usize = 40;

/// The error that opening a file for appending would return. The file need not exist.
pub fn try_append(path: &Path) -> io::Result<()> {
    trusted::check(path)?;
    let target = final_target(path)?;
    match access(&target, AccessFlags::W_OK) {
        Ok(()) if target.is_dir() => Err(nix::Error::EISDIR.into()),
        Ok(()) => Ok(()),
        Err(nix::Error::ENOENT) => try_create(&target),
        Err(error) => Err(error.into()),
    }
}

/// The error that creating a new file would return.
pub fn try_create(path: &Path) -> io::Result<()> {
    trusted::check_directory_of(path)?;
    // The lookup of the whole path fails if it or its name is too long.
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    try_change(directory_of(path))
}

/// The error that creating or removing a file in a directory would return.
pub fn try_change(directory: &Path) -> io::Result<()> {
    if fs::metadata(directory).is_ok_and(|metadata| !metadata.is_dir()) {
        return Err(nix::Error::ENOTDIR.into());
    }
    Ok(access(directory, AccessFlags::W_OK | AccessFlags::X_OK)?)
}

/// Whether this process may change to a directory.
pub fn try_enter(directory: &Path) -> io::Result<()> {
    Ok(access(directory, AccessFlags::X_OK)?)
}

/// The directory of a file: `.` for a name without one.
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// The path after following links whose target does not exist: opening creates it there.
fn final_target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = directory_of(&target).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(nix::Error::ELOOP.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn code(result: io::Result<()>) -> Option<i32> {
        result.err().and_then(|error| error.raw_os_error())
    }

    #[test]
    fn the_answer_is_that_of_opening_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "").unwrap();
        fs::create_dir(at("directory")).unwrap();
        symlink("file", at("link")).unwrap();
        symlink("new", at("dangling")).unwrap();
        symlink("none/new", at("lost")).unwrap();
        symlink("loop", at("loop")).unwrap();
        let long = "x".repeat(300);
        for name in [
            "file",
            "new",
            "directory",
            "link",
            "dangling",
            "lost",
            "loop",
            "none/x",
            "file/x",
            &long,
        ] {
            let asked = code(try_append(&at(name)));
            let opened = fs::OpenOptions::new().append(true).create(true).open(at(name));
            assert_eq!(asked, code(opened.map(drop)), "{name}");
            let _ = fs::remove_file(at("new"));
        }
    }
}
