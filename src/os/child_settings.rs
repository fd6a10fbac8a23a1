//! What a child sets for itself between fork and exec, before it changes its user: resource limits,
//! niceness and OOM score. The outcome is reported to the parent through a pipe. The parent reads it at
//! once: these system calls never wait.

use std::ffi::CStr;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use super::limits::ChildLimit;
use super::pipe::{PipeReader, PipeWriter, pipe};

/// One setting; `name` is for messages.
#[derive(Clone, Debug)]
pub struct ChildSetting {
    pub name: &'static str,
    pub value: Setting,
}

#[derive(Clone, Debug)]
pub enum Setting {
    /// The adjustment of the OOM score, as digits.
    OomScore(String),
    Limit(ChildLimit),
    Niceness(i32),
    /// The `cgroup.procs` of a cgroup. That the child is not in it is found by the parent.
    Cgroup(Arc<OwnedFd>),
}

/// Why a child could not be started.
#[derive(Debug)]
pub enum SpawnError {
    Fork(io::Error),
    /// The kernel refused a setting.
    Setting {
        name: &'static str,
        error: io::Error,
    },
}

impl From<io::Error> for SpawnError {
    fn from(error: io::Error) -> Self {
        Self::Fork(error)
    }
}

impl From<SpawnError> for io::Error {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Fork(error) | SpawnError::Setting { error, .. } => error,
        }
    }
}

/// The settings of a child and the pipe for their outcome.
pub(super) struct Settings {
    list: Vec<ChildSetting>,
    report: Option<(PipeReader, PipeWriter)>,
}

/// What a child reports: the number of the setting that failed, and errno.
const REPORT: usize = 8;
const SUCCESS: u32 = u32::MAX;
/// The process that writes it.
const SELF: &[u8] = b"0";
const OOM_SCORE: &CStr = c"/proc/self/oom_score_adj";

impl Settings {
    pub(super) fn new(list: &[ChildSetting]) -> io::Result<Self> {
        let report = if list.is_empty() { None } else { Some(pipe()?) };
        Ok(Self { list: list.to_vec(), report })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In the child: applies all settings and reports the outcome. False after a failure.
    ///
    /// # Safety
    /// Only between fork and exec, with all signals blocked.
    pub(super) unsafe fn apply(&self) -> bool {
        let Some((_, report)) = &self.report else { return true };
        let mut outcome = (SUCCESS, 0);
        for (number, setting) in (0..).zip(&self.list) {
            // SAFETY: as the caller promised.
            if let Err(errno) = unsafe { setting.value.apply() } {
                outcome = (number, errno);
                break;
            }
        }
        let mut bytes = [0; REPORT];
        bytes[..4].copy_from_slice(&outcome.0.to_ne_bytes());
        bytes[4..].copy_from_slice(&outcome.1.to_ne_bytes());
        // SAFETY: pointer and length are of a live array.
        unsafe { libc::write(report.as_raw_fd(), bytes.as_ptr().cast(), REPORT) };
        outcome.0 == SUCCESS
    }

    /// In the parent: the setting that failed. A child that was killed before it reported is reaped
    /// like any other.
    pub(super) fn failure(self) -> Option<SpawnError> {
        let (mut reader, writer) = self.report?;
        drop(writer);
        let (mut number, mut errno) = ([0; REPORT / 2], [0; REPORT / 2]);
        reader.read_exact(&mut number).ok()?;
        reader.read_exact(&mut errno).ok()?;
        let setting = self.list.get(u32::from_ne_bytes(number) as usize)?;
        let error = io::Error::from_raw_os_error(i32::from_ne_bytes(errno));
        Some(SpawnError::Setting { name: setting.name, error })
    }
}

impl Setting {
    /// Returns errno after a failure.
    ///
    /// # Safety
    /// As [`Settings::apply`].
    unsafe fn apply(&self) -> Result<(), i32> {
        // SAFETY: every call is async-signal-safe and gets live arguments.
        let succeeded = unsafe {
            match self {
                Self::OomScore(digits) => return write_oom_score(digits.as_bytes()),
                Self::Cgroup(entrance) => {
                    libc::write(entrance.as_raw_fd(), SELF.as_ptr().cast(), SELF.len());
                    0
                }
                Self::Limit(limit) => limit.set(),
                Self::Niceness(niceness) => libc::setpriority(libc::PRIO_PROCESS, 0, *niceness),
            }
        };
        if succeeded == 0 { Ok(()) } else { Err(errno()) }
    }
}

/// # Safety
/// As [`Settings::apply`].
unsafe fn write_oom_score(digits: &[u8]) -> Result<(), i32> {
    // SAFETY: the path ends with a null byte; pointer and length are of a live slice.
    unsafe {
        let fd: RawFd = libc::open(OOM_SCORE.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if fd < 0 {
            return Err(errno());
        }
        let written = libc::write(fd, digits.as_ptr().cast(), digits.len());
        let result = if written < 0 { Err(errno()) } else { Ok(()) };
        libc::close(fd);
        result
    }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
