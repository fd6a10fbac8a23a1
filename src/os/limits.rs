//! Resource limits of this process, and how much of them is left.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

pub use nix::sys::resource::Resource;
use nix::sys::resource::{RLIM_INFINITY, getrlimit, setrlimit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    OpenFiles,
    Processes,
}

/// The result of [`raise_to`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaiseResult {
    Enough,
    Increased,
    /// The kernel refused to raise the limit.
    Refused {
        hard: u64,
    },
}

/// Raises the soft limit to `minimum` if it is lower, and the hard limit too if necessary.
pub fn raise_to(limit: Limit, minimum: i64) -> io::Result<RaiseResult> {
    let resource = resource(limit);
    let Ok(minimum) = u64::try_from(minimum) else { return Ok(RaiseResult::Enough) };
    let (soft, hard) = getrlimit(resource)?;
    if soft == RLIM_INFINITY || soft >= minimum {
        return Ok(RaiseResult::Enough);
    }
    let new_hard = if hard == RLIM_INFINITY { hard } else { hard.max(minimum) };
    match setrlimit(resource, minimum, new_hard) {
        Ok(()) => Ok(RaiseResult::Increased),
        Err(_) => Ok(RaiseResult::Refused { hard: new_hard }),
    }
}

/// The result that [`raise_to`] would have: the limit is raised and restored.
pub fn try_raise(limit: Limit, minimum: i64) -> io::Result<RaiseResult> {
    let (soft, hard) = getrlimit(resource(limit))?;
    let raised = raise_to(limit, minimum)?;
    if raised == RaiseResult::Increased {
        setrlimit(resource(limit), soft, hard)?;
    }
    Ok(raised)
}

fn resource(limit: Limit) -> Resource {
    match limit {
        Limit::OpenFiles => Resource::RLIMIT_NOFILE,
        Limit::Processes => Resource::RLIMIT_NPROC,
    }
}

/// A limit that a child gets.
#[derive(Clone, Copy, Debug)]
pub struct ChildLimit {
    resource: Resource,
    limit: libc::rlimit,
}

impl ChildLimit {
    /// `None` is unlimited.
    pub fn new(resource: Resource, soft: Option<u64>, hard: Option<u64>) -> Self {
        let number = |bound: Option<u64>| bound.unwrap_or(RLIM_INFINITY);
        let limit = libc::rlimit { rlim_cur: number(soft), rlim_max: number(hard) };
        Self { resource, limit }
    }

    /// 0 if this process has the limit now; may be called between fork and exec.
    pub(super) fn set(&self) -> libc::c_int {
        // SAFETY: the structure is live; the call is async-signal-safe.
        unsafe { libc::setrlimit(self.resource as _, &raw const self.limit) }
    }
}

/// Whether at most `reserve` descriptor numbers are above that of `fd`. The kernel assigns the lowest
/// free number, so about as many descriptors are left.
pub fn is_near_limit(fd: impl AsFd, reserve: u64) -> bool {
    let Ok((soft, _)) = getrlimit(Resource::RLIMIT_NOFILE) else { return false };
    let number = u64::try_from(fd.as_fd().as_raw_fd()).unwrap_or(0);
    // a very low limit cannot have that reserve
    number + reserve.min(soft / 4) >= soft
}

/// Whether `count` more descriptors can be opened.
pub fn has_descriptors(count: usize) -> bool {
    match (in_use(), getrlimit(Resource::RLIMIT_NOFILE)) {
        (Some(used), Ok((soft, _))) => used.saturating_add(count as u64) <= soft,
        _ => can_open(count),
    }
}

/// The number of open descriptors. A kernel before 6.2 does not report it.
fn in_use() -> Option<u64> {
    fs::metadata("/proc/self/fd").ok().map(|metadata| metadata.len()).filter(|count| *count > 0)
}

fn can_open(count: usize) -> bool {
    let stderr = io::stderr();
    let mut copies: Vec<OwnedFd> = Vec::new();
    for _ in 0..count {
        match stderr.as_fd().try_clone_to_owned() {
            Ok(copy) => copies.push(copy),
            Err(error) => return !is_exhausted(&error),
        }
    }
    true
}

/// Whether descriptors or memory of this process or of the machine were used up.
pub fn is_exhausted(error: &io::Error) -> bool {
    let used_up = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS];
    error.raw_os_error().is_some_and(|code| used_up.contains(&code))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_trial_leaves_the_limit_as_it_is() {
        let before = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let more = i64::try_from(before.0).unwrap_or(i64::MAX).saturating_add(1);
        try_raise(Limit::OpenFiles, more).unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), before);
    }

    #[test]
    fn descriptors_are_counted() {
        assert!(has_descriptors(16) && can_open(16));
        assert!(!has_descriptors(usize::MAX / 2));
        let file = File::open("/dev/null").unwrap();
        assert!(!is_near_limit(&file, 1));
    }
}
