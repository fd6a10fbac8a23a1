//! Which text each file of the extends-cache had when it was fetched.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 checksums of the texts, by the names of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::cli::build) struct FetchRecord(BTreeMap<String, String>);

impl FetchRecord {
    pub(super) fn note(&mut self, name: &str, text: &[u8]) {
        self.0.insert(name.to_owned(), checksum(text));
    }

    /// Whether a file has another text than the one that was fetched. One that others put into the
    /// cache has none.
    pub(super) fn differs(&self, name: &str, text: &[u8]) -> bool {
        self.0.get(name).is_some_and(|known| *known != checksum(text))
    }

    /// Forgets the files that the project does not read any longer.
    pub(super) fn keep(&mut self, names: &[&str]) {
        self.0.retain(|name, _| names.contains(&name.as_str()));
    }
}

fn checksum(text: &[u8]) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_was_changed_is_noticed() {
        let mut record = FetchRecord::default();
        assert!(!record.differs("a", b"x"));
        record.note("a", b"x");
        assert!(!record.differs("a", b"x"));
        assert!(record.differs("a", b"y"));
        record.keep(&["b"]);
        assert_eq!(record, FetchRecord::default());
    }
}
