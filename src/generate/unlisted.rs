//! Sections with a recipe that buildout does not install, because they are not in `parts`. A section
//! for Supervisor configures the deployment even if it is not listed.

use std::collections::BTreeSet;

use crate::buildout::{Project, Section};
use crate::diag::Diagnostic;

use super::base_sections;
use super::catalogue::Catalogue;
use super::input::Part;
use super::part_options::{COMMAND, buildout};
use super::part_roles::{is_left_out, is_whole_configuration, product};
use super::recipe::Produces;

/// The names of these sections, without those that are used as macros.
pub(super) fn names(project: &Project, reached: &[String]) -> Vec<String> {
    let macros = macros(project);
    let is_unlisted = |name: &&str| {
        *name != buildout::SECTION && !macros.contains(name) && !reached.iter().any(|it| it == name)
    };
    let has_recipe =
        |section: &Section| section.get("recipe").is_some_and(|recipe| !recipe.text.is_empty());
    let names = project.sections().filter(is_unlisted);
    names
        .filter(|name| project.expanded(name).is_some_and(|it| has_recipe(&it)))
        .map(str::to_owned)
        .collect()
}

/// The sections without a recipe that set the command of a program. Buildout does not permit them in
/// `parts`.
pub(super) fn commands(project: &Project, reached: &[String]) -> Vec<String> {
    let sets_command = |name: &str| {
        let section = project.expanded(name).unwrap_or_default();
        let is_set =
            |option: &str| section.get(option).is_some_and(|it| !it.text.trim().is_empty());
        is_set(COMMAND) && !is_set("recipe")
    };
    let macros = macros(project);
    let others = project.sections().filter(|name| {
        *name != buildout::SECTION && !macros.contains(name) && !reached.iter().any(|it| it == name)
    });
    others.filter(|name| sets_command(name)).map(str::to_owned).collect()
}

/// A warning about sections with a recipe that set the command of a program, but are not listed.
pub(super) fn unlisted_commands(project: &Project, names: &[String]) -> Option<Diagnostic> {
    let sets_command = |name: &&String| {
        let section = project.expanded(name).unwrap_or_default();
        section.get(COMMAND).is_some_and(|command| !command.text.trim().is_empty())
    };
    let names: Vec<&String> = names.iter().filter(sets_command).collect();
    let first = names.first()?;
    let list: Vec<String> = names.iter().map(|name| format!("[{name}]")).collect();
    let message =
        format!("`{COMMAND}` has no effect in {}: not listed in `parts`", list.join(", "));
    let help = format!("list `{first}` in `parts`, or remove its recipe");
    let warning = Diagnostic::warning("ignored-part", message).help(help);
    Some(warning.maybe_at(project.span(first, COMMAND)))
}

/// The sections that others use as macros.
fn macros(project: &Project) -> BTreeSet<&str> {
    let sections = project.raw().values();
    let used = sections.filter_map(|section| section.get("<"));
    used.flat_map(|value| value.text.lines().map(str::trim)).collect()
}

/// The unlisted sections for Supervisor that are used besides the listed `parts`, and warnings about
/// those that are not. `read` resolves a section.
pub(super) fn supervisors(
    project: &Project,
    catalogue: &Catalogue,
    parts: &[Part],
    names: &[String],
    read: &dyn Fn(&str) -> Result<Part, Box<Diagnostic>>,
) -> (Vec<Part>, Vec<Diagnostic>) {
    if parts.iter().any(|part| is_whole_configuration(catalogue, part)) {
        return (Vec::new(), Vec::new());
    }
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    for name in names.iter().filter(|name| is_for_supervisor(project, catalogue, name)) {
        match read(name) {
            Ok(part) if is_left_out(&part) => {}
            Ok(part) => found.push(part),
            Err(fault) => warnings.push(unreadable(name, &fault)),
        }
    }
    let (whole, mut daemons): (Vec<Part>, Vec<Part>) =
        found.into_iter().partition(|part| is_whole_configuration(catalogue, part));
    let is_configured = parts.iter().chain(&daemons).any(|part| {
        product(catalogue, part) == Some(Produces::Daemon) && base_sections::is_configured_by(part)
    });
    match whole.as_slice() {
        [only] if !is_configured => daemons.insert(0, only.clone()),
        some => warnings.extend(some.iter().map(ignored)),
    }
    (daemons, warnings)
}

fn is_for_supervisor(project: &Project, catalogue: &Catalogue, name: &str) -> bool {
    // If the section cannot be resolved, its unresolved options are used.
    let written = project.expanded(name).unwrap_or_default();
    let written = |option: &str| written.get(option).map(|value| value.text.clone());
    let get = |option: &str| project.get(name, option).unwrap_or_else(|_| written(option));
    let recipe = get("recipe").and_then(|recipe| catalogue.find(&recipe, name, &get));
    recipe.is_some_and(|it| matches!(it.produces, Produces::Daemon | Produces::Configuration))
}

fn unreadable(name: &str, fault: &Diagnostic) -> Diagnostic {
    let message = format!("[{name}] is not listed in `parts` and is ignored: {}", fault.message);
    let help = format!("correct it, or set `supervisor = false` in [{name}]");
    Diagnostic::warning("ignored-part", message).help(help).maybe_at(fault.span)
}

fn ignored(part: &Part) -> Diagnostic {
    let message = format!(
        "[{}] is not listed in `parts` and is ignored, because another section configures supervisord",
        part.name
    );
    let help = format!("list `{0}` in `parts`, or set `supervisor = false` in [{0}]", part.name);
    Diagnostic::warning("ignored-part", message).help(help).maybe_at(part.span)
}
