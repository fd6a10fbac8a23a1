//! A part of collective.recipe.supervisor: which configuration and which scripts the recipe would
//! make of its options, on paper. Knows no project: options come as texts, and every setting names
//! the piece of text that it was made from, so that the caller can show file and line.
//! Where the recipe has a plain bug, what was meant is done; `docs/deviations.md` lists these.

mod fault;
mod frame;
mod lines;
mod options;
mod scan;
mod scripts;
mod section;
mod services;
#[cfg(test)]
mod tests;
mod text;

pub use fault::Fault;
pub use lines::{GroupLine, ListenerLine, ProgramLine};
pub use options::{OPTIONS, Options, misspelt};
pub use scripts::{Script, Tool};
pub use section::{Extract, Kind, Section, Setting, Source};
pub use text::render;

use crate::conf::python::path::{dirname, join};

/// What the recipe reads of `[buildout]`.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub directory: &'a str,
    pub parts_directory: &'a str,
    pub bin_directory: &'a str,
}

/// All that the recipe would make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Where the configuration is written; the recipe sets it as the option `supervisord-conf`.
    pub conf: String,
    /// In the order of the file. Two may have the same name: whoever reads the file merges them.
    pub sections: Vec<Section>,
    pub scripts: Vec<Script>,
    /// Eggs whose scripts are made as well.
    pub plugins: Vec<String>,
    /// Directories that the recipe makes when they are missing.
    pub directories: Vec<String>,
}

/// Expands the part `name`, or tells all that is wrong with it; the first fault is the one that the
/// recipe would fail at.
pub fn expand(
    name: &str,
    options: &Options<'_>,
    around: Surroundings<'_>,
) -> Result<Expansion, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut sections = frame::sections(options, around, &mut faults);
    sections.extend(services::sections(options, &mut faults));
    if !faults.is_empty() {
        return Err(faults);
    }
    let conf = conf_path(name, options, around);
    Ok(Expansion {
        sections,
        scripts: scripts::scripts(name, options, around, &conf),
        plugins: plugins(options),
        directories: directories(options, around, &conf),
        conf,
    })
}

/// The option `supervisord-conf`, which the recipe sets where the part does not.
pub fn conf_path(name: &str, options: &Options<'_>, around: Surroundings<'_>) -> String {
    let default = || join(&join(around.parts_directory, name), "supervisord.conf");
    options.get("supervisord-conf").map_or_else(default, str::to_owned)
}

fn plugins(options: &Options<'_>) -> Vec<String> {
    let lines = scan::split_lines(options.get("plugins").unwrap_or_default());
    lines.map(|(_, line)| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn directories(options: &Options<'_>, around: Surroundings<'_>, conf: &str) -> Vec<String> {
    let mut directories = Vec::new();
    if options.has_section("global") {
        directories.push(frame::child_log_directory(options, around));
        directories.push(dirname(&frame::log_file(options, around)).to_owned());
    }
    directories.push(dirname(conf).to_owned());
    directories.dedup();
    directories
}
