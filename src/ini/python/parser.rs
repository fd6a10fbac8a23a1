//! Parses lines into a document, following `RawConfigParser._read`.

use super::document::{DEFAULTS, Document, Entry, ParseError, ParseErrorKind, Section};
use crate::diag::{SourceId, Span};
use crate::ini::lines::{Line, lines};
use crate::ini::text::{is_space, repr, strip, strip_end};

impl Document {
    /// Parses another file into the document. `name` is used in error messages.
    pub fn read(&mut self, source: SourceId, name: &str, text: &str) -> Result<(), ParseError> {
        let result = read(self, source, name, text);
        self.join();
        result
    }
}

/// Parses a text into a document; values are joined later.
fn read(
    document: &mut Document,
    source: SourceId,
    name: &str,
    text: &str,
) -> Result<(), ParseError> {
    let mut reader = LineParser { document, source, place: Place::Nowhere, open: None };
    let mut indent = 0;
    let mut bogus = Vec::new();
    for (number, line) in lines(text).enumerate() {
        match reader.line(line, &mut indent) {
            Ok(()) => {}
            Err(Rejected::Bogus) => bogus.push((number + 1, line)),
            Err(Rejected::NoSection) => return Err(no_section(name, number + 1, line, source)),
        }
    }
    if bogus.is_empty() { Ok(()) } else { Err(no_delimiter(name, &bogus, source)) }
}

enum Rejected {
    NoSection,
    Bogus,
}

/// The section that a line belongs to.
#[derive(Clone, Copy)]
enum Place {
    Nowhere,
    Defaults,
    Section(usize),
}

struct LineParser<'d> {
    document: &'d mut Document,
    source: SourceId,
    place: Place,
    /// The entry that continuation lines belong to: its index in `place`.
    open: Option<usize>,
}

impl LineParser<'_> {
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

    /// Appends a line to the open option, if there is one.
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

/// The name between the first and the last bracket; the rest is ignored, as in Python.
fn header_name(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let name = &inner[..inner.rfind(']')?];
    (!name.is_empty()).then_some(name)
}

/// The start of a comment. Python checks the first `;` and the first `#`, then the second of each,
/// and stops at the first round with a match: in `a;b ;c #d` that is the `#`.
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
