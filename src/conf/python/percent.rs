//! Python's `text % mapping`, whole: keys, flags, width, precision, every conversion. The mapping
//! holds texts and integers, which is all that Supervisor ever puts there.

use super::repr;
use crate::ini::text::escape;

/// A value that a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Text(String),
    Number(i64),
}

/// Names and what they stand for, in the order of a Python dictionary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(String, Word)>);

impl Names {
    pub fn set(&mut self, name: impl Into<String>, word: Word) {
        let name = name.into();
        match self.0.iter_mut().find(|pair| pair.0 == name) {
            Some(pair) => pair.1 = word,
            None => self.0.push((name, word)),
        }
    }

    pub fn text(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.set(name, Word::Text(text.into()));
    }

    /// `dict.update`.
    pub fn update(&mut self, other: &Self) {
        for (name, word) in &other.0 {
            self.set(name.clone(), word.clone());
        }
    }

    pub fn get(&self, name: &str) -> Option<&Word> {
        self.0.iter().find(|pair| pair.0 == name).map(|pair| &pair.1)
    }
}

/// Two sets of names, the second over the first.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'n> {
    pub below: &'n Names,
    pub above: &'n Names,
}

impl<'n> Layers<'n> {
    pub fn get(self, name: &str) -> Option<&'n Word> {
        self.above.get(name).or_else(|| self.below.get(name))
    }

    /// All names, as Supervisor lists them.
    pub fn sorted(self) -> Vec<&'n str> {
        let pairs = self.below.0.iter().chain(&self.above.0);
        let mut names: Vec<_> = pairs.map(|pair| pair.0.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The mapping as Python prints it.
    fn repr(self) -> String {
        let mut all = self.below.clone();
        all.update(self.above);
        let pairs: Vec<_> =
            all.0.iter().map(|(name, word)| format!("{}: {}", repr(name), word.repr())).collect();
        format!("{{{}}}", pairs.join(", "))
    }
}

impl Word {
    fn repr(&self) -> String {
        match self {
            Self::Text(text) => repr(text),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Why a text could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// `KeyError`: the name in the text that nothing is known of.
    Unknown(String),
    /// Any other error, in Python's words.
    Bad(String),
}

/// No width or precision beyond this is served; Python would fill the memory.
const MAX_WIDTH: usize = 1 << 20;

/// `format % names`.
pub fn format(format: &str, names: Layers<'_>) -> Result<String, FormatError> {
    let mut cursor = Cursor { text: format, at: 0, names, argument: Argument::Whole };
    let mut out = String::new();
    while let Some(c) = cursor.next() {
        if c == '%' { cursor.conversion(&mut out)? } else { out.push(c) }
    }
    Ok(out)
}

/// What a conversion takes: a key's word, or the mapping itself if there was no key yet.
#[derive(Clone, Copy)]
enum Argument<'n> {
    Whole,
    Word(&'n Word),
    Used,
}

struct Cursor<'t, 'n> {
    text: &'t str,
    at: usize,
    names: Layers<'n>,
    argument: Argument<'n>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    left: bool,
    sign: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
}

impl Flags {
    fn named(&mut self, c: char) -> Option<&mut bool> {
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

/// Everything between the `%` (and its key) and the value.
struct Spec {
    flags: Flags,
    width: Option<usize>,
    precision: Option<usize>,
    kind: char,
    /// Where `kind` stands, in characters.
    index: usize,
}

fn bad(text: impl Into<String>) -> FormatError {
    FormatError::Bad(text.into())
}

impl<'t, 'n> Cursor<'t, 'n> {
    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn conversion(&mut self, out: &mut String) -> Result<(), FormatError> {
        if self.peek() == Some('%') {
            self.at += 1;
            out.push('%');
            return Ok(());
        }
        if self.peek() == Some('(') {
            self.at += 1;
            let key = self.key()?;
            let word = self.names.get(key).ok_or_else(|| FormatError::Unknown(key.to_owned()))?;
            self.argument = Argument::Word(word);
        }
        let spec = self.spec()?;
        let body = match self.take()? {
            Argument::Word(Word::Number(number)) => spec.number(*number)?,
            Argument::Word(Word::Text(text)) => spec.text(text, || repr(text), "str")?,
            Argument::Whole | Argument::Used => {
                let shown = self.names.repr();
                spec.text(&shown, || shown.clone(), "dict")?
            }
        };
        out.push_str(&body);
        Ok(())
    }

    /// A key may hold parentheses, as long as they balance.
    fn key(&mut self) -> Result<&'t str, FormatError> {
        let start = self.at;
        let mut depth = 1;
        while let Some(c) = self.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(&self.text[start..self.at - 1]);
            }
        }
        Err(bad("incomplete format key"))
    }

    fn take(&mut self) -> Result<Argument<'n>, FormatError> {
        match std::mem::replace(&mut self.argument, Argument::Used) {
            Argument::Used => Err(bad("not enough arguments for format string")),
            argument => Ok(argument),
        }
    }

