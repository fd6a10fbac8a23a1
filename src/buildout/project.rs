//! A project: its sections with every answer that buildout would give, on demand. Nothing is
//! resolved before it is asked for, except `[buildout]` and the versions.

use std::cell::RefCell;
use std::rc::Rc;

use super::assign::Assignment;
use super::fault::{Fault, Kind};
use super::finish;
use super::installed::Installed;
use super::load::{Loader, Unavailable};
use super::options::{Engine, Strictness};
use super::outside::Outside;
use super::recipes::Recipes;
use super::value::{Section, Sections, Value};
use super::{defaults, layers, load, macros, paths, reference};
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::ini::text::words;

/// How many references in a row are followed to find where a text was written.
const LONGEST_WAY: usize = 8;

/// What to load, and how strictly.
pub struct Request {
    /// The main file, as given: `buildout.cfg`.
    pub file: String,
    pub assignments: Vec<Assignment>,
    /// Read `~/.buildout/default.cfg`.
    pub user_defaults: bool,
    /// `Needed` also lets extended URLs be absent.
    pub strictness: Strictness,
    /// Take what recipes made from `.installed.cfg`.
    pub installed: bool,
}

impl Request {
    /// As `annotate` and buildout itself read a file.
    pub fn strict(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            assignments: Vec::new(),
            user_defaults: true,
            strictness: Strictness::Whole,
            installed: false,
        }
    }

    /// As `generate` reads it: what is not needed may be broken or absent.
    pub fn lazy(file: impl Into<String>) -> Self {
        Self { strictness: Strictness::Needed, installed: true, ..Self::strict(file) }
    }
}

/// Sections, resolved on demand.
pub struct Project {
    engine: RefCell<Engine>,
    sources: Rc<SourceMap>,
    /// The merged raw values, as `annotate` and `query` print them.
    raw: Sections,
    installed: Rc<Installed>,
    warnings: Vec<Diagnostic>,
    unavailable: Vec<Unavailable>,
    /// The directory of the project, absolute.
    directory: String,
    file: String,
}

/// The parts that would be installed.
pub struct Reached {
    pub parts: Vec<String>,
    /// What is wrong with others, which an absent URL may put right.
    pub lost: Vec<Fault>,
}

/// Why there is no project, with the texts that the faults point into.
pub struct Failure {
    pub fault: Fault,
    pub sources: SourceMap,
}

impl Project {
    pub fn load(
        request: &Request,
        outside: &dyn Outside,
        recipes: Rc<dyn Recipes>,
    ) -> Result<Self, Box<Failure>> {
        let tolerant = request.strictness == Strictness::Needed;
        let overrides = super::assign::section(&request.assignments, "buildout");
        let mut loader = Loader::new(outside, tolerant, overrides);
        let merged = merged(request, &mut loader);
        let Loader { sources, names, warnings, unavailable, .. } = loader;
        let (file, mut raw) = match merged {
            Ok(merged) => merged,
            Err(fault) => return Err(Box::new(Failure { fault, sources })),
        };
        let sources = Rc::new(sources);
        let fail = |fault| Box::new(Failure { fault, sources: (*sources).clone() });
        let names = |source| names.get(&source).map(String::as_str);
        let gaps = !unavailable.is_empty();
        finish::raw(&mut raw, outside, &names, gaps).map_err(fail)?;
        let annotated = raw.clone();
        finish::directories(&mut raw);
        let installed = Rc::new(installed(request, outside, &raw));
        let mut engine = Engine::new(
            raw,
            Rc::clone(&sources),
            recipes,
            Rc::clone(&installed),
            request.strictness,
        );
        finish::buildout(&mut engine, outside).map_err(fail)?;
        let directory = engine.get("buildout", "directory", &mut Vec::new()).map_err(fail)?;
        Ok(Self {
            engine: RefCell::new(engine),
            sources,
            raw: annotated,
            installed,
            warnings,
            unavailable,
            directory: directory.unwrap_or_default(),
            file,
        })
    }

    /// The texts that spans point into.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// `${buildout:directory}`
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// The main file, absolute.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What was odd but no error while the files were read.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Extended URLs that could not be had.
    pub fn unavailable(&self) -> &[Unavailable] {
        &self.unavailable
    }

    /// What buildout installed here before, if it left a note.
    pub fn installed(&self) -> &Installed {
        &self.installed
    }

