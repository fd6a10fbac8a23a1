//! Replaces the program of this process by another one, which inherits chosen descriptors. The process id,
//! children, working directory, limits and privileges stay as they are.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{execve, fexecve};

/// What is executed.
pub enum Program<'a> {
    Path(&'a Path),
    /// An open file, whose name may be gone.
    Open(&'a OwnedFd),
}

/// A file without a name that contains `bytes`, positioned at its start.
pub fn memory_file(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"supkit-state", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(bytes)?;
    io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// The file of the running program.
pub fn own_program() -> io::Result<File> {
    File::open("/proc/self/exe")
}

/// Executes a program with the environment of this process and one more variable.
/// Returns only if that fails; the descriptors are not inherited then.
pub fn execute(
    program: &Program<'_>,
    argv: &[OsString],
    variable: (&str, &str),
    inherited: &[BorrowedFd<'_>],
) -> io::Error {
    let result = inherited.iter().try_for_each(|fd| set_inherited(*fd, true));
    let error = result.and_then(|()| replace(program, argv, variable)).err();
    for fd in inherited {
        // The descriptor is valid, so that succeeds.
        let _ = set_inherited(*fd, false);
    }
    error.unwrap_or_else(|| io::Error::other("the program returned"))
}

/// Whether programs that this process executes inherit a descriptor.
pub fn set_inherited(fd: BorrowedFd<'_>, is_inherited: bool) -> io::Result<()> {
    let flags = if is_inherited { FdFlag::empty() } else { FdFlag::FD_CLOEXEC };
    fcntl(fd, FcntlArg::F_SETFD(flags))?;
    Ok(())
}

fn replace(
    program: &Program<'_>,
    argv: &[OsString],
    (name, value): (&str, &str),
) -> io::Result<()> {
    let string = |text: OsString| CString::new(text.into_vec()).map_err(io::Error::other);
    let argv: Vec<CString> = argv.iter().cloned().map(string).collect::<io::Result<_>>()?;
    let pair = |name: &OsStr, value: &OsStr| {
        string(OsString::from_vec([name.as_bytes(), b"=", value.as_bytes()].concat()))
    };
    let inherited = std::env::vars_os().filter(|(known, _)| known != name);
    let mut environment: Vec<CString> =
        inherited.map(|(name, value)| pair(&name, &value)).collect::<io::Result<_>>()?;
    environment.push(pair(OsStr::new(name), OsStr::new(value))?);
    match program {
        Program::Path(path) => {
            execve(&string(path.as_os_str().to_owned())?, &argv, &environment)?;
        }
        Program::Open(file) => {
            fexecve(file, &argv, &environment)?;
        }
    }
    Ok(())
}

/// The value of a variable, which is removed from the environment.
#[expect(clippy::disallowed_methods, reason = "it is for this program only")]
pub fn take_variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name)?;
    // SAFETY: called at the start of the program, which has one thread.
    unsafe { std::env::remove_var(name) };
    Some(value)
}

/// Takes over an inherited descriptor by its number.
pub fn inherit(number: RawFd) -> io::Result<OwnedFd> {
    if number < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the number was written by the program before this one, which owned it; it is used once.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    match set_inherited(std::os::fd::AsFd::as_fd(&fd), false) {
        Ok(()) => Ok(fd),
        Err(error) => {
            // Not open: closing it would be an error.
            std::mem::forget(fd);
            Err(error)
        }
    }
}

/// The number by which [`inherit`] finds a descriptor.
pub fn number(fd: &impl AsRawFd) -> RawFd {
    fd.as_raw_fd()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_memory_file_is_read_from_its_start() {
        let mut file = memory_file(b"state").unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "state");
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        assert!(inherit(-1).is_err());
        assert!(inherit(1_000_000).is_err());
    }
}
