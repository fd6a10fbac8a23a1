//! Leaves the terminal: fork, a session of its own, nothing behind 0, 1 and 2.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;

use nix::sys::stat::{Mode, umask};
use nix::unistd::{self, ForkResult};

/// Which of the two processes goes on here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Parent,
    Child,
}

/// Splits in two. The parent should end at once, without clean-up.
pub fn fork() -> io::Result<Side> {
    // SAFETY: the daemon has one thread, so the child may do anything that the parent may.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { .. } => Ok(Side::Parent),
        ForkResult::Child => Ok(Side::Child),
    }
}

/// Ends without running any clean-up: what is open belongs to the child.
pub fn leave() -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(0) }
}

/// Cuts the child off from terminal and session.
pub fn detach(mask: u32) -> io::Result<()> {
    silence_stdio()?;
    unistd::setsid()?;
    umask(Mode::from_bits_truncate(mask));
    Ok(())
}

fn silence_stdio() -> io::Result<()> {
    let input = File::open("/dev/null")?;
    let output = OpenOptions::new().write(true).open("/dev/null")?;
    unistd::dup2_stdin(input.as_fd())?;
    unistd::dup2_stdout(output.as_fd())?;
    unistd::dup2_stderr(output.as_fd())?;
    Ok(())
}
