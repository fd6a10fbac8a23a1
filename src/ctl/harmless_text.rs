//! Makes bytes harmless for a terminal: colours pass, all other control sequences are shown as text.
//! A program that writes to a log could otherwise set the title of the operator's window, overwrite lines, or
//! have the terminal type commands.
//!
//! Whether the output is a terminal is decided by the caller.

use std::borrow::Cow;

const ESCAPE: u8 = 0x1b;
/// A longer colour sequence is shown as text.
const MAX_COLOUR: usize = 64;

/// Filters a stream that arrives in parts.
#[derive(Debug, Default)]
pub struct TerminalFilter {
    /// The beginning of a sequence or character whose end has not arrived.
    partial: Vec<u8>,
    /// Whether a colour was set and not reset.
    is_coloured: bool,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many bytes that are passed on.
    Text(usize),
    /// A colour sequence of so many bytes.
    Colour(usize),
    /// A control character of so many bytes, or a byte that is not UTF-8.
    Control(usize),
    /// More bytes are needed.
    Partial,
}

impl TerminalFilter {
    /// The harmless form of the bytes; the end of an incomplete sequence is kept for the next call.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.partial.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.partial);
        let mut shown = Vec::with_capacity(pending.len());
        let mut rest = pending.as_slice();
        while !rest.is_empty() {
            let length = match next_unit(rest) {
                Unit::Partial => break,
                Unit::Text(length) => {
                    shown.extend(&rest[..length]);
                    length
                }
                Unit::Colour(length) => {
                    shown.extend(&rest[..length]);
                    self.is_coloured = !is_reset(&rest[..length]);
                    length
                }
                Unit::Control(length) => {
                    push_escaped(&mut shown, &rest[..length]);
                    length
                }
            };
            rest = &rest[length..];
        }
        self.partial = rest.to_vec();
        shown
    }

    /// What is left at the end of the stream. Colours are reset.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut shown = Vec::new();
        for byte in std::mem::take(&mut self.partial) {
            push_byte(&mut shown, byte);
        }
        if std::mem::take(&mut self.is_coloured) {
            shown.extend(b"\x1b[0m");
        }
        shown
    }
}

/// The harmless form of a text that is complete.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| character.is_control() && character != '\n') {
        return Cow::Borrowed(text);
    }
    let mut filter = TerminalFilter::default();
    let mut bytes = filter.feed(text.as_bytes());
    bytes.extend(filter.finish());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn next_unit(bytes: &[u8]) -> Unit {
    match bytes[0] {
        b'\n' | b'\t' | b' '..=b'~' => Unit::Text(1),
        // A lone one would let the next text overwrite the line.
        b'\r' => match bytes.get(1) {
            None => Unit::Partial,
            Some(b'\n') => Unit::Text(2),
            Some(_) => Unit::Control(1),
        },
        ESCAPE => colour(bytes),
        0x00..0x80 => Unit::Control(1),
        _ => character(bytes),
    }
}

/// `ESC [ 1 ; 31 m`; any other sequence is a control character followed by text.
fn colour(bytes: &[u8]) -> Unit {
    match bytes.get(1) {
        None => return Unit::Partial,
        Some(b'[') => {}
        Some(_) => return Unit::Control(1),
    }
    let is_parameter = |byte: &u8| matches!(byte, b'0'..=b'9' | b';' | b':');
    let parameters = bytes[2..].iter().take_while(|byte| is_parameter(byte)).count();
    match bytes.get(2 + parameters) {
        _ if parameters > MAX_COLOUR => Unit::Control(1),
        None => Unit::Partial,
        Some(b'm') => Unit::Colour(parameters + 3),
        Some(_) => Unit::Control(1),
    }
}

/// A character of more than one byte.
fn character(bytes: &[u8]) -> Unit {
    let start = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() => return Unit::Partial,
        Err(_) => return Unit::Control(1),
    };
    match valid.chars().next() {
        Some(character) if !character.is_control() => Unit::Text(character.len_utf8()),
        Some(character) => Unit::Control(character.len_utf8()),
        None => Unit::Control(1),
    }
}

/// Whether a colour sequence resets all: `ESC [ m` and `ESC [ 0 m`.
fn is_reset(sequence: &[u8]) -> bool {
    sequence[2..sequence.len() - 1].iter().all(|byte| *byte == b'0')
}

fn push_escaped(shown: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        // U+0080 to U+009F in UTF-8.
        [0xc2, number] => push_byte(shown, *number),
        bytes => bytes.iter().for_each(|byte| push_byte(shown, *byte)),
    }
}

