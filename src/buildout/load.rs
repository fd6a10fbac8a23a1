//! Reads files into raw sections: a file, the files that it extends, and the user's defaults. The
//! layers are merged; references are not resolved.

use std::collections::BTreeMap;

use super::buildout_env::{BuildoutEnv, ReadFault};
use super::cache::{self, Download, Local, Refusal};
use super::condition::Conditions;
use super::fault::{Fault, Kind};
use super::layers::{self, EmptyKey};
use super::paths;
use super::value::{Origin, Section, Sections, Value, ValueChange};
use crate::diag::{Diagnostic, SourceId, SourceMap, Span};
use crate::ini::buildout as ini;
use crate::ini::text::{repr, words};

/// The maximum number of files, against exponential `extends`.
const MOST_FILES: usize = 5000;
const DEEPEST: usize = 100;

/// A URL that was not available; its layers are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    pub url: String,
    pub span: Option<Span>,
    /// The command that makes it available.
    pub help: String,
    /// The file of the extends-cache that would have its text.
    pub file: String,
}

/// A URL whose text was read from the extends-cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    pub url: String,
    pub span: Option<Span>,
    pub file: String,
}

impl Unavailable {
    /// Whether its name indicates a version list, which other sections do not depend on.
    pub(super) fn is_version_list(&self) -> bool {
        let name = paths::basename(&self.url).to_lowercase();
        name.contains("version") || name.contains("constraint")
    }
}

pub(super) struct Loader<'w> {
    pub(super) env: &'w dyn BuildoutEnv,
    pub(super) sources: SourceMap,
    /// The full names of the sources; the source map has the display names.
    pub(super) names: BTreeMap<SourceId, String>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) unavailable: Vec<Unavailable>,
    pub(super) cached: Vec<Cached>,
    /// An unavailable URL is recorded instead of being an error.
    tolerant: bool,
    /// `[buildout]` of the command line.
    overrides: Section,
    conditions: Conditions<'w>,
    opened: usize,
}

/// The base for the next file, and the file that extends it.
struct Place<'a> {
    base: &'a str,
    seen: &'a mut Vec<String>,
    download: &'a Section,
    /// The user's defaults, until the first file without `extends` has used them.
    defaults: &'a mut Sections,
    asked: Option<Span>,
}

impl Place<'_> {
    /// The base for files that this file extends.
    fn below<'b>(
        &'b mut self,
        opened: &'b Opened,
        download: &'b Section,
        asked: Option<Span>,
    ) -> Place<'b> {
        Place { base: &opened.base, seen: self.seen, download, defaults: self.defaults, asked }
    }
}

/// An open file: its name, its text and the base of its `extends`.
struct Opened {
    name: String,
    text: String,
    base: String,
}

impl<'w> Loader<'w> {
    pub(super) fn new(env: &'w dyn BuildoutEnv, tolerant: bool, overrides: Section) -> Self {
        Self {
            env,
            sources: SourceMap::default(),
            names: BTreeMap::new(),
            warnings: Vec::new(),
            unavailable: Vec::new(),
            cached: Vec::new(),
            tolerant,
            overrides,
            conditions: Conditions::new(env),
            opened: 0,
        }
    }

    /// A file merged with everything that it extends.
    pub(super) fn open(
        &mut self,
        base: &str,
        name: &str,
        download: &Section,
        mut defaults: Sections,
    ) -> Result<Sections, Fault> {
        let mut seen = Vec::new();
        let mut place =
            Place { base, seen: &mut seen, download, defaults: &mut defaults, asked: None };
        let mut merged = Sections::new();
        for layer in self.layers(name, &mut place)? {
            layers::update(&mut merged, layer)?;
        }
        Ok(merged)
    }

