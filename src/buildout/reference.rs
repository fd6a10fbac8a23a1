//! The syntax of `${section:option}`: finds references in a value and validates them.

use super::fault::{Fault, Kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// From `${` to the first `}`, inclusive.
    Reference(&'a str),
}

/// Splits a value. `$$` is an escape, so that `$${a:b}` is text.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    // The end of the part up to the next `$$`.
    let mut stretch = protected(text);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if stretch == 0 {
            let (dollars, after) = rest.split_at(2);
            rest = after;
            stretch = protected(after);
            return Some(Piece::Text(dollars));
        }
        let (piece, length) = first(&rest[..stretch]);
        rest = &rest[length..];
        stretch -= length;
        Some(piece)
    })
}

fn protected(text: &str) -> usize {
    text.find("$$").unwrap_or(text.len())
}

fn first(text: &str) -> (Piece<'_>, usize) {
    let start = text.find("${").unwrap_or(text.len());
    let Some(length) = text[start..].find('}') else { return (Piece::Text(text), text.len()) };
    if start > 0 {
        return (Piece::Text(&text[..start]), start);
    }
    (Piece::Reference(&text[..=length]), length + 1)
}

/// Section (empty for the current one) and option of a reference.
pub(super) fn parse(reference: &str) -> Result<(&str, &str), Fault> {
    let inside = &reference[2..reference.len() - 1];
    let names: Vec<&str> = inside.split(':').collect();
    let [section, option] = names[..] else {
        let what =
            if names.len() < 2 { "doesn't contain a colon." } else { "has too many colons." };
        return Err(bad("substitution", reference, what));
    };
    let own = section.is_empty() && !option.is_empty() && option.chars().all(is_simple);
    if own || (is_name(section) && is_name(option)) {
        return Ok((section, option));
    }
    let culprit = if is_name(section) { "option" } else { "section" };
    Err(bad(&format!("{culprit} name in substitution"), reference, "has invalid characters."))
}

/// As in zc.buildout's pattern, a line end may follow the name.
fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    !text.is_empty() && text.chars().all(is_simple)
}

fn is_simple(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | ' ' | '.' | '_')
}

fn bad(culprit: &str, reference: &str, what: &str) -> Fault {
    Fault::new(Kind::Reference, format!("The {culprit}, {reference},\n{what}"))
        .help("a reference is written ${section:option}; `$$` keeps a dollar sign out of it")
}

/// The valid references of a text: section (empty for the current one) and option.
pub(super) fn all(text: &str) -> impl Iterator<Item = (&str, &str)> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Reference(reference) => parse(reference).ok(),
        Piece::Text(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<Piece<'_>> {
        pieces(text).collect()
    }

    #[test]
    fn a_reference_goes_to_the_first_brace() {
        use Piece::{Reference, Text};
        assert_eq!(split("a${b:c}d"), [Text("a"), Reference("${b:c}"), Text("d")]);
        assert_eq!(split("${a:${:b}}"), [Reference("${a:${:b}"), Text("}")]);
        assert_eq!(split("${b:y $5 $"), [Text("${b:y $5 $")]);
    }

    #[test]
    fn two_dollars_protect_what_follows() {
        use Piece::{Reference, Text};
        assert_eq!(split("$${b:y}"), [Text("$$"), Text("{b:y}")]);
        assert_eq!(split("$$${b:y}"), [Text("$$"), Reference("${b:y}")]);
        assert_eq!(split("${a:b$$c}"), [Text("${a:b"), Text("$$"), Text("c}")]);
    }

    #[test]
    fn names_are_checked_in_the_order_of_the_oracle() {
        assert_eq!(parse("${:x}").unwrap(), ("", "x"));
        assert_eq!(parse("${ b : y }").unwrap(), (" b ", " y "));
        let message = |text| parse(text).unwrap_err().message().to_owned();
        assert_eq!(message("${b}"), "The substitution, ${b},\ndoesn't contain a colon.");
        assert_eq!(message("${a:b:c}"), "The substitution, ${a:b:c},\nhas too many colons.");
        assert!(message("${a/b:c}").starts_with("The section name"));
        assert!(message("${:c/d}").starts_with("The section name"));
        assert!(message("${a:c/d}").starts_with("The option name"));
    }
}
