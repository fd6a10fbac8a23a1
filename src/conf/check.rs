//! Lints: problems of a configuration that Supervisor does not report, such as unknown options,
//! unused sections and missing programs. Every lint is a function from an examined configuration to
//! diagnostics; no lint may report a configuration that works as intended.

mod commands;
mod environment;
mod groups;
mod layout;
mod logs;
mod names;
mod secrets;
mod servers;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::config::Process;
use super::host::Host;
use super::read::{Draft, Examined};
use crate::diag::{Diagnostic, Severity, SourceMap, Span};
use crate::ini::python::{Document, Entry, Section};

/// The input of the lints.
struct LintInput<'a> {
    document: &'a Document,
    sources: &'a SourceMap,
    /// The configuration as far as it could be read.
    draft: &'a Draft,
    examined: &'a Examined,
    host: &'a dyn Host,
}

type Lint = fn(&LintInput<'_>) -> Vec<Diagnostic>;

const LINTS: &[Lint] = &[
    names::sections,
    names::options,
    layout::repeated,
    layout::swallowed,
    layout::includes,
    servers::servers,
    servers::rpc,
    secrets::passwords,
    groups::groups,
    commands::commands,
    commands::directories,
    environment::environments,
    logs::shared,
    logs::pointless,
];

/// All problems of a configuration: errors, then warnings by position.
pub fn check(examined: &Examined, host: &dyn Host) -> Vec<Diagnostic> {
    let loaded = &examined.loaded;
    let (document, sources) = (&loaded.document, &loaded.sources);
    let draft = &examined.draft;
    let subject = LintInput { document, sources, draft, examined, host };
    let faults = examined.faults.iter().map(|fault| (*fault.diagnostic).clone());
    let mut problems: Vec<Diagnostic> =
        faults.chain(LINTS.iter().flat_map(|lint| lint(&subject))).collect();
    problems.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
    problems.dedup();
    problems
}

/// The exit status for a list of problems: 0, 1 for warnings, 2 for errors.
pub fn exit_code(problems: &[Diagnostic]) -> u8 {
    match problems.iter().map(|problem| problem.severity).max() {
        None => 0,
        Some(Severity::Warning) => 1,
        Some(Severity::Error) => 2,
    }
}

impl<'a> LintInput<'a> {
    fn sections(&self) -> impl Iterator<Item = &'a Section> + use<'a> {
        self.document.sections().iter()
    }

    fn entry(&self, section: &str, option: &str) -> Option<&'a Entry> {
        self.document.entry(section, option)
    }

    /// The position of an option's value, or of the section header.
    fn place(&self, section: &str, option: &str) -> Option<Span> {
        let value = self.entry(section, option).map(Entry::value_span);
        value.or_else(|| self.document.section(section).and_then(Section::header))
    }

    /// The first process of every section that has any; numbered processes share their problems.
    fn programs(&self) -> Vec<&'a Process> {
        let mut seen = BTreeSet::new();
        let all = self.draft.groups.iter().flat_map(|group| &group.processes);
        all.filter(|process| seen.insert(&process.program)).collect()
    }
}

/// A warning, with a position if there is one.
fn warning(code: &'static str, message: String, span: Option<Span>) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(code, message);
    diagnostic.span = span;
    diagnostic
}
