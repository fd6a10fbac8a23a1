//! A project: its sections with all values that buildout would compute, resolved on demand. Only
//! `[buildout]` and the versions are resolved when it is loaded.

use std::cell::RefCell;
use std::rc::Rc;

use super::assign::Assignment;
use super::buildout_env::BuildoutEnv;
use super::fault::{Fault, Kind};
use super::finish;
use super::installed::Installed;
use super::load::{Cached, Loader, Unavailable};
use super::options::{Engine, Strictness};
use super::recipes::Recipes;
use super::value::{Section, Sections, Value};
use super::{defaults, layers, load, macros, paths, reference};
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::ini::text::words;

/// The maximum number of references followed to find the position of a text.
const LONGEST_WAY: usize = 8;

/// What to load, and how strictly.
pub struct Request {
    /// The main file as given: `buildout.cfg`.
    pub file: String,
    pub assignments: Vec<Assignment>,
    /// Read `~/.buildout/default.cfg`.
    pub user_defaults: bool,
    /// `Needed` also permits unavailable extended URLs.
    pub strictness: Strictness,
    /// Read options of recipes from `.installed.cfg`.
    pub installed: bool,
}

impl Request {
    /// As strict as `annotate` and buildout itself.
    pub fn strict(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            assignments: Vec::new(),
            user_defaults: true,
            strictness: Strictness::Whole,
            installed: false,
        }
    }

    /// For `generate`: unused parts may be invalid or unavailable.
    pub fn lazy(file: impl Into<String>) -> Self {
        Self { strictness: Strictness::Needed, installed: true, ..Self::strict(file) }
    }
}

/// Sections, resolved on demand.
pub struct Project {
    engine: RefCell<Engine>,
    sources: Rc<SourceMap>,
    /// The merged raw values, as printed by `annotate` and `query`.
    raw: Sections,
    installed: Rc<Installed>,
    warnings: Vec<Diagnostic>,
    unavailable: Vec<Unavailable>,
    cached: Vec<Cached>,
    /// The absolute directory of the project.
    directory: String,
    file: String,
}

/// The parts that would be installed.
pub struct Reached {
    pub parts: Vec<String>,
    /// Errors of other parts, which an unavailable URL may define.
    pub lost: Vec<Fault>,
}

/// Why a project could not be loaded, with the source texts.
pub struct Failure {
    pub fault: Fault,
    pub sources: SourceMap,
}

impl Project {
    pub fn load(
        request: &Request,
        env: &dyn BuildoutEnv,
        recipes: Rc<dyn Recipes>,
    ) -> Result<Self, Box<Failure>> {
        let tolerant = request.strictness == Strictness::Needed;
        let overrides = super::assign::section(&request.assignments, "buildout");
        let mut loader = Loader::new(env, tolerant, overrides);
        let merged = merged(request, &mut loader);
        let Loader { sources, names, warnings, unavailable, cached, .. } = loader;
        let (file, mut raw) = match merged {
            Ok(merged) => merged,
            Err(fault) => return Err(Box::new(Failure { fault, sources })),
        };
        let sources = Rc::new(sources);
        let fail = |fault| Box::new(Failure { fault, sources: (*sources).clone() });
        let names = |source| names.get(&source).map(String::as_str);
        let gaps = !unavailable.is_empty();
        finish::raw(&mut raw, env, &names, gaps).map_err(fail)?;
        let annotated = raw.clone();
        finish::directories(&mut raw);
        let installed = Rc::new(installed(request, env, &raw));
        let mut engine = Engine::new(
            raw,
            Rc::clone(&sources),
            recipes,
            Rc::clone(&installed),
            request.strictness,
            gaps,
        );
        finish::buildout(&mut engine, env).map_err(fail)?;
        let directory = engine.get("buildout", "directory", &mut Vec::new()).map_err(fail)?;
        Ok(Self {
            engine: RefCell::new(engine),
            sources,
            raw: annotated,
            installed,
            warnings,
            unavailable,
            cached,
            directory: directory.unwrap_or_default(),
            file,
        })
    }

    /// The source texts.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// `${buildout:directory}`
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// The absolute path of the main file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Warnings from reading the files.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Extended URLs that were not available.
    pub fn unavailable(&self) -> &[Unavailable] {
        &self.unavailable
    }

