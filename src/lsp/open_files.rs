//! The files that the client has opened, with their texts.

use std::collections::BTreeMap;

use lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::convert::position;
use super::subject::Subject;
use crate::conf::host::Host;
use crate::editor::text::Text;

#[derive(Debug)]
pub(super) struct OpenFile {
    /// As the client writes it.
    pub(super) uri: Uri,
    pub(super) version: i32,
    pub(super) text: Text,
    pub(super) subject: Subject,
}

impl OpenFile {
    /// Applies changes one after the other.
    pub(super) fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>) {
        for change in changes {
            match change.range {
                Some(range) => {
                    self.text.replace(position(range.start), position(range.end), &change.text);
                }
                None => self.text = Text::new(change.text),
            }
        }
    }
}

/// By absolute path.
#[derive(Debug, Default)]
pub(super) struct OpenFiles(pub(super) BTreeMap<String, OpenFile>);

impl OpenFiles {
    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        let texts = self.0.iter();
        texts.map(|(path, file)| (path.clone(), file.text.as_str().to_owned())).collect()
    }

    /// The path under which a file is open, which may be another one than that of a link to it.
    pub(super) fn known_as(&self, path: String, host: &dyn Host) -> String {
        if self.0.contains_key(&path) {
            return path;
        }
        let real = host.real_path(&path);
        if self.0.contains_key(&real) { real } else { path }
    }

    pub(super) fn is_about(&self, subject: &Subject) -> bool {
        self.0.values().any(|file| file.subject == *subject)
    }
}
