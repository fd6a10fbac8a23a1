//! Sections with a recipe that no list of parts reaches. buildout builds nothing of them; but one
//! that stands for Supervisor says how the deployment is to be run, listed or not.

use std::collections::BTreeSet;

use crate::buildout::{Project, Section};
use crate::diag::Diagnostic;

use super::catalogue::Catalogue;
use super::derive::{is_left_out, tells_all};
use super::frame;
use super::input::Part;
use super::recipe::Yields;

/// Their names. A section that others take in as a macro is not meant to be built.
pub(super) fn names(project: &Project, reached: &[String]) -> Vec<String> {
    let macros: BTreeSet<&str> = project
        .raw()
        .values()
        .filter_map(|section| section.get("<"))
        .flat_map(|value| value.text.lines().map(str::trim))
        .collect();
    let is_idle = |name: &&str| {
        *name != "buildout" && !macros.contains(name) && !reached.iter().any(|it| it == name)
    };
    let has_recipe =
        |section: &Section| section.get("recipe").is_some_and(|recipe| !recipe.text.is_empty());
    let names = project.sections().filter(is_idle);
    names
        .filter(|name| project.expanded(name).is_some_and(|it| has_recipe(&it)))
        .map(str::to_owned)
        .collect()
}

/// Those that stand for Supervisor and count beside the listed `parts`, and what is said about
/// the others. `read` resolves a section.
pub(super) fn supervisors(
    project: &Project,
    catalogue: &Catalogue,
    parts: &[Part],
    names: &[String],
    read: &dyn Fn(&str) -> Result<Part, Box<Diagnostic>>,
) -> (Vec<Part>, Vec<Diagnostic>) {
    if parts.iter().any(|part| tells_all(catalogue, part)) {
        return (Vec::new(), Vec::new());
    }
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    for name in names.iter().filter(|name| stands_for_supervisor(project, catalogue, name)) {
        match read(name) {
            Ok(part) if is_left_out(&part) => {}
            Ok(part) => found.push(part),
            Err(fault) => warnings.push(unreadable(name, &fault)),
        }
    }
    let (told, mut daemons): (Vec<Part>, Vec<Part>) =
        found.into_iter().partition(|part| tells_all(catalogue, part));
    let is_configured = parts
        .iter()
        .chain(&daemons)
        .any(|part| yields(catalogue, part) == Some(Yields::Daemon) && frame::configures(part));
    match told.as_slice() {
        [only] if !is_configured => daemons.insert(0, only.clone()),
        some => warnings.extend(some.iter().map(does_not_count)),
    }
    (daemons, warnings)
}

fn stands_for_supervisor(project: &Project, catalogue: &Catalogue, name: &str) -> bool {
    // A section that cannot be resolved is known by what is written in it.
    let written = project.expanded(name).unwrap_or_default();
    let written = |option: &str| written.get(option).map(|value| value.text.clone());
    let get = |option: &str| project.get(name, option).unwrap_or_else(|_| written(option));
    let recipe = get("recipe").and_then(|recipe| catalogue.find(&recipe, name, &get));
    recipe.is_some_and(|it| matches!(it.yields, Yields::Daemon | Yields::Configuration))
}

fn yields(catalogue: &Catalogue, part: &Part) -> Option<Yields> {
    let get = |option: &str| part.get(option).map(str::to_owned);
    catalogue.find(part.recipe(), &part.name, &get).map(|recipe| recipe.yields)
}

fn unreadable(name: &str, fault: &Diagnostic) -> Diagnostic {
    let message = format!("[{name}] is not among the parts, and is ignored: {}", fault.message);
    let help = format!("correct it, or set `supervisor = false` in [{name}]");
    let warning = Diagnostic::warning("ignored-part", message).help(help);
    fault.span.map_or(warning.clone(), |span| warning.at(span))
}

fn does_not_count(part: &Part) -> Diagnostic {
    let message = format!(
        "[{}] is not among the parts, and is ignored: another section configures supervisord as well",
        part.name
    );
    let help = format!("list `{0}` in `parts`, or set `supervisor = false` in [{0}]", part.name);
    let warning = Diagnostic::warning("ignored-part", message).help(help);
    part.span.map_or(warning.clone(), |span| warning.at(span))
}
