//! Splits a text into physical lines with their positions.

/// One line without its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub text: &'a str,
    /// The byte offset of the line.
    pub start: usize,
    /// Whether a line end follows; only the last line may lack it.
    pub ended: bool,
}

impl<'a> Line<'a> {
    /// The byte range of a slice of this line.
    pub fn range(&self, part: &'a str) -> (usize, usize) {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let start = self.start + offset.min(self.text.len());
        (start, start + part.len())
    }
}

/// The lines of a text, which end in `\n`, `\r\n` or `\r`, as in Python's text files.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let line = match rest.find(['\n', '\r']) {
            Some(at) => Line { text: &rest[..at], start, ended: true },
            None => Line { text: rest, start, ended: false },
        };
        start += line.text.len() + end_length(&rest[line.text.len()..]);
        Some(line)
    })
}

fn end_length(rest: &str) -> usize {
    if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        let got: Vec<_> = lines("a\r\nb\rc\n\nd").map(|l| (l.text, l.start, l.ended)).collect();
        assert_eq!(
            got,
            [("a", 0, true), ("b", 3, true), ("c", 5, true), ("", 7, true), ("d", 8, false)]
        );
    }

    #[test]
    fn a_part_knows_its_place() {
        let line = lines("x\n  key = value").nth(1).unwrap();
        assert_eq!(line.range(&line.text[2..5]), (4, 7));
    }
}
