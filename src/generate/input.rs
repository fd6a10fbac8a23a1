//! What the generator wants to know of a project: its directories, and its parts with every
//! option resolved. Filled from [`crate::buildout`]; knows no recipe.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span};

use super::templated::Template;

/// A project as the generator sees it.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// `${buildout:directory}`
    pub directory: String,
    /// `${buildout:bin-directory}`
    pub bin: String,
    /// `${buildout:parts-directory}`
    pub parts_directory: String,
    /// In the order in which buildout would install them.
    pub parts: Vec<Part>,
    /// Sections that stand for Supervisor and that buildout would not install.
    pub supervisors: Vec<Part>,
    /// The names of all sections that look like parts and that buildout would not install.
    pub unlisted: Vec<String>,
    /// What was odd about them.
    pub warnings: Vec<Diagnostic>,
}

/// A section with a recipe.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub name: String,
    pub options: BTreeMap<String, Value>,
    /// Where its header or its first option stands.
    pub span: Option<Span>,
    /// A configuration that it fills in.
    pub template: Option<Template>,
}

/// A resolved option and the place that it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    pub text: String,
    pub span: Option<Span>,
    /// Where each line of the text stands.
    pub lines: Vec<Option<Span>>,
}

impl Part {
    pub fn get(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(|value| value.text.as_str())
    }

    /// The option's text, where it says something.
    pub fn given(&self, option: &str) -> Option<&str> {
        self.get(option).filter(|text| !text.trim().is_empty())
    }

    pub fn span_of(&self, option: &str) -> Option<Span> {
        self.options.get(option).and_then(|value| value.span).or(self.span)
    }

    pub fn recipe(&self) -> &str {
        self.get("recipe").unwrap_or_default()
    }
}

impl Input {
    /// What may stand in a hole of a phrase: a fact of every part, else an option of this one.
    pub fn find(&self, part: &Part, name: &str) -> Option<String> {
        let fact = match name {
            "part" => &part.name,
            "directory" => &self.directory,
            "bin" => &self.bin,
            "parts" => &self.parts_directory,
            _ => return part.given(name).map(|text| text.trim().to_owned()),
        };
        Some(fact.clone())
    }
}
