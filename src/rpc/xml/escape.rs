//! Escapes text for XML. Characters that XML does not allow, and bytes that are not UTF-8, become
//! U+FFFD, because clients could not parse the message otherwise.

use super::tree::is_xml;

/// Escapes bytes that arrive in pieces; a character may be split between two of them.
#[derive(Debug, Default)]
pub(super) struct Escaper {
    /// The bytes of a character whose rest is missing.
    partial: Vec<u8>,
}

impl Escaper {
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut String) {
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(bytes);
        let mut rest = joined.as_slice();
        for chunk in joined.utf8_chunks() {
            escaped(out, chunk.valid());
            let invalid = chunk.invalid();
            rest = &rest[chunk.valid().len() + invalid.len()..];
            if rest.is_empty() && is_incomplete(invalid) {
                self.partial = invalid.to_vec();
            } else if !invalid.is_empty() {
                out.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }

    /// The text ends here, possibly in the middle of a character.
    pub(super) fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.partial).is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn is_incomplete(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

pub(super) fn escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !IS_PLAIN[usize::from(byte)]) {
        let (plain, special) = rest.split_at(at);
        let Some(char) = special.chars().next() else { break };
        out.push_str(plain);
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            char if is_xml(char) => out.push(char),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
        rest = &special[char.len_utf8()..];
    }
    out.push_str(rest);
}

/// The bytes that need no look at the character that they belong to.
const IS_PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = matches!(byte as u8, b'\t' | b'\n' | b'\r');
        byte += 1;
    }
    plain[b'&' as usize] = false;
    plain[b'<' as usize] = false;
    plain[b'>' as usize] = false;
    // U+FFFE and U+FFFF begin with it
    plain[0xef] = false;
    plain
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_pieces(bytes: &[u8], size: usize) -> String {
        let (mut escaper, mut out) = (Escaper::default(), String::new());
        for piece in bytes.chunks(size) {
            escaper.feed(piece, &mut out);
        }
        escaper.finish(&mut out);
        out
    }

    #[test]
    fn markup_and_characters_that_xml_does_not_allow_are_replaced() {
        let mut out = String::new();
        escaped(&mut out, "a<b>&\"\t\r\n\0\x1b\x7f\u{fffe}\u{ffee}é");
        assert_eq!(out, "a&lt;b&gt;&amp;\"\t\r\n\u{fffd}\u{fffd}\x7f\u{fffd}\u{ffee}é");
    }

    proptest! {
        /// The result does not depend on the pieces, and is that of the whole text.
        #[test]
        fn pieces_do_not_change_the_text(
            bytes in proptest::collection::vec(prop_oneof![
                Just(b"<&>".to_vec()),
                Just("é€𝄞\u{fffe}\u{ffff}\u{ffee}".as_bytes().to_vec()),
                Just(vec![0xf0, 0x9d]),
                Just(vec![0xe2, 0x82]),
                proptest::collection::vec(any::<u8>(), 0..4),
            ], 0..20).prop_map(|parts| parts.concat()),
            size in 1_usize..9,
        ) {
            let mut whole = String::new();
            escaped(&mut whole, &String::from_utf8_lossy(&bytes));
            prop_assert_eq!(in_pieces(&bytes, size), whole);
        }
    }
}
