//! The interface to recipes: their constructors add options to their section, which other options
//! may reference. The caller provides the knowledge about each recipe.

use super::fault::{Fault, Kind};
use super::value::{Origin, Section, Sections, Value};
use crate::diag::SourceId;
use crate::ini::buildout as ini;

/// Knowledge about recipes.
pub trait Recipes {
    /// The options that the recipe of this part sets; `None` if the recipe is unknown.
    ///
    /// Called once for each section with a `recipe`, after its own options are resolved, at the
    /// time of the recipe's constructor.
    fn made(&self, part: &mut Part<'_>) -> Result<Option<Vec<Made>>, Fault>;

    /// Whether a section without a recipe is a part all the same.
    fn is_part(&self, _: &mut Part<'_>) -> Result<bool, Fault> {
        Ok(false)
    }
}

/// An option that a recipe sets; it overrides an option of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub option: String,
    pub value: MadeValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MadeValue {
    Known(String),
    /// The recipe computes it, for instance with Python code in the option.
    Computed,
}

impl Made {
    pub fn known(option: impl Into<String>, value: impl Into<String>) -> Self {
        Self { option: option.into(), value: MadeValue::Known(value.into()) }
    }

    pub fn computed(option: impl Into<String>) -> Self {
        Self { option: option.into(), value: MadeValue::Computed }
    }
}

/// Only options in files are used.
pub struct NoRecipes;

impl Recipes for NoRecipes {
    fn made(&self, _: &mut Part<'_>) -> Result<Option<Vec<Made>>, Fault> {
        Ok(None)
    }
}

/// Resolves options while a project is being read.
pub(super) trait Resolver {
    /// The value of an option; its section becomes a part if it has a recipe.
    fn resolve(&mut self, section: &str, option: &str) -> Result<Option<String>, Fault>;

    fn has_section(&self, section: &str) -> bool;

    /// The names of the options that files set in a section.
    fn written(&mut self, section: &str) -> Result<Vec<String>, Fault>;

    /// Adds sections that the recipe of a part makes, and initializes them.
    fn add(&mut self, part: &str, sections: Sections) -> Result<(), Fault>;
}

/// A part as seen by its recipe's constructor.
pub struct Part<'a> {
    pub(super) resolver: &'a mut dyn Resolver,
    pub(super) name: &'a str,
    pub(super) recipe: &'a str,
}

impl Part<'_> {
    pub fn name(&self) -> &str {
        self.name
    }

    /// The value of `recipe`, including the entry point: `plone.recipe.varnish:script`.
    pub fn recipe(&self) -> &str {
        self.recipe
    }

    /// An option of the part, resolved.
    pub fn get(&mut self, option: &str) -> Result<Option<String>, Fault> {
        self.resolver.resolve(self.name, option)
    }

    /// An option of another section, which becomes a part if it has a recipe.
    pub fn other(&mut self, section: &str, option: &str) -> Result<Option<String>, Fault> {
        self.resolver.resolve(section, option)
    }

    /// The names of the options that files set in the part.
    pub fn written(&mut self) -> Result<Vec<String>, Fault> {
        self.resolver.written(self.name)
    }

    /// The same for another section, which becomes a part if it has a recipe.
    pub fn written_in(&mut self, section: &str) -> Result<Vec<String>, Fault> {
        self.resolver.written(section)
    }

    pub fn has_section(&self, section: &str) -> bool {
        self.resolver.has_section(section)
    }

    /// Adds a section to the project: `buildout[name] = {...}` in a constructor.
    pub fn add_section(
        &mut self,
        name: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), Fault> {
        let options = options.into_iter().map(|(name, value)| (name, computed(value)));
        let section: Section = options.collect();
        self.resolver.add(self.name, Sections::from([(name.to_owned(), section)]))
    }

    /// Adds the sections of a text to the project: `buildout.parse(text)` in a constructor.
    pub fn add_sections(&mut self, text: &str) -> Result<(), Fault> {
        let parsed = ini::parse(SourceId(u32::MAX), text, &mut |_| Ok(true));
        let parsed = parsed.map_err(|fault| Fault::of_recipe(fault.message(self.name)))?;
        let options = |section: ini::Section| {
            section.options.into_iter().map(|(name, entry)| (name, computed(entry.value))).collect()
        };
        let sections = parsed.into_iter().map(|(name, section)| (name, options(section)));
        self.resolver.add(self.name, sections.collect())
    }

    /// An option without which the constructor fails.
    pub fn required(&mut self, option: &str) -> Result<String, Fault> {
        let missing = || {
            let message = format!("Missing option: {}:{option}", self.name);
            let help = format!("set `{option}` in [{}]", self.name);
            Fault::new(Kind::MissingOption, message).lacking(self.name).help(help)
        };
        self.resolver.resolve(self.name, option)?.ok_or_else(missing)
    }
}

fn computed(text: String) -> Value {
    Value::new(text, Origin::Computed)
}