    fn spec(&mut self) -> Result<Spec, FormatError> {
        let mut flags = Flags::default();
        while let Some(flag) = self.peek().and_then(|c| flags.named(c)) {
            *flag = true;
            self.at += 1;
        }
        let width = match self.count("width too big", i64::MAX)? {
            Some(width) if width < 0 => {
                flags.left = true;
                Some(-width)
            }
            width => width,
        };
        let mut precision = None;
        if self.peek() == Some('.') {
            self.at += 1;
            let written = self.count("precision too big", i64::from(i32::MAX))?;
            precision = Some(written.unwrap_or(0).max(0));
        }
        if matches!(self.peek(), Some('h' | 'l' | 'L')) {
            self.at += 1;
        }
        let kind = self.next().ok_or_else(|| bad("incomplete format"))?;
        let index = self.text[..self.at].chars().count() - 1;
        Ok(Spec { flags, width: bounded(width)?, precision: bounded(precision)?, kind, index })
    }

    /// A count in digits, or `*` for the argument's own.
    fn count(&mut self, too_big: &str, max: i64) -> Result<Option<i64>, FormatError> {
        if self.peek() == Some('*') {
            self.at += 1;
            return match self.take()? {
                Argument::Word(Word::Number(number)) => Ok(Some(*number)),
                _ => Err(bad("* wants int")),
            };
        }
        let mut count = None;
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            self.at += 1;
            let digit = i64::from(u32::from(digit) - u32::from('0'));
            let sum: i64 = count.unwrap_or(0);
            let sum = sum.checked_mul(10).and_then(|sum| sum.checked_add(digit));
            count = Some(sum.filter(|sum| *sum <= max).ok_or_else(|| bad(too_big))?);
        }
        Ok(count)
    }
}

/// Python fails with `MemoryError`, which says nothing, a little later than we do.
fn bounded(count: Option<i64>) -> Result<Option<usize>, FormatError> {
    match count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)) {
        Some(count) if count > MAX_WIDTH => Err(bad("")),
        count => Ok(count),
    }
}

impl Spec {
    fn text(
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

    fn number(&self, number: i64) -> Result<String, FormatError> {
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

    /// Brings head and body to the width; zeros go between them, blanks before or behind.
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

/// The shorter of the two notations, without trailing zeros.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        names.text("here", "/etc/ä");
        names.set("process_num", Word::Number(7));
        names
    }

    fn say(text: &str) -> Result<String, FormatError> {
        format(text, Layers { below: &Names::default(), above: &names() })
    }

    #[test]
    fn conversions_are_pythons() {
        for (text, want) in [
            ("%(here)s", "/etc/ä"),
            ("%(here)10s|%(here)-8s|%(here).2s", "    /etc/ä|/etc/ä  |/e"),
            ("%(here)r %(here)a", "'/etc/ä' '/etc/\\xe4'"),
            ("100%%", "100%"),
            ("%(process_num)02d", "07"),
            ("%(process_num)5.3d|%(process_num)-5d|", "  007|7    |"),
            ("%(process_num)+d|%(process_num) d", "+7| 7"),
            ("%(process_num)#o %(process_num)#06x", "0o7 0x0007"),
            ("%(process_num).2f %(process_num)e %(process_num)g", "7.00 7.000000e+00 7"),
            ("%(process_num)05s", "    7"),
            ("%(process_num)c", "\u{7}"),
            ("%(process_num)ld", "7"),
            ("%s", "{'here': '/etc/ä', 'process_num': 7}"),
        ] {
            assert_eq!(say(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn errors_are_pythons() {
        for (text, want) in [
            ("%", "incomplete format"),
            ("%(here", "incomplete format key"),
            ("%(here)", "incomplete format"),
            ("%(here)y", "unsupported format character 'y' (0x79) at index 7"),
            ("%(here)d", "%d format: a real number is required, not str"),
            ("%(here)x", "%x format: an integer is required, not str"),
            ("%(here)%", "unsupported format character '%' (0x25) at index 7"),
            ("%d", "%d format: a real number is required, not dict"),
            ("%s%s", "not enough arguments for format string"),
            ("%(here)s %s", "not enough arguments for format string"),
            ("%(here)*s", "* wants int"),
            ("%(here)99999999999999999999s", "width too big"),
        ] {
            assert_eq!(say(text), Err(FormatError::Bad(want.into())), "{text}");
        }
        assert_eq!(say("%(a(b)c)s"), Err(FormatError::Unknown("a(b)c".into())));
    }

    proptest::proptest! {
        #[test]
        fn no_format_makes_it_panic(text in "(%|\\(here\\)|\\(process_num\\)|[-+ #0-9.*hlsdiouxXeEfFgGcra%]|é){0,12}") {
            let _ = say(&text);
        }
    }
}
