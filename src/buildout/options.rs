//! Resolves sections: expands macros, follows references and asks recipes. It reproduces the caches
//! of zc.buildout, because a value can depend on the order of first use.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::fault::{Fault, Kind};
use super::installed::Installed;
use super::load::pinpoint;
use super::macros;
use super::recipes::{Made, MadeValue, Part, Recipes, Resolver};
use super::reference::{self, Piece};
use super::value::{Section, Sections, Value};
use crate::diag::{SourceMap, Span};
use crate::ini::text::{repr, words};

/// The maximum nesting of sections and references: twice the limit of zc.buildout's stack.
const DEEPEST: usize = 700;
/// The maximum size of all substituted text.
const MOST_TEXT: usize = 64 << 20;

/// How complete a section must be before one of its options can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Complete, as in zc.buildout.
    Whole,
    /// Options of unknown recipes and unavailable URLs are only required when they are read.
    Needed,
}

/// One section in use.
#[derive(Default)]
struct Options {
    raw: Section,
    cooked: BTreeMap<String, String>,
    data: BTreeMap<String, String>,
    /// Options that depend on an option of an unknown recipe or an unavailable URL.
    broken: BTreeMap<String, Fault>,
    /// Options that no file sets: set by a recipe or recorded in `.installed.cfg`.
    made: BTreeSet<String>,
}

pub(super) struct Engine {
    pub(super) raw: Sections,
    pub(super) sources: Rc<SourceMap>,
    open: BTreeMap<String, Options>,
    /// Sections with a recipe in order of first use.
    parts: Vec<String>,
    /// The sections that recipes add, with the part that each belongs to.
    added: BTreeMap<String, String>,
    recipes: Rc<dyn Recipes>,
    installed: Rc<Installed>,
    strictness: Strictness,
    /// Whether an extended URL was not available.
    has_gaps: bool,
    depth: usize,
    written: usize,
}

/// The options that are being read, innermost last.
type Seen = Vec<(String, String)>;

impl Engine {
    pub(super) fn new(
        raw: Sections,
        sources: Rc<SourceMap>,
        recipes: Rc<dyn Recipes>,
        installed: Rc<Installed>,
        strictness: Strictness,
        has_gaps: bool,
    ) -> Self {
        Self {
            raw,
            sources,
            open: BTreeMap::new(),
            parts: Vec::new(),
            added: BTreeMap::new(),
            recipes,
            installed,
            strictness,
            has_gaps,
            depth: 0,
            written: 0,
        }
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }

    /// Initializes a section.
    pub(super) fn section(&mut self, name: &str) -> Result<(), Fault> {
        if self.open.contains_key(name) {
            return Ok(());
        }
        self.push_depth(name)?;
        let ready = self.initialize(name);
        self.depth -= 1;
        ready.map_err(|fault| {
            self.open.remove(name);
            self.remove_added_by(name);
            fault.while_doing(format!("Getting section {name}."), None)
        })
    }

    /// A second attempt adds them again.
    fn remove_added_by(&mut self, part: &str) {
        let added = std::mem::take(&mut self.added);
        let (gone, kept) = added.into_iter().partition(|(_, maker)| maker == part);
        self.added = kept;
        for section in BTreeMap::into_keys(gone) {
            self.raw.remove(&section);
            self.open.remove(&section);
            self.parts.retain(|known| *known != section);
        }
    }

    /// The sections that recipes have added.
    pub(super) fn added(&self) -> impl Iterator<Item = &String> {
        self.added.keys()
    }

    fn push_depth(&mut self, name: &str) -> Result<(), Fault> {
        if self.depth >= DEEPEST {
            let message = format!("maximum recursion depth exceeded at section {}", repr(name));
            return Err(Fault::new(Kind::Limit, message));
        }
        self.depth += 1;
        Ok(())
    }

    fn initialize(&mut self, name: &str) -> Result<(), Fault> {
        let Some(raw) = self.raw.get(name) else {
            let message = format!("The referenced section, {}, was not defined.", repr(name));
            return Err(Fault::new(Kind::MissingSection, message)
                .lacking(name)
                .help(format!("add a section [{name}], or correct the name")));
        };
        let doing = |fault: Fault| fault.while_doing(format!("Initializing section {name}."), None);
        let raw = if raw.contains_key("<") && name != "buildout" {
            macros::expand(&self.raw, name).map_err(doing)?
        } else {
            raw.clone()
        };
        let references: Vec<String> =
            raw.iter().filter(|(_, v)| v.text.contains("${")).map(|(key, _)| key.clone()).collect();
        self.open.insert(name.to_owned(), Options { raw, ..Options::default() });
        for option in references {
            self.resolve_option(name, &option).map_err(doing)?;
        }
        if name == "buildout" {
            return Ok(());
        }
        let dependencies = self.get(name, "<part-dependencies>", &mut Seen::new())?;
        for dependency in words(&dependencies.unwrap_or_default()) {
            self.section(dependency).map_err(doing)?;
        }
        let recipe = self.get(name, "recipe", &mut Seen::new())?.unwrap_or_default();
        let is_part = if recipe.is_empty() {
            let recipes = Rc::clone(&self.recipes);
            recipes.is_part(&mut Part { resolver: self, name, recipe: "" })?
        } else {
            self.construct(name, &recipe)?;
            true
        };
        if is_part {
            self.parts.push(name.to_owned());
        }
        Ok(())
    }

