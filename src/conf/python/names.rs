//! Names for `%` expansion, with string or integer values, in the order of a Python dictionary.

use std::rc::Rc;

use super::repr;

/// The value of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Text(String),
    Number(i64),
}

/// Names with their values, in the order of a Python dictionary. The environment is shared: every
/// program has its names, and changes few of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Those that were set before there were shared ones.
    own: Vec<(String, Word)>,
    /// None of them is in `own`.
    shared: Option<Rc<Names>>,
    /// Those that were set afterwards; they may replace shared ones, in their places.
    later: Vec<(String, Word)>,
}

impl Names {
    pub fn set(&mut self, name: impl Into<String>, word: Word) {
        let name = name.into();
        let mut known = self.own.iter_mut().chain(&mut self.later);
        match known.find(|pair| pair.0 == name) {
            Some(pair) => pair.1 = word,
            None if self.shared.is_some() => self.later.push((name, word)),
            None => self.own.push((name, word)),
        }
    }

    pub fn text(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.set(name, Word::Text(text.into()));
    }

    /// `dict.update`.
    pub fn update(&mut self, other: &Rc<Self>) {
        let is_shared = self.shared.as_ref().is_some_and(|shared| Rc::ptr_eq(shared, other));
        let overlaps = self.own.iter().any(|(name, _)| other.get(name).is_some());
        if is_shared {
            self.later.retain(|(name, _)| other.get(name).is_none());
        } else if self.shared.is_none() && !overlaps {
            self.shared = Some(Rc::clone(other));
        } else {
            for (name, word) in other.pairs() {
                self.set(name, word.clone());
            }
        }
    }

    pub fn get(&self, name: &str) -> Option<&Word> {
        let own = self.later.iter().chain(&self.own).find(|pair| pair.0 == name);
        own.map(|pair| &pair.1).or_else(|| self.shared.as_ref()?.get(name))
    }

    /// All names with their values, in order.
    fn pairs(&self) -> Vec<(&str, &Word)> {
        let mut pairs: Vec<(&str, &Word)> = Vec::new();
        let shared = self.shared.iter().flat_map(|shared| shared.pairs());
        let own = self.own.iter().map(|(name, word)| (name.as_str(), word));
        pairs.extend(own.chain(shared));
        put_all(&mut pairs, self.later.iter().map(|(name, word)| (name.as_str(), word)));
        pairs
    }
}

/// `dict.update` for borrowed pairs.
fn put_all<'n>(
    pairs: &mut Vec<(&'n str, &'n Word)>,
    more: impl IntoIterator<Item = (&'n str, &'n Word)>,
) {
    for (name, word) in more {
        match pairs.iter_mut().find(|pair| pair.0 == name) {
            Some(pair) => pair.1 = word,
            None => pairs.push((name, word)),
        }
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
        let pairs = [self.below.pairs(), self.above.pairs()].concat();
        let mut names: Vec<_> = pairs.into_iter().map(|pair| pair.0).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The mapping in Python's `repr` format.
    pub(super) fn repr(self) -> String {
        let mut all = self.below.pairs();
        put_all(&mut all, self.above.pairs());
        let pairs: Vec<_> =
            all.iter().map(|(name, word)| format!("{}: {}", repr(name), word.repr())).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pairs: &[(&str, &str)]) -> Names {
        let mut names = Names::default();
        for (name, text) in pairs {
            names.text(*name, *text);
        }
        names
    }

    fn shown(names: &Names) -> String {
        Layers { below: &Names::default(), above: names }.repr()
    }

    #[test]
    fn shared_names_are_in_the_places_of_a_dictionary() {
        let environ = Rc::new(names(&[("A", "1"), ("B", "2")]));
        let mut program = names(&[("here", "/")]);
        program.update(&environ);
        program.text("C", "3");
        program.text("A", "own");
        assert_eq!(shown(&program), "{'here': '/', 'A': 'own', 'B': '2', 'C': '3'}");
        program.text("here", "/x");
        program.update(&environ);
        assert_eq!(shown(&program), "{'here': '/x', 'A': '1', 'B': '2', 'C': '3'}");
        assert_eq!(program.get("A"), Some(&Word::Text("1".into())));
    }

    #[test]
    fn names_that_overlap_are_replaced_in_their_places() {
        let mut program = names(&[("A", "0"), ("here", "/")]);
        program.update(&Rc::new(names(&[("B", "2"), ("A", "1")])));
        assert_eq!(shown(&program), "{'A': '1', 'here': '/', 'B': '2'}");
        program.update(&Rc::new(names(&[("C", "3"), ("A", "4")])));
        assert_eq!(shown(&program), "{'A': '4', 'here': '/', 'B': '2', 'C': '3'}");
    }
}
