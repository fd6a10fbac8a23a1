//! The file system as a pip project needs it, and the texts that were read, for positions.

use std::cell::RefCell;

use crate::buildout::ReadFault;
use crate::buildout::paths::{dirname, join, normalize};
use crate::diag::{Diagnostic, SourceId, SourceMap};

/// What a project is read from. All paths are absolute.
pub trait ProjectFiles {
    fn read(&self, path: &str) -> Result<String, ReadFault>;
    /// The entries of a directory, sorted; none if it cannot be read.
    fn list(&self, directory: &str) -> Vec<DirectoryEntry>;
    fn is_program(&self, path: &str) -> bool;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    pub name: String,
    pub is_directory: bool,
}

/// Reads files below the directory of a project and keeps their texts.
pub(super) struct Reader<'a> {
    pub(super) files: &'a dyn ProjectFiles,
    /// The directory of the project, absolute.
    pub(super) directory: String,
    /// The same as it was given, for the names of files in messages; it may be empty.
    given: String,
    sources: RefCell<SourceMap>,
}

impl<'a> Reader<'a> {
    /// `main` is the path that was given for the main file of a project.
    pub(super) fn new(files: &'a dyn ProjectFiles, main: &str, working_directory: &str) -> Self {
        let given = dirname(main).to_owned();
        let directory = normalize(&join(working_directory, &given));
        Self { files, directory, given, sources: RefCell::default() }
    }

    /// The text of a file with its place in the sources.
    pub(super) fn read(&self, path: &str) -> Result<(SourceId, String), ReadFault> {
        let text = self.files.read(path)?;
        let source = self.sources.borrow_mut().add(self.shown(path), text.clone());
        Ok((source, text))
    }

    /// The text of a file that need not be part of the project.
    pub(super) fn peek(&self, path: &str) -> Option<String> {
        self.files.read(path).ok()
    }

    /// A path as it is shown: relative, if the project was given so.
    pub(super) fn shown(&self, path: &str) -> String {
        match self.below(path) {
            Some("") => ".".to_owned(),
            Some(below) => join(&self.given, below),
            None => path.to_owned(),
        }
    }

    /// A path relative to the project, if it is below.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.directory.trim_end_matches('/'))?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    pub(super) fn into_sources(self) -> SourceMap {
        self.sources.into_inner()
    }
}

/// Why a file cannot be read.
pub(super) fn unreadable(shown: &str, fault: &ReadFault) -> Diagnostic {
    let why = match fault {
        ReadFault::Missing => "does not exist".to_owned(),
        ReadFault::Directory => "is a directory".to_owned(),
        ReadFault::Encoding(at) => format!("is not UTF-8 at byte {at}"),
        ReadFault::Other(error) => format!("cannot be read: {error}"),
    };
    Diagnostic::error("unreadable", format!("`{shown}` {why}"))
}
