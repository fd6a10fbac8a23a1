//! Passwords in clear text, in files that everybody may read. The place is where the password
//! stands, not where it is referred to.

use crate::buildout::Project;
use crate::diag::{Diagnostic, Span};

use super::Known;

pub(super) fn open(
    project: &Project,
    parts: &[Known<'_>],
    everybody_reads: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    for known in parts {
        for option in known.recipe.iter().flat_map(|recipe| &recipe.secrets.0) {
            if known.part.given(option).is_none() {
                continue;
            }
            for span in project.leaves(&known.part.name, option) {
                let file = project.sources().name(span.source);
                let told = faults.iter().any(|fault| fault.span == Some(span));
                if !told && everybody_reads(file) {
                    faults.push(fault(&known.part.name, option, file, span));
                }
            }
        }
    }
    faults
}

fn fault(part: &str, option: &str, file: &str, span: Span) -> Diagnostic {
    let message = format!("`{option}` of part `{part}` is a password that everybody may read");
    let help = format!("chmod o-r {file}, or keep it in a file of its own");
    Diagnostic::warning(OPEN_PASSWORD, message).at(span).help(help)
}

/// The name of the diagnostic; the marked line must not be shown as it is.
pub const OPEN_PASSWORD: &str = "open-password";
