//! Daemonizing: fork, a new session, and /dev/null for standard input, output and error.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;

use nix::sys::stat::{Mode, umask};
use nix::unistd::{self, ForkResult};

/// The process in which [`fork`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Parent,
    Child,
}

/// Forks. The parent should exit immediately, without cleanup.
pub fn fork() -> io::Result<Side> {
    // SAFETY: the daemon has one thread, so the child may do anything that the parent may.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { .. } => Ok(Side::Parent),
        ForkResult::Child => Ok(Side::Child),
    }
}

/// Exits without cleanup: open resources belong to the child.
pub fn exit_parent() -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(0) }
}

/// Detaches the child from terminal and session.
pub fn detach(mask: u32) -> io::Result<()> {
    redirect_stdio()?;
    unistd::setsid()?;
    umask(Mode::from_bits_truncate(mask));
    Ok(())
}

fn redirect_stdio() -> io::Result<()> {
    let input = File::open("/dev/null")?;
    let output = OpenOptions::new().write(true).open("/dev/null")?;
    unistd::dup2_stdin(input.as_fd())?;
    unistd::dup2_stdout(output.as_fd())?;
    unistd::dup2_stderr(output.as_fd())?;
    Ok(())
}
