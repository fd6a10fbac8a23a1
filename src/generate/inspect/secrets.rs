//! Passwords in world-readable files. The position is that of the password itself, not of a
//! reference to it.

use crate::buildout::Project;
use crate::diag::{Diagnostic, Span};

use super::known_parts::KnownPart;

pub(super) fn open(
    project: &Project,
    parts: &[KnownPart<'_>],
    is_world_readable: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    for known in parts {
        for option in known.recipe.iter().flat_map(|recipe| &recipe.secrets.0) {
            if known.part.given(option).is_none() {
                continue;
            }
            for span in project.leaves(&known.part.name, option) {
                let file = project.sources().name(span.source);
                let is_reported = faults.iter().any(|fault| fault.span == Some(span));
                if !is_reported && is_world_readable(file) {
                    faults.push(fault(&known.part.name, option, file, span));
                }
            }
        }
    }
    faults
}

fn fault(part: &str, option: &str, file: &str, span: Span) -> Diagnostic {
    let message = format!("the password `{option}` of part `{part}` is in a world-readable file");
    let help = format!("run `chmod o-r {file}`, or move the password to another file");
    Diagnostic::warning(OPEN_PASSWORD, message).at(span).help(help)
}

/// The code of the diagnostic; the password in the marked line must be masked.
pub const OPEN_PASSWORD: &str = "open-password";
