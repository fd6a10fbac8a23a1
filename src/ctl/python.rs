//! The two corners of Python that show through in Supervisor's texts: how it quotes a string and
//! what it takes for a whole number.

use std::fmt::Write;

/// A string as `repr` shows it.
pub(super) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if letter == quote => shown.extend(['\\', letter]),
            _ if letter.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\x{:02x}", u32::from(letter));
            }
            _ => shown.push(letter),
        }
    }
    shown.push(quote);
    shown
}

/// A number as `int` reads it: blanks around it, a sign, single underscores between digits.
pub(super) fn int(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain: String = digits.chars().filter(|letter| *letter != '_').collect();
    let grouped = digits.split('_').all(|group| !group.is_empty());
    if !grouped || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = plain.parse().ok()?;
    Some(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_with_what_they_do_not_contain() {
        assert_eq!(repr("plain"), "'plain'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("both ' and \""), "'both \\' and \"'");
        assert_eq!(repr("a\n\\\u{7f}é"), "'a\\n\\\\\\x7fé'");
    }

    #[test]
    fn numbers_may_have_a_sign_and_underscores() {
        assert_eq!(int(" 1_000 "), Some(1000));
        assert_eq!(int("-5"), Some(-5));
        assert_eq!(int("+7"), Some(7));
        assert_eq!((int(""), int("1__0"), int("5k"), int("-")), (None, None, None, None));
    }
}
