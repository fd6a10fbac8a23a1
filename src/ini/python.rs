//! The dialect of Python's `RawConfigParser`, used by supervisord.conf: not strict, `;` and `#`
//! start a comment after a blank, indented lines continue a value.

mod parser;

use std::collections::BTreeMap;

pub use parser::comment_start;

use super::text::strip_end;
use crate::diag::{SourceId, Span};

/// Several files merged into one document, as `RawConfigParser.read` does: sections merge, and the
/// last value of an option replaces the earlier one at its position.
#[derive(Clone, Debug, Default)]
pub struct Document {
    sections: Vec<Section>,
    /// The index of each section, by name.
    index: BTreeMap<String, usize>,
    defaults: Section,
}

#[derive(Clone, Debug, Default)]
pub struct Section {
    pub name: String,
    /// All headers of this section, in order.
    pub headers: Vec<Span>,
    pub entries: Vec<Entry>,
}

/// An option with its value, without comments and with continuation lines joined.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub value: String,
    pub key_span: Span,
    /// The parts of the value, one per line, in the source.
    pub lines: Vec<Span>,
    /// Earlier keys of the same option that were replaced, oldest first.
    pub replaced: Vec<Span>,
    /// The text of `lines` while the file is being read.
    pieces: Vec<String>,
    /// Whether `value` is still the text of `lines`.
    verbatim: bool,
}

/// Why a text is not a valid configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Python's message.
    pub text: String,
    pub kind: ParseErrorKind,
    /// The invalid lines.
    pub spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// An option before the first section header.
    NoSection,
    /// Lines that are neither header, option nor continuation.
    NoDelimiter,
}

/// The key under which `[DEFAULT]` is stored.
const DEFAULTS: &str = "DEFAULT";

impl Document {
    /// All sections in order of appearance, without `[DEFAULT]`.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// `[DEFAULT]`, whose options apply to every section.
    pub fn defaults(&self) -> &Section {
        &self.defaults
    }

    pub fn section(&self, name: &str) -> Option<&Section> {
        self.index.get(name).map(|at| &self.sections[*at])
    }

    /// An option of a section, or else of `[DEFAULT]`.
    pub fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        let found = self.section(section)?;
        found.entry(key).or_else(|| self.defaults.entry(key))
    }

    /// The options of a section and those of `[DEFAULT]` that it does not override.
    pub fn entries<'a>(&'a self, section: &'a Section) -> impl Iterator<Item = &'a Entry> {
        let inherited = self.defaults.entries.iter().filter(|e| section.entry(&e.key).is_none());
        section.entries.iter().chain(inherited)
    }

    /// Parses another file into the document. `name` is used in error messages.
    pub fn read(&mut self, source: SourceId, name: &str, text: &str) -> Result<(), ParseError> {
        let read = parser::read(self, source, name, text);
        self.join();
        read
    }

    /// Joins the lines of all values.
    fn join(&mut self) {
        let all = self.sections.iter_mut().chain([&mut self.defaults]);
        for entry in all.flat_map(|section| &mut section.entries) {
            if !entry.pieces.is_empty() {
                strip_end(&entry.pieces.join("\n")).clone_into(&mut entry.value);
                entry.pieces.clear();
            }
        }
    }

    /// Replaces a text in all values, as Supervisor does with `%(here)s`. An inherited value from
    /// `[DEFAULT]` is copied into the section.
    pub fn replace(&mut self, from: &str, to: &str) {
        let lent: Vec<Entry> =
            self.defaults.entries.iter().filter(|e| e.value.contains(from)).cloned().collect();
        for section in &mut self.sections {
            for entry in &lent {
                if section.entry(&entry.key).is_none() {
                    section.entries.push(entry.clone());
                }
            }
            for entry in section.entries.iter_mut().filter(|e| e.value.contains(from)) {
                entry.value = entry.value.replace(from, to);
                entry.verbatim = false;
            }
        }
    }
}

impl Section {
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub fn header(&self) -> Option<Span> {
        self.headers.first().copied()
    }
}

impl Entry {
    /// From the first to the last character of the value; for an empty value, the key.
    pub fn value_span(&self) -> Span {
        let mut written = self.lines.iter().filter(|span| span.start < span.end);
        let Some(first) = written.next() else { return self.key_span };
        let last = written.next_back().unwrap_or(first);
        Span::new(first.source, first.start, last.end)
    }

    /// The source position of a byte range of the value.
    pub fn locate(&self, start: usize, end: usize) -> Span {
        let mut offset = 0;
        for line in self.lines.iter().filter(|_| self.verbatim) {
            let length = line.end - line.start;
            if start >= offset && end <= offset + length {
                let base = line.start - offset;
                return Span::new(line.source, base + start, base + end);
            }
            offset += length + 1;
        }
        self.value_span()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document, ParseError> {
        let mut document = Document::default();
        document.read(SourceId(0), "x.conf", text).map(|()| document)
    }

    fn value(text: &str, section: &str, key: &str) -> Option<String> {
        read(text).unwrap().entry(section, key).map(|entry| entry.value.clone())
    }

    #[test]
    fn an_indented_option_joins_the_value_above() {
        let got = value("[a]\nx = 1\n  priority=5\n\n  z\n\ny=2\n", "a", "x");
        assert_eq!(got.as_deref(), Some("1\npriority=5\n\nz"));
    }

    #[test]
    fn the_last_value_wins_and_tells_what_it_replaced() {
        let document = read("[a]\nX=1\n[b]\n[a]\nx:2\n").unwrap();
        let entry = document.entry("a", "x").unwrap();
        assert_eq!((entry.value.as_str(), entry.replaced.len()), ("2", 1));
        assert_eq!(document.section("a").unwrap().headers.len(), 2);
    }

    #[test]
    fn a_comment_needs_a_blank_before_it() {
        assert_eq!(value("[a]\nx=b;c ; d\n", "a", "x").as_deref(), Some("b;c"));
        assert_eq!(value("[a]\nx=b;c ;d #e\n", "a", "x").as_deref(), Some("b;c ;d"));
        assert_eq!(value("[a]\nx=#b\n", "a", "x").as_deref(), Some("#b"));
    }

    #[test]
    fn a_place_within_a_value_is_found_again() {
        let text = "[a]\nx = one\n   two\n";
        let document = read(text).unwrap();
        let span = document.entry("a", "x").unwrap().locate(4, 7);
        assert_eq!(&text[span.start..span.end], "two");
    }

    #[test]
    fn errors_are_pythons() {
        assert_eq!(
            read("\u{feff}[a]\n").unwrap_err().text,
            "File contains no section headers.\nfile: 'x.conf', line: 1\n'\\ufeff[a]\\n'"
        );
        assert_eq!(
            read("[a]\nfoo\n=1\nx=2").unwrap_err().text,
            "Source contains parsing errors: 'x.conf'\n\t[line  2]: 'foo\\n'\n\t[line  3]: '=1\\n'"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)[\\[\\]a= :;#\\n\\r\\t\u{e9}\u{a0}]{0,60}|\\PC*") {
            if let Ok(document) = read(&text) {
                for section in document.sections() {
                    for entry in document.entries(section) {
                        let span = entry.locate(0, entry.value.len());
                        proptest::prop_assert!(text.get(span.start..span.end).is_some());
                    }
                }
            }
        }
    }
}