fn push_byte(shown: &mut Vec<u8>, byte: u8) {
    match byte {
        b'\r' => shown.extend(b"\\r"),
        b' '..=b'~' => shown.push(byte),
        byte => shown.extend(format!("\\x{byte:02x}").bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn filtered(bytes: &[u8]) -> Vec<u8> {
        let mut filter = TerminalFilter::default();
        let mut shown = filter.feed(bytes);
        shown.extend(filter.finish());
        shown
    }

    #[track_caller]
    fn assert_shown(bytes: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&filtered(bytes.as_ref())), expected);
    }

    #[test]
    fn text_and_colours_pass() {
        let text = "tab\there\r\nwéb ☃ 🎉 \u{1b}[1;38:5:196mred\u{1b}[m and \u{1b}[0mplain\n";
        assert_shown(text, text);
        assert_eq!(harmless("as it is\n"), "as it is\n");
    }

    #[test]
    fn other_sequences_are_shown() {
        for (sequence, expected) in [
            ("\u{1b}]0;title\u{7}", "\\x1b]0;title\\x07"),
            ("\u{1b}]52;c;cm0=\u{1b}\\", "\\x1b]52;c;cm0=\\x1b\\"),
            ("\u{1b}[2J\u{1b}[H", "\\x1b[2J\\x1b[H"),
            ("\u{1b}[?1049h", "\\x1b[?1049h"),
            ("\u{1b}[>4;2m", "\\x1b[>4;2m"),
            ("\u{1b}[1 q", "\\x1b[1 q"),
            ("\u{1b}P+q544e\u{1b}\\", "\\x1bP+q544e\\x1b\\"),
            ("\u{1b}c", "\\x1bc"),
            ("\u{9b}2J\u{9d}0;x\u{9c}", "\\x9b2J\\x9d0;x\\x9c"),
            ("secret\u{8}\u{8}\u{8}", "secret\\x08\\x08\\x08"),
            ("real\rfake\n", "real\\rfake\n"),
            ("\u{0}\u{b}\u{c}\u{7f}", "\\x00\\x0b\\x0c\\x7f"),
        ] {
            assert_shown(sequence, expected);
            assert_eq!(harmless(sequence), expected);
        }
        assert_shown(b"\xe9t\xe9 \x9b2J", "\\xe9t\\xe9 \\x9b2J");
    }

    #[test]
    fn what_is_incomplete_at_the_end_is_shown_and_colours_are_reset() {
        assert_shown("\u{1b}[31mred", "\u{1b}[31mred\u{1b}[0m");
        assert_shown("a\u{1b}[3", "a\\x1b[3");
        assert_shown("a\r", "a\\r");
        assert_shown(b"a\xe2\x98", "a\\xe2\\x98");
        let long = format!("\u{1b}[{}m", "1;".repeat(100));
        assert_shown(&long, &long.replace('\u{1b}', "\\x1b"));
    }

    /// Whether a terminal would do more with it than show text in colours.
    fn is_harmless(shown: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(shown) else { return false };
        let mut rest = text;
        while let Some(at) = rest.find(|it: char| it.is_control()) {
            let control = &rest[at..];
            let is_line = control.starts_with(['\n', '\t']) || control.starts_with("\r\n");
            let skipped = if is_line {
                1
            } else {
                let Some(end) = control.find('m').filter(|_| control.starts_with("\u{1b}[")) else {
                    return false;
                };
                if !control[2..end].chars().all(|it| "0123456789;:".contains(it)) {
                    return false;
                }
                end
            };
            rest = &control[skipped + usize::from(control.starts_with("\r\n"))..];
        }
        true
    }

    /// Bytes of which sequences are made, so that many are generated.
    fn risky_bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            4 => prop::sample::select(b"\x1b\x1b[]mmP\\;01?>\r\n\x07\x08ab".to_vec()),
            1 => prop::sample::select(b"\xc2\x9b\x9d\xe2\x98\x83\x80\xf0\x9f".to_vec()),
            1 => any::<u8>(),
        ];
        vec(byte, 0..60)
    }

    proptest! {
        #[test]
        fn no_bytes_control_the_terminal(bytes in risky_bytes()) {
            let shown = filtered(&bytes);
            prop_assert!(is_harmless(&shown), "{:?}", String::from_utf8_lossy(&shown));
        }

        #[test]
        fn it_makes_no_difference_where_a_stream_is_cut(
            bytes in risky_bytes(),
            cuts in vec(0_usize..60, 0..6),
        ) {
            let mut filter = TerminalFilter::default();
            let mut shown = Vec::new();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut start = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                shown.extend(filter.feed(&bytes[start..cut]));
                start = cut;
            }
            shown.extend(filter.finish());
            prop_assert_eq!(shown, filtered(&bytes));
        }

        #[test]
        fn printable_text_stays_as_it_is(text in "[^\\p{Cc}]{0,40}(\n|\t|\r\n)?") {
            prop_assert_eq!(filtered(text.as_bytes()), text.as_bytes());
        }
    }
}
