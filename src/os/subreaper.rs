//! Makes this process the parent of orphans, as init is.

use std::io;

/// From now on the orphans of this process's descendants become its children.
pub fn adopt_orphans() -> io::Result<()> {
    // SAFETY: prctl with these arguments takes numbers only.
    match unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
