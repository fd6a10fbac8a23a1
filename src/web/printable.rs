//! Text from programs, made safe to display.

/// Makes a log safe to display: colour sequences are removed, other control characters are shown in
/// caret notation.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if let Some(behind) = after_colour(rest).or_else(|| rest.strip_prefix("\r\n")) {
            out.push_str(if char == '\r' { "\n" } else { "" });
            rest = behind;
            continue;
        }
        match char {
            '\n' | '\t' => out.push(char),
            '\0'..='\u{1f}' | '\u{7f}' => {
                out.push('^');
                out.push(char::from(char as u8 ^ 0x40));
            }
            _ if char.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(char),
        }
        rest = &rest[char.len_utf8()..];
    }
    out
}

/// The text after a colour sequence, if `text` starts with one.
fn after_colour(text: &str) -> Option<&str> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let rest = numbers.trim_start_matches(|char: char| char.is_ascii_digit() || char == ';');
    rest.strip_prefix('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_in_a_log_are_neutralized() {
        assert_eq!(printable("a\r\nb\tc\rd"), "a\nb\tc^Md");
        assert_eq!(printable("\u{1b}[1;32mgreen\u{1b}[0m\u{1b}[m"), "green");
        assert_eq!(
            printable("\u{1b}]0;title\u{7}\u{1b}[2J\0\u{7f}\u{9b}é"),
            "^[]0;title^G^[[2J^@^?\u{fffd}é"
        );
    }
}
