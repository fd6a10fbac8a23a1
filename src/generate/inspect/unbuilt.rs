//! Sections with a recipe that buildout does not install, and programs that run their scripts.

use crate::buildout::{Project, Section, Value};
use crate::conf::sections::program::COMMAND;
use crate::diag::{Diagnostic, Span};
use crate::generate::derive::Derived;
use crate::generate::input::Input;
use crate::generate::part_options::CONTROL_SCRIPT;

fn unlisted(project: &Project, input: &Input) -> Vec<(String, Section)> {
    let names = input.unlisted.iter();
    names.filter_map(|name| Some((name.clone(), project.expanded(name)?))).collect()
}

pub(super) fn parts(project: &Project, input: &Input) -> Vec<Diagnostic> {
    // A section for Supervisor is used even if it is not listed.
    let is_used = |name: &str| input.supervisors.iter().any(|part| part.name == name);
    let unlisted = unlisted(project, input).into_iter().filter(|(name, _)| !is_used(name));
    let located: Vec<(String, Option<Span>)> = unlisted
        .map(|(name, section)| {
            let span = own_span(project, &name, &section);
            (name, span)
        })
        .collect();
    let (message, help) = match located.as_slice() {
        [] => return Vec::new(),
        [(name, _)] => (
            format!("[{name}] has a recipe, but is not listed in `parts`"),
            format!("add it to `parts` of [buildout], or remove [{name}]"),
        ),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            (
                format!(
                    "these sections have a recipe, but are not listed in `parts`: {}",
                    names.join(", ")
                ),
                "add them to `parts` of [buildout], or remove them".to_owned(),
            )
        }
    };
    vec![Diagnostic::warning("unbuilt-part", message).help(help).maybe_at(located[0].1)]
}

/// The position of an unlisted section.
fn own_span(project: &Project, name: &str, section: &Section) -> Option<Span> {
    // Prefer a line of the section itself to one of a macro.
    let own = project
        .raw()
        .get(name)
        .and_then(|own| own.get("recipe").or_else(|| own.get("<")).or_else(|| own.values().next()));
    own.or_else(|| section.get("recipe")).and_then(Value::span)
}

/// Programs that run the script of an unlisted part.
pub(super) fn programs(project: &Project, input: &Input, derived: &Derived) -> Vec<Diagnostic> {
    let unlisted = unlisted(project, input);
    let script_of = |name: &str, section: &Section| match section.get(CONTROL_SCRIPT) {
        Some(script) if !script.text.contains("${") => script.text.clone(),
        _ => name.to_owned(),
    };
    let programs = derived.deployment.programs.iter().filter_map(|program| {
        let command = program.get(COMMAND.name)?.split_whitespace().next()?;
        let script = command.strip_prefix(&input.bin)?.strip_prefix('/')?;
        let (part, _) =
            unlisted.iter().find(|(name, section)| script_of(name, section) == script)?;
        let built = input.parts.iter().any(|known| known.name == script);
        (!built).then_some((program, part))
    });
    programs
        .map(|(program, part)| {
            let message = format!(
                "program `{}` runs the script of part `{part}`, which is not listed in `parts`",
                program.name
            );
            let help = format!("add `{part}` to `parts` of [buildout], or remove the program");
            Diagnostic::error("unbuilt-program", message).help(help).maybe_at(program.span)
        })
        .collect()
}
