//! A section of supervisord.conf whose settings know which text of the part they were made from.

use crate::ini::text::strip;

/// What a section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The daemon, its server, the client, the RPC interface.
    Frame,
    Program,
    Listener,
    Group,
    Include,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub kind: Kind,
    /// As it stands in the header: `program:zeo`.
    pub name: String,
    /// Each key once, in lower case, as a reader of the file would have them.
    pub settings: Vec<Setting>,
    /// The line that the section was made from.
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    /// Lines of a longer value are joined by a newline, without indentation.
    pub value: String,
    pub source: Source,
}

/// Who asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The recipe itself.
    Recipe,
    Option(Extract),
}

/// A piece of the value of one of the part's options, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extract {
    pub option: &'static str,
    pub start: usize,
    pub end: usize,
}

impl Section {
    pub(super) fn new(kind: Kind, name: impl Into<String>, source: Source) -> Self {
        Self { kind, name: name.into(), settings: Vec::new(), source }
    }

    /// What comes after the colon: the name of the program, listener or group.
    pub fn title(&self) -> &str {
        self.name.split_once(':').map_or(self.name.as_str(), |(_, title)| title)
    }

    pub fn get(&self, key: &str) -> Option<&str> {
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

/// The value as it reads again: no blanks around it nor around its lines.
fn tidy(value: &str) -> String {
    strip(value).split('\n').map(strip).collect::<Vec<_>>().join("\n")
}
