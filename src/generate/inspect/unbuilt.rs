//! Sections that look like parts and that nothing builds, and programs that would run what they
//! would have made.

use crate::buildout::{Project, Section, Value};
use crate::diag::Diagnostic;
use crate::generate::derive::Derived;
use crate::generate::input::Input;

use super::at;

/// Sections that look like parts and that no list of parts reaches.
fn idle(project: &Project, input: &Input) -> Vec<(String, Section)> {
    let names = input.unlisted.iter();
    names.filter_map(|name| Some((name.clone(), project.expanded(name)?))).collect()
}

pub(super) fn parts(project: &Project, input: &Input) -> Vec<Diagnostic> {
    // What stands for Supervisor counts where it is.
    let counts = |name: &str| input.supervisors.iter().any(|part| part.name == name);
    let idle = idle(project, input).into_iter().filter(|(name, _)| !counts(name));
    let told = idle.map(|(name, section)| {
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
    let idle = idle(project, input);
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
