//! What stands at a position of a file: a header, the name of an option, or a value.

use std::ops::Range;

use super::outline::{Block, Outline, OutlineKind, OutlineLine, WrittenOption};
use super::text::Text;
use crate::ini::python::comment_start;

pub(super) enum Cursor<'o> {
    /// Between the brackets of a header. The end bracket may be missing.
    Header {
        inside: Range<usize>,
        is_closed: bool,
    },
    /// At the name of an option, or where one may begin.
    Key {
        block: &'o Block,
        key: Range<usize>,
        has_delimiter: bool,
    },
    /// In a line of a value.
    Value {
        block: &'o Block,
        option: &'o WrittenOption,
        line: Range<usize>,
    },
    /// Before the first header.
    Outside {
        word: Range<usize>,
    },
    Nothing,
}

impl<'o> Cursor<'o> {
    pub(super) fn at(text: &Text, outline: &'o Outline, offset: usize) -> Self {
        let Some(line) = outline.line_at(offset).filter(|line| offset <= line.range.end) else {
            return Self::key(outline.blocks.last(), offset..offset, false);
        };
        let written = text.part(&line.range);
        let column = offset - line.range.start;
        let comment = comment_start(written);
        if line.kind == OutlineKind::Comment || comment.is_some_and(|at| column > at) {
            return Self::Nothing;
        }
        let code = &written[..comment.unwrap_or(written.len())];
        let (block, option) = (outline.block(line), outline.option(line));
        let word = trimmed(line, code, 0);
        let is_header = code.trim_start().starts_with('[');
        match (line.kind, block, option) {
            (OutlineKind::Blank, Some(block), Some(option)) if column > 0 => {
                Self::Value { block, option, line: offset..offset }
            }
            (OutlineKind::Blank, ..) => Self::key(block, offset..offset, false),
            (OutlineKind::Continuation, Some(block), Some(option)) => {
                Self::Value { block, option, line: with(word, offset) }
            }
            _ if is_header => Self::header(line, code, offset),
            (OutlineKind::Option, Some(block), Some(option)) => {
                let delimiter = code.find(['=', ':']).unwrap_or(code.len());
                if column <= delimiter {
                    return Self::key(Some(block), option.key_range.clone(), true);
                }
                let value = trimmed(line, code, delimiter + 1);
                Self::Value { block, option, line: with(value, offset) }
            }
            _ => Self::key(block, with(word, offset), false),
        }
    }

    fn key(block: Option<&'o Block>, key: Range<usize>, has_delimiter: bool) -> Self {
        match block {
            Some(block) => Self::Key { block, key, has_delimiter },
            None => Self::Outside { word: key },
        }
    }

    fn header(line: &OutlineLine, code: &str, offset: usize) -> Self {
        let open = code.find('[').map_or(0, |at| at + 1);
        let close = code[open..].rfind(']').map(|at| open + at);
        let end = close.unwrap_or(open + code[open..].trim_end().len());
        let inside = line.range.start + open..line.range.start + end;
        if offset < inside.start || offset > inside.end && close.is_some() {
            return Self::Nothing;
        }
        Self::Header { inside: with(inside, offset), is_closed: close.is_some() }
    }
}

/// The text from a column of a line, without surrounding blanks.
fn trimmed(line: &OutlineLine, code: &str, from: usize) -> Range<usize> {
    let rest = &code[from..];
    let start = line.range.start + from + rest.len() - rest.trim_start().len();
    start..start + rest.trim().len()
}

/// The range, extended to an offset in the blanks around it.
fn with(range: Range<usize>, offset: usize) -> Range<usize> {
    range.start.min(offset)..range.end.max(offset)
}

/// The part of a line around an offset that has none of these characters.
pub(super) fn word_at(
    text: &Text,
    line: &Range<usize>,
    offset: usize,
    is_separator: impl Fn(char) -> bool,
) -> Range<usize> {
    let before = text.part(&(line.start..offset));
    let start = before.char_indices().rev().find(|(_, c)| is_separator(*c));
    let start = start.map_or(line.start, |(at, c)| line.start + at + c.len_utf8());
    let after = text.part(&(offset..line.end));
    let end = after.find(&is_separator).map_or(line.end, |at| offset + at);
    start..end
}

/// The name in `%(name)s` around an offset, also of one that is not closed.
pub(super) fn placeholder_at(
    text: &Text,
    line: &Range<usize>,
    offset: usize,
) -> Option<Range<usize>> {
    let before = text.part(&(line.start..offset));
    let open = before.rfind("%(")? + 2;
    if before[open..].contains(')') {
        return None;
    }
    let is_end = |c: char| !c.is_ascii_alphanumeric() && !"_:-./".contains(c);
    let after = text.part(&(offset..line.end));
    let end = after.find(is_end).map_or(line.end, |at| offset + at);
    Some(line.start + open..end)
}
