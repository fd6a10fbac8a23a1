//! What is needed to continue a daemon beside its state, and how both are read.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::format;
use crate::core::effect::ProcId;
use crate::core::jobs::JobId;
use crate::daemon::config_reader::{ConfigReader, SavedReader};
use crate::daemon::descriptors::Purpose;
use crate::daemon::handover::Saved;
use crate::daemon::keeping::inheritance::InheritedLink;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is needed to continue a daemon beside its state.
#[derive(Debug, Serialize, Deserialize)]
pub struct Head {
    /// Of the program that wrote it.
    pub(in crate::daemon) version: String,
    /// With its name, for a program that is executed again.
    pub(in crate::daemon) arguments: Vec<OsString>,
    /// The job that requested the upgrade; `None` if another supervisor was replaced.
    #[serde(default)]
    pub(in crate::daemon) job: Option<JobId>,
    /// What a takeover has to do when the new program runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) takeover: Option<Takeover>,
    /// Signals that were received and not acted on.
    pub(in crate::daemon) signals: Vec<i32>,
    pub(in crate::daemon) reader: SavedReader,
    /// What is removed when the daemon ends.
    pub(in crate::daemon) pidfile: Option<String>,
    pub(in crate::daemon) sockets: Vec<PathBuf>,
    pub(in crate::daemon) descriptors: Vec<(Purpose, i32)>,
    /// The connection to the keeper, if there is one.
    #[serde(default)]
    pub(in crate::daemon) link: Option<InheritedLink>,
}

/// The end of a takeover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::daemon) struct Takeover {
    /// What ran before, such as `Supervisor 4.3.0`.
    pub(in crate::daemon) before: String,
    /// The processes to restart, in this order.
    pub(in crate::daemon) restarts: Vec<ProcId>,
}

impl Head {
    /// Without what is known only when the daemon is handed over.
    pub(in crate::daemon) fn new(job: Option<JobId>, reader: &ConfigReader) -> Self {
        Self {
            version: VERSION.to_owned(),
            arguments: Vec::new(),
            job,
            takeover: None,
            signals: Vec::new(),
            reader: reader.save(),
            pidfile: None,
            sockets: Vec::new(),
            descriptors: Vec::new(),
            link: None,
        }
    }
}

/// Reads what [`format::encode`] wrote; with the checksum.
pub(in crate::daemon) fn read(bytes: &[u8]) -> Result<(Head, Saved, String), String> {
    let (head, state, sum) = format::decode(bytes)?;
    let unreadable =
        |error: serde_json::Error| format!("supkit {VERSION} cannot read the state: {error}");
    let head = serde_json::from_slice(head).map_err(unreadable)?;
    let state = serde_json::from_slice(state).map_err(unreadable)?;
    Ok((head, state, sum))
}
