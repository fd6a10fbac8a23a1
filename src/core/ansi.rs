//! Removes terminal escape sequences from output, as `strip_ansi=true` asks.

const BEGIN: &[u8] = b"\x1b[";
const TERMINATORS: &[u8] = b"HfABCDRsuJKhlpm";

/// No sequence that means anything is longer; what is longer was none, and is dropped up to the end
/// of its chunk as Supervisor drops it.
const LONGEST: usize = 32;

/// Strips a stream. Unlike Supervisor's it knows a sequence that two reads tore apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stripper {
    torn: Vec<u8>,
}

impl Stripper {
    pub(super) fn strip(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut input = std::mem::take(&mut self.torn);
        input.extend_from_slice(chunk);
        let mut shown = Vec::with_capacity(input.len());
        let mut rest = input.as_slice();
        while let Some(at) = find(rest, BEGIN) {
            shown.extend_from_slice(&rest[..at]);
            let sequence = &rest[at..];
            let Some(end) = sequence[1..].iter().position(|byte| TERMINATORS.contains(byte)) else {
                if sequence.len() <= LONGEST {
                    self.torn = sequence.to_vec();
                }
                return shown;
            };
            rest = &sequence[end + 2..];
        }
        if let Some((b'\x1b', before)) = rest.split_last() {
            self.torn = vec![b'\x1b'];
            rest = before;
        }
        shown.extend_from_slice(rest);
        shown
    }

    /// What is left when the stream ends: a lone escape character, but no part of a sequence.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let torn = std::mem::take(&mut self.torn);
        if torn.starts_with(BEGIN) { Vec::new() } else { torn }
    }
}

/// Where `needle` begins in `hay`.
pub(super) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(chunks: &[&str]) -> String {
        let mut stripper = Stripper::default();
        let mut shown = Vec::new();
        for chunk in chunks {
            shown.extend(stripper.strip(chunk.as_bytes()));
        }
        shown.extend(stripper.finish());
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn colours_go_and_text_stays() {
        assert_eq!(strip(&["\x1b[31mred\x1b[0m plain"]), "red plain");
        assert_eq!(strip(&["no escapes"]), "no escapes");
    }

    #[test]
    fn a_sequence_torn_by_two_reads_goes_too() {
        assert_eq!(strip(&["a\x1b", "[3", "1mb"]), "ab");
        assert_eq!(strip(&["a\x1b"]), "a\x1b");
    }

    #[test]
    fn what_has_no_end_is_dropped_to_the_end_of_its_chunk() {
        let long = format!("a\x1b[{}", "1;".repeat(40));
        assert_eq!(strip(&[&long, "b"]), "ab");
    }
}
