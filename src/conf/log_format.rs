//! The formats of the logs of programs.

use serde::{Deserialize, Serialize};

use super::python::repr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFormat {
    /// Byte by byte as the program writes.
    #[default]
    Raw,
    /// Time, program, pid and stream before each line.
    Text,
    /// An object of JSON for each line.
    Json,
}

impl LogFormat {
    pub(super) const ALL: [Self; 3] = [Self::Raw, Self::Text, Self::Json];

    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

pub(super) fn parse(text: &str) -> Result<LogFormat, String> {
    let found = LogFormat::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("not a format of logs: {}", repr(text)))
}
