//! All recipes that are known: the built-in ones and those that the project brings along in
//! `recipes.d/`. Finds the one for a part, and tells [`crate::buildout`] what recipes make.

use std::rc::Rc;

use crate::buildout::{self, Fault, Made};

use super::recipe::{Recipe, RecipeFault, Yields, load};

/// Recipes, those of the project first.
#[derive(Clone, Debug)]
pub struct Catalogue {
    recipes: Vec<Entry>,
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
    /// The recipes of the table, and before them those of the files given as (name, text).
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
        Ok(Self { recipes })
    }

    pub fn entries(&self) -> &[Entry] {
        &self.recipes
    }

    /// The recipe of a part called `part`, whose options `get` tells. One that asks for more comes
    /// before one that takes every part of the name.
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
        // zc.recipe.egg takes the part's name for the egg where none is given.
        let get = |option: &str| match option {
            "part" => Some(part.to_owned()),
            "eggs" => get(option).or_else(|| Some(part.to_owned())),
            _ => get(option),
        };
        let particular =
            || named().filter(|known| known.when.as_ref().is_some_and(|when| when.holds(&get)));
        // Of a part with several eggs, the one that runs counts.
        let running = particular().find(|known| known.yields != Yields::Nothing);
        let general = || named().find(|known| known.when.is_none());
        running.or_else(|| particular().next()).or_else(general)
    }
}

impl buildout::Recipes for Catalogue {
    fn made(&self, part: &mut buildout::Part<'_>) -> Result<Option<Vec<Made>>, Fault> {
        let (name, recipe) = (part.name().to_owned(), part.recipe().to_owned());
        let part = std::cell::RefCell::new(part);
        let get = |option: &str| part.borrow_mut().get(option).ok().flatten();
        let Some(known) = self.find(&recipe, &name, &get) else { return Ok(None) };
        let fact = |option: &str| match option {
            "part" => Some(name.clone()),
            "directory" => directory(&part, "directory"),
            "bin" => directory(&part, "bin-directory"),
            "parts" => directory(&part, "parts-directory"),
            _ => get(option).filter(|text| !text.trim().is_empty()),
        };
        let made = known.makes.0.iter().filter(|(option, _)| get(option).is_none());
        let made = made.filter_map(|(option, phrase)| {
            Some(Made { option: option.clone(), value: phrase.fill(&fact).ok()? })
        });
        Ok(Some(made.collect()))
    }
}

/// A catalogue that is not at a loss: an unknown recipe does what nearly all do, and keeps what it
/// makes in a directory of the part's name.
pub struct Assuming(pub Rc<Catalogue>);

impl buildout::Recipes for Assuming {
    fn made(&self, part: &mut buildout::Part<'_>) -> Result<Option<Vec<Made>>, Fault> {
        if let Some(made) = self.0.made(part)? {
            return Ok(Some(made));
        }
        if part.get("location")?.is_some() {
            return Ok(None);
        }
        let parts = part.other("buildout", "parts-directory")?.unwrap_or_default();
        let value = buildout::paths::join(&parts, part.name());
        Ok(Some(vec![Made { option: "location".to_owned(), value }]))
    }
}

fn directory(part: &std::cell::RefCell<&mut buildout::Part<'_>>, option: &str) -> Option<String> {
    part.borrow_mut().other("buildout", option).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_is_sound() {
        let catalogue = Catalogue::new(&[]).map_err(|bad| format!("{}: {}", bad.file, bad.fault));
        assert!(catalogue.unwrap().entries().len() > 10);
    }

    #[test]
    fn a_recipe_of_the_project_comes_first_and_a_condition_before_none() {
        let own = "[recipe]\ntitle = Ours\nnames = plone.recipe.zeoserver\nyields = nothing\n";
        let catalogue = Catalogue::new(&[("x.ini".to_owned(), own.to_owned())]).unwrap();
        let none = |_: &str| None;
        let found = catalogue.find("plone.recipe.zeoserver", "zeo", &none).unwrap();
        assert_eq!(found.title, "Ours");
        let daemon = catalogue.find("zc.recipe.egg", "supervisor", &none).unwrap();
        assert_eq!(daemon.yields, super::super::recipe::Yields::Daemon);
        let egg = catalogue.find("zc.recipe.egg", "test", &none).unwrap();
        assert_eq!(egg.yields, super::super::recipe::Yields::Nothing);
        assert!(catalogue.find("who.knows", "x", &none).is_none());
    }
}
