//! Whose file is this? Every text that supkit writes carries a seal: a comment with a checksum of
//! all the rest. A file without one is somebody else's, one whose checksum is wrong was edited.

use sha1::{Digest, Sha1};

use super::egg_script;

const MARK: &str = "Made by supkit generate, checksum ";

/// What a text says about its maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// Made by supkit and as it was made.
    Supkit,
    /// Made by supkit, then changed by hand.
    Edited,
    /// Made by zc.buildout, for Supervisor's egg.
    Buildout,
    Other,
}

/// `text` with a seal, below the `#!` line if there is one.
pub(super) fn seal(text: &str, comment: &str) -> String {
    let line = format!("{comment} {MARK}{}\n", checksum(text));
    let head = if text.starts_with("#!") { text.find('\n').map_or(0, |at| at + 1) } else { 0 };
    format!("{}{line}{}", &text[..head], &text[head..])
}

/// Who made this file.
pub(super) fn maker(bytes: &[u8]) -> Maker {
    if bytes.starts_with(b"\x7fELF") {
        let own = bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
        return if own { Maker::Supkit } else { Maker::Other };
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Maker::Other };
    let Some((start, found)) = sealed_line(text) else {
        return if egg_script::is_supervisors(text) { Maker::Buildout } else { Maker::Other };
    };
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
    let rest = format!("{}{}", &text[..start], &text[end..]);
    if checksum(&rest) == found { Maker::Supkit } else { Maker::Edited }
}

/// Where the seal's line begins, and its checksum. It is one of the first two lines.
fn sealed_line(text: &str) -> Option<(usize, &str)> {
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
    fn a_sealed_text_is_known_again_until_it_is_edited() {
        for text in ["[a]\nb = c\n", "#!/bin/sh\nexit 0\n", ""] {
            let sealed = seal(text, "#");
            assert_eq!(maker(sealed.as_bytes()), Maker::Supkit);
            assert_eq!(maker(format!("{sealed}more\n").as_bytes()), Maker::Edited);
            assert_eq!(maker(text.as_bytes()), Maker::Other);
        }
        assert!(seal("#!/bin/sh\nexit 0\n", "#").starts_with("#!/bin/sh\n# Made by"));
    }

    #[test]
    fn programs_are_known_by_what_is_in_them() {
        let own = [b"\x7fELF\0\0".as_slice(), MARK.as_bytes()].concat();
        assert_eq!(maker(&own), Maker::Supkit);
        assert_eq!(maker(b"\x7fELF other"), Maker::Other);
        assert_eq!(maker(b"\xff\xfe"), Maker::Other);
    }
}
