//! From the sections of a part to a deployment whose settings know their lines in the project.

use std::collections::BTreeSet;

use super::expand;
use super::fault::Fault;
use super::options::{GROUPS, LISTENERS, Options, PROGRAMS};
use super::section::{Extract, Kind, Section, Source};
use crate::diag::{Diagnostic, Span};
use crate::generate::deployment::{self, Deployment, Origin, Program};
use crate::generate::input::{Input, Part};

/// What a part tells.
pub(in crate::generate) struct Told {
    pub(in crate::generate) deployment: Deployment,
    /// Where the configuration is to be written, when the part says so.
    pub(in crate::generate) conf: Option<String>,
    /// The applets that the part has scripts for.
    pub(in crate::generate) scripts: Vec<(String, &'static str)>,
    pub(in crate::generate) warnings: Vec<Diagnostic>,
}

/// The deployment of one part, or all that is wrong with it.
pub(in crate::generate) fn deployment(input: &Input, part: &Part) -> Result<Told, Vec<Diagnostic>> {
    let get = |option: &str| part.get(option);
    let options = Options::new(&get);
    let sections = expand(&options, &input.directory)
        .map_err(|faults| faults.iter().map(|fault| diagnostic(part, fault)).collect::<Vec<_>>())?;
    let mut deployment = Deployment::default();
    for section in &sections {
        add(&mut deployment, part, section);
    }
    Ok(Told {
        deployment,
        conf: conf(part),
        scripts: scripts(part, &options),
        warnings: twins(part, &sections).into_iter().chain(slips(part, &sections)).collect(),
    })
}

/// Only where the project itself names a place: the recipe's own lies in `parts`, which buildout
/// empties as it likes.
fn conf(part: &Part) -> Option<String> {
    let written = part.options.get("supervisord-conf").is_some_and(|value| value.span.is_some());
    part.given("supervisord-conf").filter(|_| written).map(str::to_owned)
}

/// A part `super` has `bin/superd` and `bin/superctl`.
fn scripts(part: &Part, options: &Options<'_>) -> Vec<(String, &'static str)> {
    let wanted = [("global", "d", "supervisord"), ("ctl", "ctl", "supervisorctl")];
    let wanted = wanted.into_iter().filter(|(section, ..)| options.has_section(section));
    wanted.map(|(_, suffix, applet)| (format!("{}{suffix}", part.name), applet)).collect()
}

fn add(deployment: &mut Deployment, part: &Part, section: &Section) {
    match section.kind {
        Kind::Frame => deployment.frame.push(plain(part, section)),
        Kind::Program => add_program(&mut deployment.programs, part, section),
        Kind::Listener => merge(&mut deployment.listeners, plain(part, section)),
        Kind::Group => merge(&mut deployment.groups, plain(part, section)),
        Kind::Include => {
            deployment.includes.extend(section.get("files").map(str::to_owned));
        }
    }
}

/// A section of the same name takes up what is new, as when the file is read.
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
    let new = plain(part, section);
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
            settings: new.settings,
            serves: None,
            needs: None,
            span: new.span,
        }),
    }
}

fn plain(part: &Part, section: &Section) -> deployment::Section {
    let settings = section.settings.iter().map(|setting| {
        let origin = origin(part, setting.source);
        deployment::Setting::new(&setting.key, &setting.value, origin)
    });
    deployment::Section {
        name: section.name.clone(),
        settings: settings.collect(),
        span: place(part, section.source),
    }
}

fn origin(part: &Part, source: Source) -> Origin {
    match source {
        Source::Recipe => Origin::Recipe("collective.recipe.supervisor".to_owned()),
        Source::Option(_) => Origin::Project(place(part, source)),
    }
}

fn place(part: &Part, source: Source) -> Option<Span> {
    match source {
        Source::Recipe => None,
        Source::Option(at) => line_of(part, at).or_else(|| part.span_of(at.option)),
    }
}

/// The line of the project that a piece of an option stands in.
fn line_of(part: &Part, at: Extract) -> Option<Span> {
    let is_of_lines = [PROGRAMS, LISTENERS, GROUPS].contains(&at.option);
    let value = part.options.get(at.option).filter(|_| is_of_lines)?;
    let before = value.text.get(..at.start)?;
    value.lines.get(before.matches('\n').count()).copied().flatten()
}

fn diagnostic(part: &Part, fault: &Fault) -> Diagnostic {
    let code = match fault {
        Fault::Socket { .. } => "bad-http-socket",
        Fault::Line { .. } => "bad-line",
    };
    let told = Diagnostic::error(code, fault.to_string()).help(fault.remedy());
    at(told, place(part, fault.source()))
}

fn at(told: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => told.at(span),
        None => told,
    }
}

/// Lines whose section was there already.
fn twins(part: &Part, sections: &[Section]) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let again = sections.iter().filter(|section| !seen.insert(section.name.as_str()));
    again
        .map(|section| {
            let message = format!(
                "`{}` is told twice in part `{}`, and only the later line counts",
                section.name, part.name
            );
            let help = "give each line a name of its own";
            at(Diagnostic::warning("same-name", message).help(help), place(part, section.source))
        })
        .collect()
}

/// Marks that were taken for something else than they look like.
fn slips(part: &Part, sections: &[Section]) -> Vec<Diagnostic> {
    let options = "options in parentheses stand behind the name and end at the first `)`";
    let arguments = "arguments in brackets stand behind the command, end at the first `]`, and do \
                     not begin with true or false";
    let marks = [("command", '(', options), ("directory", '[', arguments)];
    let odd = sections.iter().flat_map(|section| marks.iter().map(move |mark| (section, mark)));
    odd.filter(|(section, (key, mark, _))| section.get(key).is_some_and(|it| it.starts_with(*mark)))
        .map(|(section, (key, mark, help))| {
            let message =
                format!("`{mark}` is read as the beginning of the {key} of `{}`", section.name);
            at(Diagnostic::warning("odd-line", message).help(*help), place(part, section.source))
        })
        .collect()
}
