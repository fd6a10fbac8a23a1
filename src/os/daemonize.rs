//! Daemonizing: fork, a new session, and /dev/null for standard input, output and error.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{self, ForkResult};

/// The process in which [`fork`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// With the pid of the child.
    Parent(i32),
    Child,
}

/// Forks. The parent should exit immediately, without cleanup.
pub fn fork() -> io::Result<Side> {
    // SAFETY: the daemon has one thread, so the child may do anything that the parent may.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Side::Parent(child.as_raw())),
        ForkResult::Child => Ok(Side::Child),
    }
}

/// Exits without cleanup: open resources belong to the child.
pub fn exit_parent() -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(0) }
}

/// From now on this process leads a process group of its own.
pub fn lead_group() -> io::Result<()> {
    Ok(unistd::setpgid(unistd::Pid::from_raw(0), unistd::Pid::from_raw(0))?)
}

/// A terminal does not stop this process when it writes in the background.
pub fn write_in_background() -> io::Result<()> {
    // SAFETY: ignoring a signal installs no handler.
    unsafe { signal(Signal::SIGTTOU, SigHandler::SigIgn) }?;
    Ok(())
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
