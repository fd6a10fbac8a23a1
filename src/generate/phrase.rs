//! A text with holes, as recipes write it: `{part}`, `{http-address|8080}`. A hole names an option
//! of the part or one of the few facts that every part has; what stands after `|` is taken where
//! the option is missing, and may have holes itself. Knows nothing of recipes.

use std::fmt;

/// A parsed text with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole { name: String, fallback: Option<Vec<Piece>> },
}

/// Why a text is no phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhraseFault {
    Unclosed,
    Unopened,
    Nameless,
}

impl fmt::Display for PhraseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unclosed => "a `{` is never closed",
            Self::Unopened => "a `}` closes nothing",
            Self::Nameless => "a hole has no name",
        })
    }
}

/// A hole that nothing fills: the name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfilled(pub String);

impl Phrase {
    pub fn parse(source: &str) -> Result<Self, PhraseFault> {
        let mut rest = source;
        let pieces = pieces(&mut rest, false)?;
        Ok(Self { source: source.to_owned(), pieces })
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Fills every hole by asking `find`. An empty answer counts as an answer.
    pub fn fill(&self, find: &dyn Fn(&str) -> Option<String>) -> Result<String, Unfilled> {
        let mut out = String::new();
        fill(&self.pieces, find, &mut out)?;
        Ok(out)
    }

    /// The names in all holes, fallbacks included.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect(&self.pieces, &mut names);
        names
    }
}

impl std::str::FromStr for Phrase {
    type Err = PhraseFault;

    fn from_str(text: &str) -> Result<Self, PhraseFault> {
        Self::parse(text)
    }
}

fn pieces(rest: &mut &str, inside: bool) -> Result<Vec<Piece>, PhraseFault> {
    let mut pieces = Vec::new();
    loop {
        let cut = rest.find(['{', '}']).unwrap_or(rest.len());
        if cut > 0 {
            pieces.push(Piece::Text(rest[..cut].to_owned()));
        }
        *rest = &rest[cut..];
        match rest.chars().next() {
            Some('{') => pieces.push(hole(rest)?),
            Some(_) if inside => return Ok(pieces),
            Some(_) => return Err(PhraseFault::Unopened),
            None if inside => return Err(PhraseFault::Unclosed),
            None => return Ok(pieces),
        }
    }
}

fn hole(rest: &mut &str) -> Result<Piece, PhraseFault> {
    let body = &rest[1..];
    let end = body.find(['|', '}', '{']).ok_or(PhraseFault::Unclosed)?;
    let name = body[..end].trim().to_owned();
    if name.is_empty() {
        return Err(PhraseFault::Nameless);
    }
    *rest = &body[end..];
    let fallback = match rest.as_bytes()[0] {
        b'|' => {
            *rest = &rest[1..];
            Some(pieces(rest, true)?)
        }
        b'}' => None,
        _ => return Err(PhraseFault::Unclosed),
    };
    *rest = rest.strip_prefix('}').ok_or(PhraseFault::Unclosed)?;
    Ok(Piece::Hole { name, fallback })
}

fn fill(
    pieces: &[Piece],
    find: &dyn Fn(&str) -> Option<String>,
    out: &mut String,
) -> Result<(), Unfilled> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole { name, fallback } => match (find(name), fallback) {
                (Some(value), _) => out.push_str(&value),
                (None, Some(fallback)) => fill(fallback, find, out)?,
                (None, None) => return Err(Unfilled(name.clone())),
            },
        }
    }
    Ok(())
}

fn collect<'a>(pieces: &'a [Piece], names: &mut Vec<&'a str>) {
    for piece in pieces {
        if let Piece::Hole { name, fallback } = piece {
            names.push(name);
            collect(fallback.as_deref().unwrap_or_default(), names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Unfilled> {
        let find = |name: &str| match name {
            "part" => Some("instance1".to_owned()),
            "empty" => Some(String::new()),
            _ => None,
        };
        Phrase::parse(text).unwrap().fill(&find)
    }

    #[test]
    fn holes_are_filled_and_fallbacks_nest() {
        assert_eq!(filled("bin/{part} console").unwrap(), "bin/instance1 console");
        assert_eq!(filled("{control-script|{part}} x").unwrap(), "instance1 x");
        assert_eq!(filled("a{empty|b}c{missing|}").unwrap(), "ac");
        assert_eq!(filled("{missing}"), Err(Unfilled("missing".to_owned())));
    }

    #[test]
    fn broken_phrases_are_refused() {
        assert_eq!(Phrase::parse("{part"), Err(PhraseFault::Unclosed));
        assert_eq!(Phrase::parse("{part|x"), Err(PhraseFault::Unclosed));
        assert_eq!(Phrase::parse("{a{b}}"), Err(PhraseFault::Unclosed));
        assert_eq!(Phrase::parse("part}"), Err(PhraseFault::Unopened));
        assert_eq!(Phrase::parse("{ |x}"), Err(PhraseFault::Nameless));
    }

    #[test]
    fn every_name_is_told() {
        assert_eq!(Phrase::parse("{a|{b}} {c}").unwrap().names(), ["a", "b", "c"]);
    }
}
