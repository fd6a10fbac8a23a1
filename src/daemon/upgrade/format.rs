//! The bytes in which one program hands a daemon over to the next: a line that identifies them, what is
//! needed to continue (the head), and the state of the daemon. Both are JSON.

use std::fmt::Write as _;

use sha1::{Digest, Sha1};

const MAGIC: &str = "supkit-state";

/// Changed only if a program with another number could not read the state. A field that is added
/// has a default instead, and one that is not known is ignored.
const FORMAT: u32 = 1;

/// Head and state with their lengths and a checksum.
pub(in crate::daemon) fn encode(head: &[u8], state: &[u8]) -> Vec<u8> {
    let line =
        format!("{MAGIC} {FORMAT} {} {} {}\n", head.len(), state.len(), checksum(head, state));
    [line.as_bytes(), head, state].concat()
}

/// Head, state and checksum.
pub(in crate::daemon) fn decode(bytes: &[u8]) -> Result<(&[u8], &[u8], String), String> {
    let end = bytes.iter().take(200).position(|&byte| byte == b'\n');
    let line = end.and_then(|end| std::str::from_utf8(&bytes[..end]).ok());
    let words: Vec<&str> = line.unwrap_or_default().split(' ').collect();
    let &[MAGIC, format, head, state, sum] = words.as_slice() else {
        return Err("this is not the state of a supkit daemon".to_owned());
    };
    if format != FORMAT.to_string() {
        return Err(format!(
            "the state has format {format}, and supkit {} reads format {FORMAT}",
            env!("CARGO_PKG_VERSION")
        ));
    }
    let damaged = || "the state is damaged".to_owned();
    let length = |word: &str| word.parse::<usize>().map_err(|_| damaged());
    let (head, state) = (length(head)?, length(state)?);
    let rest = end.map_or(&[][..], |end| &bytes[end + 1..]);
    if head.checked_add(state) != Some(rest.len()) {
        return Err(damaged());
    }
    let (head, state) = rest.split_at(head);
    if checksum(head, state) != sum {
        return Err(damaged());
    }
    Ok((head, state, sum.to_owned()))
}

fn checksum(head: &[u8], state: &[u8]) -> String {
    let digest = Sha1::new().chain_update(head).chain_update(state).finalize();
    let mut text = String::with_capacity(2 * digest.len());
    for byte in &digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        let bytes = encode(b"{head}", b"{state\n}");
        let (head, state, sum) = decode(&bytes).unwrap();
        assert_eq!((head, state), (&b"{head}"[..], &b"{state\n}"[..]));
        assert_eq!(sum.len(), 40);
    }

    #[test]
    fn whatever_is_damaged_is_an_error() {
        let bytes = encode(b"{head}", b"{state}");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(decode(&damaged).is_err(), "byte {at}");
            assert!(decode(&bytes[..at]).is_err(), "only {at} bytes");
        }
        assert!(decode(&[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn another_format_is_named() {
        let bytes = encode(b"", b"");
        let other = String::from_utf8(bytes).unwrap().replacen(" 1 ", " 7 ", 1);
        let error = decode(other.as_bytes()).unwrap_err();
        assert!(error.starts_with("the state has format 7, and supkit "), "{error}");
    }
}
