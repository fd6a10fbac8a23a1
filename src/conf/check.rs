//! What Supervisor would start with and never tell: options that nobody reads, sections that do
//! nothing, programs that are not there. Every lint is a function from an examined configuration
//! to diagnostics; none may speak up about a configuration that works as its author meant.

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
use super::read::{Draft, Examined};
use super::surroundings::Surroundings;
use crate::diag::{Diagnostic, Severity, SourceMap, Span};
use crate::ini::python::{Document, Entry, Section};

/// What is known while lints run.
struct Subject<'a> {
    document: &'a Document,
    sources: &'a SourceMap,
    /// What the configuration means, as far as its faults let it mean anything.
    draft: &'a Draft,
    examined: &'a Examined,
    world: &'a dyn Surroundings,
}

type Lint = fn(&Subject<'_>) -> Vec<Diagnostic>;

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

/// Every problem of a configuration: the faults that it is refused for, then by place what would
/// only be warned of.
pub fn check(examined: &Examined, world: &dyn Surroundings) -> Vec<Diagnostic> {
    let loaded = &examined.loaded;
    let (document, sources) = (&loaded.document, &loaded.sources);
    let draft = &examined.draft;
    let subject = Subject { document, sources, draft, examined, world };
    let faults = examined.faults.iter().map(|fault| (*fault.diagnostic).clone());
    let mut problems: Vec<Diagnostic> =
        faults.chain(LINTS.iter().flat_map(|lint| lint(&subject))).collect();
    problems.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
    problems.dedup();
    problems
}

/// The exit code that a list of problems deserves: 0, 1 for warnings, 2 if Supervisor refuses.
pub fn exit_code(problems: &[Diagnostic]) -> u8 {
    match problems.iter().map(|problem| problem.severity).max() {
        None => 0,
        Some(Severity::Warning) => 1,
        Some(Severity::Error) => 2,
    }
}

impl<'a> Subject<'a> {
    fn sections(&self) -> impl Iterator<Item = &'a Section> + use<'a> {
        self.document.sections().iter()
    }

    fn entry(&self, section: &str, option: &str) -> Option<&'a Entry> {
        self.document.entry(section, option)
    }

    /// Where an option's value stands, or else the section's header.
    fn place(&self, section: &str, option: &str) -> Option<Span> {
        let value = self.entry(section, option).map(Entry::value_span);
        value.or_else(|| self.document.section(section).and_then(Section::header))
    }

    /// The first process of every section that has any; numbered copies share their troubles.
    fn programs(&self) -> Vec<&'a Process> {
        let mut seen = BTreeSet::new();
        let all = self.draft.groups.iter().flat_map(|group| &group.processes);
        all.filter(|process| seen.insert(&process.program)).collect()
    }
}

/// A warning with its place, if it has one.
fn warning(code: &'static str, message: String, span: Option<Span>) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(code, message);
    diagnostic.span = span;
    diagnostic
}