    /// Adds the options that the recipe's constructor sets.
    fn construct(&mut self, name: &str, recipe: &str) -> Result<(), Fault> {
        let recipes = Rc::clone(&self.recipes);
        let made = recipes.made(&mut Part { resolver: self, name, recipe })?;
        let installed = Rc::clone(&self.installed);
        let truth = installed.part(name, recipe);
        if let Some(options) = self.open.get_mut(name) {
            let mut computed = BTreeSet::new();
            for Made { option, value } in made.into_iter().flatten() {
                match value {
                    MadeValue::Known(value) => options.make(option, value),
                    MadeValue::Computed => {
                        computed.insert(option);
                    }
                }
            }
            for (option, value) in truth.into_iter().flatten() {
                let is_computed = computed.remove(option);
                if is_computed || !options.raw.contains_key(option) {
                    options.make(option.clone(), value.clone());
                }
            }
            if self.strictness == Strictness::Needed {
                for option in computed {
                    let fault = computed_fault(name, recipe, &option);
                    options.data.remove(&option);
                    options.broken.insert(option, fault);
                }
            }
        }
        Ok(())
    }

    fn resolve_option(&mut self, section: &str, option: &str) -> Result<(), Fault> {
        let Some(text) = self.raw_text(section, option) else { return Ok(()) };
        let mut seen = vec![(section.to_owned(), option.to_owned())];
        match self.substitute(section, option, &text, &mut seen) {
            Ok(text) => {
                self.options(section, |options| options.cooked.insert(option.to_owned(), text));
                Ok(())
            }
            Err(fault) if self.tolerates(&fault) => {
                self.options(section, |options| options.broken.insert(option.to_owned(), fault));
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    /// Whether an option with this error is required only when it is read.
    fn tolerates(&self, fault: &Fault) -> bool {
        let may_exist = fault.kind() == Kind::MadeByRecipe
            || self.has_gaps && fault.is_missing() && fault.kind() != Kind::Macro;
        self.strictness == Strictness::Needed && may_exist
    }

    fn options<T>(&mut self, section: &str, change: impl FnOnce(&mut Options) -> T) -> Option<T> {
        self.open.get_mut(section).map(change)
    }

    fn raw_text(&self, section: &str, option: &str) -> Option<String> {
        Some(self.open.get(section)?.raw.get(option)?.text.clone())
    }

    /// The value of an option of an initialized section.
    pub(super) fn get(
        &mut self,
        section: &str,
        option: &str,
        seen: &mut Seen,
    ) -> Result<Option<String>, Fault> {
        let Some(options) = self.open.get(section) else { return Ok(None) };
        if let Some(value) = options.data.get(option) {
            return Ok(Some(value.clone()));
        }
        if let Some(fault) = options.broken.get(option) {
            return Err(fault.clone());
        }
        let raw = options.raw.get(option).map(|value| &value.text);
        let Some(text) = options.cooked.get(option).or(raw).cloned() else { return Ok(None) };
        let text = if text.contains("${") {
            let key = (section.to_owned(), option.to_owned());
            if seen.contains(&key) {
                return Err(self.circle(seen, &key));
            }
            seen.push(key);
            let text = self.substitute(section, option, &text, seen)?;
            seen.pop();
            text
        } else {
            text
        };
        self.options(section, |options| options.data.insert(option.to_owned(), text.clone()));
        Ok(Some(text))
    }

    fn circle(&self, seen: &Seen, key: &(String, String)) -> Fault {
        let from = seen.iter().position(|known| known == key).unwrap_or(0);
        let mut round: Vec<String> =
            seen[from..].iter().map(|(section, option)| format!("{section}:{option}")).collect();
        round.push(format!("{}:{}", key.0, key.1));
        Fault::new(Kind::Circular, "Circular reference in substitutions.")
            .at(self.raw_value(&key.0, &key.1).and_then(Value::span))
            .help(format!("the circle is {}", round.join(" -> ")))
    }

    /// A text with its references resolved; `$$` is an escape and is kept.
    fn substitute(
        &mut self,
        section: &str,
        option: &str,
        text: &str,
        seen: &mut Seen,
    ) -> Result<String, Fault> {
        self.push_depth(section)?;
        let text = self.substituted(section, option, text, seen);
        self.depth -= 1;
        text
    }

    fn substituted(
        &mut self,
        section: &str,
        option: &str,
        text: &str,
        seen: &mut Seen,
    ) -> Result<String, Fault> {
        let mut out = String::with_capacity(text.len());
        for piece in reference::pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Reference(reference) => {
                    let value = self.follow(section, reference, seen);
                    let value =
                        value.map_err(|fault| self.asked(fault, section, option, reference))?;
                    out.push_str(&value);
                }
            }
            if self.written + out.len() > MOST_TEXT {
                let message = format!("substitution makes more than {MOST_TEXT} bytes of text");
                return Err(Fault::new(Kind::Limit, message)
                    .at(self.raw_value(section, option).and_then(Value::span)));
            }
        }
        self.written += out.len();
        Ok(out)
    }

    /// Adds the requesting option to the chain.
    fn asked(&self, fault: Fault, section: &str, option: &str, reference: &str) -> Fault {
        let value = self.raw_value(section, option);
        let span = value.and_then(|value| pinpoint(&self.sources, value, reference));
        fault.while_doing(format!("Getting option {section}:{option}."), span)
    }

    pub(super) fn raw_value(&self, section: &str, option: &str) -> Option<&Value> {
        let open = self.open.get(section).and_then(|options| options.raw.get(option));
        open.or_else(|| self.raw.get(section)?.get(option))
    }

    fn follow(&mut self, own: &str, reference: &str, seen: &mut Seen) -> Result<String, Fault> {
        let (section, option) = reference::parse(reference)?;
        let section = if section.is_empty() { own } else { section };
        self.section(section)?;
        if let Some(value) = self.get(section, option, seen)? {
            return Ok(value);
        }
        if option == "_buildout_section_name_" {
            return Ok(own.to_owned());
        }
        Err(self.missing(section, option))
    }

    fn missing(&self, section: &str, option: &str) -> Fault {
        let message = format!("Referenced option does not exist: {section} {option}");
        let recipe = self.raw_value(section, "recipe").filter(|recipe| !recipe.text.is_empty());
        match recipe {
            Some(recipe) => {
                let remedy = match self.strictness {
                    Strictness::Whole => "`--recipes` adds what is known of it",
                    Strictness::Needed => "run buildout; .installed.cfg then contains it",
                };
                Fault::new(Kind::MadeByRecipe, message).help(format!(
                    "the recipe {} may make it: {remedy}, or set `{option}` in [{section}]",
                    recipe.text
                ))
            }
            None => Fault::new(Kind::MissingOption, message)
                .lacking(section)
                .help(format!("set `{option}` in [{section}], or correct the reference")),
        }
    }

    /// `options[...] = value` in zc.buildout.
    pub(super) fn set(&mut self, section: &str, option: &str, value: String) {
        self.options(section, |options| options.data.insert(option.to_owned(), value));
    }

    pub(super) fn is_made(&self, section: &str, option: &str) -> bool {
        self.added.contains_key(section)
            || self.open.get(section).is_some_and(|options| options.made.contains(option))
    }

    /// The names of all options of an initialized section.
    pub(super) fn names(&self, section: &str) -> BTreeSet<String> {
        self.open.get(section).map_or_else(BTreeSet::new, |options| {
            options.raw.keys().chain(options.data.keys()).cloned().collect()
        })
    }

    /// The position of an option's value.
    pub(super) fn span(&self, section: &str, option: &str) -> Option<Span> {
        self.raw_value(section, option)?.span()
    }
}

impl Resolver for Engine {
    fn resolve(&mut self, section: &str, option: &str) -> Result<Option<String>, Fault> {
        self.section(section)?;
        self.get(section, option, &mut Seen::new())
    }

