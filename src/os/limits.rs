//! Resource limits of this process.

use std::io;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    OpenFiles,
    Processes,
}

/// What [`at_least`] found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    Enough,
    Increased,
    /// The kernel will not give more than this.
    Refused {
        hard: u64,
    },
}

/// Raises the soft limit to `minimum` where it is lower, and the hard one too if it must.
pub fn at_least(limit: Limit, minimum: i64) -> io::Result<Raised> {
    let resource = match limit {
        Limit::OpenFiles => Resource::RLIMIT_NOFILE,
        Limit::Processes => Resource::RLIMIT_NPROC,
    };
    let Ok(minimum) = u64::try_from(minimum) else { return Ok(Raised::Enough) };
    let (soft, hard) = getrlimit(resource)?;
    if soft == RLIM_INFINITY || soft >= minimum {
        return Ok(Raised::Enough);
    }
    let wanted = if hard == RLIM_INFINITY { hard } else { hard.max(minimum) };
    match setrlimit(resource, minimum, wanted) {
        Ok(()) => Ok(Raised::Increased),
        Err(_) => Ok(Raised::Refused { hard: wanted }),
    }
}
