//! The seam to what recipes do in their constructors: they add options to their section, which
//! others refer to. Which recipe adds what is told by the caller, not here.

use super::fault::Fault;
use super::options::Engine;

/// Knowledge of recipes.
pub trait Recipes {
    /// The options that the recipe of this part makes; `None` where the recipe is unknown.
    ///
    /// Asked once for each section with a `recipe`, after its own options are resolved, as a
    /// recipe's constructor runs.
    fn made(&self, part: &mut Part<'_>) -> Result<Option<Vec<Made>>, Fault>;
}

/// An option that a recipe sets, also over one of the same name in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub option: String,
    pub value: String,
}

/// Only the files count.
pub struct NoRecipes;

impl Recipes for NoRecipes {
    fn made(&self, _: &mut Part<'_>) -> Result<Option<Vec<Made>>, Fault> {
        Ok(None)
    }
}

/// A part as its recipe's constructor sees it.
pub struct Part<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) name: &'a str,
    pub(super) recipe: &'a str,
}

impl Part<'_> {
    pub fn name(&self) -> &str {
        self.name
    }

    /// The value of `recipe`, with its entry point: `plone.recipe.varnish:script`.
    pub fn recipe(&self) -> &str {
        self.recipe
    }

    /// An own option, resolved.
    pub fn get(&mut self, option: &str) -> Result<Option<String>, Fault> {
        self.engine.get(self.name, option, &mut Vec::new())
    }

    /// An option of another section, which becomes a part if it has a recipe.
    pub fn other(&mut self, section: &str, option: &str) -> Result<Option<String>, Fault> {
        self.engine.section(section)?;
        self.engine.get(section, option, &mut Vec::new())
    }

    pub fn has_section(&self, section: &str) -> bool {
        self.engine.raw.contains_key(section)
    }
}