    /// The layers of a file, lowest first.
    fn layers(&mut self, name: &str, place: &mut Place<'_>) -> Result<Vec<Sections>, Fault> {
        self.count(place)?;
        let overrides = self.overrides.clone();
        let download = layers::update_section("buildout", place.download.clone(), overrides)?;
        let facts = Download::read(&download)?;
        let Some(opened) = self.find(name, place, &facts)? else { return Ok(Vec::new()) };
        if place.seen.contains(&opened.name) {
            return Err(recursion(place.seen, &opened.name).at(place.asked));
        }
        let root = place.seen.is_empty();
        place.seen.push(opened.name.clone());
        let mut sections = self.parse(&opened)?;
        let extends = take(&mut sections, "extends").filter(|value| !value.text.is_empty());
        no_longer_extended_by(&sections, &opened.name)?;
        let download = download_below(download, root, &sections)?;
        let optional = take(&mut sections, "optional-extends");

        let mut layers = Vec::new();
        if let Some(extends) = extends {
            for name in words(&extends.text) {
                let asked = pinpoint(&self.sources, &extends, name);
                layers.extend(self.extended(name, &mut place.below(&opened, &download, asked))?);
            }
        } else if !place.defaults.is_empty() {
            // zc.buildout does not remove the option here.
            if let (Some(value), Some(buildout)) = (&optional, sections.get_mut("buildout")) {
                buildout.insert("optional-extends".into(), value.clone());
            }
            let mut user = std::mem::take(place.defaults);
            layers::update(&mut user, sections)?;
            sections = user;
        }
        if let Some(optional) = optional {
            layers.extend(self.optional(&optional, &opened, &download, place)?);
        }
        layers.push(sections);
        place.seen.pop();
        Ok(layers)
    }

    fn extended(&mut self, name: &str, place: &mut Place<'_>) -> Result<Vec<Sections>, Fault> {
        let asked = place.asked;
        let layers = self.layers(name, place);
        layers.map_err(|fault| fault.while_doing(format!("Extending {name}."), asked))
    }

    /// Optional files, relative to the working directory, as in zc.buildout.
    fn optional(
        &mut self,
        names: &Value,
        opened: &Opened,
        download: &Section,
        place: &mut Place<'_>,
    ) -> Result<Vec<Sections>, Fault> {
        let mut layers = Vec::new();
        for name in words(&names.text) {
            let asked = pinpoint(&self.sources, names, name);
            if self.env.exists(name) {
                layers.extend(self.extended(name, &mut place.below(opened, download, asked))?);
            } else {
                let message = format!("optional-extends file not found: {name}");
                let mut warning = Diagnostic::warning("optional-extends", message);
                warning.span = asked;
                self.warnings.push(warning);
            }
        }
        Ok(layers)
    }

    fn count(&mut self, place: &Place<'_>) -> Result<(), Fault> {
        self.opened += 1;
        if self.opened > MOST_FILES || place.seen.len() > DEEPEST {
            let message = format!("more than {MOST_FILES} files, or {DEEPEST} levels of `extends`");
            return Err(Fault::new(Kind::Limit, message).at(place.asked));
        }
        Ok(())
    }

    fn find(
        &mut self,
        name: &str,
        place: &Place<'_>,
        facts: &Download,
    ) -> Result<Option<Opened>, Fault> {
        let url = if paths::is_url(name) {
            name.to_owned()
        } else if paths::is_url(place.base) && !name.starts_with('/') {
            format!("{}/{name}", place.base)
        } else {
            let base = if paths::is_url(place.base) { "" } else { place.base };
            let path = paths::join(base, name);
            let text = self.read(&path).map_err(|fault| fault.at(place.asked))?;
            let base = paths::dirname(&path).to_owned();
            return Ok(Some(Opened { name: path, text, base }));
        };
        let base = url[..url.rfind('/').unwrap_or(0)].to_owned();
        match cache::find(self.env, facts, &url) {
            Ok(found) => {
                let path = match found {
                    Local::File(path) => path,
                    Local::Cached(file) => {
                        self.note_cached(Cached {
                            url: url.clone(),
                            span: place.asked,
                            file: file.clone(),
                        });
                        file
                    }
                };
                let text = self.read(&path).map_err(|fault| fault.at(place.asked))?;
                Ok(Some(Opened { name: url, text, base }))
            }
            Err(refusal) if self.tolerant => {
                let Refusal { help, file, .. } = refusal;
                let gap = Unavailable { url, span: place.asked, help, file };
                if !self.unavailable.iter().any(|known| known.url == gap.url) {
                    self.unavailable.push(gap);
                }
                Ok(None)
            }
            Err(refusal) => {
                Err(Fault::new(Kind::Extends, refusal.message).help(refusal.help).at(place.asked))
            }
        }
    }

    fn note_cached(&mut self, cached: Cached) {
        if !self.cached.iter().any(|known| known.url == cached.url) {
            self.cached.push(cached);
        }
    }

    fn read(&self, path: &str) -> Result<String, Fault> {
        match self.env.read(path) {
            Ok(text) if text.contains('\r') => Ok(text.replace("\r\n", "\n").replace('\r', "\n")),
            Ok(text) => Ok(text),
            Err(fault) => Err(unreadable(path, fault)),
        }
    }

