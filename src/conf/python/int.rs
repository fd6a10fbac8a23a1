//! `int(text, base)` for bases 10 and 8: signs, blanks, underscores and decimal digits of all
//! scripts. Values are clamped to 64 bits.

use super::{repr, strip};

/// The zeros of Unicode's decimal digits; each is followed by nine more digits.
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0,
    0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950,
    0x1fbf0,
];

/// Python's limit for the number of digits.
const MAX_DIGITS: usize = 4300;

/// `int(text)`.
pub fn decimal(text: &str) -> Result<i64, String> {
    parse(text, 10)
}

/// `int(text, 8)`.
pub fn octal(text: &str) -> Result<i64, String> {
    parse(text, 8)
}

fn parse(text: &str, base: u32) -> Result<i64, String> {
    let refused = || format!("invalid literal for int() with base {base}: {}", repr(text));
    let (negative, digits) = split_sign(strip(text));
    let digits = without_prefix(digits, base);
    let digits = digits_of(digits, base).ok_or_else(refused)?;
    if base == 10 && digits.len() > MAX_DIGITS {
        return Err(format!(
            "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {} \
             digits; use sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        ));
    }
    Ok(number(&digits, base, negative))
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `0o17` and `0o_17` are valid octal numbers, too.
fn without_prefix(text: &str, base: u32) -> &str {
    let prefixed = text.strip_prefix("0o").or_else(|| text.strip_prefix("0O"));
    match prefixed {
        Some(rest) if base == 8 => rest.strip_prefix('_').unwrap_or(rest),
        _ => text,
    }
}

/// The digit values; underscores are allowed between two digits.
fn digits_of(text: &str, base: u32) -> Option<Vec<u32>> {
    let mut digits = Vec::new();
    let mut after_digit = false;
    for c in text.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        digits.push(digit(c).filter(|value| *value < base)?);
        after_digit = true;
    }
    after_digit.then_some(digits)
}

/// `\d` of a regular expression: a decimal digit of any script.
pub fn is_digit(c: char) -> bool {
    digit(c).is_some()
}

fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = u32::from(c);
    let zero = ZEROS.iter().rev().find(|zero| **zero <= code)?;
    Some(code - zero).filter(|value| *value < 10)
}

fn number(digits: &[u32], base: u32, negative: bool) -> i64 {
    digits.iter().fold(0_i64, |sum, digit| {
        let digit = i64::from(*digit);
        sum.saturating_mul(i64::from(base)).saturating_add(if negative { -digit } else { digit })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, want) in [
            (" 5 ", 5),
            ("+7", 7),
            ("1_000", 1000),
            ("007", 7),
            ("-3", -3),
            ("٣", 3),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", i64::MIN),
        ] {
            assert_eq!(decimal(text), Ok(want), "{text}");
        }
        for text in ["", "_1", "1_", "1__0", "0x1", "1.5", "- 3", "5M", "0o7"] {
            let want = format!("invalid literal for int() with base 10: '{text}'");
            assert_eq!(decimal(text), Err(want));
        }
    }

    #[test]
    fn octal_takes_a_prefix_and_a_sign() {
        for (text, want) in [("022", 18), ("0o22", 18), ("0O_7", 7), ("-1", -1), ("+0o1", 1)] {
            assert_eq!(octal(text), Ok(want), "{text}");
        }
        assert!(octal("8").is_err() && octal("0x1").is_err() && octal("0o").is_err());
    }
}
