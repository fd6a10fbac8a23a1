//! Reads options of one section. `section/field.rs` reads all options of a table into its struct.

use std::collections::BTreeMap;

use super::kinds::Kind;
use super::option_reader::{OptionReader, Read, Reported, Scope};
use super::python::names::Names;
use super::section::Opt;

/// A section that is being read, with the names that its options may expand.
pub(super) struct SectionReader<'r, 'a> {
    pub(super) reader: &'r mut OptionReader<'a>,
    pub(super) section: &'r str,
    pub(super) names: Names,
    /// Supervisor adds section and file to the messages about a program.
    is_program: bool,
    /// Expanded texts that a rule for the whole section needs, by option.
    texts: BTreeMap<&'static str, String>,
}

impl<'r, 'a> SectionReader<'r, 'a> {
    /// For a section whose options may not expand any name of their own.
    pub(super) fn new(reader: &'r mut OptionReader<'a>, section: &'r str) -> Self {
        let (names, texts) = (Names::default(), BTreeMap::new());
        Self { reader, section, names, is_program: false, texts }
    }

    /// For a section whose options may expand `here`.
    pub(super) fn with_here(reader: &'r mut OptionReader<'a>, section: &'r str) -> Self {
        let names = reader.here();
        Self { names, ..Self::new(reader, section) }
    }

    /// For the processes of a section.
    pub(super) fn of_program(
        reader: &'r mut OptionReader<'a>,
        section: &'r str,
        names: Names,
    ) -> Self {
        Self { names, is_program: true, ..Self::new(reader, section) }
    }

    /// The reader, and the section with the names that its options may expand.
    pub(super) fn parts(&mut self) -> (&mut OptionReader<'a>, Scope<'_>) {
        let scope = Scope { section: self.section, names: &self.names, program: self.is_program };
        (self.reader, scope)
    }

    /// Reports an error of an option, or of the section if the option is not set.
    pub(super) fn refuse(
        &mut self,
        option: &str,
        message: impl Into<String>,
        help: &str,
    ) -> Reported {
        let (reader, scope) = self.parts();
        reader.refuse(scope, option, message, help)
    }

    /// Whether an option of a program is not set and has a default, which is valid on every host; then
    /// there is nothing to read.
    pub(super) fn keeps_default<K: Kind>(&self, option: &Opt<K>) -> bool {
        let is_plain = option.default.is_none_or(|text| !text.contains('%'));
        self.is_program && is_plain && self.reader.entry(self.section, option.name).is_none()
    }

    /// Keeps an expanded text for [`take_text`](Self::take_text).
    pub(super) fn keep_text<K>(&mut self, option: &Opt<K>, text: String) {
        self.texts.insert(option.name, text);
    }

    pub(super) fn take_text<K>(&mut self, option: &Opt<K>) -> Option<String> {
        self.texts.remove(option.name)
    }
}

/// An option that may expand `here` in a section whose other options may not.
pub(super) fn with_here<K: Kind>(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<K>,
) -> Read<Option<K::Value>> {
    let names = reader.reader.here();
    let (reader, scope) = reader.parts();
    reader.maybe(Scope { names: &names, ..scope }, option)
}

/// For rows without whose value there can be no struct.
pub(super) fn required<S, K: Kind>(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<K>,
    _: &S,
) -> Read<K::Value> {
    let (reader, scope) = reader.parts();
    reader.exactly(scope, option)
}
