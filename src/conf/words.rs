//! Splits a `command=` into words like Python's `shlex.split`: shell quotes and backslashes,
//! nothing else.

use std::fmt;

/// Why a text cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordsError {
    NoClosingQuotation,
    NoEscapedCharacter,
}

impl fmt::Display for WordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoClosingQuotation => "No closing quotation",
            Self::NoEscapedCharacter => "No escaped character",
        })
    }
}

/// Only these characters separate words; other white space is part of a word.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

pub fn split(text: &str) -> Result<Vec<String>, WordsError> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| is_blank(*c)).is_some() {}
        if rest.peek().is_none() {
            return Ok(words);
        }
        words.push(word(&mut rest)?);
    }
}

fn word(rest: &mut impl Iterator<Item = char>) -> Result<String, WordsError> {
    let mut word = String::new();
    while let Some(c) = rest.next() {
        match c {
            _ if is_blank(c) => break,
            '\\' => word.push(rest.next().ok_or(WordsError::NoEscapedCharacter)?),
            '\'' | '"' => quoted(c, rest, &mut word)?,
            _ => word.push(c),
        }
    }
    Ok(word)
}

/// In double quotes a backslash escapes only the quote and itself.
fn quoted(
    quote: char,
    rest: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), WordsError> {
    while let Some(c) = rest.next() {
        match c {
            _ if c == quote => return Ok(()),
            '\\' if quote == '"' => {
                let escaped = rest.next().ok_or(WordsError::NoEscapedCharacter)?;
                if escaped != '"' && escaped != '\\' {
                    word.push('\\');
                }
                word.push(escaped);
            }
            _ => word.push(c),
        }
    }
    Err(WordsError::NoClosingQuotation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_shlex_does() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" \t\n", &[]),
            ("a  b\tc\r\nd", &["a", "b", "c", "d"]),
            ("a\u{b}b", &["a\u{b}b"]),
            ("'a b' \"c d\"e f'g'h", &["a b", "c de", "fgh"]),
            ("'' a \"\"", &["", "a", ""]),
            (r#"a\ b "c\"d\\e\f" 'g\h'"#, &["a b", r#"c"d\e\f"#, r"g\h"]),
            ("# no comment; $x `y`", &["#", "no", "comment;", "$x", "`y`"]),
            ("é 'ü'", &["é", "ü"]),
        ];
        for (text, words) in cases {
            assert_eq!(split(text).unwrap(), *words, "{text:?}");
        }
        assert_eq!(split("a 'b"), Err(WordsError::NoClosingQuotation));
        assert_eq!(split("a \\"), Err(WordsError::NoEscapedCharacter));
        assert_eq!(split("a \"b\\"), Err(WordsError::NoEscapedCharacter));
    }
}
