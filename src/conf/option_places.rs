//! Where each option of a configuration is written. A configuration has thousands of options with few
//! names in few files, so a position has only the numbers of those.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diag::Place;

/// The positions of options, by section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    files: Vec<String>,
    options: Vec<String>,
    sections: BTreeMap<String, Box<[Origin]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    option: u32,
    file: u32,
    line: u32,
    column: u32,
}

/// The name of an option that stands for the section header.
pub(super) const HEADER: &str = "";

impl Origins {
    /// Sections, each with its options and their positions.
    pub(super) fn new<'a, O>(sections: impl Iterator<Item = (&'a str, O)>) -> Self
    where
        O: Iterator<Item = (&'a str, Place)>,
    {
        let (mut files, mut options) = (Numbers::default(), Numbers::default());
        let mut origin = |(option, place): (&'a str, Place)| Origin {
            option: options.of(option),
            file: files.of(&place.file),
            line: number(place.line),
            column: number(place.column),
        };
        let sections = sections
            .map(|(section, options)| (section.to_owned(), options.map(&mut origin).collect()))
            .collect();
        Self { files: files.into_names(), options: options.into_names(), sections }
    }

    /// The position of an option, or of the section header.
    pub fn of(&self, section: &str, option: &str) -> Option<Place> {
        self.exactly(section, option).or_else(|| self.exactly(section, HEADER))
    }

    /// The position of an option that is written in the section.
    pub fn exactly(&self, section: &str, option: &str) -> Option<Place> {
        let option = number(self.options.iter().position(|name| name == option)?);
        let origin = self.sections.get(section)?.iter().find(|it| it.option == option)?;
        let file = self.files.get(origin.file as usize)?.clone();
        Some(Place { file, line: origin.line as usize, column: origin.column as usize })
    }
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Names in the order of their first use.
#[derive(Default)]
struct Numbers(BTreeMap<String, u32>);

impl Numbers {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(known) = self.0.get(name) {
            return *known;
        }
        let next = number(self.0.len());
        self.0.insert(name.to_owned(), next);
        next
    }

    fn into_names(self) -> Vec<String> {
        let mut names: Vec<(u32, String)> =
            self.0.into_iter().map(|(name, at)| (at, name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, line: usize) -> Place {
        Place { file: file.into(), line, column: 1 }
    }

    #[test]
    fn an_option_without_a_position_has_that_of_its_section() {
        let a = vec![(HEADER, at("x", 1)), ("command", at("x", 2))];
        let b = vec![(HEADER, at("y", 1)), ("user", at("y", 4)), ("command", at("x", 7))];
        let origins = Origins::new([("a", a.into_iter()), ("b", b.into_iter())].into_iter());
        assert_eq!(origins.of("a", "command"), Some(at("x", 2)));
        assert_eq!(origins.of("b", "command"), Some(at("x", 7)));
        assert_eq!(origins.of("a", "user"), Some(at("x", 1)));
        assert_eq!(origins.exactly("a", "user"), None);
        assert_eq!(origins.of("a", "umask"), Some(at("x", 1)));
        assert_eq!(origins.of("c", "user"), None);
    }
}
