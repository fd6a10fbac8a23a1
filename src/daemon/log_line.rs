//! Makes a message harmless: nothing that a child, a client or a configuration file contains can forge
//! a line of the activity log or control the terminal on which it is read.

use std::borrow::Cow;
use std::fmt::Write;

/// The message with escaped control characters. Line breaks stay, because Supervisor's messages have
/// them; a line after the first that looks like a new entry of the log is indented.
pub(super) fn harmless(message: &str) -> Cow<'_, str> {
    if !message.chars().any(char::is_control) {
        return Cow::Borrowed(message);
    }
    let mut text = String::with_capacity(message.len() + 8);
    for (number, line) in message.split('\n').enumerate() {
        if number > 0 {
            text.push('\n');
            if is_entry(line) {
                text.push_str("  ");
            }
        }
        line.chars().for_each(|character| push_escaped(&mut text, character));
    }
    Cow::Owned(text)
}

fn push_escaped(text: &mut String, character: char) {
    match character {
        '\t' => text.push('\t'),
        '\r' => text.push_str("\\r"),
        control if control.is_control() => {
            let _ = write!(text, "\\x{:02x}", u32::from(control));
        }
        other => text.push(other),
    }
}

/// Whether a line starts like `2026-11-23 17:34:54,976 INFO`.
fn is_entry(line: &str) -> bool {
    const STAMP: &[u8] = b"0000-00-00 00:00:00,000 ";
    let matches = |(expected, byte): (&u8, &u8)| match expected {
        b'0' => byte.is_ascii_digit(),
        other => other == byte,
    };
    line.len() >= STAMP.len() && STAMP.iter().zip(line.as_bytes()).all(matches)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_messages_stay_as_they_are() {
        for message in ["spawned: 'wéb' with pid 1", "'a' stdout output:\nhello\tworld\n\n2026 x\n"]
        {
            assert_eq!(harmless(message), message);
        }
    }

    #[test]
    fn forged_lines_and_control_characters_are_shown() {
        let forged =
            "x() called\n2026-11-23 17:34:54,976 INFO exited: web\u{1b}[2J\r\u{9b}31m\u{7f}";
        assert_eq!(
            harmless(forged),
            "x() called\n  2026-11-23 17:34:54,976 INFO exited: web\\x1b[2J\\r\\x9b31m\\x7f"
        );
    }

    proptest! {
        #[test]
        fn no_message_forges_an_entry(message in "(\n|\t|\r|\u{85}|2026-01-01 00:00:00,000 |[a-z]){0,12}") {
            let text = harmless(&message);
            prop_assert!(text.split(['\n', '\r', '\u{85}']).skip(1).all(|line| !is_entry(line)), "{text}");
        }
    }
}
