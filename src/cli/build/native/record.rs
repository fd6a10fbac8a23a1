//! What the last build without zc.buildout made.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::parts::Requirements;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli::build) struct NativeRecord {
    /// The checksum of what was installed; empty while it is being installed.
    #[serde(default)]
    pub(super) eggs: String,
    /// The names of what was installed.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// The files, with the checksums of their texts.
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
}

/// The checksum of everything that an environment depends on.
pub(super) fn eggs_checksum(requirements: &Requirements, python: &str) -> String {
    checksum(format!("{python}\n{}", requirements.text()).as_bytes())
}

pub(super) fn checksum(text: &[u8]) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
