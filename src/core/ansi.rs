//! Removes terminal escape sequences from output (`strip_ansi=true`).

use serde::{Deserialize, Serialize};

const BEGIN: &[u8] = b"\x1b[";
const TERMINATORS: &[u8] = b"HfABCDRsuJKhlpm";

/// The maximum length of a sequence. A longer one is dropped up to the end of its chunk, as in
/// Supervisor.
const MAX_SEQUENCE: usize = 32;

/// Strips a stream. Unlike Supervisor, it recognizes a sequence that is split between two reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stripper {
    partial: Vec<u8>,
}

impl Stripper {
    pub(super) fn strip(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut input = std::mem::take(&mut self.partial);
        input.extend_from_slice(chunk);
        let mut out = Vec::with_capacity(input.len());
        let mut rest = input.as_slice();
        while let Some(at) = find(rest, BEGIN) {
            out.extend_from_slice(&rest[..at]);
            let sequence = &rest[at..];
            let Some(end) = sequence[1..].iter().position(|byte| TERMINATORS.contains(byte)) else {
                if sequence.len() <= MAX_SEQUENCE {
                    self.partial = sequence.to_vec();
                }
                return out;
            };
            rest = &sequence[end + 2..];
        }
        if let Some((b'\x1b', before)) = rest.split_last() {
            self.partial = vec![b'\x1b'];
            rest = before;
        }
        out.extend_from_slice(rest);
        out
    }

    /// The bytes held back when the stream ends: a lone escape character, but no partial sequence.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let partial = std::mem::take(&mut self.partial);
        if partial.starts_with(BEGIN) { Vec::new() } else { partial }
    }
}

/// The position of `needle` in `haystack`.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(chunks: &[&str]) -> String {
        let mut stripper = Stripper::default();
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend(stripper.strip(chunk.as_bytes()));
        }
        out.extend(stripper.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn colour_sequences_are_removed() {
        assert_eq!(strip(&["\x1b[31mred\x1b[0m plain"]), "red plain");
        assert_eq!(strip(&["no escapes"]), "no escapes");
    }

    #[test]
    fn a_sequence_split_between_two_reads_is_removed() {
        assert_eq!(strip(&["a\x1b", "[3", "1mb"]), "ab");
        assert_eq!(strip(&["a\x1b"]), "a\x1b");
    }

    #[test]
    fn an_unterminated_sequence_is_dropped_up_to_the_end_of_its_chunk() {
        let long = format!("a\x1b[{}", "1;".repeat(40));
        assert_eq!(strip(&[&long, "b"]), "ab");
    }
}