    fn parse(&mut self, opened: &Opened) -> Result<Sections, Fault> {
        let shown = self.shown(&opened.name);
        let source = self.sources.add(shown, opened.text.clone());
        self.names.insert(source, opened.name.clone());
        let conditions = &self.conditions;
        let parsed = ini::parse(source, &opened.text, &mut |text| conditions.hold(text));
        let sections = parsed.map_err(|fault| syntax(&fault, &opened.name))?;
        Ok(sections.into_iter().map(|(name, section)| (name, values(source, section))).collect())
    }

    /// The display name: relative if the file is below the working directory.
    fn shown(&self, name: &str) -> String {
        let cwd = self.env.directory();
        match name.strip_prefix(&cwd).and_then(|rest| rest.strip_prefix('/')) {
            Some(rest) if !rest.is_empty() => rest.to_owned(),
            _ => name.to_owned(),
        }
    }
}

/// Only the options of the main file control downloads of extended files.
fn download_below(above: Section, root: bool, sections: &Sections) -> Result<Section, Fault> {
    match sections.get("buildout").filter(|_| root) {
        Some(own) => Ok(layers::update_section("buildout", above, own.clone())?),
        None => Ok(above),
    }
}

/// The position of a text in the lines of a value; else the lines.
pub(super) fn pinpoint(sources: &SourceMap, value: &Value, text: &str) -> Option<Span> {
    let spans =
        value.history().iter().rev().flat_map(|ValueChange { origin, .. }| origin.spans().iter());
    let exact = spans.into_iter().find_map(|span| {
        let lines = sources.text(span.source).get(span.start..span.end)?;
        let after = lines.find('=').map_or(0, |at| at + 1);
        let at = span.start + after + lines[after..].find(text)?;
        Some(Span::new(span.source, at, at + text.len()))
    });
    exact.or_else(|| value.span())
}

fn values(source: SourceId, section: ini::Section) -> Section {
    let value =
        |entry: ini::Entry| Value::new(entry.value, Origin::File(source, entry.spans.into()));
    section.options.into_iter().map(|(key, entry)| (key, value(entry))).collect()
}

fn take(sections: &mut Sections, option: &str) -> Option<Value> {
    sections.get_mut("buildout")?.remove(option)
}

fn no_longer_extended_by(sections: &Sections, file: &str) -> Result<(), Fault> {
    match sections.get("buildout").and_then(|buildout| buildout.get("extended-by")) {
        Some(value) => {
            let message = format!("No-longer supported \"extended-by\" option found in {file}.");
            Err(Fault::new(Kind::Extends, message).at(value.span()))
        }
        None => Ok(()),
    }
}

impl From<EmptyKey> for Fault {
    fn from(empty: EmptyKey) -> Self {
        let message = format!(
            "string index out of range: an operator of [{}] has no blank before it",
            empty.section
        );
        Self::new(Kind::Internal, message)
            .at(empty.value.span())
            .help("write `option += value`, with a blank before the operator")
    }
}

fn recursion(seen: &[String], name: &str) -> Fault {
    let list: Vec<String> = seen.iter().map(|name| repr(name)).collect();
    let message = format!("Recursive file include [{}] {name}", list.join(", "));
    Fault::new(Kind::Extends, message)
}

fn unreadable(path: &str, fault: ReadFault) -> Fault {
    let why = match fault {
        ReadFault::Missing => format!("No such file or directory: {}", repr(path)),
        ReadFault::Directory => format!("Is a directory: {}", repr(path)),
        ReadFault::Encoding(at) => format!("`{path}` is not UTF-8: byte {at} cannot be decoded"),
        ReadFault::Other(words) => format!("`{path}`: {words}"),
    };
    Fault::new(Kind::Extends, why)
}

fn syntax(fault: &ini::Fault, name: &str) -> Fault {
    let message = fault.message(name);
    let spans = fault.spans();
    let (kind, help) = match fault {
        ini::Fault::NoHeader(line) if line.text.starts_with('\u{feff}') => {
            (Kind::Syntax, "the file begins with a byte order mark; save it as UTF-8 without one")
        }
        ini::Fault::NoHeader(_) => {
            (Kind::Syntax, "begin the file with a header such as [buildout]")
        }
        ini::Fault::BadLines(_) => (
            Kind::Syntax,
            "an option is written `name = value`; further lines of a value are indented",
        ),
        ini::Fault::Condition { .. } => (
            Kind::Condition,
            "a condition is a name such as linux, macosx or python3, joined by not, and, or and \
             parentheses, or a marker such as python_version >= '3.8'",
        ),
    };
    let fault = Fault::new(kind, message).help(help);
    spans.into_iter().fold(fault, |fault, span| fault.at(Some(span)))
}
