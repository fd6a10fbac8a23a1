//! All known recipes: the built-in ones and those of the project in `recipes.d/`. Finds the recipe
//! of a part, and implements [`crate::buildout::Recipes`].

use std::rc::Rc;

use crate::buildout::{self, Fault, Made};

use super::input::Part;
use super::machine::Machine;
use super::maker::Maker;
use super::part_options::{COMMAND, buildout as own, fact};
use super::recipe::{Adds, Produces, Recipe, RecipeFault, load};
use super::zodb_sections;

/// Recipes, those of the project first.
#[derive(Clone, Debug)]
pub struct Catalogue {
    recipes: Vec<Entry>,
    machine: Machine,
}

/// A recipe and the file that it was read from.
#[derive(Clone, Debug)]
pub struct Entry {
    pub file: String,
    pub recipe: Recipe,
}

/// A recipe file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFile {
    pub file: String,
    pub fault: RecipeFault,
}

impl Catalogue {
    /// The recipes in `own` (pairs of file name and text), then the built-in ones.
    pub fn new(own: &[(String, String)]) -> Result<Self, BadFile> {
        let built_in = crate::assets::RECIPES.iter().map(|(file, text)| (*file, *text));
        let own = own.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        let recipes = own
            .chain(built_in)
            .map(|(file, text)| {
                let recipe = load(text, &super::options::is_program_option)
                    .map_err(|fault| BadFile { file: file.to_owned(), fault })?;
                Ok(Entry { file: file.to_owned(), recipe })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { recipes, machine: Machine::default() })
    }

    /// The same on a machine, whose facts some recipes set as options.
    #[must_use]
    pub fn on(self, machine: Machine) -> Self {
        Self { machine, ..self }
    }

    pub(super) fn machine(&self) -> &Machine {
        &self.machine
    }

    pub fn entries(&self) -> &[Entry] {
        &self.recipes
    }

    /// The recipe of a part.
    pub fn of(&self, part: &Part) -> Option<&Recipe> {
        self.find(part.recipe(), &part.name, &|option| part.get(option).map(str::to_owned))
    }

    /// The recipe of a part with the name `part` and the options `get`. An entry with a condition
    /// precedes one without.
    pub fn find(
        &self,
        recipe: &str,
        part: &str,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Option<&Recipe> {
        let named = || {
            let entries = self.recipes.iter().map(|entry| &entry.recipe);
            entries.filter(move |known| known.names.0.iter().any(|name| name == recipe))
        };
        // zc.recipe.egg uses the part's name if `eggs` is not set.
        let get = |option: &str| match option {
            fact::PART => Some(part.to_owned()),
            "eggs" => get(option).or_else(|| Some(part.to_owned())),
            _ => get(option),
        };
        let conditional =
            || named().filter(|known| known.when.as_ref().is_some_and(|when| when.holds(&get)));
        // If several eggs of a part match, the one that runs is used.
        let running = conditional().find(|known| known.produces != Produces::Nothing);
        let general = || named().find(|known| known.when.is_none());
        running.or_else(|| conditional().next()).or_else(general)
    }
}

impl buildout::Recipes for Catalogue {
    fn made(&self, part: &mut buildout::Part<'_>) -> Result<Option<Vec<Made>>, Fault> {
        let (name, recipe) = (part.name().to_owned(), part.recipe().to_owned());
        let clones = self.entries().iter().filter(|entry| entry.recipe.names.0.contains(&recipe));
        let clones = clones.into_iter().find_map(|entry| entry.recipe.clones.as_deref());
        let mut maker = Maker::new(part);
        if let Some(option) = clones {
            maker.clone_options(option);
        }
        let known = self.find(&recipe, &name, &|option| maker.get(option));
        let Some(known) = known else { return Ok(None) };
        maker.make(known);
        maker.compute(known, &self.machine);
        let made = maker.into_made();
        match known.adds {
            Some(Adds::ZeoStorages) => zodb_sections::add_zeo_storages(part)?,
            Some(Adds::Relstorages) => zodb_sections::add_relstorages(part)?,
            None => {}
        }
        Ok(Some(made))
    }

    fn is_part(&self, part: &mut buildout::Part<'_>) -> Result<bool, Fault> {
        Ok(part.get(COMMAND)?.is_some_and(|command| !command.trim().is_empty()))
    }
}

/// A catalogue with a default for unknown recipes: like most recipes, they set `location` to a
/// directory with the name of the part.
pub struct WithDefaultLocation(pub Rc<Catalogue>);

impl buildout::Recipes for WithDefaultLocation {
    fn made(&self, part: &mut buildout::Part<'_>) -> Result<Option<Vec<Made>>, Fault> {
        if let Some(made) = self.0.made(part)? {
            return Ok(Some(made));
        }
        if part.get("location")?.is_some() {
            return Ok(None);
        }
        let parts = part.other(own::SECTION, own::PARTS_DIRECTORY)?.unwrap_or_default();
        let value = buildout::paths::join(&parts, part.name());
        Ok(Some(vec![Made::known("location", value)]))
    }

    fn is_part(&self, part: &mut buildout::Part<'_>) -> Result<bool, Fault> {
        self.0.is_part(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_is_valid() {
        let catalogue = Catalogue::new(&[]).map_err(|bad| format!("{}: {}", bad.file, bad.fault));
        assert!(catalogue.unwrap().entries().len() > 10);
    }

    #[test]
    fn recipes_of_the_project_come_first_and_entries_with_a_condition_before_those_without() {
        let own = "[recipe]\ntitle = Ours\nnames = plone.recipe.zeoserver\nyields = nothing\n";
        let catalogue = Catalogue::new(&[("x.ini".to_owned(), own.to_owned())]).unwrap();
        let none = |_: &str| None;
        let found = catalogue.find("plone.recipe.zeoserver", "zeo", &none).unwrap();
        assert_eq!(found.title, "Ours");
        let daemon = catalogue.find("zc.recipe.egg", "supervisor", &none).unwrap();
        assert_eq!(daemon.produces, super::super::recipe::Produces::Daemon);
        let egg = catalogue.find("zc.recipe.egg", "test", &none).unwrap();
        assert_eq!(egg.produces, super::super::recipe::Produces::Nothing);
        assert!(catalogue.find("who.knows", "x", &none).is_none());
    }
}
