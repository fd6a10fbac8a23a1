//! Signals to processes that are not children: a pid may be used again at any moment, so the process is
//! held by a descriptor before it is recognised.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::processes;

/// Sends a signal to the process that was seen with this pid and start time; `Ok(false)` if that has
/// ended.
pub fn signal(pid: i32, started: u64, number: i32) -> io::Result<bool> {
    let held = match open(pid) {
        Ok(fd) => Some(fd),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(false),
        // A kernel before 5.3.
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => None,
        Err(error) => return Err(error),
    };
    if processes::stat(pid).is_none_or(|stat| stat.started != started) {
        return Ok(false);
    }
    let sent = match held {
        Some(fd) => send(&fd, number),
        None => super::signals::kill(pid, number, false),
    };
    match sent {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        Err(error) => Err(error),
    }
}

fn open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two numbers and returns a descriptor of ours or an error.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0);
    // SAFETY: the descriptor is new and nothing else owns it.
    fd.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).ok_or_else(io::Error::last_os_error)
}

fn send(process: &OwnedFd, number: i32) -> io::Result<()> {
    let (fd, info) = (process.as_raw_fd(), std::ptr::null::<libc::siginfo_t>());
    // SAFETY: without a siginfo the call takes numbers only.
    match unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, number, info, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_the_process_that_was_seen_gets_the_signal() {
        let mut child = Command::new("/bin/sleep").arg("100").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let started = processes::stat(pid).unwrap().started;
        assert!(!signal(pid, started + 1, libc::SIGKILL).unwrap());
        assert!(child.try_wait().unwrap().is_none());
        assert!(signal(pid, started, libc::SIGKILL).unwrap());
        child.wait().unwrap();
        assert!(!signal(pid, started, libc::SIGKILL).unwrap());
    }
}
