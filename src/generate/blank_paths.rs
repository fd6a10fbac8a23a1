//! A project in a directory with a blank in its path. Supervisor splits commands at blanks, and
//! collective.recipe.supervisor its lines; so the paths below such a directory are kept together.

use std::borrow::Cow;

/// They stand for a blank and a tab in the path while a text is split.
const MARKS: [(char, char); 2] = [(' ', '\u{1}'), ('\t', '\u{2}')];

/// The text with blanks in the directory's path replaced by marks, which do not split words. The
/// text keeps its length.
pub(super) fn hide<'a>(directory: &str, text: &'a str) -> Cow<'a, str> {
    let marked = replaced(directory, |(blank, mark)| (blank, mark));
    if marked == directory { Cow::Borrowed(text) } else { text.replace(directory, &marked).into() }
}

fn show(text: &str) -> String {
    replaced(text, |(blank, mark)| (mark, blank))
}

fn replaced(text: &str, pair: impl Fn((char, char)) -> (char, char)) -> String {
    MARKS
        .into_iter()
        .map(pair)
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to.encode_utf8(&mut [0; 4])))
}

/// How Supervisor splits the value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// A command: at blanks.
    Words,
    /// Environment variables: at commas.
    Variables,
    /// Patterns of files: at blanks, which cannot be quoted; `?` matches one.
    Patterns,
    Nowhere,
}

impl Split {
    pub(super) fn of(option: &str) -> Self {
        use crate::conf::sections::include::FILES;
        use crate::conf::sections::program::{COMMAND, ENVIRONMENT};
        match option {
            option if option == COMMAND.name => Self::Words,
            option if option == ENVIRONMENT.name => Self::Variables,
            option if option == FILES.name => Self::Patterns,
            _ => Self::Nowhere,
        }
    }

    /// Puts each piece with a marked blank in quotes, and removes the marks.
    pub(super) fn quoted(self, hidden: &str) -> String {
        let ends = |c: char| match self {
            Self::Words => c.is_whitespace(),
            Self::Variables => c == ',' || c == '\n',
            Self::Patterns | Self::Nowhere => false,
        };
        if self == Self::Patterns {
            return hidden.replace(MARKS.map(|(_, mark)| mark), "?");
        }
        if self == Self::Nowhere || !has_mark(hidden) {
            return show(hidden);
        }
        let (mut out, mut piece, mut quote) = (String::new(), String::new(), None);
        for c in hidden.chars() {
            match quote {
                None if ends(c) => {
                    out.push_str(&self.piece(&std::mem::take(&mut piece)));
                    out.push(c);
                    continue;
                }
                None if c == '"' || c == '\'' => quote = Some(c),
                Some(open) if c == open => quote = None,
                _ => {}
            }
            piece.push(c);
        }
        show(&(out + &self.piece(&piece)))
    }

    fn piece(self, piece: &str) -> String {
        if !has_mark(piece) || piece.contains(['"', '\'']) {
            return piece.to_owned();
        }
        match piece.split_once('=').filter(|_| self == Self::Variables) {
            Some((key, value)) => format!("{key}=\"{value}\""),
            None => format!("\"{piece}\""),
        }
    }
}

fn has_mark(text: &str) -> bool {
    text.contains(MARKS.map(|(_, mark)| mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_variables_with_the_directory_are_quoted() {
        let quoted = |split: Split, text: &str| split.quoted(&hide("/my site", text));
        assert_eq!(
            quoted(Split::Words, "/my site/bin/a --f=/my site/x \"/my site/y\" z"),
            "\"/my site/bin/a\" \"--f=/my site/x\" \"/my site/y\" z"
        );
        assert_eq!(quoted(Split::Variables, "A=/my site/x,B=1"), "A=\"/my site/x\",B=1");
        assert_eq!(quoted(Split::Patterns, "/my site/*.conf /a"), "/my?site/*.conf /a");
        assert_eq!(quoted(Split::Nowhere, "/my site/x"), "/my site/x");
        assert_eq!(Split::Words.quoted(&hide("/srv", "/srv/a b c")), "/srv/a b c");
    }
}
