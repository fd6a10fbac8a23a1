//! What is needed to continue a daemon that was killed, beside its state.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::kill::Kill;
use crate::core::jobs::JobId;
use crate::daemon::config_reader::SavedReader;
use crate::daemon::descriptors::Purpose;

#[derive(Serialize, Deserialize)]
pub(in crate::daemon) struct KeptHead {
    /// The number of the state; the entries of a journal with another one belong to another state.
    pub(super) epoch: u64,
    pub(super) reader: SavedReader,
    /// What is removed when the daemon ends.
    pub(super) pidfile: Option<String>,
    pub(super) sockets: Vec<PathBuf>,
    /// With the keys under which the keeper holds them.
    pub(super) descriptors: Vec<(Purpose, String)>,
    /// The signals that are to be sent.
    pub(super) kills: Vec<Kill>,
    /// The job of an upgrade that was being prepared.
    pub(super) upgrade: Option<JobId>,
}
