//! The dialect of Python's `RawConfigParser`, in which supervisord.conf is written: not strict,
//! `;` and `#` begin a comment after a blank, indented lines continue. Knows no option.

use std::collections::BTreeMap;

use super::lines::{Line, lines};
use super::text::{is_space, repr, strip, strip_end};
use crate::diag::{SourceId, Span};

/// Several files read into one, as `RawConfigParser.read` does: sections merge, the last value
/// of an option wins but keeps the place of the first.
#[derive(Clone, Debug, Default)]
pub struct Document {
    sections: Vec<Section>,
    /// Where each section stands, by name.
    index: BTreeMap<String, usize>,
    defaults: Section,
}

#[derive(Clone, Debug, Default)]
pub struct Section {
    pub name: String,
    /// Every header of this section; the first says which file it came from.
    pub headers: Vec<Span>,
    pub entries: Vec<Entry>,
}

/// An option with its value, comments gone and continuation lines joined.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub value: String,
    pub key_span: Span,
    /// The pieces of the value, one a line, as they stand in the source.
    pub lines: Vec<Span>,
    /// Keys of the same option that this one has replaced, oldest first.
    pub replaced: Vec<Span>,
    /// The text of `lines`, until the file is read to its end.
    pieces: Vec<String>,
    /// Whether `value` is still the text that `lines` point at.
    verbatim: bool,
}

/// Why a text is no configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// In Python's words.
    pub text: String,
    pub kind: ParseErrorKind,
    /// The lines at fault.
    pub spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// An option stands before the first section.
    NoSection,
    /// Lines that are neither header, option nor continuation.
    NoDelimiter,
}

/// Where the section of options for all sections keeps its entries.
const DEFAULTS: &str = "DEFAULT";

impl Document {
    /// All sections in order of appearance, `[DEFAULT]` left out.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// `[DEFAULT]`, whose options every section has.
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

    /// The options of a section and those of `[DEFAULT]` that it does not have itself.
    pub fn entries<'a>(&'a self, section: &'a Section) -> impl Iterator<Item = &'a Entry> {
        let inherited = self.defaults.entries.iter().filter(|e| section.entry(&e.key).is_none());
        section.entries.iter().chain(inherited)
    }

    /// Reads one more text into the document. `name` is what its errors call the file.
    pub fn read(&mut self, source: SourceId, name: &str, text: &str) -> Result<(), ParseError> {
        let mut reader = Reader { document: self, source, place: Place::Nowhere, open: None };
        let mut indent = 0;
        let mut bogus = Vec::new();
        for (number, line) in lines(text).enumerate() {
            match reader.line(line, &mut indent) {
                Ok(()) => {}
                Err(Rejected::Bogus) => bogus.push((number + 1, line)),
                Err(Rejected::NoSection) => return Err(no_section(name, number + 1, line, source)),
            }
        }
        self.join();
        if bogus.is_empty() { Ok(()) } else { Err(no_delimiter(name, &bogus, source)) }
    }

    /// Makes values of the lines that were read.
    fn join(&mut self) {
        let all = self.sections.iter_mut().chain([&mut self.defaults]);
        for entry in all.flat_map(|section| &mut section.entries) {
            if !entry.pieces.is_empty() {
                strip_end(&entry.pieces.join("\n")).clone_into(&mut entry.value);
                entry.pieces.clear();
            }
        }
    }

    /// Replaces a text in all values, as Supervisor does with `%(here)s`. A value that `[DEFAULT]`
    /// lends to a section becomes the section's own.
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

    /// Where a byte range of the value stands in the source.
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

enum Rejected {
    NoSection,
    Bogus,
}

/// Which entries a line adds to.
#[derive(Clone, Copy)]
enum Place {
    Nowhere,
    Defaults,
    Section(usize),
}

struct Reader<'d> {
    document: &'d mut Document,
    source: SourceId,
    place: Place,
    /// The entry that continuation lines belong to: its index in `place`.
    open: Option<usize>,
}

