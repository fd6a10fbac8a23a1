//! Reaps terminated children.

use std::io;

/// How a child terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    Exited(i32),
    Signaled { signal: i32, core_dumped: bool },
}

impl ChildStatus {
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

/// The next terminated child, if there is one; never blocks. Uses raw `waitpid`, because a child
/// may be terminated by a real-time signal, which `nix` cannot represent.
pub fn reap() -> io::Result<Option<(i32, ChildStatus)>> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live integer.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid == 0 {
            return Ok(None);
        }
        if pid > 0 {
            match ChildStatus::decode(status) {
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
