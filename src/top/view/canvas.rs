//! Texts in a buffer, cut to their places.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Modifier, Style};
use ratatui_core::text::Span;

use super::cells::printable;

/// What is left out.
const ELLIPSIS: &str = "…";

pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text in at most `room` columns, with an ellipsis if it was cut.
pub(super) fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in Span::raw(text).styled_graphemes(Style::new()) {
        let wide = width(grapheme.symbol);
        if used + wide + 1 > room {
            break;
        }
        kept.push_str(grapheme.symbol);
        used += wide;
    }
    if room > 0 {
        kept.push_str(ELLIPSIS);
    }
    kept
}

/// Where a text stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Writes a text into `room` columns.
pub(super) fn put(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    room: usize,
    side: Side,
    text: &str,
    style: Style,
) {
    let area = *buffer.area();
    if y >= area.bottom() || x >= area.right() {
        return;
    }
    let room = room.min(usize::from(area.right() - x));
    let text = cut(&printable(text), room);
    let shift = match side {
        Side::Left => 0,
        Side::Right => room - width(&text),
    };
    buffer.set_stringn(x + shift as u16, y, &text, room - shift, style);
}

/// Writes a line over the whole width in reverse.
pub(super) fn bar(buffer: &mut Buffer, y: u16, text: &str) {
    let area = *buffer.area();
    if y < area.bottom() {
        put(buffer, (0, y), usize::from(area.width), Side::Left, text, Style::new());
        buffer.set_style(Rect::new(0, y, area.width, 1), Modifier::REVERSED);
    }
}

/// Splits a line at blanks into rows of at most `room` columns; the further rows are indented as the
/// first one is.
pub(super) fn wrap(line: &str, room: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(if indent * 2 < room { indent } else { 0 });
    let mut rows = Vec::new();
    let mut row = String::new();
    for word in line.split_inclusive(' ') {
        if width(&row) + width(word.trim_end()) > room && !row.trim().is_empty() {
            rows.push(row.trim_end().to_owned());
            row.clone_from(&indent);
        }
        row.push_str(word);
        while width(&row) > room && width(row.trim_end()) > room {
            let (head, tail) = split(&row, room);
            rows.push(head);
            row = format!("{indent}{tail}");
        }
    }
    rows.push(row);
    rows
}

/// At least one character is in the first part.
fn split(text: &str, room: usize) -> (String, String) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += width(character.encode_utf8(&mut [0; 4]));
        if used > room && at > 0 {
            return (text[..at].to_owned(), text[at..].to_owned());
        }
    }
    (text.to_owned(), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("x", 0), "");
    }

    #[test]
    fn a_line_is_wrapped_at_blanks() {
        assert_eq!(wrap("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }
}
