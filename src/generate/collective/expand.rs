//! Expands the options of a part to the sections of a configuration.

use super::fault::Fault;
use super::options::Options;
use super::section::Section;
use super::{base_sections, services};

/// The sections in the order of the file, or all errors; the first one is the error at which the
/// recipe fails. `directory` is the directory of the project. Several sections may have the same
/// name; the caller merges them.
pub(super) fn expand(options: &Options<'_>, directory: &str) -> Result<Vec<Section>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut sections = base_sections::sections(options, directory, &mut faults);
    sections.extend(services::sections(options, &mut faults));
    if faults.is_empty() { Ok(sections) } else { Err(faults) }
}
