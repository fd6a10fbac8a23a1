//! What is needed to continue a daemon beside its state, and how both are read.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::format;
use crate::core::jobs::JobId;
use crate::daemon::config_reader::SavedReader;
use crate::daemon::descriptors::Purpose;
use crate::daemon::handover::Saved;

/// What is needed to continue a daemon beside its state.
#[derive(Debug, Serialize, Deserialize)]
pub struct Head {
    /// Of the program that wrote it.
    pub(in crate::daemon) version: String,
    /// With its name, for a program that is executed again.
    pub(in crate::daemon) arguments: Vec<OsString>,
    /// The job that requested the upgrade.
    pub(in crate::daemon) job: JobId,
    /// Signals that were received and not acted on.
    pub(in crate::daemon) signals: Vec<i32>,
    pub(in crate::daemon) reader: SavedReader,
    /// What is removed when the daemon ends.
    pub(in crate::daemon) pidfile: Option<String>,
    pub(in crate::daemon) sockets: Vec<PathBuf>,
    pub(in crate::daemon) descriptors: Vec<(Purpose, i32)>,
}

/// Reads what [`format::encode`] wrote; with the checksum.
pub(super) fn read(bytes: &[u8]) -> Result<(Head, Saved, String), String> {
    let (head, state, sum) = format::decode(bytes)?;
    let unreadable = |error: serde_json::Error| {
        format!("supkit {} cannot read the state: {error}", env!("CARGO_PKG_VERSION"))
    };
    let head = serde_json::from_slice(head).map_err(unreadable)?;
    let state = serde_json::from_slice(state).map_err(unreadable)?;
    Ok((head, state, sum))
}
