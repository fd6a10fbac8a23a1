//! Reads typed options from a document and collects errors. The options themselves are defined in
//! `sections`.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::config::{Environment, Process};
use super::expand;
use super::fault::Fault;
use super::host::Host;
use super::kinds::Kind;
use super::load::Loaded;
use super::python::names::{Layers, Names};
use super::python::repr;
use super::secrets::masked;
use super::section::Opt;
use crate::diag::{Diagnostic, Span};
use crate::ini::python::{Entry, Section};

/// An error was reported; there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reported;

pub(super) type Read<T> = Result<T, Reported>;

/// A document being read.
pub(super) struct OptionReader<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) host: &'a dyn Host,
    /// `ENV_` names, including those of `[supervisord] environment` once they are known.
    pub(super) environ: Rc<Names>,
    /// The environment of all children: that of `[supervisord]`, once it is known.
    pub(super) environment: Environment,
    /// Whether users that this process cannot switch to are ignored.
    pub(super) ignores_users: bool,
    /// Messages for the activity log.
    pub(super) warnings: Vec<String>,
    faults: Vec<Fault>,
    /// The section that was found last: its options are read one after the other.
    found: Cell<Option<&'a Section>>,
    /// A process with the default of each option.
    defaults: OnceCell<Process>,
}

/// The section of an option and the names that it may expand.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) section: &'s str,
    /// Names other than `ENV_`.
    pub(super) names: &'s Names,
    /// Supervisor adds section and file to the messages about a program.
    pub(super) program: bool,
}

impl<'a> OptionReader<'a> {
    pub(super) fn new(loaded: &'a Loaded, environ: Rc<Names>, host: &'a dyn Host) -> Self {
        Self {
            loaded,
            host,
            environ,
            environment: Environment::new(),
            ignores_users: false,
            warnings: Vec::new(),
            faults: Vec::new(),
            found: Cell::new(None),
            defaults: OnceCell::new(),
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// The name that most options may expand: the directory of the file.
    pub(super) fn here(&self) -> Names {
        let mut names = Names::default();
        names.text("here", self.loaded.here.as_str());
        names
    }

    pub(super) fn section(&self, name: &str) -> Option<&'a Section> {
        let last = self.found.get().filter(|section| section.name == name);
        last.or_else(|| {
            self.found.set(self.loaded.document.section(name));
            self.found.get()
        })
    }

    /// A process of this section with the default of each option.
    pub(super) fn process_of(&self, section: &str) -> Process {
        let defaults = self.defaults.get_or_init(|| Process::with_defaults(self.host));
        Process { program: section.to_owned(), ..defaults.clone() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.section(name).is_some()
    }

    pub(super) fn entry(&self, section: &str, name: &str) -> Option<&'a Entry> {
        let found = self.section(section)?;
        found.entry(name).or_else(|| self.loaded.document.defaults().entry(name))
    }

    /// An option with a default. The default also replaces an invalid value, so that further errors
    /// are found.
    pub(super) fn get<K: Kind>(&mut self, scope: Scope<'_>, option: &Opt<K>) -> Read<K::Value> {
        self.exactly(scope, option).or_else(|noted| {
            let default = option.default.and_then(|text| K::parse(text, self.host).ok());
            default.ok_or(noted)
        })
    }

    /// An option with a default, without a replacement for an invalid value.
    pub(super) fn exactly<K: Kind>(&mut self, scope: Scope<'_>, option: &Opt<K>) -> Read<K::Value> {
        self.maybe(scope, option)?.ok_or(Reported)
    }

    /// An optional option, which counts as absent if it is invalid.
    pub(super) fn if_any<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        option: &Opt<K>,
    ) -> Option<K::Value> {
        self.maybe(scope, option).ok().flatten()
    }

    /// An optional option.
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

