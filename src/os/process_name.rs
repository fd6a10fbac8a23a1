//! The name of this process, which `ps`, `pgrep` and `top` show.

use std::ffi::CString;

/// Names the process. The kernel derives the name from the file that was executed, which is not the
/// name that the program was called with if a script or a subcommand called it.
#[cfg(target_os = "linux")]
pub fn set(name: &str) {
    // A name with a NUL byte cannot come from argv; the kernel truncates long ones.
    if let Ok(name) = CString::new(name) {
        let _ = nix::sys::prctl::set_name(&name);
    }
}

#[cfg(not(target_os = "linux"))]
pub fn set(_name: &str) {}
