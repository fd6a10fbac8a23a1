//! The input of the lints, and what they share.

use std::collections::BTreeSet;

use crate::conf::config::{Group, Process};
use crate::conf::host::Host;
use crate::conf::read::{Draft, Examined};
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::ini::python::{Document, Entry, Section};

/// The input of the lints.
pub(super) struct LintInput<'a> {
    pub(super) document: &'a Document,
    pub(super) sources: &'a SourceMap,
    /// The configuration as far as it could be read.
    pub(super) draft: &'a Draft,
    pub(super) examined: &'a Examined,
    pub(super) host: &'a dyn Host,
}

impl<'a> LintInput<'a> {
    pub(super) fn sections(&self) -> impl Iterator<Item = &'a Section> + use<'a> {
        self.document.sections().iter()
    }

    pub(super) fn entry(&self, section: &str, option: &str) -> Option<&'a Entry> {
        self.document.entry(section, option)
    }

    /// The position of an option's value, or of the section header.
    pub(super) fn place(&self, section: &str, option: &str) -> Option<Span> {
        self.examined.place(section, option)
    }

    /// Whether an error was found in this text.
    pub(super) fn has_fault_in(&self, text: Span) -> bool {
        self.faults_in(text).next().is_some()
    }

    /// The codes of the errors that were found in this text.
    pub(super) fn faults_in(&self, text: Span) -> impl Iterator<Item = &'static str> + use<'a> {
        let is_inside = move |span: Span| {
            span.source == text.source && (text.start..=text.end).contains(&span.start)
        };
        let faults = self.examined.faults.iter().map(|fault| &fault.diagnostic);
        faults.filter(move |it| it.span.is_some_and(is_inside)).map(|it| it.code)
    }

    /// The first process of every section that has any; numbered processes share their problems.
    pub(super) fn programs(&self) -> Vec<&'a Process> {
        let mut seen = BTreeSet::new();
        let all = self.draft.groups.iter().flat_map(Group::members);
        all.filter(|process| seen.insert(&process.program)).collect()
    }
}

/// A warning, with a position if there is one.
pub(super) fn warning(code: &'static str, message: String, span: Option<Span>) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(code, message);
    diagnostic.span = span;
    diagnostic
}
