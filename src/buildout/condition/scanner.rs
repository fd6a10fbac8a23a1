//! A scanner for expressions. Every method advances only on a match.

/// The maximum nesting of parentheses and negations.
pub(super) const DEEPEST: usize = 50;

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    /// Skips blanks; returns whether there were any.
    pub(super) fn blanks(&mut self) -> bool {
        let before = self.at;
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t']).len();
        self.at > before
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// A whole word.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word);
        let ends = after.is_some_and(|after| !after.starts_with(is_word));
        ends && !self.text[..self.at].ends_with(is_word) && self.take(word)
    }

    /// A name: letters, digits and underscores, not starting with a digit.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let name = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.at += name.len();
        Some(name)
    }

    /// The text between two matching quotes.
    pub(super) fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let end = rest[1..].find(quote)?;
        self.at += end + 2;
        Some(&rest[1..=end])
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