    fn has_section(&self, section: &str) -> bool {
        self.raw.contains_key(section)
    }

    fn written(&mut self, section: &str) -> Result<Vec<String>, Fault> {
        self.section(section)?;
        let options = self.open.get(section);
        Ok(options.into_iter().flat_map(|options| options.raw.keys().cloned()).collect())
    }

    fn add(&mut self, part: &str, sections: Sections) -> Result<(), Fault> {
        let names: Vec<String> = sections.keys().cloned().collect();
        if let Some(known) = names.iter().find(|name| self.raw.contains_key(*name)) {
            let message =
                format!("the recipe of part `{part}` adds the section [{known}], which exists");
            return Err(Fault::new(Kind::Internal, message)
                .at(self.raw.get(known).and_then(|section| section.values().find_map(Value::span)))
                .help("rename your section; only one part may have such a recipe"));
        }
        for (name, section) in sections {
            self.added.insert(name.clone(), part.to_owned());
            self.raw.insert(name, section);
        }
        names.iter().try_for_each(|name| self.section(name))
    }
}

fn computed_fault(section: &str, recipe: &str, option: &str) -> Fault {
    let message = format!("the recipe {recipe} computes `{option}` of [{section}]");
    Fault::new(Kind::MadeByRecipe, message).help(
        "run buildout, which records the value in .installed.cfg, or write the value where it is used",
    )
}

impl Options {
    fn make(&mut self, option: String, value: String) {
        if !self.raw.contains_key(&option) {
            self.made.insert(option.clone());
        }
        self.data.insert(option, value);
    }
}
