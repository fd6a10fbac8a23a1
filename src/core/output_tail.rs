//! The end of the output of a child, kept in memory for the case that it ends.

use serde::{Deserialize, Serialize};

/// How many bytes at the end are kept at least, if there are as many.
const KEPT: usize = 4096;

/// How many lines are shown.
const LINES: usize = 20;

/// The last bytes of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OutputTail(Vec<u8>);

impl OutputTail {
    /// Each byte is copied a bounded number of times, however small the pieces are.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if bytes.len() >= KEPT {
            self.0.clear();
            self.0.extend_from_slice(&bytes[bytes.len() - KEPT..]);
            return;
        }
        if self.0.len() + bytes.len() > 2 * KEPT {
            let excess = self.0.len() + bytes.len() - KEPT;
            self.0.drain(..excess.min(self.0.len()));
        }
        self.0.extend_from_slice(bytes);
    }

    /// The last lines, without control characters. The first one is left out if it may be
    /// incomplete.
    pub(super) fn lines(&self) -> Vec<String> {
        let start = self.0.len().saturating_sub(KEPT);
        let text = String::from_utf8_lossy(&self.0[start..]).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let is_cut = self.0.len() >= KEPT && lines.len() > 1;
        let first = lines.len().saturating_sub(LINES).max(usize::from(is_cut));
        lines[first..].iter().map(|line| plain(line)).collect()
    }
}

/// A terminal or a page shows it as it is.
fn plain(line: &str) -> String {
    let shown = |char: char| match char {
        '\t' => '\t',
        char if char.is_control() => '\u{fffd}',
        char => char,
    };
    line.trim_end().chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_however_they_arrive() {
        let text: String =
            (0..3000).fold(String::new(), |text, number| text + &format!("line {number}\n"));
        let expected: Vec<String> = (2980..3000).map(|number| format!("line {number}")).collect();
        for size in [1, 7, 1000, 4096, 50_000] {
            let mut tail = OutputTail::default();
            text.as_bytes().chunks(size).for_each(|chunk| tail.push(chunk));
            assert_eq!(tail.lines(), expected, "{size}");
            assert!(tail.0.len() <= 2 * KEPT, "{size}: {}", tail.0.len());
        }
    }

    #[test]
    fn an_incomplete_first_line_is_left_out_and_a_lone_one_is_cut() {
        let mut tail = OutputTail::default();
        tail.push(format!("{}\nlast\n", "x".repeat(KEPT)).as_bytes());
        assert_eq!(tail.lines(), ["last"]);
        let mut tail = OutputTail::default();
        tail.push("y".repeat(3 * KEPT).as_bytes());
        assert_eq!(tail.lines(), ["y".repeat(KEPT)]);
    }

    #[test]
    fn control_characters_and_bytes_that_are_no_text_are_replaced() {
        let mut tail = OutputTail::default();
        tail.push(b"\x1b[31mred\xff\tend\r\n\nlast");
        assert_eq!(tail.lines(), ["\u{fffd}[31mred\u{fffd}\tend", "", "last"]);
    }
}
