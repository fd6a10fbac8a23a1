//! Command-line assignments `section:option=value`. If an option is assigned twice, the greater
//! value wins, because zc.buildout sorts assignments.

use std::fmt;

use super::value::{Origin, Section, Sections, Value};
use crate::ini::text::strip;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    pub section: String,
    /// Including its operator: `parts+`.
    pub option: String,
    pub value: String,
}

/// A word that is not an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAssignment(String);

impl fmt::Display for NoAssignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid option: `{}` is not of the form section:option=value", self.0)
    }
}

impl std::error::Error for NoAssignment {}

impl Assignment {
    /// An option of `[buildout]`, as set by the short flags.
    pub fn buildout(option: &str, value: &str) -> Self {
        Self { section: "buildout".into(), option: option.into(), value: value.into() }
    }
}

impl std::str::FromStr for Assignment {
    type Err = NoAssignment;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let bad = || NoAssignment(word.to_owned());
        let (name, value) = word.split_once('=').ok_or_else(bad)?;
        let names: Vec<&str> = name.split(':').collect();
        let (section, option) = match names[..] {
            [option] => ("buildout", option),
            [section, option] => (section, option),
            _ => return Err(bad()),
        };
        let owned = |text: &str| strip(text).to_owned();
        Ok(Self { section: owned(section), option: owned(option), value: owned(value) })
    }
}

/// The assignments as a layer.
pub(super) fn sections(assignments: &[Assignment]) -> Sections {
    let mut sorted: Vec<&Assignment> = assignments.iter().collect();
    sorted.sort();
    let mut sections = Sections::new();
    for Assignment { section, option, value } in sorted {
        let value = Value::new(value.clone(), Origin::CommandLine);
        sections.entry(section.clone()).or_default().insert(option.clone(), value);
    }
    sections
}

pub(super) fn section(assignments: &[Assignment], name: &str) -> Section {
    sections(assignments).remove(name).unwrap_or_default()
}
