//! One conversion of Python's `%` operator: flags, width, precision and kind, applied to a string
//! or an integer.

use crate::ini::text::escape;

/// Why a text could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// `KeyError`: the unknown name.
    Unknown(String),
    /// Any other error, with Python's message.
    Bad(String),
}

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) left: bool,
    sign: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
}

impl Flags {
    pub(super) fn named(&mut self, c: char) -> Option<&mut bool> {
        match c {
            '-' => Some(&mut self.left),
            '+' => Some(&mut self.sign),
            ' ' => Some(&mut self.blank),
            '#' => Some(&mut self.alternate),
            '0' => Some(&mut self.zero),
            _ => None,
        }
    }
}

/// The part between the `%` (with its key) and the value.
pub(super) struct Spec {
    pub(super) flags: Flags,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) kind: char,
    /// The position of `kind`, in characters.
    pub(super) index: usize,
}

pub(super) fn bad(text: impl Into<String>) -> FormatError {
    FormatError::Bad(text.into())
}

impl Spec {
    pub(super) fn text(
        &self,
        text: &str,
        repr: impl Fn() -> String,
        kind: &str,
    ) -> Result<String, FormatError> {
        match self.kind {
            's' => Ok(self.pad("", self.cut(text))),
            'r' => Ok(self.pad("", self.cut(&repr()))),
            'a' => Ok(self.pad("", self.cut(&escape(&repr())))),
            'd' | 'i' | 'u' => {
                Err(bad(format!("%{} format: a real number is required, not {kind}", self.kind)))
            }
            'o' | 'x' | 'X' => {
                Err(bad(format!("%{} format: an integer is required, not {kind}", self.kind)))
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                Err(bad(format!("must be real number, not {kind}")))
            }
            'c' if kind == "str" && text.chars().count() == 1 => Ok(self.pad("", text)),
            'c' => Err(bad("%c requires int or char")),
            _ => Err(self.unsupported()),
        }
    }

    pub(super) fn number(&self, number: i64) -> Result<String, FormatError> {
        let digits = number.unsigned_abs();
        let negative = number < 0;
        match self.kind {
            's' | 'r' | 'a' => Ok(self.pad("", self.cut(&number.to_string()))),
            'd' | 'i' | 'u' => Ok(self.signed(negative, "", &digits.to_string())),
            'o' => Ok(self.signed(negative, "0o", &format!("{digits:o}"))),
            'x' => Ok(self.signed(negative, "0x", &format!("{digits:x}"))),
            'X' => Ok(self.signed(negative, "0X", &format!("{digits:X}"))),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => Ok(self.float(number)),
            'c' => {
                let code = u32::try_from(number).ok().and_then(char::from_u32);
                let c = code.ok_or_else(|| bad("%c arg not in range(0x110000)"))?;
                Ok(self.pad("", &c.to_string()))
            }
            _ => Err(self.unsupported()),
        }
    }

    fn unsupported(&self) -> FormatError {
        let code = u32::from(self.kind);
        let shown = if (31..=126).contains(&code) { self.kind } else { '?' };
        let index = self.index;
        bad(format!("unsupported format character '{shown}' (0x{code:x}) at index {index}"))
    }

    fn cut<'a>(&self, text: &'a str) -> &'a str {
        let end = self.precision.and_then(|max| text.char_indices().nth(max));
        end.map_or(text, |(at, _)| &text[..at])
    }

    /// An integer: at least `precision` digits, then sign and prefix, then width.
    fn signed(&self, negative: bool, prefix: &str, digits: &str) -> String {
        let prefix = if self.flags.alternate { prefix } else { "" };
        let digits = format!("{digits:0>width$}", width = self.precision.unwrap_or(0));
        self.pad(&format!("{}{prefix}", self.sign(negative)), &digits)
    }

    fn sign(&self, negative: bool) -> &'static str {
        match self.flags {
            _ if negative => "-",
            Flags { sign: true, .. } => "+",
            Flags { blank: true, .. } => " ",
            _ => "",
        }
    }

    fn float(&self, number: i64) -> String {
        let precision = self.precision.unwrap_or(6);
        let value = number.unsigned_abs() as f64;
        let body = match self.kind {
            'f' | 'F' => format!("{value:.precision$}"),
            'e' => exponent(value, precision),
            'E' => exponent(value, precision).to_uppercase(),
            'g' => general(value, precision.max(1), self.flags.alternate),
            _ => general(value, precision.max(1), self.flags.alternate).to_uppercase(),
        };
        self.pad(self.sign(number < 0), &body)
    }

    /// Pads to the width: zeros after the head, blanks before or after.
    fn pad(&self, head: &str, body: &str) -> String {
        let length = head.chars().count() + body.chars().count();
        let missing = self.width.unwrap_or(0).saturating_sub(length);
        let numeric = !matches!(self.kind, 's' | 'r' | 'a' | 'c');
        if self.flags.left {
            format!("{head}{body}{}", " ".repeat(missing))
        } else if self.flags.zero && numeric {
            format!("{head}{}{body}", "0".repeat(missing))
        } else {
            format!("{}{head}{body}", " ".repeat(missing))
        }
    }
}

/// `1.5e+00`: at least two digits of exponent.
fn exponent(value: f64, precision: usize) -> String {
    let shown = format!("{value:.precision$e}");
    let (mantissa, power) = shown.split_once('e').unwrap_or((&shown, "0"));
    format!("{mantissa}e+{power:0>2}")
}

/// The shorter of both notations, without trailing zeros.
fn general(value: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = exponent(value, precision - 1);
    let power: usize = scientific.rsplit('+').next().and_then(|p| p.parse().ok()).unwrap_or(0);
    if power < precision {
        let digits = precision - 1 - power;
        return trimmed(&format!("{value:.digits$}"), keep_zeros);
    }
    let (mantissa, tail) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
    format!("{}e{tail}", trimmed(mantissa, keep_zeros))
}

fn trimmed(number: &str, keep_zeros: bool) -> String {
    if keep_zeros || !number.contains('.') {
        return number.to_owned();
    }
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}
