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