    /// The URLs whose texts are from the extends-cache.
    pub fn cached(&self) -> &[Cached] {
        &self.cached
    }

    /// What buildout installed here before, according to `.installed.cfg`.
    pub fn installed(&self) -> &Installed {
        &self.installed
    }

    /// The sorted names of all sections.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.raw.keys().map(String::as_str)
    }

    pub fn has_section(&self, section: &str) -> bool {
        self.raw.contains_key(section)
    }

    /// The merged sections before references are resolved, each value with its history.
    pub fn raw(&self) -> &Sections {
        &self.raw
    }

    /// The value of an option as printed by buildout's `query`: merged, without expansion of
    /// references or macros; the standard directories are absolute.
    pub fn written(&self, section: &str, option: &str) -> Option<String> {
        let engine = self.engine.borrow();
        Some(engine.raw.get(section)?.get(option)?.text.clone())
    }

    /// The resolved value of an option; `None` if it is not set.
    pub fn get(&self, section: &str, option: &str) -> Result<Option<String>, Fault> {
        let mut engine = self.engine.borrow_mut();
        let value =
            engine.section(section).and_then(|()| engine.get(section, option, &mut Vec::new()));
        value.map_err(|fault| self.with_url(fault))
    }

    /// All resolved options of a section, sorted by name.
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

    /// The option names of a section, including those that cannot be resolved.
    pub fn names(&self, section: &str) -> Result<Vec<String>, Fault> {
        let mut engine = self.engine.borrow_mut();
        engine.section(section).map_err(|fault| self.with_url(fault))?;
        Ok(engine.names(section).into_iter().collect())
    }

    /// The parts listed in `[buildout]`.
    pub fn parts(&self) -> Result<Vec<String>, Fault> {
        let parts = self.get("buildout", "parts")?;
        Ok(parts.iter().flat_map(|text| words(text)).map(str::to_owned).collect())
    }

    /// All parts that would be installed, in order: the listed parts and those that they reference.
    pub fn reached_parts(&self) -> Result<Vec<String>, Fault> {
        let Reached { parts, lost } = self.reached()?;
        lost.into_iter().next().map_or(Ok(parts), Err)
    }

    /// The same; parts may be missing if an unavailable URL could define them.
    pub fn reached(&self) -> Result<Reached, Fault> {
        let mut engine = self.engine.borrow_mut();
        engine.section("buildout")?;
        let parts = engine.get("buildout", "parts", &mut Vec::new())?;
        let Some(parts) = parts else {
            return Err(Fault::new(Kind::MissingOption, "Missing option: buildout:parts")
                .help("list the parts to build: `parts = ...` in [buildout]"));
        };
        let asked = engine.raw_value("buildout", "parts").cloned();
        let mut lost: Vec<Fault> =
            self.incomplete_fault("parts", asked.as_ref()).into_iter().collect();
        for part in words(&parts) {
            let span = asked.as_ref().and_then(|value| load::pinpoint(&self.sources, value, part));
            if let Err(fault) = reach(&mut engine, part, span) {
                let gap = self.gap(&fault).ok_or_else(|| fault.clone())?;
                lost.push(fault.help(url_help(gap)));
            }
        }
        Ok(Reached { parts: engine.parts().to_vec(), lost })
    }

    /// The unavailable URL that may define what is missing. Version lists define only versions.
    fn gap(&self, fault: &Fault) -> Option<&Unavailable> {
        let is_version = fault.section().is_some_and(|section| self.is_versions(section));
        let mut gaps = self.unavailable.iter().filter(|_| fault.is_missing());
        if is_version {
            return gaps.clone().find(|gap| gap.is_version_list()).or_else(|| gaps.next());
        }
        gaps.find(|gap| !gap.is_version_list())
    }

    /// Whether this is the section named by `versions` of `[buildout]`.
    fn is_versions(&self, section: &str) -> bool {
        let named = self.raw.get("buildout").and_then(|options| options.get("versions"));
        section == "versions" || named.is_some_and(|name| name.text.trim() == section)
    }

    fn with_url(&self, fault: Fault) -> Fault {
        match self.gap(&fault) {
            Some(gap) => fault.help(url_help(gap)),
            None => fault,
        }
    }

    /// The position of an option's value.
    pub fn span(&self, section: &str, option: &str) -> Option<Span> {
        self.engine.borrow().span(section, option)
    }

    /// The position of a text within an option's lines; else the lines.
    pub fn pinpoint(&self, section: &str, option: &str, text: &str) -> Option<Span> {
        let engine = self.engine.borrow();
        load::pinpoint(&self.sources, engine.raw_value(section, option)?, text)
    }

    /// The raw value of an option in a section that may use macros.
    pub fn value(&self, section: &str, option: &str) -> Option<Value> {
        self.engine.borrow().raw_value(section, option).cloned()
    }

    /// The raw options of a section with its macros expanded; nothing is resolved.
    pub fn expanded(&self, section: &str) -> Option<Section> {
        macros::expand(&self.raw, section).ok()
    }

    /// The positions where the text of an option was written: its own, or, if it consists of
    /// references, those of the referenced options.
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

    /// Whether no file sets the option: a recipe sets it.
    pub fn is_made(&self, section: &str, option: &str) -> bool {
        self.engine.borrow().is_made(section, option)
    }

    /// The sections that the recipes of initialized parts have added.
    pub fn added(&self) -> Vec<String> {
        self.engine.borrow().added().cloned().collect()
    }

    /// An error if a value may be incomplete: `+=` or `-=` had no lower value while an extended URL
    /// was unavailable.
    pub fn incomplete(&self, section: &str, option: &str) -> Option<Fault> {
        self.incomplete_fault(option, self.value(section, option).as_ref())
    }

    fn incomplete_fault(&self, option: &str, value: Option<&Value>) -> Option<Fault> {
        let value = value.filter(|value| value.is_incomplete())?;
        let gap = self.unavailable.iter().find(|gap| !gap.is_version_list())?;
        let message = format!("`{option}` changes a value that `{}` may have", gap.url);
        Some(Fault::new(Kind::Extends, message).at(value.span()).help(&gap.help))
    }
}

