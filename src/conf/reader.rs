//! Reads typed options out of a document and collects what is wrong with them. Knows kinds and
//! expansions; which options there are is `sections`' business.

use super::expand;
use super::fault::Fault;
use super::kinds::Kind;
use super::load::Loaded;
use super::python::names::{Layers, Names};
use super::python::repr;
use super::sections::Opt;
use super::surroundings::Surroundings;
use crate::diag::{Diagnostic, Span};
use crate::ini::python::{Entry, Section};

/// A fault was noted; there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Noted;

pub(super) type Read<T> = Result<T, Noted>;

/// A document being read.
pub(super) struct Reader<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) world: &'a dyn Surroundings,
    /// `ENV_` names, those of `[supervisord] environment` included once they are known.
    pub(super) environ: Names,
    faults: Vec<Fault>,
}

/// Where an option is read and what it may expand.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) section: &'s str,
    /// Names besides `ENV_`.
    pub(super) names: &'s Names,
    /// Supervisor adds the section and its file to what it says of a program.
    pub(super) program: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(loaded: &'a Loaded, environ: Names, world: &'a dyn Surroundings) -> Self {
        Self { loaded, world, environ, faults: Vec::new() }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    pub(super) fn section(&self, name: &str) -> Option<&'a Section> {
        self.loaded.document.section(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.section(name).is_some()
    }

    pub(super) fn entry(&self, section: &str, name: &str) -> Option<&'a Entry> {
        self.loaded.document.entry(section, name)
    }

    /// An option that has a default. The default also stands in for a value that is at fault, so
    /// that what else is wrong can be told.
    pub(super) fn get<K: Kind>(&mut self, scope: Scope<'_>, option: &Opt<K>) -> Read<K::Value> {
        self.exactly(scope, option).or_else(|noted| {
            let default = option.default.and_then(|text| K::parse(text, self.world).ok());
            default.ok_or(noted)
        })
    }

    /// An option that has a default, without anything to stand in for a fault.
    pub(super) fn exactly<K: Kind>(&mut self, scope: Scope<'_>, option: &Opt<K>) -> Read<K::Value> {
        self.maybe(scope, option)?.ok_or(Noted)
    }

    /// An option that may be absent, and counts as absent if it is at fault.
    pub(super) fn if_any<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        option: &Opt<K>,
    ) -> Option<K::Value> {
        self.maybe(scope, option).ok().flatten()
    }

    /// An option that may be absent.
    pub(super) fn maybe<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        option: &Opt<K>,
    ) -> Read<Option<K::Value>> {
        match self.text(scope, option)? {
            Some(text) => self.parse(scope, &text, option).map(Some),
            None => Ok(None),
        }
    }

    /// The expanded text of an option, or that of its default.
    pub(super) fn text<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        option: &Opt<K>,
    ) -> Read<Option<String>> {
        let Some(raw) = self.raw(scope.section, option) else { return Ok(None) };
        let title = format!("{}.{}", scope.section, option.name);
        let layers = Layers { below: &self.environ, above: scope.names };
        let entry = self.entry(scope.section, option.name);
        expand::expand(raw, layers, &title, entry)
            .map(Some)
            .map_err(|fault| self.note(scope, fault))
    }

    /// The text of an option as it was written, or its default.
    pub(super) fn raw<K: Kind>(&self, section: &str, option: &Opt<K>) -> Option<&'a str> {
        self.entry(section, option.name).map(|e| e.value.as_str()).or(option.default)
    }

    /// Expands a text with these names alone, as Supervisor does where it expands twice.
    pub(super) fn expand_again<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        text: &str,
        option: &Opt<K>,
    ) -> Read<String> {
        let none = Names::default();
        let layers = Layers { below: &none, above: scope.names };
        let entry = self.entry(scope.section, option.name);
        expand::expand(text, layers, option.name, entry).map_err(|fault| self.note(scope, fault))
    }

    /// A text as a value of this kind.
    pub(super) fn parse<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        text: &str,
        option: &Opt<K>,
    ) -> Read<K::Value> {
        K::parse(text, self.world).map_err(|said| {
            let entry = self.entry(scope.section, option.name);
            self.note(scope, Self::misfit::<K>(said, option.name, entry))
        })
    }

    /// Expands every other option of a section, for the faults alone.
    pub(super) fn expand_extras(&mut self, scope: Scope<'_>, known: &str) {
        let Some(section) = self.section(scope.section) else { return };
        for entry in self.loaded.document.entries(section).filter(|e| e.key != known) {
            let title = format!("{}.{}", scope.section, entry.key);
            let layers = Layers { below: &self.environ, above: scope.names };
            if let Err(fault) = expand::expand(&entry.value, layers, &title, Some(entry)) {
                self.note(scope, fault);
            }
        }
    }

    fn misfit<K: Kind>(said: String, option: &str, entry: Option<&Entry>) -> Fault {
        let mut diagnostic = Diagnostic::error("bad-value", format!("bad value for `{option}`"))
            .label(first_line(&said))
            .help(K::HINT);
        diagnostic.span = entry.map(Entry::value_span);
        Fault::new(said, diagnostic)
    }

    /// Rewords the last fault, where Supervisor wraps what it says.
    pub(super) fn reword(&mut self, text: String) -> Noted {
        if let Some(fault) = self.faults.last_mut() {
            fault.diagnostic.label = Some(first_line(&text));
            fault.text = text;
        }
        Noted
    }

    /// Notes a fault of an option, or of the section if it is not written.
    pub(super) fn refuse(
        &mut self,
        scope: Scope<'_>,
        option: &str,
        said: impl Into<String>,
        help: &str,
    ) -> Noted {
        let said = said.into();
        let mut diagnostic = Diagnostic::error("bad-section", first_line(&said)).help(help);
        diagnostic.span = self.place(scope.section, option);
        self.note(scope, Fault::new(said, diagnostic))
    }

    fn place(&self, section: &str, option: &str) -> Option<Span> {
        let entry = self.entry(section, option).map(Entry::value_span);
        entry.or_else(|| self.section(section).and_then(Section::header))
    }

    /// The same fault is noted once, however many processes have it.
    fn note(&mut self, scope: Scope<'_>, mut fault: Fault) -> Noted {
        if fault.diagnostic.span.is_none() {
            fault.diagnostic.span = self.section(scope.section).and_then(Section::header);
        }
        let known = |old: &Fault| {
            old.diagnostic.span == fault.diagnostic.span
                && old.diagnostic.message == fault.diagnostic.message
        };
        if self.faults.iter().any(known) {
            return Noted;
        }
        if scope.program {
            let file = self.file_of(scope.section);
            fault.text =
                format!("{} in section {} (file: {})", fault.text, repr(scope.section), repr(file));
        }
        self.faults.push(fault);
        Noted
    }

    /// The file in which a section first appeared.
    fn file_of(&self, section: &str) -> &'a str {
        let header = self.section(section).and_then(Section::header);
        header.map_or(&self.loaded.file, |span| self.loaded.sources.name(span.source))
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
