//! Python string functions that both dialects need: white space, `repr` and decoding.

use std::fmt::Write as _;

/// `str.isspace`: Unicode white space and the four separators of ASCII.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip`.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.rstrip`.
pub fn strip_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// `str.split` without an argument.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// `repr` of a string.
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        push_repr(&mut out, c, quote);
    }
    out.push(quote);
    out
}

/// Escapes all non-ASCII characters, like `ascii`.
pub fn escape(shown: &str) -> String {
    let mut out = String::new();
    for c in shown.chars() {
        if c.is_ascii() { out.push(c) } else { push_escape(&mut out, c) }
    }
    out
}

fn push_repr(out: &mut String, c: char, quote: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c == quote => {
            out.push('\\');
            out.push(c);
        }
        c if is_printable(c) => out.push(c),
        c => push_escape(out, c),
    }
}

fn push_escape(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// `str.isprintable`.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = ['a'.to_string(), c.to_string()].concat();
    buffer = buffer.escape_debug().to_string();
    !buffer.contains('\\')
}

/// The chunk size of Python's decoder; error positions are relative to the last chunk.
const CHUNK: usize = 8192;

/// Decodes UTF-8; the error has Python's message and the offset.
pub fn decode(bytes: Vec<u8>) -> Result<String, (String, usize)> {
    String::from_utf8(bytes).map_err(|error| {
        let fault = error.utf8_error();
        let at = fault.valid_up_to();
        (decode_error(error.as_bytes(), at, fault.error_len()), at)
    })
}

fn decode_error(bytes: &[u8], at: usize, length: Option<usize>) -> String {
    let first = bytes.get(at).copied().unwrap_or_default();
    // An incomplete sequence at the end of the file is decoded separately.
    let shown = if length.is_none() { 0 } else { at % CHUNK };
    let reason = match (length, first) {
        (None, _) => "unexpected end of data",
        (_, 0x80..=0xc1 | 0xf5..=0xff) => "invalid start byte",
        _ => "invalid continuation byte",
    };
    let length = length.unwrap_or(bytes.len() - at);
    if length == 1 {
        format!("'utf-8' codec can't decode byte 0x{first:02x} in position {shown}: {reason}")
    } else {
        let last = shown + length - 1;
        format!("'utf-8' codec can't decode bytes in position {shown}-{last}: {reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_written_down_as_python_does() {
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("both ' and \""), "'both \\' and \"'");
        assert_eq!(repr("a\tb\n\\"), "'a\\tb\\n\\\\'");
        assert_eq!(repr("é\u{feff}\u{0}\u{301}"), "'é\\ufeff\\x00\u{301}'");
        assert_eq!(escape("é"), "\\xe9");
    }

    #[test]
    fn bytes_that_are_no_text_are_named_as_python_names_them() {
        let reason = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err().0;
        assert_eq!(
            reason(b"ab\xff"),
            "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte"
        );
        assert_eq!(
            reason(b"\xe9a"),
            "'utf-8' codec can't decode byte 0xe9 in position 0: invalid continuation byte"
        );
        assert_eq!(
            reason(b"a\xe2\x82"),
            "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data"
        );
    }
}
