//! Files and directories that other users may write although root reads a configuration from them:
//! a user who changes them runs programs as root.

use std::collections::BTreeSet;

use super::lint_input::LintInput;
use super::verdict::UNSAFE_FILE;
use crate::conf::host::Host;
use crate::conf::python::path;
use crate::diag::{Diagnostic, SourceMap};

/// Mode bits: write permission of others, and that only an owner may rename files in a directory.
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

pub(super) fn configuration(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let mut found = files(subject.sources, subject.host);
    if subject.host.is_root() {
        for error in include_directories(subject) {
            if !found.iter().any(|known| known.message == error.message) {
                found.push(error);
            }
        }
    }
    found
}

/// The files that were read and their directories; nothing unless root reads them.
pub fn files(sources: &SourceMap, host: &dyn Host) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !host.is_root() {
        return found;
    }
    let mut seen = BTreeSet::new();
    for name in sources.names() {
        let file = path::abspath(name, &host.current_dir());
        found.extend(problem(&file, "file", OTHERS_WRITE, host));
        let mut directory = path::dirname(&file);
        while seen.insert(directory.to_owned()) {
            found.extend(problem(directory, "directory", OTHERS_WRITE | STICKY, host));
            directory = path::dirname(directory);
        }
    }
    found
}

/// Directories whose files a pattern includes: others must not be able to add one.
fn include_directories(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let open = subject.examined.loaded.includes.iter().filter_map(|include| {
        let directory = path::dirname(&include.pattern);
        let is_open = include.pattern[directory.len()..].contains(['*', '?', '[']);
        let found = problem(directory, "directory", OTHERS_WRITE, subject.host)?;
        is_open.then(|| found.at(include.span))
    });
    open.collect()
}

/// An error if, of these mode bits, only the permission of others is set.
fn problem(path: &str, what: &str, bits: u32, host: &dyn Host) -> Option<Diagnostic> {
    let mode = host.mode(path)?;
    (mode & bits == OTHERS_WRITE).then(|| {
        let message = format!("every user may change the {what} `{path}`, which root reads");
        Diagnostic::error(UNSAFE_FILE, message).help(format!("`chmod o-w {path}`"))
    })
}