impl Reader<'_> {
    fn line(&mut self, line: Line<'_>, indent: &mut usize) -> Result<(), Rejected> {
        let comment = comment_start(line.text);
        let text = strip(&line.text[..comment.unwrap_or(line.text.len())]);
        if text.is_empty() {
            if comment.is_none() {
                self.continue_with(line, &line.text[..0]);
            }
            return Ok(());
        }
        let depth = line.text.chars().take_while(|c| is_space(*c)).count();
        if depth > *indent && self.continue_with(line, text) {
            return Ok(());
        }
        *indent = depth;
        match header_name(text) {
            Some(name) => {
                self.enter(name, self.span(line, text));
                Ok(())
            }
            None if matches!(self.place, Place::Nowhere) => Err(Rejected::NoSection),
            None => self.option(line, text),
        }
    }

    fn span(&self, line: Line<'_>, part: &str) -> Span {
        let offset = (part.as_ptr() as usize).saturating_sub(line.text.as_ptr() as usize);
        let start = line.start + offset.min(line.text.len());
        Span::new(self.source, start, start + part.len())
    }

    fn entries(&mut self) -> &mut Vec<Entry> {
        match self.place {
            Place::Section(at) if at < self.document.sections.len() => {
                &mut self.document.sections[at].entries
            }
            _ => &mut self.document.defaults.entries,
        }
    }

    /// Adds a line to the open option, if there is one.
    fn continue_with(&mut self, line: Line<'_>, text: &str) -> bool {
        let span = self.span(line, text);
        let Some(open) = self.open else { return false };
        let Some(entry) = self.entries().get_mut(open) else { return false };
        entry.lines.push(span);
        entry.pieces.push(text.to_owned());
        true
    }

    fn enter(&mut self, name: &str, span: Span) {
        self.open = None;
        if name == DEFAULTS {
            self.place = Place::Defaults;
            self.document.defaults.headers.push(span);
            return;
        }
        let Document { sections, index, .. } = &mut *self.document;
        let at = *index.entry(name.to_owned()).or_insert_with(|| {
            sections.push(Section { name: name.to_owned(), ..Section::default() });
            sections.len() - 1
        });
        sections[at].headers.push(span);
        self.place = Place::Section(at);
    }

    fn option(&mut self, line: Line<'_>, text: &str) -> Result<(), Rejected> {
        let Some(delimiter) = text.find(['=', ':']) else { return Err(Rejected::Bogus) };
        let written = strip_end(&text[..delimiter]);
        let value = strip(&text[delimiter + 1..]);
        self.open = None;
        if written.is_empty() {
            return Err(Rejected::Bogus);
        }
        let entry = Entry {
            key: written.to_lowercase(),
            value: String::new(),
            key_span: self.span(line, written),
            lines: vec![self.span(line, value)],
            replaced: Vec::new(),
            pieces: vec![value.to_owned()],
            verbatim: true,
        };
        self.open = Some(self.put(entry));
        Ok(())
    }

    fn put(&mut self, mut entry: Entry) -> usize {
        let entries = self.entries();
        let Some(at) = entries.iter().position(|old| old.key == entry.key) else {
            entries.push(entry);
            return entries.len() - 1;
        };
        entry.replaced = std::mem::take(&mut entries[at].replaced);
        entry.replaced.push(entries[at].key_span);
        entries[at] = entry;
        at
    }
}

/// The name between the first and the last bracket; what follows is of no interest to Python.
fn header_name(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let name = &inner[..inner.rfind(']')?];
    (!name.is_empty()).then_some(name)
}

/// Where the comment of a line begins. Python looks at the first `;` and the first `#`, then at
/// the second of each and so on, and stops at the first round with a hit: in `a;b ;c #d` that is
/// the `#`.
pub fn comment_start(line: &str) -> Option<usize> {
    if strip(line).starts_with(['#', ';']) {
        return Some(0);
    }
    let mut marks = [line.match_indices('#'), line.match_indices(';')];
    loop {
        let round = marks.each_mut().map(Iterator::next);
        if round.iter().all(Option::is_none) {
            return None;
        }
        let hit = round.iter().flatten().map(|mark| mark.0).filter(|at| begins_comment(line, *at));
        if let Some(at) = hit.min() {
            return Some(at);
        }
    }
}

fn begins_comment(line: &str, at: usize) -> bool {
    line[..at].chars().next_back().is_none_or(is_space)
}

fn shown(line: Line<'_>) -> String {
    repr(&format!("{}{}", line.text, if line.ended { "\n" } else { "" }))
}

fn whole(line: Line<'_>, source: SourceId) -> Span {
    let text = strip(line.text);
    let (start, end) = line.range(text);
    Span::new(source, start, end)
}

fn no_section(name: &str, number: usize, line: Line<'_>, source: SourceId) -> ParseError {
    let (file, line_text) = (repr(name), shown(line));
    ParseError {
        text: format!(
            "File contains no section headers.\nfile: {file}, line: {number}\n{line_text}"
        ),
        kind: ParseErrorKind::NoSection,
        spans: vec![whole(line, source)],
    }
}

fn no_delimiter(name: &str, bogus: &[(usize, Line<'_>)], source: SourceId) -> ParseError {
    let lines =
        bogus.iter().map(|(number, line)| format!("\n\t[line {number:2}]: {}", shown(*line)));
    let lines: Vec<String> = lines.collect();
    let text = format!("Source contains parsing errors: {}{}", repr(name), lines.concat());
    let spans = bogus.iter().map(|(_, line)| whole(*line, source)).collect();
    ParseError { text, kind: ParseErrorKind::NoDelimiter, spans }
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
