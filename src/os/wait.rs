//! Reaps terminated children.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a child terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildStatus {
    Exited(i32),
    Signaled { signal: i32, core_dumped: bool },
}

/// What a child used, with the children that it has waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildUsage {
    /// The peak of the resident memory, in bytes; of the largest one if it had children. It is at
    /// least that of this process when it forked.
    pub peak_memory: u64,
    pub user: Duration,
    pub system: Duration,
}

/// A terminated child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedChild {
    pub pid: i32,
    pub status: ChildStatus,
    pub usage: ChildUsage,
}

impl ChildStatus {
    /// The exit status by which a shell shows it.
    pub fn shell_status(self) -> u8 {
        match self {
            Self::Exited(code) => u8::try_from(code).unwrap_or(u8::MAX),
            Self::Signaled { signal, .. } => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }

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

/// Which child [`peek`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Any,
    Pid(i32),
}

/// A terminated child that stays a zombie, so its pid is not used again; never blocks. Raw `waitid`,
/// because only that returns what the child used.
#[cfg(target_os = "linux")]
pub fn peek(which: Which) -> io::Result<Option<EndedChild>> {
    let (kind, pid) = match which {
        Which::Any => (libc::P_ALL, 0),
        Which::Pid(pid) => (libc::P_PID, pid),
    };
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: both pointers are to live values of the right type, for which all-zero is valid.
    let (result, info, usage) = unsafe {
        let (info_at, usage_at) = (info.as_mut_ptr(), usage.as_mut_ptr());
        let result = libc::syscall(libc::SYS_waitid, kind, pid, info_at, options, usage_at);
        (result, info.assume_init(), usage.assume_init())
    };
    if result < 0 {
        let error = io::Error::last_os_error();
        let is_none = matches!(error.raw_os_error(), Some(libc::ECHILD | libc::EINTR));
        return if is_none { Ok(None) } else { Err(error) };
    }
    // SAFETY: the kernel has filled these members, or they are zero.
    let (pid, value) = unsafe { (info.si_pid(), info.si_status()) };
    let status = match info.si_code {
        libc::CLD_EXITED => ChildStatus::Exited(value),
        code => ChildStatus::Signaled { signal: value, core_dumped: code == libc::CLD_DUMPED },
    };
    Ok((pid > 0).then(|| EndedChild { pid, status, usage: ChildUsage::decode(&usage) }))
}

/// Ends the zombie that [`peek`] has returned.
pub fn collect(pid: i32) {
    // SAFETY: the status is not requested.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) };
}

/// Waits until a child has terminated.
pub fn await_end(pid: i32) -> io::Result<ChildStatus> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live integer.
        if unsafe { libc::waitpid(pid, &raw mut status, 0) } == pid {
            if let Some(status) = ChildStatus::decode(status) {
                return Ok(status);
            }
            continue;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::zombie_processes, reason = "it is collected by its pid")]
    fn a_child_that_was_looked_at_is_still_there() {
        let child = std::process::Command::new("/bin/sh").args(["-c", "exit 7"]).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let seen = loop {
            if let Some(seen) = peek(Which::Pid(pid)).unwrap() {
                break seen;
            }
            std::thread::yield_now();
        };
        assert_eq!((seen.pid, seen.status), (pid, ChildStatus::Exited(7)));
        assert!(seen.usage.peak_memory > 0);
        assert_eq!(peek(Which::Pid(pid)).unwrap(), Some(seen));
        collect(pid);
        assert_eq!(peek(Which::Pid(pid)).unwrap(), None);
    }
}
