//! Lints: problems of a configuration that Supervisor does not report, such as unknown options,
//! unused sections and missing programs. Every lint is a function from an examined configuration to
//! diagnostics; no lint may report a configuration that works as intended.

mod commands;
mod environment;
mod groups;
mod layout;
mod limits;
mod lint_input;
mod logs;
mod names;
mod open_servers;
mod secrets;
mod servers;
mod template;
#[cfg(test)]
mod tests;
mod verdict;
mod writable;

pub use open_servers::open_server;
pub use verdict::Verdict;
pub use writable::files as writable_files;

use super::host::Host;
use super::read::Examined;
use super::sections::Section;
use crate::diag::Diagnostic;
use crate::ini::python;
use lint_input::LintInput;

type Lint = fn(&LintInput<'_>) -> Vec<Diagnostic>;

const LINTS: &[Lint] = &[
    names::sections,
    names::options,
    layout::repeated,
    layout::swallowed,
    layout::includes,
    template::templates,
    servers::servers,
    servers::rpc,
    secrets::passwords,
    secrets::keys,
    open_servers::servers,
    writable::configuration,
    groups::groups,
    commands::commands,
    commands::directories,
    limits::limits,
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
    // Every section of a foreign file would be reported.
    let sections = document.sections();
    let is_foreign = |section: &python::Section| Section::of(section.name.trim()).is_none();
    if !sections.is_empty() && sections.iter().all(is_foreign) {
        return faults.collect();
    }
    let mut problems: Vec<Diagnostic> =
        faults.chain(LINTS.iter().flat_map(|lint| lint(&subject))).collect();
    template::explain(&mut problems, sources);
    sort(&mut problems);
    problems
}

/// Sorts problems by position and removes duplicates.
pub fn sort(problems: &mut Vec<Diagnostic>) {
    problems.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
    problems.dedup();
}