/// The main file merged with all layers.
fn merged(request: &Request, loader: &mut Loader<'_>) -> Result<(String, Sections), Fault> {
    let cwd = loader.env.directory();
    let file = paths::absolute(&cwd, &request.file);
    if !loader.env.exists(&file) {
        return Err(Fault::new(Kind::Extends, format!("Couldn't open {file}"))
            .help("name the file with -c, or run in the directory of buildout.cfg"));
    }
    let directory = paths::dirname(&file).to_owned();
    let mut data = Sections::new();
    data.insert("buildout".into(), defaults::section(&loader.env.executable(), &directory));

    let mut user = Sections::new();
    let mut download = data.clone();
    if request.user_defaults {
        let home = loader.env.buildout_home();
        let home = home.unwrap_or_else(|| paths::join(&loader.env.home(), ".buildout"));
        let path = paths::join(&home, "default.cfg");
        if loader.env.exists(&path) {
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

/// The installation record, if its path can be determined from the raw options.
fn installed(request: &Request, env: &dyn BuildoutEnv, raw: &Sections) -> Installed {
    let text = |name: &str| raw.get("buildout")?.get(name).map(|value| value.text.clone());
    let path = text("directory").zip(text("installed")).filter(|(_, name)| !name.is_empty());
    match path.filter(|_| request.installed) {
        Some((directory, name)) => env
            .read(&paths::join(&directory, &name))
            .map_or_else(|_| Installed::default(), |text| Installed::read(&text)),
        None => Installed::default(),
    }
}

fn url_help(gap: &Unavailable) -> String {
    format!("`{}` may define it, but is not available; {}", gap.url, gap.help)
}

/// Initializes a part.
fn reach(engine: &mut Engine, part: &str, span: Option<Span>) -> Result<(), Fault> {
    engine.section(part).map_err(|fault| fault.while_doing("Installing.", span))?;
    let has_recipe = engine.get(part, "recipe", &mut Vec::new())?.is_some();
    if has_recipe || engine.parts().iter().any(|known| known == part) {
        return Ok(());
    }
    let message = format!("Missing option: {part}:recipe");
    Err(Fault::new(Kind::MissingOption, message)
        .at(span)
        .help(format!("set `recipe` in [{part}], or take `{part}` out of the parts")))
}
