//! Reaps children, ours and strangers. Knows only numbers.

use std::io;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Exited(i32),
    Signaled { signal: i32, core_dumped: bool },
}

impl Ended {
    fn decode(status: i32) -> Option<Self> {
        if libc::WIFEXITED(status) {
            Some(Self::Exited(libc::WEXITSTATUS(status)))
        } else if libc::WIFSIGNALED(status) {
            let (signal, core_dumped) = (libc::WTERMSIG(status), libc::WCOREDUMP(status));
            Some(Self::Signaled { signal, core_dumped })
        } else {
            None
        }
    }
}

/// The next child that has ended, if there is one; never waits. Raw `waitpid`, because a child may
/// die of a real-time signal, for which `nix` has no name.
pub fn reap() -> io::Result<Option<(i32, Ended)>> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live integer.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid == 0 {
            return Ok(None);
        }
        if pid > 0 {
            match Ended::decode(status) {
                Some(ended) => return Ok(Some((pid, ended))),
                None => continue,
            }
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ECHILD) => return Ok(None),
            error if error.kind() == io::ErrorKind::Interrupted => {}
            error => return Err(error),
        }
    }
}
