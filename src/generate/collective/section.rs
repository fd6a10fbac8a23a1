//! A section of supervisord.conf whose settings know which text of the part they were made from.

use crate::ini::python::comment_start;
use crate::ini::text::strip;

/// What a section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The daemon, its server, the client, the RPC interface.
    Frame,
    Program,
    Listener,
    Group,
    Include,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) kind: Kind,
    /// As it stands in the header: `program:zeo`.
    pub(super) name: String,
    /// Each key once, in lower case, as a reader of the file would have them.
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

/// Who asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The recipe itself.
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

    /// What comes after the colon: the name of the program, listener or group.
    pub(super) fn title(&self) -> &str {
        self.name.split_once(':').map_or(self.name.as_str(), |(_, title)| title)
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.settings.iter().find(|setting| setting.key == key);
        found.map(|setting| setting.value.as_str())
    }

    /// A later value takes the place of the former, as when the file is read.
    pub(super) fn set(&mut self, key: &str, value: &str, source: Source) {
        let setting = Setting { key: key.to_lowercase(), value: tidy(value), source };
        match self.settings.iter_mut().find(|old| old.key == setting.key) {
            Some(old) => *old = setting,
            None => self.settings.push(setting),
        }
    }
}

/// The value as it reads again: no blanks around it nor around its lines, and no comment behind it.
/// A mark at the front is taken for what it is, part of the value.
fn tidy(value: &str) -> String {
    let mut lines = strip(value).split('\n');
    let first = uncommented(lines.next().unwrap_or_default());
    let further = lines.map(strip).filter(|line| !line.starts_with(['#', ';'])).map(uncommented);
    strip(&std::iter::once(first).chain(further).collect::<Vec<_>>().join("\n")).to_owned()
}

fn uncommented(line: &str) -> &str {
    let end = comment_start(&format!("={line}")).map_or(line.len(), |at| at.saturating_sub(1));
    strip(&line[..end])
}
