//! The options that a recipe sets in its part: those that its description lists, the options of a
//! part that it clones, and facts of the machine.

use std::cell::RefCell;

use crate::buildout::{Made, MadeValue, Part, paths};

use super::machine::Machine;
use super::part_options::{buildout as own, fact};
use super::recipe::{Computes, Recipe};
use super::shared_build;

/// Collects the options of one part.
pub(super) struct Maker<'p, 'e> {
    part: RefCell<&'p mut Part<'e>>,
    made: Vec<Made>,
}

impl<'p, 'e> Maker<'p, 'e> {
    pub(super) fn new(part: &'p mut Part<'e>) -> Self {
        Self { part: RefCell::new(part), made: Vec::new() }
    }

    pub(super) fn into_made(self) -> Vec<Made> {
        self.made
    }

    /// An option of the part, as made so far.
    pub(super) fn get(&self, option: &str) -> Option<String> {
        let made = self.made.iter().rev().find(|made| made.option == option);
        match made.map(|made| &made.value) {
            Some(MadeValue::Known(value)) => Some(value.clone()),
            Some(MadeValue::Computed) => None,
            None => self.part.borrow_mut().get(option).ok().flatten(),
        }
    }

    /// Copies the options of the part that an option names, except those that the part sets.
    pub(super) fn clone_options(&mut self, option: &str) {
        let Some(section) = self.get(option) else { return };
        let section = section.trim();
        let names = self.part.borrow_mut().written_in(section).unwrap_or_default();
        for name in names.into_iter().filter(|name| name != "recipe" && name != "<") {
            if self.get(&name).is_none() {
                let value = self.other(section, &name);
                self.made.extend(value.map(|value| Made::known(name, value)));
            }
        }
    }

    /// Sets the options that the description of the recipe lists.
    pub(super) fn make(&mut self, recipe: &Recipe) {
        for pair in &recipe.makes.0 {
            if !pair.replaces && self.get(&pair.option).is_some() {
                continue;
            }
            if let Ok(value) = pair.value.fill(&|name| self.fact(name)) {
                // A path joined to the root.
                let value =
                    value.strip_prefix("//").map(|below| format!("/{below}")).unwrap_or(value);
                self.made.push(Made::known(&pair.option, value));
            }
        }
    }

    pub(super) fn compute(&mut self, recipe: &Recipe, machine: &Machine) {
        match recipe.computes {
            Some(Computes::Environment) => self.set_all(machine.variables()),
            Some(Computes::MissingEnvironment) => {
                let variables = machine.environment.iter();
                let missing = variables.filter(|(name, _)| self.get(name).is_none());
                let missing: Vec<(String, String)> =
                    missing.map(|(name, value)| (name.clone(), value.clone())).collect();
                self.set_all(missing.into_iter());
            }
            Some(Computes::Machine) => {
                let directory = |option: &str| self.other(own::SECTION, option);
                let directory = directory("cwd").or_else(|| directory(own::DIRECTORY));
                self.set_all(machine.facts(&directory.unwrap_or_default()));
            }
            Some(Computes::Results) => {
                let names = self.part.borrow_mut().written().unwrap_or_default();
                self.made.extend(names.into_iter().filter(|it| is_code(it)).map(Made::computed));
            }
            Some(Computes::Directories) => self.list_directories(),
            Some(Computes::BuildLocation) => self.locate_build(machine),
            Some(Computes::VarnishConfiguration) => self.configure_varnish(),
            None => {}
        }
    }

    fn locate_build(&mut self, machine: &Machine) {
        if shared_build::is_of(self.part.borrow().recipe()) {
            let location = shared_build::location(&mut self.part.borrow_mut(), machine);
            // An option that it depends on may be unknown itself.
            self.made.push(match location.ok().flatten() {
                Some(location) => Made::known("location", location),
                None => Made::computed("location"),
            });
        }
    }

    /// Without `config`, the recipe writes a VCL file from the other options.
    fn configure_varnish(&mut self) {
        if self.get("config").is_some() {
            self.made.push(Made::known("generate_config", "false"));
        } else {
            self.made.push(Made::known("generate_config", "true"));
            let defaults =
                [("verbose-headers", "off"), ("balancer", "none"), ("backends", "127.0.0.1:8080")];
            let missing = defaults.into_iter().filter(|(name, _)| self.get(name).is_none());
            let missing: Vec<Made> =
                missing.map(|(name, value)| Made::known(name, value)).collect();
            self.made.extend(missing);
            let location = self.get("location").unwrap_or_default();
            self.made.push(Made::known("config", paths::join(&location, "varnish.vcl")));
        }
        // It depends on the version.
        if self.get("download-url").is_none() {
            self.made.push(Made::computed("download-url"));
        }
    }

    /// z3c.recipe.mkdir sorts the paths and writes the mode like Python.
    fn list_directories(&mut self) {
        let directory = self.other(own::SECTION, own::DIRECTORY).unwrap_or_default();
        let paths = self.get("paths").unwrap_or_default();
        let paths = paths.lines().map(str::trim).filter(|path| !path.is_empty());
        let mut paths: Vec<String> = paths.map(|path| paths::absolute(&directory, path)).collect();
        paths.sort_unstable();
        self.made.push(Made::known("paths", paths.join("\n")));
        let mode = self.get("mode").and_then(|mode| {
            let mode = mode.trim();
            u32::from_str_radix(mode.trim_start_matches("0o"), 8).ok()
        });
        if let Some(mode) = mode.filter(|mode| *mode != 0) {
            self.made.push(Made::known("mode", format!("0o{mode:o}")));
        }
        for option in ["create-intermediate", "remove-on-update"] {
            let value = self.get(option).unwrap_or_default().to_lowercase();
            let is_on = ["yes", "on", "true", "1"].contains(&value.as_str());
            self.made.push(Made::known(option, if is_on { "True" } else { "False" }));
        }
    }

    fn set_all(&mut self, options: impl Iterator<Item = (String, String)>) {
        self.made.extend(options.map(|(name, value)| Made::known(name, value)));
    }

    /// The value of a placeholder: a fact, an option that is not blank, or `OPTION>NAME`, the option
    /// NAME of the section that OPTION names, or `SECTION:NAME`.
    fn fact(&self, name: &str) -> Option<String> {
        let buildout = |option: &str| self.other(own::SECTION, option);
        match name {
            fact::PART => Some(self.part.borrow().name().to_owned()),
            fact::DIRECTORY => buildout(own::DIRECTORY),
            fact::BIN => buildout(own::BIN_DIRECTORY),
            fact::PARTS => buildout(own::PARTS_DIRECTORY),
            _ if name.contains(':') => {
                let (section, option) = name.split_once(':')?;
                self.other(section, option)
            }
            _ => match name.split_once('>') {
                Some((option, name)) => {
                    let section = self.get(option)?;
                    let exists = self.part.borrow().has_section(section.trim());
                    if exists { self.other(section.trim(), name) } else { None }
                }
                None => self.get(name).filter(|text| !text.trim().is_empty()),
            },
        }
    }

    fn other(&self, section: &str, option: &str) -> Option<String> {
        self.part.borrow_mut().other(section, option).ok().flatten()
    }
}

/// Whether mr.scripty replaces the option by a result: constants are upper case, and methods of the
/// recipe itself have no result.
fn is_code(option: &str) -> bool {
    let is_constant = option == option.to_uppercase();
    let is_method = ["recipe", "install", "update", "init", "<"].contains(&option);
    !is_constant && !is_method && !option.starts_with('_')
}
