//! Fault codes of the supervisor interface, with their names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The maximum size of a reply in bytes, without the logs in it, and the option that determines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxReply {
    pub bytes: usize,
    pub option: &'static str,
}

/// All fault codes of Supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    UnknownMethod,
    IncorrectParameters,
    BadArguments,
    SignatureUnsupported,
    ShutdownState,
    BadName,
    BadSignal,
    NoFile,
    NotExecutable,
    Failed,
    AbnormalTermination,
    SpawnError,
    AlreadyStarted,
    NotRunning,
    Success,
    AlreadyAdded,
    StillRunning,
    CantReread,
}

use Code as C;

const TABLE: &[(Code, i64, &str)] = &[
    (C::UnknownMethod, 1, "UNKNOWN_METHOD"),
    (C::IncorrectParameters, 2, "INCORRECT_PARAMETERS"),
    (C::BadArguments, 3, "BAD_ARGUMENTS"),
    (C::SignatureUnsupported, 4, "SIGNATURE_UNSUPPORTED"),
    (C::ShutdownState, 6, "SHUTDOWN_STATE"),
    (C::BadName, 10, "BAD_NAME"),
    (C::BadSignal, 11, "BAD_SIGNAL"),
    (C::NoFile, 20, "NO_FILE"),
    (C::NotExecutable, 21, "NOT_EXECUTABLE"),
    (C::Failed, 30, "FAILED"),
    (C::AbnormalTermination, 40, "ABNORMAL_TERMINATION"),
    (C::SpawnError, 50, "SPAWN_ERROR"),
    (C::AlreadyStarted, 60, "ALREADY_STARTED"),
    (C::NotRunning, 70, "NOT_RUNNING"),
    (C::Success, 80, "SUCCESS"),
    (C::AlreadyAdded, 90, "ALREADY_ADDED"),
    (C::StillRunning, 91, "STILL_RUNNING"),
    (C::CantReread, 92, "CANT_REREAD"),
];

impl Code {
    pub fn number(self) -> i64 {
        TABLE.iter().find(|row| row.0 == self).map_or(0, |row| row.1)
    }

    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("UNKNOWN", |row| row.2)
    }

    pub fn from_number(number: i64) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == number).map(|row| row.0)
    }
}

/// Begins the text of the fault for a restart that could not succeed.
pub const RESTART_REFUSED: &str = "nothing was restarted: ";

/// Begins the text of the fault for a call that an account is not allowed to make.
const NOT_PERMITTED: &str = "not permitted: ";

/// The error response to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub code: i64,
    pub string: String,
}

impl Fault {
    /// A fault with the text `NAME`.
    pub fn bare(code: Code) -> Self {
        Self { code: code.number(), string: code.name().to_owned() }
    }

    /// A fault with the text `NAME: extra`.
    pub fn new(code: Code, extra: impl fmt::Display) -> Self {
        Self { code: code.number(), string: format!("{}: {extra}", code.name()) }
    }
}

impl Fault {
    /// An account is not allowed to do something; `why` follows its name.
    pub fn not_permitted(user: &str, why: &str) -> Self {
        Self::new(Code::Failed, format!("{NOT_PERMITTED}user {user} {why}"))
    }

    /// Why an account is not allowed to do something, if that is the fault.
    pub fn refusal(&self) -> Option<&str> {
        let text = self.string.strip_prefix(Code::Failed.name())?.strip_prefix(": ")?;
        (self.code == Code::Failed.number() && text.starts_with(NOT_PERMITTED)).then_some(text)
    }

    /// A reply would exceed the limit.
    pub fn too_large(max: &MaxReply) -> Self {
        let MaxReply { bytes, option } = max;
        let why = format!(
            "the reply would be larger than {bytes} bytes, a quarter of `{option}` in [supervisord]"
        );
        Self::new(Code::Failed, why)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.string)
    }
}