    /// The expanded text of an option or of its default.
    pub(super) fn text<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        option: &Opt<K>,
    ) -> Read<Option<String>> {
        let Some(raw) = self.raw(scope.section, option) else { return Ok(None) };
        let layers = Layers { below: &self.environ, above: scope.names };
        let entry = self.entry(scope.section, option.name);
        expand::expand(raw, layers, format_args!("{}.{}", scope.section, option.name), entry)
            .map(Some)
            .map_err(|fault| self.note(scope, fault))
    }

    /// The unexpanded text of an option, or its default.
    pub(super) fn raw<K: Kind>(&self, section: &str, option: &Opt<K>) -> Option<&'a str> {
        self.entry(section, option.name).map(|e| e.value.as_str()).or(option.default)
    }

    /// Expands a text with these names only, where Supervisor expands twice.
    pub(super) fn expand_again<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        text: &str,
        option: &Opt<K>,
    ) -> Read<String> {
        let none = Names::default();
        let layers = Layers { below: &none, above: scope.names };
        let entry = self.entry(scope.section, option.name);
        expand::expand(text, layers, format_args!("{}", option.name), entry)
            .map_err(|fault| self.note(scope, fault))
    }

    /// Parses a text as a value of this kind.
    pub(super) fn parse<K: Kind>(
        &mut self,
        scope: Scope<'_>,
        text: &str,
        option: &Opt<K>,
    ) -> Read<K::Value> {
        K::parse(text, self.host).map_err(|message| {
            let message = message.replace(text, &masked(text));
            let entry = self.entry(scope.section, option.name);
            self.note(scope, Self::invalid_value::<K>(message, option.name, entry))
        })
    }

    /// Expands all other options of a section, to find errors.
    pub(super) fn expand_extras(&mut self, scope: Scope<'_>, known: &str) {
        let Some(section) = self.section(scope.section) else { return };
        for entry in self.loaded.document.entries(section).filter(|e| e.key != known) {
            let layers = Layers { below: &self.environ, above: scope.names };
            let (section, key) = (scope.section, &entry.key);
            let expanded =
                expand::expand(&entry.value, layers, format_args!("{section}.{key}"), Some(entry));
            if let Err(fault) = expanded {
                self.note(scope, fault);
            }
        }
    }

    fn invalid_value<K: Kind>(message: String, option: &str, entry: Option<&Entry>) -> Fault {
        let mut diagnostic = Diagnostic::error("bad-value", format!("bad value for `{option}`"))
            .label(first_line(&message))
            .help(K::HINT);
        diagnostic.span = entry.map(Entry::value_span);
        Fault::new(message, diagnostic)
    }

    /// Replaces the message of the last error, where Supervisor wraps it.
    pub(super) fn reword(&mut self, text: String) -> Reported {
        if let Some(fault) = self.faults.last_mut() {
            fault.diagnostic.label = Some(first_line(&text));
            fault.text = text;
        }
        Reported
    }

    /// Reports an error of an option, or of the section if the option is not set.
    pub(super) fn refuse(
        &mut self,
        scope: Scope<'_>,
        option: &str,
        message: impl Into<String>,
        help: &str,
    ) -> Reported {
        let message = message.into();
        let mut diagnostic = Diagnostic::error("bad-section", first_line(&message)).help(help);
        diagnostic.span = self.place(scope.section, option);
        self.note(scope, Fault::new(message, diagnostic))
    }

    fn place(&self, section: &str, option: &str) -> Option<Span> {
        let entry = self.entry(section, option).map(Entry::value_span);
        entry.or_else(|| self.section(section).and_then(Section::header))
    }

    /// An error is reported once, even if it affects several processes.
    fn note(&mut self, scope: Scope<'_>, mut fault: Fault) -> Reported {
        if fault.diagnostic.span.is_none() {
            fault.diagnostic.span = self.section(scope.section).and_then(Section::header);
        }
        let known = |old: &Fault| {
            old.diagnostic.span == fault.diagnostic.span
                && old.diagnostic.message == fault.diagnostic.message
        };
        if self.faults.iter().any(known) {
            return Reported;
        }
        if scope.program {
            let file = self.file_of(scope.section);
            fault.text =
                format!("{} in section {} (file: {})", fault.text, repr(scope.section), repr(file));
        }
        self.faults.push(fault);
        Reported
    }

    /// The file in which a section first appears.
    fn file_of(&self, section: &str) -> &'a str {
        let header = self.section(section).and_then(Section::header);
        header.map_or(&self.loaded.file, |span| self.loaded.sources.name(span.source))
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
