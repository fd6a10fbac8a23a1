//! A text whose positions are counted as editors do: in lines, and in UTF-16 units within a line.

use std::ops::Range;

use crate::ini::lines::lines;

/// A position: line and UTF-16 unit, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub character: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Text {
    text: String,
    /// The byte range of each line, without its line end. There is at least one.
    lines: Vec<Range<usize>>,
}

impl Text {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut found: Vec<Range<usize>> =
            lines(&text).map(|line| line.start..line.start + line.text.len()).collect();
        if text.is_empty() || text.ends_with(['\n', '\r']) {
            found.push(text.len()..text.len());
        }
        Self { text, lines: found }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part in a byte range; empty if it is out of range.
    pub fn part(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The position of a byte offset. One beyond the text is its end; one within a character or a
    /// line end is before it.
    pub fn position(&self, offset: usize) -> Position {
        let number = self.lines.partition_point(|line| line.start <= offset).max(1) - 1;
        let line = &self.lines[number];
        let mut end = offset.clamp(line.start, line.end);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let units = self.text[line.start..end].encode_utf16().count();
        Position {
            line: u32::try_from(number).unwrap_or(u32::MAX),
            character: u32::try_from(units).unwrap_or(u32::MAX),
        }
    }

    /// The byte offset of a position. One beyond its line or the text is the end of that; one within a
    /// surrogate pair is before it.
    pub fn offset(&self, position: Position) -> usize {
        let Some(line) = self.lines.get(position.line as usize) else { return self.text.len() };
        let mut units = 0;
        for (at, c) in self.text[line.clone()].char_indices() {
            units += c.len_utf16();
            if units > position.character as usize {
                return line.start + at;
            }
        }
        line.end
    }

    /// Replaces a range.
    pub fn replace(&mut self, start: Position, end: Position, new: &str) {
        let (start, end) = (self.offset(start), self.offset(end));
        let mut text = std::mem::take(&mut self.text);
        text.replace_range(start..end.max(start), new);
        *self = Self::new(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn positions_count_utf16_units() {
        let text = Text::new("ü = 😀x\r\nb\rc\n");
        assert_eq!(text.position(0), at(0, 0));
        assert_eq!(text.position("ü = ".len()), at(0, 4));
        assert_eq!(text.position("ü = 😀".len()), at(0, 6));
        assert_eq!(text.position("ü = 😀x\r\n".len()), at(1, 0));
        assert_eq!(text.position("ü = 😀x\r\nb\r".len()), at(2, 0));
        assert_eq!(text.position(1000), at(3, 0));
        assert_eq!(text.offset(at(0, 6)), "ü = 😀".len());
        assert_eq!(text.offset(at(0, 5)), "ü = ".len(), "within the emoji");
        assert_eq!(text.offset(at(0, 99)), "ü = 😀x".len());
        assert_eq!(text.offset(at(9, 0)), text.as_str().len());
    }

    #[test]
    fn a_change_replaces_a_range() {
        let mut text = Text::new("a😀b\ncd");
        text.replace(at(0, 1), at(0, 3), "ä");
        text.replace(at(0, 3), at(1, 1), "\n\n");
        assert_eq!(text.as_str(), "aäb\n\nd");
        text.replace(at(2, 1), at(1, 0), "x");
        assert_eq!(text.as_str(), "aäb\n\ndx", "an end before its start is the start");
        text.replace(at(0, 0), at(99, 0), "");
        assert_eq!(text.as_str(), "");
        assert_eq!(text.position(0), at(0, 0));
    }

    proptest::proptest! {
        #[test]
        fn every_offset_is_found_again(text in "[aü😀\u{301}\n\r =]{0,40}", at in 0_usize..160) {
            let text = Text::new(text);
            let position = text.position(at);
            let offset = text.offset(position);
            proptest::prop_assert!(text.as_str().is_char_boundary(offset));
            proptest::prop_assert_eq!(text.position(offset), position);
        }
    }
}
