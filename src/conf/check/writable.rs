//! What others own or may write although root reads a configuration from it.

use super::lint_input::LintInput;
use super::verdict::UNSAFE_FILE;
use crate::conf::exposure::{self, By, Exposure};
use crate::conf::host::Host;
use crate::diag::{Diagnostic, SourceMap};

pub(super) fn configuration(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let loaded = &subject.examined.loaded;
    let found = exposure::find(subject.sources, &loaded.includes, subject.host);
    let is_refused = |exposure: &Exposure| {
        let message = exposure.to_string();
        subject.examined.faults.iter().any(|fault| fault.diagnostic.message == message)
    };
    found.iter().filter(|exposure| !is_refused(exposure)).map(problem).collect()
}

/// The files of a project that every user may change, and their directories. The owner of a project
/// may change it.
pub fn files(sources: &SourceMap, host: &dyn Host) -> Vec<Diagnostic> {
    let found = exposure::of_files(sources, host);
    found.iter().filter(|exposure| exposure.by == By::Everyone).map(problem).collect()
}

fn problem(exposure: &Exposure) -> Diagnostic {
    let diagnostic = Diagnostic::error(UNSAFE_FILE, exposure.to_string());
    diagnostic.help(exposure.remedy()).maybe_at(exposure.span)
}
