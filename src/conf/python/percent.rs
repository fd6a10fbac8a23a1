//! Python's `text % mapping`: keys, flags, width, precision and all conversions.

pub use super::format_spec::FormatError;
use super::format_spec::{Flags, Spec, bad};
use super::names::{Layers, Word};
use super::repr;

/// The maximum width and precision.
const MAX_WIDTH: usize = 1 << 20;
/// How the names of environment variables begin, and what is before a default.
pub(in crate::conf) const VARIABLE: &str = "ENV_";
pub(in crate::conf) const DEFAULT: &str = ":-";

/// `format % names`.
pub fn format(format: &str, names: Layers<'_>) -> Result<String, FormatError> {
    let mut cursor = Cursor { text: format, at: 0, names, argument: Argument::Whole };
    let mut out = String::new();
    while let Some(c) = cursor.next() {
        if c == '%' { cursor.conversion(&mut out)? } else { out.push(c) }
    }
    Ok(out)
}

/// The argument of a conversion: the value of a key, or the mapping itself without a key.
#[derive(Clone, Copy)]
enum Argument<'t, 'n> {
    Whole,
    Word(&'n Word),
    /// What stands in the place of a variable that is not set.
    Default(&'t str),
    Used,
}

struct Cursor<'t, 'n> {
    text: &'t str,
    at: usize,
    names: Layers<'n>,
    argument: Argument<'t, 'n>,
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
            self.argument = self.value(key)?;
        }
        let spec = self.spec()?;
        let body = match self.take()? {
            Argument::Word(Word::Number(number)) => spec.number(*number)?,
            Argument::Word(Word::Text(text)) => spec.text(text, || repr(text), "str")?,
            Argument::Default(text) => spec.text(text, || repr(text), "str")?,
            Argument::Whole | Argument::Used => {
                let shown = self.names.repr();
                spec.text(&shown, || shown.clone(), "dict")?
            }
        };
        out.push_str(&body);
        Ok(())
    }

    /// The value of a key. `ENV_X:-text` is the variable `X`, or the text if that is unset or empty;
    /// Supervisor does not know this form.
    fn value(&self, key: &'t str) -> Result<Argument<'t, 'n>, FormatError> {
        if let Some(word) = self.names.get(key) {
            return Ok(Argument::Word(word));
        }
        let with_default = key.split_once(DEFAULT).filter(|(name, _)| may_be_set(name));
        let (name, default) = with_default.ok_or_else(|| FormatError::Unknown(key.to_owned()))?;
        let set = self.names.get(name).filter(|word| **word != Word::Text(String::new()));
        Ok(set.map_or(Argument::Default(default), Argument::Word))
    }

    /// A key may contain balanced parentheses.
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

    fn take(&mut self) -> Result<Argument<'t, 'n>, FormatError> {
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

    /// A number, or `*` for an argument.
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

/// Whether a name can be that of a variable: no environment has one without a name, or with `=` in it.
fn may_be_set(name: &str) -> bool {
    name.strip_prefix(VARIABLE).is_some_and(|name| !name.is_empty() && !name.contains('='))
}

/// Python raises `MemoryError` at a higher limit.
fn bounded(count: Option<i64>) -> Result<Option<usize>, FormatError> {
    match count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)) {
        Some(count) if count > MAX_WIDTH => Err(bad("")),
        count => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::python::names::Names;

    fn names() -> Names {
        let mut names = Names::default();
        names.text("here", "/etc/ä");
        names.set("process_num", Word::Number(7));
        names
    }

    fn format_here(text: &str) -> Result<String, FormatError> {
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
            assert_eq!(format_here(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn a_variable_may_have_a_default() {
        let mut names = names();
        names.text("ENV_SET", "here");
        names.text("ENV_EMPTY", "");
        let say = |text: &str| format(text, Layers { below: &Names::default(), above: &names });
        for (text, want) in [
            ("%(ENV_SET:-there)s", "here"),
            ("%(ENV_EMPTY:-there)s|%(ENV_NO:-there)s", "there|there"),
            ("%(ENV_NO:-)s|%(ENV_NO:-a:-b (c) %(here)s)s", "|a:-b (c) %(here)s"),
            ("%(ENV_NO:-x)5s%(ENV_SET)s", "    xhere"),
        ] {
            assert_eq!(say(text).as_deref(), Ok(want), "{text}");
        }
        assert_eq!(say("%(here:-x)s|").as_deref(), Err(&FormatError::Unknown("here:-x".into())));
        for key in ["ENV_NO:x", "ENV_:-x", "ENV_=A:-x", "ENV_A=B:-x"] {
            assert_eq!(say(&format!("%({key})s")), Err(FormatError::Unknown(key.into())));
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
            assert_eq!(format_here(text), Err(FormatError::Bad(want.into())), "{text}");
        }
        assert_eq!(format_here("%(a(b)c)s"), Err(FormatError::Unknown("a(b)c".into())));
    }

    proptest::proptest! {
        #[test]
        fn no_format_makes_it_panic(text in "(%|\\(here\\)|\\(process_num\\)|[-+ #0-9.*hlsdiouxXeEfFgGcra%]|é){0,12}") {
            let _ = format_here(&text);
        }
    }
}
