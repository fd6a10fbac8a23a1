//! A part as its builder reads it.

use std::collections::BTreeMap;

use crate::buildout::paths::join;

/// Where the parts of a project are built.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// `${buildout:directory}`
    pub directory: String,
    /// `${buildout:bin-directory}`
    pub bin: String,
    /// `${buildout:parts-directory}`
    pub parts: String,
    /// The interpreter of the environment with the eggs.
    pub python: String,
}

/// A part with its resolved options.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) place: &'a Place,
    pub(super) options: BTreeMap<String, String>,
}

/// Why a builder cannot build a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    pub(super) option: String,
    pub(super) why: String,
}

impl Unsupported {
    pub(super) fn new(option: &str, why: impl Into<String>) -> Self {
        Self { option: option.to_owned(), why: why.into() }
    }
}

impl Part<'_> {
    pub(super) fn get(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(String::as_str)
    }

    /// The option, unless it is empty.
    pub(super) fn given(&self, option: &str) -> Option<&str> {
        self.get(option).filter(|text| !text.is_empty())
    }

    pub(super) fn or<'s>(&'s self, option: &str, default: &'s str) -> &'s str {
        self.get(option).unwrap_or(default)
    }

    /// Whether the option has one of these values, in upper or lower case.
    pub(super) fn is(&self, option: &str, default: &str, values: &[&str]) -> bool {
        let value = self.or(option, default).to_lowercase();
        values.contains(&value.as_str())
    }

    /// The directory of its own.
    pub(super) fn location(&self) -> String {
        join(&self.place.parts, self.name)
    }

    pub(super) fn bin(&self, script: &str) -> String {
        join(&self.place.bin, script)
    }

    /// The directory of its data.
    pub(super) fn var(&self) -> String {
        self.get("var").map_or_else(|| join(&self.place.directory, "var"), str::to_owned)
    }

    /// The lines of an option that are not empty.
    pub(super) fn lines(&self, option: &str) -> Vec<&str> {
        self.or(option, "").lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }
}
