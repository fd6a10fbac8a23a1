//! Signal numbers and names, as in Python's `signal` module on Linux.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A signal number for `stopsignal=` or `signalProcess`. Zero is accepted, as in Supervisor; the
/// kernel then only checks that the process exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signal(pub i32);

/// Numbers and names; if a number has several names, the last one is displayed.
const TABLE: &[(i32, &str)] = &[
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGIOT"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (16, "SIGSTKFLT"),
    (17, "SIGCLD"),
    (17, "SIGCHLD"),
    (18, "SIGCONT"),
    (19, "SIGSTOP"),
    (20, "SIGTSTP"),
    (21, "SIGTTIN"),
    (22, "SIGTTOU"),
    (23, "SIGURG"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (26, "SIGVTALRM"),
    (27, "SIGPROF"),
    (28, "SIGWINCH"),
    (29, "SIGPOLL"),
    (29, "SIGIO"),
    (30, "SIGPWR"),
    (31, "SIGSYS"),
    (34, "SIGRTMIN"),
    (64, "SIGRTMAX"),
];

impl Default for Signal {
    fn default() -> Self {
        Self::TERM
    }
}

impl Signal {
    pub const KILL: Self = Self(9);
    pub const TERM: Self = Self(15);

    /// The names, as a file usually has them: without `SIG`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(_, name)| name.strip_prefix("SIG").unwrap_or(name))
    }

    /// A number that Supervisor accepts.
    pub fn from_number(number: i64) -> Option<Self> {
        let number = i32::try_from(number).ok()?;
        (number == 0 || TABLE.iter().any(|row| row.0 == number)).then_some(Self(number))
    }

    /// A name, ignoring case, with or without `SIG`. `SIG_DFL` and similar names are numbers in
    /// Python.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut name = name.trim().to_uppercase();
        if !name.starts_with("SIG") {
            name.insert_str(0, "SIG");
        }
        match name.as_str() {
            "SIG_DFL" | "SIG_BLOCK" => return Some(Self(0)),
            "SIG_IGN" | "SIG_UNBLOCK" => return Some(Self(1)),
            "SIG_SETMASK" => return Some(Self(2)),
            _ => {}
        }
        TABLE.iter().find(|row| row.1 == name).map(|row| Self(row.0))
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TABLE.iter().rfind(|row| row.0 == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
