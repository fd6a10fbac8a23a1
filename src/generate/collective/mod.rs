//! A part of collective.recipe.supervisor: the configuration that the recipe would make of its
//! options. [`expand`] knows no project: options come as texts, and every setting names the piece
//! of text that it was made from. [`deployment`] finds these places in the project's files.
//! Where the recipe has a plain bug, what was meant is done; `docs/deviations.md` lists these.

mod deploy;
mod fault;
mod frame;
mod lines;
mod options;
mod scan;
mod section;
mod services;
#[cfg(test)]
mod tests;

pub(super) use deploy::deployment;

use fault::Fault;
use options::Options;
use section::Section;

/// The sections in the order of the file, or all that is wrong; the first fault is the one that the
/// recipe would fail at. `directory` is that of the project. Two sections may have the same name:
/// whoever reads the file merges them.
fn expand(options: &Options<'_>, directory: &str) -> Result<Vec<Section>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut sections = frame::sections(options, directory, &mut faults);
    sections.extend(services::sections(options, &mut faults));
    if faults.is_empty() { Ok(sections) } else { Err(faults) }
}
