//! A document in the dialect of `RawConfigParser`, with source positions.

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::ini::text::strip_end;

/// Several files merged into one document, as `RawConfigParser.read` does: sections merge, and the
/// last value of an option replaces the earlier one at its position.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub(super) sections: Vec<Section>,
    /// The index of each section, by name.
    pub(super) index: BTreeMap<String, usize>,
    pub(super) defaults: Section,
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
    /// Whether lines were added that may be blank at the end.
    pub(super) is_unfinished: bool,
    /// Whether `value` is still the text of `lines`.
    pub(super) verbatim: bool,
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
pub(super) const DEFAULTS: &str = "DEFAULT";

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

    /// Removes blank lines at the end of values.
    pub(super) fn finish(&mut self) {
        let all = self.sections.iter_mut().chain([&mut self.defaults]);
        for entry in all.flat_map(|section| &mut section.entries) {
            if std::mem::take(&mut entry.is_unfinished) {
                entry.value.truncate(strip_end(&entry.value).len());
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
