//! Pipes that no child inherits by accident. `std::io::pipe` does the same from Rust 1.87 on.

use std::fs::File;
use std::io;

pub type PipeReader = File;
pub type PipeWriter = File;

/// Both ends are close-on-exec.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = close_on_exec()?;
    Ok((reader.into(), writer.into()))
}

/// Lets a pipe hold more. Where that is not permitted it stays as it is.
#[cfg(target_os = "linux")]
pub fn enlarge(pipe: &PipeReader, capacity: i32) {
    let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(capacity));
}

/// Only Linux has a call for that.
#[cfg(not(target_os = "linux"))]
pub fn enlarge(_: &PipeReader, _: i32) {}

#[cfg(not(target_vendor = "apple"))]
fn close_on_exec() -> nix::Result<(std::os::fd::OwnedFd, std::os::fd::OwnedFd)> {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
}

/// Here no call makes a pipe and sets the flag at once.
#[cfg(target_vendor = "apple")]
fn close_on_exec() -> nix::Result<(std::os::fd::OwnedFd, std::os::fd::OwnedFd)> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    let (reader, writer) = nix::unistd::pipe()?;
    for end in [&reader, &writer] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok((reader, writer))
}

/// Moves bytes from one pipe to another, at most as many as fit; zero is the end of the stream. After it
/// was called, all of them were moved or none, even if this process is killed meanwhile.
#[cfg(target_os = "linux")]
pub fn move_bytes(from: &PipeReader, to: &PipeWriter, limit: usize) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    use std::ptr::null_mut;

    let (from, to, flags) = (from.as_raw_fd(), to.as_raw_fd(), libc::SPLICE_F_NONBLOCK);
    // SAFETY: both descriptors are open, and pipes have no offsets.
    let count = unsafe { libc::splice(from, null_mut(), to, null_mut(), limit, flags) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// How many bytes can be read from a pipe.
#[cfg(target_os = "linux")]
pub fn waiting_bytes(pipe: &PipeReader) -> io::Result<usize> {
    use std::os::fd::AsRawFd;

    let mut count: libc::c_int = 0;
    // SAFETY: the pointer is to a live integer.
    match unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut count) } {
        0 => Ok(usize::try_from(count).unwrap_or(0)),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn bytes_move_from_pipe_to_pipe() {
        let (from, mut writer) = pipe().unwrap();
        let (mut reader, to) = pipe().unwrap();
        super::super::poller::set_nonblocking(&from).unwrap();
        let empty = move_bytes(&from, &to, 10).unwrap_err();
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        writer.write_all(b"hello, world").unwrap();
        assert_eq!(move_bytes(&from, &to, 5).unwrap(), 5);
        assert_eq!((waiting_bytes(&from).unwrap(), waiting_bytes(&reader).unwrap()), (7, 5));
        let mut bytes = [0; 5];
        reader.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"hello");
        drop(writer);
        assert_eq!(move_bytes(&from, &to, 100).unwrap(), 7);
        assert_eq!(move_bytes(&from, &to, 100).unwrap(), 0);
    }
}
