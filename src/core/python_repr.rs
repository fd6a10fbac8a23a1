//! Python's `repr` of bytes, which Supervisor uses in payloads and log lines.

use std::fmt::Write;

/// Bytes as text; invalid UTF-8 is formatted as Supervisor does.
pub fn text_or_undecodable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("Undecodable: {}", bytes_repr(bytes)),
    }
}

/// `repr` of a `bytes` object.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            _ if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_formatted_as_in_python() {
        assert_eq!(bytes_repr(b"READY\n"), r"b'READY\n'");
        assert_eq!(bytes_repr(b"\xff'\x00"), r#"b"\xff'\x00""#);
        assert_eq!(bytes_repr(b"'\""), r#"b'\'"'"#);
        assert_eq!(text_or_undecodable(b"\xff"), r"Undecodable: b'\xff'");
    }
}
