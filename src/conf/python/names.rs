//! Names for `%` expansion, with string or integer values, in the order of a Python dictionary.

use super::repr;

/// The value of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Text(String),
    Number(i64),
}

/// Names with their values, in the order of a Python dictionary.
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

/// Two sets of names; the second takes precedence.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'n> {
    pub below: &'n Names,
    pub above: &'n Names,
}

impl<'n> Layers<'n> {
    pub fn get(self, name: &str) -> Option<&'n Word> {
        self.above.get(name).or_else(|| self.below.get(name))
    }

    /// All names, in Supervisor's order.
    pub fn sorted(self) -> Vec<&'n str> {
        let pairs = self.below.0.iter().chain(&self.above.0);
        let mut names: Vec<_> = pairs.map(|pair| pair.0.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The mapping in Python's `repr` format.
    pub(super) fn repr(self) -> String {
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
