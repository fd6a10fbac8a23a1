//! What a line is in the dialect of `RawConfigParser`, which depends on the lines above it. The parser
//! makes a document of it; an editor needs it for a text that is being written.

use crate::ini::lines::Line;
use crate::ini::text::{is_space, strip, strip_end};

/// The kind of a line. The texts are parts of the line, without comment and surrounding blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind<'l> {
    /// Nothing; an empty line of the value above, if there is one.
    Blank,
    Comment,
    /// A further line of the value above.
    Continuation(&'l str),
    /// The name is what is between the first and the last bracket.
    Header {
        text: &'l str,
        name: &'l str,
    },
    Option {
        key: &'l str,
        value: &'l str,
    },
    /// Neither header nor option.
    Bogus,
    /// Something before the first header.
    Outside,
}

/// Classifies the lines of a text, in their order.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineReader {
    indent: usize,
    has_section: bool,
    has_option: bool,
}

impl LineReader {
    /// Whether an indented line would continue a value.
    pub fn has_option(&self) -> bool {
        self.has_option
    }

    pub fn read<'l>(&mut self, line: Line<'l>) -> LineKind<'l> {
        let comment = comment_start(line.text);
        let text = strip(&line.text[..comment.unwrap_or(line.text.len())]);
        if text.is_empty() {
            return if comment.is_none() { LineKind::Blank } else { LineKind::Comment };
        }
        let depth = line.text.chars().take_while(|c| is_space(*c)).count();
        if depth > self.indent && self.has_option {
            return LineKind::Continuation(text);
        }
        self.indent = depth;
        if let Some(name) = header_name(text) {
            (self.has_section, self.has_option) = (true, false);
            return LineKind::Header { text, name };
        }
        if !self.has_section {
            return LineKind::Outside;
        }
        let Some(delimiter) = text.find(['=', ':']) else { return LineKind::Bogus };
        let key = strip_end(&text[..delimiter]);
        self.has_option = !key.is_empty();
        if key.is_empty() {
            return LineKind::Bogus;
        }
        LineKind::Option { key, value: strip(&text[delimiter + 1..]) }
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
