//! The verdict on a list of problems, and its exit status.

use crate::diag::{Diagnostic, Severity};

/// The codes of errors with which supervisord starts, but others may control it.
pub(super) const OPEN_SERVER: &str = "open-server";
pub(super) const UNSAFE_FILE: &str = "unsafe-file";

/// The verdict on a list of problems, from harmless to severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Ok,
    Warnings,
    /// It works, but others may control it.
    Unsafe,
    Refused,
}

impl Verdict {
    pub fn of(problems: &[Diagnostic]) -> Self {
        problems.iter().map(Self::of_one).max().unwrap_or(Self::Ok)
    }

    fn of_one(problem: &Diagnostic) -> Self {
        match problem.severity {
            Severity::Warning => Self::Warnings,
            Severity::Error if [OPEN_SERVER, UNSAFE_FILE].contains(&problem.code) => Self::Unsafe,
            Severity::Error => Self::Refused,
        }
    }

    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warnings => 1,
            Self::Unsafe | Self::Refused => 2,
        }
    }

    /// The word for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warnings => "warnings",
            Self::Unsafe => "unsafe",
            Self::Refused => "refused",
        }
    }
}
