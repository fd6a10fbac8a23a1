//! Texts with placeholders, as in recipes: `{part}`, `{http-address|8080}`. A placeholder is
//! replaced by the value of its name, or by the text after `|` if there is none; that text may have
//! placeholders, too. `{http-address+port-base|8080}` adds the number in a second option to the
//! last number of the text; `{bind.host}` and `{bind.port}` are the halves of an address.

use std::fmt;

/// A parsed text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateString {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder { name: String, fallback: Option<Vec<Piece>> },
}

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    Unclosed,
    Unopened,
    Nameless,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unclosed => "a `{` is not closed",
            Self::Unopened => "a `}` has no `{`",
            Self::Nameless => "a placeholder has no name",
        })
    }
}

/// The name of a placeholder without a value or fallback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingValue(pub String);

impl TemplateString {
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut rest = source;
        let pieces = pieces(&mut rest, false)?;
        Ok(Self { source: source.to_owned(), pieces })
    }

    /// The unparsed text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Replaces the placeholders by the values that `find` returns, which may be empty.
    pub fn fill(&self, find: &dyn Fn(&str) -> Option<String>) -> Result<String, MissingValue> {
        let mut out = String::new();
        fill(&self.pieces, find, &mut out)?;
        Ok(out)
    }

    /// The names of all placeholders, including those in fallbacks.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect_names(&self.pieces, &mut names);
        names
    }
}

impl std::str::FromStr for TemplateString {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Self::parse(text)
    }
}

fn pieces(rest: &mut &str, inside: bool) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    loop {
        let cut = rest.find(['{', '}']).unwrap_or(rest.len());
        if cut > 0 {
            pieces.push(Piece::Text(rest[..cut].to_owned()));
        }
        *rest = &rest[cut..];
        match rest.chars().next() {
            Some('{') => pieces.push(placeholder(rest)?),
            Some(_) if inside => return Ok(pieces),
            Some(_) => return Err(TemplateError::Unopened),
            None if inside => return Err(TemplateError::Unclosed),
            None => return Ok(pieces),
        }
    }
}

fn placeholder(rest: &mut &str) -> Result<Piece, TemplateError> {
    let body = &rest[1..];
    let end = body.find(['|', '}', '{']).ok_or(TemplateError::Unclosed)?;
    let name = body[..end].trim().to_owned();
    if name.is_empty() {
        return Err(TemplateError::Nameless);
    }
    *rest = &body[end..];
    let fallback = match rest.as_bytes()[0] {
        b'|' => {
            *rest = &rest[1..];
            Some(pieces(rest, true)?)
        }
        b'}' => None,
        _ => return Err(TemplateError::Unclosed),
    };
    *rest = rest.strip_prefix('}').ok_or(TemplateError::Unclosed)?;
    Ok(Piece::Placeholder { name, fallback })
}

fn fill(
    pieces: &[Piece],
    find: &dyn Fn(&str) -> Option<String>,
    out: &mut String,
) -> Result<(), MissingValue> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Placeholder { name, fallback } => {
                let (name, offset) = name.split_once('+').unwrap_or((name, ""));
                let start = out.len();
                match (value(name, find), fallback) {
                    (Some(value), _) => out.push_str(&value),
                    (None, Some(fallback)) => fill(fallback, find, out)?,
                    (None, None) => return Err(MissingValue(name.to_owned())),
                }
                if let Some(sum) = find(offset).and_then(|offset| sum(&out[start..], &offset)) {
                    out.replace_range(start.., &sum);
                }
            }
        }
    }
    Ok(())
}

/// The value of a name, or of half of an address.
fn value(name: &str, find: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(value) = find(name) {
        return Some(value);
    }
    let halves = |address: &str| {
        let address = find(address)?;
        let address = address.trim();
        let (host, number) = address.rsplit_once(':').unwrap_or(("", address));
        Some((host.to_owned(), number.to_owned()))
    };
    match (name.strip_suffix(".host"), name.strip_suffix(".port")) {
        (Some(address), _) => halves(address).map(|(host, _)| host),
        (None, Some(address)) => halves(address).map(|(_, number)| number),
        (None, None) => None,
    }
}

/// The text with the number added to the number at its end.
fn sum(text: &str, offset: &str) -> Option<String> {
    let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (before, number) = text.split_at(text.len() - digits);
    let sum = number.parse::<u32>().ok()?.checked_add(offset.trim().parse().ok()?)?;
    Some(format!("{before}{sum}"))
}

fn collect_names<'a>(pieces: &'a [Piece], names: &mut Vec<&'a str>) {
    for piece in pieces {
        if let Piece::Placeholder { name, fallback } = piece {
            names.extend(name.split('+'));
            collect_names(fallback.as_deref().unwrap_or_default(), names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, MissingValue> {
        let find = |name: &str| match name {
            "part" => Some("instance1".to_owned()),
            "empty" => Some(String::new()),
            "address" => Some("127.0.0.1:8080".to_owned()),
            "base" => Some("2".to_owned()),
            _ => None,
        };
        TemplateString::parse(text).unwrap().fill(&find)
    }

    #[test]
    fn placeholders_are_replaced_and_fallbacks_nest() {
        assert_eq!(filled("bin/{part} console").unwrap(), "bin/instance1 console");
        assert_eq!(filled("{control-script|{part}} x").unwrap(), "instance1 x");
        assert_eq!(filled("a{empty|b}c{missing|}").unwrap(), "ac");
        assert_eq!(filled("{missing}"), Err(MissingValue("missing".to_owned())));
    }

    #[test]
    fn numbers_are_added_and_addresses_have_halves() {
        assert_eq!(filled("{address+base}").unwrap(), "127.0.0.1:8082");
        assert_eq!(filled("{missing+base|80} {address+missing}").unwrap(), "82 127.0.0.1:8080");
        assert_eq!(filled("{address.host} {address.port}").unwrap(), "127.0.0.1 8080");
        assert_eq!(filled("{base.host|none}:{base.port}").unwrap(), ":2");
        assert_eq!(filled("{missing.port|80}").unwrap(), "80");
    }

    #[test]
    fn syntax_errors_are_reported() {
        assert_eq!(TemplateString::parse("{part"), Err(TemplateError::Unclosed));
        assert_eq!(TemplateString::parse("{part|x"), Err(TemplateError::Unclosed));
        assert_eq!(TemplateString::parse("{a{b}}"), Err(TemplateError::Unclosed));
        assert_eq!(TemplateString::parse("part}"), Err(TemplateError::Unopened));
        assert_eq!(TemplateString::parse("{ |x}"), Err(TemplateError::Nameless));
    }

    #[test]
    fn names_include_those_in_fallbacks() {
        assert_eq!(TemplateString::parse("{a|{b}} {c}").unwrap().names(), ["a", "b", "c"]);
    }
}
