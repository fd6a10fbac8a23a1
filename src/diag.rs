//! Diagnostics: problems of a text with their positions. A [`SourceMap`] holds the source texts.

use serde::{Deserialize, Serialize};

mod render;

use std::fmt;

/// A source text, by its index in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A byte range in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start, end }
    }
}

/// The source texts with their names.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
    /// The byte offset of each line.
    lines: Vec<usize>,
}

/// A position for display: 1-based line, 1-based column in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl SourceMap {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let text: String = text.into();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = [0].into_iter().chain(starts).collect();
        self.sources.push(Source { name: name.into(), text, lines });
        SourceId(u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX))
    }

    pub fn name(&self, id: SourceId) -> &str {
        self.sources.get(id.0 as usize).map_or("", |s| &s.name)
    }

    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        let count = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        (0..count).map(SourceId)
    }

    /// The names of all sources.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| source.name.as_str())
    }

    /// Masks a range of a source, for secrets in displayed lines.
    pub fn mask(&mut self, span: Span) {
        let Some(source) = self.sources.get_mut(span.source.0 as usize) else { return };
        let Some(hidden) = source.text.get(span.start..span.end) else { return };
        let stars: String = hidden
            .chars()
            .flat_map(|c| std::iter::repeat_n(if c == '\n' { c } else { '*' }, c.len_utf8()))
            .collect();
        source.text.replace_range(span.start..span.end, &stars);
    }

    pub fn text(&self, id: SourceId) -> &str {
        self.sources.get(id.0 as usize).map_or("", |s| &s.text)
    }

    /// The text of a span; empty if it is out of range.
    pub fn marked(&self, span: Span) -> &str {
        self.text(span.source).get(span.start..span.end).unwrap_or_default()
    }

    /// The start of a span, for `file:line:column`.
    pub fn place(&self, span: Span) -> Place {
        let text = self.text(span.source);
        let lines = self.sources.get(span.source.0 as usize).map_or(&[0][..], |s| &s.lines);
        let mut inside = (0..=span.start.min(text.len())).rev();
        let start = inside.find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        let line = lines.partition_point(|begin| *begin <= start).max(1);
        let before = text.get(lines[line - 1]..start).unwrap_or_default();
        let file = self.name(span.source).to_owned();
        Place { file, line, column: before.chars().count() + 1 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// One problem: message, position, cause and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A short stable identifier for scripts, such as `unknown-option`.
    pub code: &'static str,
    /// A lower-case phrase without a final stop; names are in backquotes.
    pub message: String,
    pub span: Option<Span>,
    /// The label under the marked text.
    pub label: Option<String>,
    /// The remedy.
    pub help: Option<String>,
    /// The positions that led here, outermost first, each with a note.
    pub chain: Vec<(Span, String)>,
}

impl Diagnostic {
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self { severity, code, message, span: None, label: None, help: None, chain: Vec::new() }
    }

    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same where the position may be unknown.
    #[must_use]
    pub fn maybe_at(mut self, span: Option<Span>) -> Self {
        self.span = span.or(self.span);
        self
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn via(mut self, span: Span, doing: impl Into<String>) -> Self {
        self.chain.push((span, doing.into()));
        self
    }
}

/// Diagnostics without repetitions: those with the same cause become one, which shows every position.
pub fn united(diagnostics: impl IntoIterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = Vec::new();
    for new in diagnostics {
        let same = |old: &&mut Diagnostic| {
            (old.code, &old.message, &old.help) == (new.code, &new.message, &new.help)
        };
        let Some(old) = all.iter_mut().find(same) else {
            all.push(new);
            continue;
        };
        let known: Vec<Span> = old.chain.iter().map(|(span, _)| *span).chain(old.span).collect();
        if let Some(span) = new.span.filter(|span| !known.contains(span)) {
            old.chain.push((span, "and here".to_owned()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cause_is_reported_once_with_every_position() {
        let at = |start| Span::new(SourceId(0), start, start + 1);
        let fault = |start| Diagnostic::error("x", "missing").at(at(start));
        let other = Diagnostic::error("x", "another").at(at(1));
        let united = united([fault(1), fault(1), fault(5), other.clone()]);
        assert_eq!(united, [fault(1).via(at(5), "and here"), other]);
    }
}
