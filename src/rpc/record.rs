//! An entry of the audit log, without who requested it and when.

use serde_json::Value as Json;

use super::fault::Fault;
use crate::core::jobs::JobId;

/// The longest text that is written.
const MAX_TEXT: usize = 256;

/// An action that was performed or refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// How it came: `xml-rpc`, `web`, `http` or `signal`.
    pub interface: &'static str,
    pub action: String,
    pub arguments: Vec<Json>,
    pub result: AuditResult,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditResult {
    Done,
    Fault(Fault),
    /// The client is not allowed to do this.
    Refused(String),
    /// It continues as a job.
    Job(JobId),
}

/// The beginning of a long text.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