    /// The names of all sections, sorted.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.raw.keys().map(String::as_str)
    }

    pub fn has_section(&self, section: &str) -> bool {
        self.raw.contains_key(section)
    }

    /// The merged sections before references are read, each value with its history.
    pub fn raw(&self) -> &Sections {
        &self.raw
    }

    /// The value of an option as buildout's `query` prints it: merged, but neither references nor
    /// macros followed; the standard directories are absolute.
    pub fn written(&self, section: &str, option: &str) -> Option<String> {
        let engine = self.engine.borrow();
        Some(engine.raw.get(section)?.get(option)?.text.clone())
    }

    /// The value of an option, resolved; `None` where nobody sets it.
    pub fn get(&self, section: &str, option: &str) -> Result<Option<String>, Fault> {
        let mut engine = self.engine.borrow_mut();
        engine.section(section)?;
        engine.get(section, option, &mut Vec::new())
    }

    /// All options of a section, resolved and sorted by name.
    pub fn options(&self, section: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut engine = self.engine.borrow_mut();
        engine.section(section)?;
        let mut options = Vec::new();
        for name in engine.names(section) {
            if let Some(value) = engine.get(section, &name, &mut Vec::new())? {
                options.push((name, value));
            }
        }
        Ok(options)
    }

    /// The names of the options of a section, also of those that cannot be resolved.
    pub fn names(&self, section: &str) -> Result<Vec<String>, Fault> {
        let mut engine = self.engine.borrow_mut();
        engine.section(section)?;
        Ok(engine.names(section).into_iter().collect())
    }

    /// The parts as `[buildout]` lists them.
    pub fn parts(&self) -> Result<Vec<String>, Fault> {
        let parts = self.get("buildout", "parts")?;
        Ok(parts.iter().flat_map(|text| words(text)).map(str::to_owned).collect())
    }

    /// Everything that would be installed, in this order: the parts and what they reach.
    pub fn reached_parts(&self) -> Result<Vec<String>, Fault> {
        let Reached { parts, lost } = self.reached()?;
        lost.into_iter().next().map_or(Ok(parts), Err)
    }

    /// The same, where parts may be missing that an absent URL could define.
    pub fn reached(&self) -> Result<Reached, Fault> {
        let mut engine = self.engine.borrow_mut();
        engine.section("buildout")?;
        let parts = engine.get("buildout", "parts", &mut Vec::new())?;
        let Some(parts) = parts else {
            return Err(Fault::new(Kind::MissingOption, "Missing option: buildout:parts")
                .help("list the parts to build: `parts = ...` in [buildout]"));
        };
        let asked = engine.raw_value("buildout", "parts").cloned();
        let mut lost: Vec<Fault> = self.doubt("parts", asked.as_ref()).into_iter().collect();
        for part in words(&parts) {
            let span = asked.as_ref().and_then(|value| load::pinpoint(&self.sources, value, part));
            if let Err(fault) = reach(&mut engine, part, span) {
                lost.push(self.elsewhere(fault)?);
            }
        }
        Ok(Reached { parts: engine.parts().to_vec(), lost })
    }

    /// The fault, if what is missed may stand in an extended file that is not at hand.
    fn elsewhere(&self, fault: Fault) -> Result<Fault, Fault> {
        let missing = [Kind::MissingSection, Kind::MissingOption, Kind::Macro];
        let gap = self.unavailable.iter().find(|gap| !gap.is_version_list());
        match gap.filter(|_| missing.contains(&fault.kind())) {
            Some(gap) => Ok(fault.help(format!("`{}` may tell; {}", gap.url, gap.help))),
            None => Err(fault),
        }
    }

    /// Where the value of an option was written.
    pub fn span(&self, section: &str, option: &str) -> Option<Span> {
        self.engine.borrow().span(section, option)
    }

    /// Where a text stands within the lines that made an option; else the lines.
    pub fn pinpoint(&self, section: &str, option: &str, text: &str) -> Option<Span> {
        let engine = self.engine.borrow();
        load::pinpoint(&self.sources, engine.raw_value(section, option)?, text)
    }

    /// The raw value of an option in a section that may use macros.
    pub fn value(&self, section: &str, option: &str) -> Option<Value> {
        self.engine.borrow().raw_value(section, option).cloned()
    }

    /// The raw options of a section with its macros taken in; nothing is built for this.
    pub fn expanded(&self, section: &str) -> Option<Section> {
        macros::expand(&self.raw, section).ok()
    }

    /// Where the text of an option was written: at the option itself, or, where it consists of
    /// references, at those that they lead to.
    pub fn leaves(&self, section: &str, option: &str) -> Vec<Span> {
        let mut leaves = Vec::new();
        self.follow(section, option, LONGEST_WAY, &mut leaves);
        leaves
    }

    fn follow(&self, section: &str, option: &str, left: usize, leaves: &mut Vec<Span>) {
        let Some(value) = self.value(section, option) else { return };
        let references: Vec<(&str, &str)> = reference::all(&value.text).collect();
        if references.is_empty() || left == 0 {
            leaves.extend(value.span());
        }
        for (other, option) in references.into_iter().filter(|_| left > 0) {
            let other = if other.is_empty() { section } else { other };
            self.follow(other, option, left - 1, leaves);
        }
    }

    /// No file has this option: a recipe makes it.
    pub fn is_made(&self, section: &str, option: &str) -> bool {
        self.engine.borrow().is_made(section, option)
    }

    /// Why a value may not be all: `+=` or `-=` found nothing to work on while an extended URL
    /// cannot be had.
    pub fn incomplete(&self, section: &str, option: &str) -> Option<Fault> {
        self.doubt(option, self.value(section, option).as_ref())
    }

    fn doubt(&self, option: &str, value: Option<&Value>) -> Option<Fault> {
        let value = value.filter(|value| value.is_unfounded())?;
        let gap = self.unavailable.iter().find(|gap| !gap.is_version_list())?;
        let message = format!("`{option}` changes a value that `{}` may have", gap.url);
        Some(Fault::new(Kind::Extends, message).at(value.span()).help(&gap.help))
    }
}

