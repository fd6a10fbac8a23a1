//! Resource limits of this process.

use std::io;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

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
    let resource = match limit {
        Limit::OpenFiles => Resource::RLIMIT_NOFILE,
        Limit::Processes => Resource::RLIMIT_NPROC,
    };
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
