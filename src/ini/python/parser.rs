//! Parses lines into a document, following `RawConfigParser._read`.

use super::document::{DEFAULTS, Document, Entry, ParseError, ParseErrorKind, Section};
use super::line_kind::{LineKind, LineReader};
use crate::diag::{SourceId, Span};
use crate::ini::lines::{Line, lines};
use crate::ini::text::{repr, strip};

impl Document {
    /// Parses another file into the document. `name` is used in error messages.
    pub fn read(&mut self, source: SourceId, name: &str, text: &str) -> Result<(), ParseError> {
        let result = read(self, source, name, text);
        self.finish();
        result
    }
}

/// Parses a text into a document; values are finished later.
fn read(
    document: &mut Document,
    source: SourceId,
    name: &str,
    text: &str,
) -> Result<(), ParseError> {
    let mut parser = LineParser { document, source, place: Place::Nowhere, open: None };
    let mut reader = LineReader::default();
    let mut bogus = Vec::new();
    for (number, line) in lines(text).enumerate() {
        match reader.read(line) {
            LineKind::Comment => {}
            LineKind::Blank => parser.continue_with(line, &line.text[..0]),
            LineKind::Continuation(text) => parser.continue_with(line, text),
            LineKind::Header { text, name } => parser.enter(name, parser.span(line, text)),
            LineKind::Option { key, value } => parser.option(line, key, value),
            LineKind::Bogus => bogus.push((number + 1, line)),
            LineKind::Outside => return Err(no_section(name, number + 1, line, source)),
        }
        if !reader.has_option() {
            parser.open = None;
        }
    }
    if bogus.is_empty() { Ok(()) } else { Err(no_delimiter(name, &bogus, source)) }
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
    fn continue_with(&mut self, line: Line<'_>, text: &str) {
        let span = self.span(line, text);
        let Some(open) = self.open else { return };
        let Some(entry) = self.entries().get_mut(open) else { return };
        entry.lines.push(span);
        entry.value.push('\n');
        entry.value.push_str(text);
        entry.is_unfinished = true;
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

    fn option(&mut self, line: Line<'_>, written: &str, value: &str) {
        let entry = Entry {
            key: written.to_lowercase(),
            value: value.to_owned(),
            key_span: self.span(line, written),
            lines: vec![self.span(line, value)],
            replaced: Vec::new(),
            is_unfinished: false,
            verbatim: true,
        };
        self.open = Some(self.put(entry));
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
