//! Percent-encoding and `application/x-www-form-urlencoded`, as in Python's `urllib`.

/// The maximum number of fields.
const MAX_FIELDS: usize = 128;

/// Decodes `%XX`; invalid escapes are kept, and invalid UTF-8 becomes U+FFFD.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = escaped
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Encodes like `urllib.parse.quote`: all bytes except letters, digits, `_.-~` and `/`.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

/// Parses a query or a form; fields without a value are omitted, as in `urllib`.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode(&part.replace('+', " "));
    text.split('&')
        .filter_map(|field| field.split_once('='))
        .filter(|(_, value)| !value.is_empty())
        .take(MAX_FIELDS)
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The first field with this name.
pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_invalid_ones_are_kept() {
        assert_eq!(percent_decode("/a%20b%C3%A9%zz%4"), "/a bé%zz%4");
        assert_eq!(percent_decode("%+1%é"), "%+1%é");
        assert_eq!(percent_decode("%ff"), "\u{fffd}");
    }

    #[test]
    fn encoding_is_the_same_as_in_python() {
        assert_eq!(percent_encode("grp:a b/é~?"), "grp%3Aa%20b/%C3%A9~%3F");
    }

    #[test]
    fn a_form_has_fields_in_order() {
        let fields = parse("action=start&processname=a%3Ab+c&empty=&bare&action=stop");
        assert_eq!(field(&fields, "action"), Some("start"));
        assert_eq!(field(&fields, "processname"), Some("a:b c"));
        assert_eq!(field(&fields, "empty"), None);
        assert_eq!(field(&fields, "bare"), None);
    }
}
