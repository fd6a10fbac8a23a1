//! A section of supervisord.conf with the text of the part that each setting is made from.

use crate::ini::python::comment_start;
use crate::ini::text::strip;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The daemon, its server, the client or the RPC interface.
    Base,
    Program,
    Listener,
    Group,
    Include,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) kind: Kind,
    /// The header: `program:zeo`.
    pub(super) name: String,
    /// Each key once, in lower case.
    pub(super) settings: Vec<Setting>,
    /// The line that the section was made from.
    pub(super) source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: String,
    /// Lines of a longer value are joined by a newline, without indentation.
    pub(super) value: String,
    pub(super) source: Source,
}

/// The source of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A default of the recipe.
    Recipe,
    Option(Extract),
}

/// A piece of the value of one of the part's options, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extract {
    pub(super) option: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Section {
    pub(super) fn new(kind: Kind, name: impl Into<String>, source: Source) -> Self {
        Self { kind, name: name.into(), settings: Vec::new(), source }
    }

    /// The name after the colon: of the program, listener or group.
    pub(super) fn title(&self) -> &str {
        self.name.split_once(':').map_or(self.name.as_str(), |(_, title)| title)
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.settings.iter().find(|setting| setting.key == key);
        found.map(|setting| setting.value.as_str())
    }

    /// Replaces an earlier value, as the parser of Supervisor does.
    pub(super) fn set(&mut self, key: &str, value: &str, source: Source) {
        let setting = Setting { key: key.to_lowercase(), value: parsed(value), source };
        match self.settings.iter_mut().find(|old| old.key == setting.key) {
            Some(old) => *old = setting,
            None => self.settings.push(setting),
        }
    }
}

/// The value as Supervisor would parse it: without blanks around its lines and without comments. A
/// comment mark at the start is part of the value.
fn parsed(value: &str) -> String {
    let mut lines = strip(value).split('\n');
    let first = uncommented(lines.next().unwrap_or_default());
    let further = lines.map(strip).filter(|line| !line.starts_with(['#', ';'])).map(uncommented);
    strip(&std::iter::once(first).chain(further).collect::<Vec<_>>().join("\n")).to_owned()
}

fn uncommented(line: &str) -> &str {
    let end = comment_start(&format!("={line}")).map_or(line.len(), |at| at.saturating_sub(1));
    strip(&line[..end])
}
