//! Files and directories that other users own or may write although root reads a configuration from
//! them: a user who changes them runs programs as root.

use std::collections::BTreeSet;
use std::fmt;

use super::host::{Host, Owner};
use super::load::Include;
use super::python::path;
use crate::diag::{SourceMap, Span};

/// Mode bits: write permission, and that only an owner may rename files in a directory.
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// Something that others may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    pub path: String,
    what: &'static str,
    pub by: By,
    /// The line that includes it, for a directory of included files.
    pub span: Option<Span>,
}

/// Who may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Owner(String),
    Group(String),
    Everyone,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, what, by, .. } = self;
        match by {
            By::Owner(name) => write!(f, "user `{name}` owns")?,
            By::Group(name) => write!(f, "group `{name}` may change")?,
            By::Everyone => write!(f, "every user may change")?,
        }
        write!(f, " the {what} `{path}`, which root reads")
    }
}

impl Exposure {
    pub fn remedy(&self) -> String {
        let path = &self.path;
        match self.by {
            By::Owner(_) => format!("`chown root {path}`, or start supervisord as that user"),
            By::Group(_) => format!("`chmod g-w {path}`"),
            By::Everyone => format!("`chmod o-w {path}`"),
        }
    }
}

/// All that others may change; nothing unless root reads the configuration.
pub fn find(sources: &SourceMap, includes: &[Include], host: &dyn Host) -> Vec<Exposure> {
    let mut found = of_files(sources, host);
    for exposure in includes.iter().flat_map(|include| in_include(include, host)) {
        let is_known = |it: &Exposure| it.path == exposure.path && it.by == exposure.by;
        if !found.iter().any(is_known) {
            found.push(exposure);
        }
    }
    found
}

/// The files that were read and the directories above them, also above the targets of links.
pub fn of_files(sources: &SourceMap, host: &dyn Host) -> Vec<Exposure> {
    if !host.is_root() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for name in sources.names() {
        let given = path::abspath(name, &host.current_dir());
        for file in [host.real_path(&given), given] {
            if seen.insert(file.clone()) {
                found.extend(of_path(&file, "file", host));
            }
            let mut directory = path::dirname(&file);
            while seen.insert(directory.to_owned()) {
                let is_sticky = host.mode(directory).is_some_and(|mode| mode & STICKY != 0);
                let of_directory = of_path(directory, "directory", host);
                let is_risk = |it: &Exposure| !is_sticky || matches!(it.by, By::Owner(_));
                found.extend(of_directory.into_iter().filter(is_risk));
                directory = path::dirname(directory);
            }
        }
    }
    found
}

/// A directory whose files a pattern includes: others must not be able to add one.
fn in_include(include: &Include, host: &dyn Host) -> Vec<Exposure> {
    let directory = path::dirname(&include.pattern);
    let is_pattern = include.pattern[directory.len()..].contains(['*', '?', '[']);
    if !is_pattern || !host.is_root() {
        return Vec::new();
    }
    let found = of_path(directory, "directory", host).into_iter();
    found.map(|exposure| Exposure { span: Some(include.span), ..exposure }).collect()
}

/// Who else may change a file or directory. The group of root is as good as root.
fn of_path(path: &str, what: &'static str, host: &dyn Host) -> Vec<Exposure> {
    let mode = host.mode(path).unwrap_or(0);
    let owner = host.owner(path).unwrap_or(Owner { uid: 0, gid: 0 });
    let user = || host.user_by_id(owner.uid).map_or(owner.uid.to_string(), |user| user.name);
    let group = || host.group_by_id(owner.gid).unwrap_or(owner.gid.to_string());
    let is_of_other_group = owner.gid != 0 && mode & GROUP_WRITES != 0;
    let by = [
        (owner.uid != 0).then(|| By::Owner(user())),
        is_of_other_group.then(|| By::Group(group())),
        (mode & OTHERS_WRITE != 0).then_some(By::Everyone),
    ];
    let exposure = |by| Exposure { path: path.to_owned(), what, by, span: None };
    by.into_iter().flatten().map(exposure).collect()
}
