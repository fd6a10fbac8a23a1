//! The dialect of zc.buildout: sections of options with source positions. The operators `+=` and
//! `-=` are kept as part of the key, and the caller evaluates the conditions of headers.

mod dedent;
mod fault;
mod grammar;

use std::collections::BTreeMap;

use crate::diag::{SourceId, Span};

use super::text::{is_space, strip, strip_end};
use dedent::dedent;
pub use fault::{BadLine, Fault};

/// One file: its sections by name.
pub type Sections = BTreeMap<String, Section>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// All headers of this section, in order.
    pub headers: Vec<Span>,
    /// Options by key, including the operator as written (`eggs +`).
    pub options: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub value: String,
    /// The lines of the value, from the key to the last continuation, for each assignment.
    pub spans: Vec<Span>,
}

/// Evaluates the condition of a section header; the error is the reason why it cannot.
pub type Condition<'a> = dyn FnMut(&str) -> Result<bool, String> + 'a;

/// Parses a whole file. Lines end in `\n`; the caller has converted other line ends.
pub fn parse(
    source: SourceId,
    text: &str,
    condition: &mut Condition<'_>,
) -> Result<Sections, Fault> {
    let mut reader = LineParser::new(source, condition);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        reader.line(line, start)?;
        start += line.len();
    }
    reader.finish()
}

/// The parser state.
struct LineParser<'a, 'c> {
    source: SourceId,
    condition: &'a mut Condition<'c>,
    sections: Sections,
    section: Option<String>,
    option: Option<String>,
    /// The line of the open option was empty: its continuation lines keep their indentation.
    block: bool,
    /// The condition of the last header was true.
    included: bool,
    number: usize,
    bad: Vec<BadLine>,
}

impl<'a, 'c> LineParser<'a, 'c> {
    fn new(source: SourceId, condition: &'a mut Condition<'c>) -> Self {
        Self {
            source,
            condition,
            sections: Sections::new(),
            section: None,
            option: None,
            block: false,
            included: true,
            number: 0,
            bad: Vec::new(),
        }
    }

    fn line(&mut self, line: &str, start: usize) -> Result<(), Fault> {
        self.number += 1;
        let span = self.span(line, start);
        let Some(first) = line.chars().next() else { return Ok(()) };
        if matches!(first, '#' | ';') {
            return Ok(());
        }
        if is_space(first) && self.section.is_some() && self.option.is_some() {
            self.continuation(line, span);
            return Ok(());
        }
        if let Some(header) = grammar::header(line) {
            return self.header(&header, span);
        }
        if self.section.is_none() {
            if strip(line).is_empty() {
                return Ok(());
            }
            return Err(Fault::NoHeader(BadLine { number: self.number, span, text: line.into() }));
        }
        self.body(line, span);
        Ok(())
    }

    /// The line without its line end.
    fn span(&self, line: &str, start: usize) -> Span {
        Span::new(self.source, start, start + strip_end(line).len())
    }

    fn continuation(&mut self, line: &str, span: Span) {
        if !self.included {
            return;
        }
        let text = if self.block { strip_end(line) } else { strip(line) };
        if text.is_empty() && !self.block {
            return;
        }
        let block = self.block;
        let Some(entry) = self.open_entry() else { return };
        entry.value.push('\n');
        entry.value.push_str(text);
        if block && text.is_empty() {
            return;
        }
        if let Some(last) = entry.spans.last_mut() {
            last.end = span.end;
        }
    }

    fn open_entry(&mut self) -> Option<&mut Entry> {
        let (section, option) = (self.section.as_ref()?, self.option.as_ref()?);
        self.sections.get_mut(section)?.options.get_mut(option)
    }

    fn header(&mut self, header: &grammar::Header<'_>, span: Span) -> Result<(), Fault> {
        self.included = true;
        if let Some(expression) = header.condition() {
            let verdict = (self.condition)(&expression).map_err(|reason| Fault::Condition {
                number: self.number,
                span,
                expression: expression.clone(),
                reason,
            })?;
            if !verdict {
                // The previous section stays open, so that a stray line is reported as zc.buildout
                // reports it.
                self.included = false;
                return Ok(());
            }
        }
        self.sections.entry(header.name.to_owned()).or_default().headers.push(span);
        self.section = Some(header.name.to_owned());
        self.option = None;
        Ok(())
    }

    fn body(&mut self, line: &str, span: Span) {
        let dependencies = line.strip_prefix("=>");
        let rewritten = dependencies.map(|rest| format!("<part-dependencies> = {rest}"));
        match grammar::option(rewritten.as_deref().unwrap_or(line)) {
            Some((key, value)) if self.included => self.assign(key, value, span),
            Some(_) => {}
            None if self.option.is_none() && strip(line).is_empty() => {}
            None => self.bad.push(BadLine { number: self.number, span, text: line.into() }),
        }
    }

    fn assign(&mut self, key: &str, value: &str, span: Span) {
        let key = strip_end(key);
        let value = strip(value);
        self.block = value.is_empty();
        self.option = Some(key.to_owned());
        let Some(section) = self.section.as_ref().and_then(|name| self.sections.get_mut(name))
        else {
            return;
        };
        if key.ends_with(['+', '-']) {
            if let Some(entry) = section.options.get_mut(key) {
                entry.extend(value, span);
                return;
            }
        } else {
            section.options.remove(&format!("{key} +"));
            section.options.remove(&format!("{key} -"));
        }
        let entry = Entry { value: value.to_owned(), spans: vec![span] };
        section.options.insert(key.to_owned(), entry);
    }

    fn finish(mut self) -> Result<Sections, Fault> {
        if !self.bad.is_empty() {
            return Err(Fault::BadLines(self.bad));
        }
        for entry in self.sections.values_mut().flat_map(|section| section.options.values_mut()) {
            if entry.value.starts_with(is_space) {
                entry.value = dedent(&entry.value);
            }
        }
        Ok(self.sections)
    }
}

impl Entry {
    /// The same key again in the same section, which is common with conditional headers.
    fn extend(&mut self, value: &str, span: Span) {
        self.value.truncate(strip_end(&self.value).len());
        if !value.is_empty() {
            self.value.push('\n');
            self.value.push_str(value);
        }
        self.spans.push(span);
    }
}

#[cfg(test)]
mod tests;
