//! The options of one part, each with the recipe's default where it has one.

use super::section::{Extract, Source};
use crate::ini::text::words;

pub(super) const PORT: &str = "127.0.0.1:9001";
pub(super) const SOCKET: &str = "inet";
pub(super) const CHMOD: &str = "0700";

pub(super) const PROGRAMS: &str = "programs";
pub(super) const LISTENERS: &str = "eventlisteners";
pub(super) const GROUPS: &str = "groups";
pub(super) const INCLUDE: &str = "include";

/// The options, resolved.
pub(super) struct Options<'a>(&'a dyn Fn(&str) -> Option<&'a str>);

impl<'a> Options<'a> {
    /// `get` answers for every option that the part has, even for an empty one.
    pub(super) fn new(get: &'a dyn Fn(&str) -> Option<&'a str>) -> Self {
        Self(get)
    }

    pub(super) fn get(&self, option: &str) -> Option<&'a str> {
        (self.0)(option)
    }

    /// The option where it says something.
    pub(super) fn given(&self, option: &str) -> Option<&'a str> {
        self.get(option).filter(|value| !value.is_empty())
    }

    /// The option or its default, and whom to name for it.
    pub(super) fn or<'d>(&self, option: &'static str, default: &'d str) -> (&'d str, Source)
    where
        'a: 'd,
    {
        (self.get(option).unwrap_or(default), self.source(option))
    }

    pub(super) fn source(&self, option: &'static str) -> Source {
        self.get(option).map_or(Source::Recipe, |value| {
            Source::Option(Extract { option, start: 0, end: value.len() })
        })
    }

    /// Whether the option `sections` asks for this one.
    pub(super) fn has_section(&self, section: &str) -> bool {
        let asked = self.get("sections").unwrap_or("global ctl http rpc services");
        words(asked).any(|word| word == section)
    }
}
