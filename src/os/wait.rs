//! Reaps terminated children.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

/// How a child terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    Exited(i32),
    Signaled { signal: i32, core_dumped: bool },
}

/// What a child used, with the children that it has waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildUsage {
    /// The peak of the resident memory, in bytes; of the largest one if it had children. It is at
    /// least that of this process when it forked.
    pub peak_memory: u64,
    pub user: Duration,
    pub system: Duration,
}

/// A terminated child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedChild {
    pub pid: i32,
    pub status: ChildStatus,
    pub usage: ChildUsage,
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

/// The unit of `ru_maxrss`.
const MEMORY_UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

impl ChildUsage {
    fn decode(usage: &libc::rusage) -> Self {
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        let duration = |time: libc::timeval| {
            #[allow(clippy::useless_conversion, reason = "the width depends on the system")]
            let (seconds, micros) = (i64::from(time.tv_sec), i64::from(time.tv_usec));
            Duration::from_secs(number(seconds)) + Duration::from_micros(number(micros))
        };
        #[allow(clippy::useless_conversion, reason = "the width depends on the system")]
        let peak = number(i64::from(usage.ru_maxrss));
        Self {
            peak_memory: peak.saturating_mul(MEMORY_UNIT),
            user: duration(usage.ru_utime),
            system: duration(usage.ru_stime),
        }
    }
}

/// The next terminated child, if there is one; never blocks. Uses raw `wait4`, because a child
/// may be terminated by a real-time signal, which `nix` cannot represent.
pub fn reap() -> io::Result<Option<EndedChild>> {
    loop {
        let mut status = 0;
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: both pointers are to live values of the right type. An all-zero `rusage` is a
        // valid value, so reading it is sound even if the call fails.
        let (pid, usage) = unsafe {
            let pid = libc::wait4(-1, &raw mut status, libc::WNOHANG, usage.as_mut_ptr());
            (pid, usage.assume_init())
        };
        if pid == 0 {
            return Ok(None);
        }
        if pid > 0 {
            let usage = ChildUsage::decode(&usage);
            match ChildStatus::decode(status) {
                Some(status) => return Ok(Some(EndedChild { pid, status, usage })),
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
