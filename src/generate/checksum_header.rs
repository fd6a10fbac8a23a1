//! The comment with a checksum in every text that supkit writes. A file with a wrong checksum was
//! edited; a file without the comment was written by another program or a person.

use sha1::{Digest, Sha1};

use super::egg_script;

const MARK: &str = "Made by supkit generate, checksum ";

/// Who wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// supkit; the file is unchanged.
    Supkit,
    /// supkit; the file was edited since.
    Edited,
    /// zc.buildout, for an entry point of Supervisor's egg.
    Buildout,
    Other,
}

/// Adds the header at the start, or after the `#!` line.
pub(super) fn add(text: &str, comment: &str) -> String {
    let line = format!("{comment} {MARK}{}\n", checksum(text));
    let head = if text.starts_with("#!") { text.find('\n').map_or(0, |at| at + 1) } else { 0 };
    format!("{}{line}{}", &text[..head], &text[head..])
}

/// Who wrote this file.
pub(super) fn author(bytes: &[u8]) -> Author {
    if bytes.starts_with(b"\x7fELF") {
        let own = bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
        return if own { Author::Supkit } else { Author::Other };
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Author::Other };
    let Some((start, found)) = header_line(text) else {
        return if egg_script::is_entry_point(text) { Author::Buildout } else { Author::Other };
    };
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
    let rest = format!("{}{}", &text[..start], &text[end..]);
    if checksum(&rest) == found { Author::Supkit } else { Author::Edited }
}

/// The offset of the header and its checksum. It is one of the first two lines.
fn header_line(text: &str) -> Option<(usize, &str)> {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(2) {
        if let Some((_, sum)) = line.split_once(MARK) {
            return Some((start, sum.trim_end()));
        }
        start += line.len();
    }
    None
}

fn checksum(text: &str) -> String {
    let digest = Sha1::digest(text.as_bytes());
    digest.iter().take(8).fold(String::new(), |sum, byte| format!("{sum}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_recognized_until_it_is_edited() {
        for text in ["[a]\nb = c\n", "#!/bin/sh\nexit 0\n", ""] {
            let with_header = add(text, "#");
            assert_eq!(author(with_header.as_bytes()), Author::Supkit);
            assert_eq!(author(format!("{with_header}more\n").as_bytes()), Author::Edited);
            assert_eq!(author(text.as_bytes()), Author::Other);
        }
        assert!(add("#!/bin/sh\nexit 0\n", "#").starts_with("#!/bin/sh\n# Made by"));
    }

    #[test]
    fn a_program_is_recognized_by_a_string_in_it() {
        let own = [b"\x7fELF\0\0".as_slice(), MARK.as_bytes()].concat();
        assert_eq!(author(&own), Author::Supkit);
        assert_eq!(author(b"\x7fELF other"), Author::Other);
        assert_eq!(author(b"\xff\xfe"), Author::Other);
    }
}
