//! Scanners for the fields of a line. Each returns a field at the start of the text and the text
//! after it, with Python's definition of digits, blanks and lines.

use crate::conf::python::int::is_digit;
use crate::ini::text::is_space;

/// A field and the text after it.
pub(super) type Cut<'a> = Option<(&'a str, &'a str)>;

pub(super) fn digits(text: &str) -> Cut<'_> {
    cut(text, |c| !is_digit(c))
}

pub(super) fn word(text: &str) -> Cut<'_> {
    cut(text, is_space)
}

fn cut(text: &str, ends: impl Fn(char) -> bool) -> Cut<'_> {
    let end = text.find(ends).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The text after at least one blank.
pub(super) fn gap(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(is_space);
    (rest.len() < text.len()).then_some(rest)
}

/// Blanks, then a word.
pub(super) fn next_word(text: &str) -> Cut<'_> {
    gap(text).and_then(word)
}

/// Blanks, the opening mark, a text that is not empty, and the closing mark.
pub(super) fn enclosed(text: &str, open: char, close: char) -> Cut<'_> {
    let (inside, rest) = gap(text)?.strip_prefix(open)?.split_once(close)?;
    (!inside.is_empty()).then_some((inside, rest))
}

/// `true` or `false` at the start. A prefix, not a word: `trueish` is `true`, then `ish`.
pub(super) fn flag(text: &str) -> Option<(bool, &str)> {
    let truth = text.strip_prefix("true").map(|rest| (true, rest));
    truth.or_else(|| text.strip_prefix("false").map(|rest| (false, rest)))
}

/// `str.splitlines`, with the offset of each line.
pub(super) fn split_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = rest.find(ends_line).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        let at = start;
        start += end + break_length(tail);
        Some((at, line))
    })
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn break_length(tail: &str) -> usize {
    if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) }
}
