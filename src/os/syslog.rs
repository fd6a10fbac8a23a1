//! Writes lines to syslog.

use std::ffi::CString;

use nix::syslog::{Facility, LogFlags, Severity};

/// Sets the identifier. Only the first call has an effect.
pub fn open(identifier: &str) {
    static IDENTIFIER: std::sync::OnceLock<CString> = std::sync::OnceLock::new();
    let name = IDENTIFIER.get_or_init(|| CString::new(identifier).unwrap_or_default());
    let _ = open_log(name);
}

#[cfg(target_os = "linux")]
fn open_log(name: &'static CString) -> nix::Result<()> {
    nix::syslog::openlog(Some(name.as_c_str()), LogFlags::empty(), Facility::LOG_USER)
}

#[cfg(not(target_os = "linux"))]
fn open_log(name: &'static CString) -> nix::Result<()> {
    nix::syslog::openlog(name.to_str().ok(), LogFlags::empty(), Facility::LOG_USER)
}

/// Writes each line of `text` separately, with `prefix`. Errors are ignored.
pub fn write(prefix: &str, text: &[u8]) {
    for line in String::from_utf8_lossy(text).trim_end_matches('\n').split('\n') {
        let line = line.replace('\0', "");
        let _ = nix::syslog::syslog(Severity::LOG_INFO, &format!("{prefix}{line}"));
    }
}
