//! Converts the sections of a part to a deployment, with the position of each setting in the
//! project.

use std::collections::{BTreeMap, BTreeSet};

use super::expand::expand;
use super::fault::Fault;
use super::options::{Options, name, written};
use super::section::{Extract, Kind, Section, Source};
use crate::conf::sections::{include, program};
use crate::diag::{Diagnostic, Span};
use crate::generate::blank_paths::{Split, hide};
use crate::generate::deployment::{self, Deployment, Origin, Program};
use crate::generate::environment_lines;
use crate::generate::input::{Input, Part, Value};

/// The deployment of a part.
pub(in crate::generate) struct PartDeployment {
    pub(in crate::generate) deployment: Deployment,
    /// The path of the configuration, if the part sets it.
    pub(in crate::generate) conf: Option<String>,
    /// The scripts of the part: (name, applet).
    pub(in crate::generate) scripts: Vec<(String, &'static str)>,
    pub(in crate::generate) warnings: Vec<Diagnostic>,
}

/// The deployment of a part, or all errors.
pub(in crate::generate) fn deployment(
    input: &Input,
    part: &Part,
) -> Result<PartDeployment, Vec<Diagnostic>> {
    let hidden = |value: &Value| hide(&input.directory, &value.text).into_owned();
    let values: BTreeMap<&str, String> =
        part.options.iter().map(|(option, value)| (option.as_str(), hidden(value))).collect();
    let get = |option: &str| values.get(option).map(String::as_str);
    let options = Options::new(&get);
    let mut sections = expand(&options, &input.directory)
        .map_err(|faults| faults.iter().map(|fault| diagnostic(part, fault)).collect::<Vec<_>>())?;
    for setting in sections.iter_mut().flat_map(|section| &mut section.settings) {
        setting.value = Split::of(&setting.key).quoted(&setting.value);
    }
    let mut deployment = Deployment::default();
    for section in &sections {
        add(&mut deployment, part, section);
    }
    Ok(PartDeployment {
        deployment,
        conf: conf(part),
        scripts: scripts(part, &options),
        warnings: duplicate_names(part, &sections)
            .into_iter()
            .chain(misread_brackets(part, &sections))
            .chain(lines_without_commas(part))
            .collect(),
    })
}

/// Whether the part has programs or event listeners; otherwise those of the other parts are used.
pub(in crate::generate) fn has_programs(part: &Part) -> bool {
    [name::PROGRAMS, name::LISTENERS].iter().any(|option| part.given(option).is_some())
}

/// Whether the part writes no `[supervisord]`, only sections that another configuration includes.
pub(in crate::generate) fn is_fragment(part: &Part) -> bool {
    !Options::new(&|option| part.get(option)).has_section(written::GLOBAL)
}

/// Only a path that the project sets: the default of the recipe is below `parts`, which buildout may
/// delete.
fn conf(part: &Part) -> Option<String> {
    let is_set = part.options.get(name::CONF).is_some_and(|value| value.span.is_some());
    part.given(name::CONF).filter(|_| is_set).map(str::to_owned)
}

/// A part `super` has `bin/superd` and `bin/superctl`.
fn scripts(part: &Part, options: &Options<'_>) -> Vec<(String, &'static str)> {
    let scripts = [(written::GLOBAL, "d", "supervisord"), (written::CTL, "ctl", "supervisorctl")];
    let scripts = scripts.into_iter().filter(|(section, ..)| options.has_section(section));
    scripts.map(|(_, suffix, applet)| (format!("{}{suffix}", part.name), applet)).collect()
}

fn add(deployment: &mut Deployment, part: &Part, section: &Section) {
    match section.kind {
        Kind::Base => deployment.base_sections.push(located(part, section)),
        Kind::Program => add_program(&mut deployment.programs, part, section),
        Kind::Listener => merge(&mut deployment.listeners, located(part, section)),
        Kind::Group => merge(&mut deployment.groups, located(part, section)),
        Kind::Include => {
            deployment.includes.extend(section.get(include::FILES.name).map(str::to_owned));
        }
    }
}

/// Merges sections of the same name, as the parser of Supervisor does.
fn merge(sections: &mut Vec<deployment::Section>, new: deployment::Section) {
    match sections.iter_mut().find(|old| old.name == new.name) {
        Some(old) => {
            for setting in new.settings {
                old.set(&setting.option, setting.value, setting.origin);
            }
        }
        None => sections.push(new),
    }
}

fn add_program(programs: &mut Vec<Program>, part: &Part, section: &Section) {
    let new = located(part, section);
    let name = section.title();
    match programs.iter_mut().find(|old| old.name == name) {
        Some(old) => {
            for setting in new.settings {
                old.set(&setting.option, setting.value, setting.origin);
            }
        }
        None => programs.push(Program {
            name: name.to_owned(),
            part: part.name.clone(),
            tier: None,
            serves: None,
            needs: None,
            settings: new.settings,
            span: new.span,
        }),
    }
}

fn located(part: &Part, section: &Section) -> deployment::Section {
    let settings = section.settings.iter().map(|setting| {
        let origin = origin(part, setting.source);
        deployment::Setting::new(&setting.key, &setting.value, origin)
    });
    deployment::Section {
        name: section.name.clone(),
        settings: settings.collect(),
        span: span_of(part, section.source),
    }
}

fn origin(part: &Part, source: Source) -> Origin {
    match source {
        Source::Recipe => Origin::Recipe("collective.recipe.supervisor".to_owned()),
        Source::Option(_) => Origin::Project(span_of(part, source)),
    }
}

fn span_of(part: &Part, source: Source) -> Option<Span> {
    match source {
        Source::Recipe => None,
        Source::Option(at) => line_of(part, at).or_else(|| part.span_of(at.option)),
    }
}

/// The line of the project that contains a piece of an option.
fn line_of(part: &Part, at: Extract) -> Option<Span> {
    let is_of_lines = [name::PROGRAMS, name::LISTENERS, name::GROUPS].contains(&at.option);
    let value = part.options.get(at.option).filter(|_| is_of_lines)?;
    let before = value.text.get(..at.start)?;
    value.lines.get(before.matches('\n').count()).copied().flatten()
}

fn diagnostic(part: &Part, fault: &Fault) -> Diagnostic {
    let code = match fault {
        Fault::Socket { .. } => "bad-http-socket",
        Fault::Line { .. } => "bad-line",
    };
    let error = Diagnostic::error(code, fault.to_string()).help(fault.remedy());
    error.maybe_at(span_of(part, fault.source()))
}

/// A warning for each line with the name of an earlier one.
fn duplicate_names(part: &Part, sections: &[Section]) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let duplicates = sections.iter().filter(|section| !seen.insert(section.name.as_str()));
    duplicates
        .map(|section| {
            let message = format!(
                "part `{}` has two lines for `{}`; the later one is used",
                part.name, section.name
            );
            let help = "use a different name for each line";
            let warning = Diagnostic::warning("same-name", message).help(help);
            warning.maybe_at(span_of(part, section.source))
        })
        .collect()
}

fn lines_without_commas(part: &Part) -> Option<Diagnostic> {
    environment_lines::joined(part.given(name::DAEMON_ENVIRONMENT)?)?;
    Some(environment_lines::warning(part, name::DAEMON_ENVIRONMENT))
}

/// A warning for brackets that do not delimit options or arguments.
fn misread_brackets(part: &Part, sections: &[Section]) -> Vec<Diagnostic> {
    let options = "options in parentheses follow the name and end at the first `)`";
    let arguments = "arguments in brackets follow the command, end at the first `]` and do not \
                     begin with true or false";
    let marks = [(program::COMMAND.name, '(', options), (program::DIRECTORY.name, '[', arguments)];
    let odd = sections.iter().flat_map(|section| marks.iter().map(move |mark| (section, mark)));
    odd.filter(|(section, (key, mark, _))| section.get(key).is_some_and(|it| it.starts_with(*mark)))
        .map(|(section, (key, mark, help))| {
            let message =
                format!("`{mark}` is read as the start of the {key} of `{}`", section.name);
            let warning = Diagnostic::warning("odd-line", message).help(*help);
            warning.maybe_at(span_of(part, section.source))
        })
        .collect()
}
