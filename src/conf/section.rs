//! What the tables of options are made of: an option with its kind, a row and a section. The rows
//! become the fields of a struct in `field`, by the macros in `table`.

pub(super) mod field;
pub(super) mod table;

use std::marker::PhantomData;

use super::host::Host;
use super::kinds::Kind;

/// An option with its kind.
#[derive(Debug)]
pub struct Opt<K> {
    pub name: &'static str,
    /// The default; `None` if an absent option has its own meaning.
    pub default: Option<&'static str>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Opt<K> {
    pub(super) const fn new(name: &'static str, default: Option<&'static str>) -> Self {
        Self { name, default, kind: PhantomData }
    }

    /// The value if the option is not set, as far as one is known without the rest of the file.
    pub(super) fn default_value(&self, host: &dyn Host) -> K::Value {
        let default = self.default.and_then(|text| K::parse(text, host).ok());
        default.unwrap_or_default()
    }
}

/// An option without its type, for iteration over all options.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    /// The documented name of its kind.
    pub kind: &'static str,
    pub default: Option<&'static str>,
    pub sample: Sample,
    pub doc: &'static str,
    /// What to write, as error messages have it.
    pub hint: &'static str,
    /// The words that a value may be or contain, if there are certain ones.
    pub words: fn() -> Vec<&'static str>,
}

impl Row {
    /// Whether Supervisor has the option.
    pub fn is_supervisors(&self) -> bool {
        self.sample != Sample::SupkitOnly
    }
}

/// How the sample file shows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// An active line.
    Active(&'static str),
    /// A comment.
    Commented(&'static str),
    /// Not at all, as in Supervisor's sample.
    Hidden,
    /// Not at all: Supervisor does not have the option.
    SupkitOnly,
}

/// How a section is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The word alone: `[supervisord]`.
    Alone,
    /// The word, a colon and a name: `[program:x]`.
    Own,
    /// Both forms are allowed.
    Either,
    /// A file cannot have it: it is a table of options that several sections have.
    Never,
}

/// A section with its options.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub word: &'static str,
    pub named: Named,
    /// The section whose options it has in addition.
    pub like: Option<&'static Section>,
    pub rows: &'static [Row],
    /// Whether it accepts options of any name, which a plug-in reads.
    pub open: bool,
    pub doc: &'static str,
}

impl Section {
    /// Whether a header names this section, by Supervisor's rule: server headers only need to start
    /// with the word.
    pub fn is(&self, header: &str) -> bool {
        match self.named {
            Named::Alone => header == self.word,
            Named::Own => self.own_name(header).is_some(),
            Named::Either => header.starts_with(self.word),
            Named::Never => false,
        }
    }

    /// The name after the colon.
    pub fn own_name<'h>(&self, header: &'h str) -> Option<&'h str> {
        header.strip_prefix(self.word)?.strip_prefix(':')
    }

    /// Its options and the inherited ones.
    pub fn options(&self) -> impl Iterator<Item = &'static Row> {
        let inherited = self.like.map_or(&[][..], |like| like.rows);
        let own = self.rows;
        let fresh = move |row: &&Row| !own.iter().any(|mine| mine.name == row.name);
        own.iter().chain(inherited.iter().filter(fresh))
    }
}