/// The main file with all that is below and above it.
fn merged(request: &Request, loader: &mut Loader<'_>) -> Result<(String, Sections), Fault> {
    let cwd = loader.outside.directory();
    let file = paths::absolute(&cwd, &request.file);
    if !loader.outside.exists(&file) {
        return Err(Fault::new(Kind::Extends, format!("Couldn't open {file}"))
            .help("name the file with -c, or run in the directory of buildout.cfg"));
    }
    let directory = paths::dirname(&file).to_owned();
    let mut data = Sections::new();
    data.insert("buildout".into(), defaults::section(&loader.outside.executable(), &directory));

    let mut user = Sections::new();
    let mut download = data.clone();
    if request.user_defaults {
        let home = loader.outside.buildout_home();
        let home = home.unwrap_or_else(|| paths::join(&loader.outside.home(), ".buildout"));
        let path = paths::join(&home, "default.cfg");
        if loader.outside.exists(&path) {
            user = loader.open(&home, &path, &data["buildout"], Sections::new())?;
            layers::update(&mut download, user.clone())?;
        }
    }
    let download = download.remove("buildout").unwrap_or_default();
    let layer = loader.open(&directory, &file, &download, user.clone())?;
    layers::update(&mut data, layer)?;

    let mut assigned = super::assign::sections(&request.assignments);
    let extends = assigned.get_mut("buildout").and_then(|section| section.remove("extends"));
    for name in extends.iter().flat_map(|value| words(&value.text)) {
        let (base, name) = (paths::dirname(name), paths::basename(name));
        let layer = loader.open(base, name, &download, user.clone())?;
        layers::update(&mut data, layer)?;
    }
    layers::update(&mut data, assigned)?;
    Ok((file, data))
}

/// What was installed before, as far as the raw options tell where that is noted.
fn installed(request: &Request, outside: &dyn Outside, raw: &Sections) -> Installed {
    let text = |name: &str| raw.get("buildout")?.get(name).map(|value| value.text.clone());
    let path = text("directory").zip(text("installed")).filter(|(_, name)| !name.is_empty());
    match path.filter(|_| request.installed) {
        Some((directory, name)) => outside
            .read(&paths::join(&directory, &name))
            .map_or_else(|_| Installed::default(), |text| Installed::read(&text)),
        None => Installed::default(),
    }
}

/// Takes a part into use.
fn reach(engine: &mut Engine, part: &str, span: Option<Span>) -> Result<(), Fault> {
    engine.section(part).map_err(|fault| fault.while_doing("Installing.", span))?;
    if engine.get(part, "recipe", &mut Vec::new())?.is_some() {
        return Ok(());
    }
    let message = format!("Missing option: {part}:recipe");
    Err(Fault::new(Kind::MissingOption, message)
        .at(span)
        .help(format!("set `recipe` in [{part}], or take `{part}` out of the parts")))
}
