//! Finds a line of output that matches a pattern, in whatever pieces the output arrives.

use regex::bytes::Regex;
use serde::{Deserialize, Serialize};

/// The bytes of an unfinished line that are kept; the rest of a longer line is not examined.
const MAX_LINE: usize = 64 * 1024;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LineMatcher {
    partial: Vec<u8>,
    /// Compiled when the first line arrives.
    #[serde(skip)]
    regex: Option<Regex>,
}

impl LineMatcher {
    /// Whether a line that ends in these bytes matches. A pattern that is no regular expression,
    /// which the configuration does not let through, matches nothing.
    pub(super) fn feed(&mut self, bytes: &[u8], pattern: &str) -> bool {
        if self.regex.is_none() {
            self.regex = Regex::new(pattern).ok();
        }
        let Some(regex) = &self.regex else { return false };
        let mut is_found = false;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(self.partial.len());
            self.partial.extend(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                let line = self.partial.trim_ascii_end();
                is_found |= regex.is_match(line);
                self.partial.clear();
            }
        }
        self.partial.shrink_to(1024);
        is_found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_arrive_in_pieces() {
        let mut matcher = LineMatcher::default();
        let pattern = "^Ready to (handle|serve)$";
        assert!(!matcher.feed(b"INFO Ready to serve\nRea", pattern));
        assert!(!matcher.feed(b"dy to handle", pattern));
        assert!(matcher.feed(b"\r\nmore", pattern));
        assert!(!matcher.feed(b"\n", pattern));
    }

    #[test]
    fn an_endless_line_needs_a_bounded_buffer() {
        let mut matcher = LineMatcher::default();
        for _ in 0..100 {
            assert!(!matcher.feed(&[b'x'; 10_000], "y"));
        }
        assert_eq!(matcher.partial.len(), MAX_LINE);
        assert!(!matcher.feed(b"y\n", "y"));
        assert!(matcher.feed(b"y\n", "y"));
    }
}
