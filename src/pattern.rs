//! Shell-style patterns like Python's `fnmatch`: `*`, `?`, `[a-z]`, `[!a-z]`. A slash is an
//! ordinary character.

/// Whether a text contains pattern characters.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether the pattern matches the whole text, case-sensitively.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pieces = parse(&pattern.chars().collect::<Vec<_>>());
    let text: Vec<char> = text.chars().collect();
    matches_pieces(&pieces, &text)
}

#[derive(Debug)]
enum Piece {
    Any,
    One,
    Letter(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Piece {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Letter(own) => *own == letter,
            Self::Set { negated, ranges } => {
                let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter));
                inside != *negated
            }
        }
    }
}

fn parse(pattern: &[char]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let [first, after @ ..] = rest {
        rest = after;
        pieces.push(match first {
            '*' => Piece::Any,
            '?' => Piece::One,
            '[' => match set_end(after) {
                Some(end) => {
                    rest = &after[end + 1..];
                    parse_set(&after[..end])
                }
                // An unclosed bracket is literal.
                None => Piece::Letter('['),
            },
            letter => Piece::Letter(*letter),
        });
    }
    pieces
}

/// The end of a set; a `]` at its start belongs to it.
fn set_end(text: &[char]) -> Option<usize> {
    let skip = usize::from(text.first() == Some(&'!')) + 1;
    text.iter().skip(skip).position(|letter| *letter == ']').map(|found| found + skip)
}

fn parse_set(text: &[char]) -> Piece {
    let negated = text.first() == Some(&'!');
    let mut rest = if negated { &text[1..] } else { text };
    let mut ranges = Vec::new();
    loop {
        rest = match rest {
            [low, '-', high, after @ ..] => {
                ranges.push((*low, *high));
                after
            }
            [letter, after @ ..] => {
                ranges.push((*letter, *letter));
                after
            }
            [] => return Piece::Set { negated, ranges },
        };
    }
}

/// Greedy matching that backtracks to the last `*`.
fn matches_pieces(pieces: &[Piece], text: &[char]) -> bool {
    let (mut piece, mut letter) = (0, 0);
    let mut retry = None;
    while letter < text.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                retry = Some((piece + 1, letter));
                piece += 1;
            }
            Some(other) if other.takes(text[letter]) => {
                piece += 1;
                letter += 1;
            }
            _ => match &mut retry {
                Some((after, from)) => {
                    *from += 1;
                    (piece, letter) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pieces[piece..].iter().all(|piece| matches!(piece, Piece::Any))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_python() {
        // (pattern, text, result of fnmatch.fnmatchcase)
        let cases = [
            ("web-*", "web-1", true),
            ("web-*", "web", false),
            ("*", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[!]]", "a", true),
            ("[a", "[a", true),
            ("[a-]", "-", true),
            ("*.conf", "conf.d/a.conf", true),
            ("A", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn only_three_letters_make_a_pattern() {
        assert!(is_pattern("web-*") && is_pattern("a?") && is_pattern("[x"));
        assert!(!is_pattern("grp:web_1"));
    }
}
