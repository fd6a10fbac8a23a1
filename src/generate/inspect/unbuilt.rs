//! Sections that look like parts and that nothing builds, and programs that would run what they
//! would have made.

use std::collections::BTreeSet;

use crate::buildout::{Project, Section, Value};
use crate::diag::Diagnostic;
use crate::generate::derive::Derived;
use crate::generate::input::Input;

use super::at;

/// Sections with a recipe, their own or a macro's, that no list of parts reaches and that are no
/// macro themselves.
fn idle(project: &Project) -> Vec<(String, Section)> {
    let reached: BTreeSet<String> =
        project.reached_parts().unwrap_or_default().into_iter().collect();
    let macros: BTreeSet<&str> = project
        .raw()
        .values()
        .filter_map(|section| section.get("<"))
        .flat_map(|value| value.text.lines().map(str::trim))
        .collect();
    let names = project
        .sections()
        .filter(|name| *name != "buildout" && !reached.contains(*name) && !macros.contains(name));
    names
        .filter_map(|name| Some((name.to_owned(), project.expanded(name)?)))
        .filter(|(_, section)| section.get("recipe").is_some_and(|recipe| !recipe.text.is_empty()))
        .collect()
}

pub(super) fn parts(project: &Project) -> Vec<Diagnostic> {
    let told = idle(project).into_iter().map(|(name, section)| {
        let message = format!("nothing builds part `{name}`");
        let help = format!("add it to `parts` of [buildout], or remove [{name}]");
        // A line of the section itself, where it has one.
        let own = project.raw().get(&name).and_then(|own| {
            own.get("recipe").or_else(|| own.get("<")).or_else(|| own.values().next())
        });
        let span = own.or_else(|| section.get("recipe")).and_then(Value::span);
        at(Diagnostic::warning("unbuilt-part", message).help(help), span)
    });
    told.collect()
}

/// Programs that run a script of a part that nothing builds.
pub(super) fn programs(project: &Project, input: &Input, derived: &Derived) -> Vec<Diagnostic> {
    let idle = idle(project);
    let script_of = |name: &str, section: &Section| match section.get("control-script") {
        Some(script) if !script.text.contains("${") => script.text.clone(),
        _ => name.to_owned(),
    };
    let programs = derived.deployment.programs.iter().filter_map(|program| {
        let command = program.get("command")?.split_whitespace().next()?;
        let script = command.strip_prefix(&input.bin)?.strip_prefix('/')?;
        let (part, _) = idle.iter().find(|(name, section)| script_of(name, section) == script)?;
        let built = input.parts.iter().any(|known| known.name == script);
        (!built).then_some((program, part))
    });
    programs
        .map(|(program, part)| {
            let message = format!(
                "program `{}` runs the script of part `{part}`, which nothing builds",
                program.name
            );
            let help = format!("add `{part}` to `parts` of [buildout], or remove the program");
            at(Diagnostic::error("unbuilt-program", message).help(help), program.span)
        })
        .collect()
}
