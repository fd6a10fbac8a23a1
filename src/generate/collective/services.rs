//! The sections that are made from lines: programs, event listeners, groups and the include.

use super::base_sections::server_url;
use super::fault::{Fault, Form};
use super::lines::{GroupLine, ListenerLine, ProgramLine};
use super::options::{Options, name, written};
use super::scan::split_lines;
use super::section::{Extract, Kind, Section, Source};
use crate::conf::python::path::dirname;
use crate::conf::sections::{eventlistener as e, group as g, include, program as p};
use crate::generate::deployment::header;

pub(super) fn sections(options: &Options<'_>, faults: &mut Vec<Fault>) -> Vec<Section> {
    if !options.has_section(written::SERVICES) {
        return Vec::new();
    }
    let environment = listener_environment(options);
    let mut sections = Vec::new();
    let mut each = |form, make: &dyn Fn(&str, Source) -> Option<Section>| {
        for (line, at) in extracts(options, form) {
            match make(line, Source::Option(at)) {
                Some(section) => sections.push(section),
                None => faults.push(Fault::Line { form, line: line.to_owned(), at }),
            }
        }
    };
    each(Form::Program, &|line, source| Some(program(&ProgramLine::read(line)?, source)));
    each(Form::Listener, &|line, source| {
        Some(listener(&ListenerLine::read(line)?, &environment, source))
    });
    each(Form::Group, &|line, source| Some(group(&GroupLine::read(line)?, source)));
    sections.extend(includes(options));
    sections
}

/// The lines of an option that are not empty, with their positions in the option.
fn extracts<'a>(
    options: &Options<'a>,
    form: Form,
) -> impl Iterator<Item = (&'a str, Extract)> + use<'a> {
    let option = form.option();
    let lines = split_lines(options.get(option).unwrap_or_default());
    lines.filter(|(_, line)| !line.is_empty()).map(move |(start, line)| {
        let end = start + line.len();
        (line, Extract { option, start, end })
    })
}

fn program(line: &ProgramLine<'_>, source: Source) -> Section {
    let mut section = Section::new(Kind::Program, header(&p::SECTION, line.name), source);
    let directory = line.directory.unwrap_or_else(|| dirname(line.command));
    let redirect = if line.redirect == Some(true) { "true" } else { "false" };
    section.set(p::COMMAND.name, &command(line.command, line.arguments), source);
    section.set(p::PROCESS_NAME.name, line.name, source);
    section.set(p::DIRECTORY.name, directory, source);
    section.set(p::PRIORITY.name, line.priority, source);
    section.set(p::REDIRECT_STDERR.name, redirect, source);
    if let Some(user) = line.user {
        section.set(p::USER.name, user, source);
    }
    add_options(&mut section, &line.options, source);
    section
}

fn listener(line: &ListenerLine<'_>, environment: &str, source: Source) -> Section {
    let mut section = Section::new(Kind::Listener, header(&e::SECTION, line.name), source);
    section.set(p::COMMAND.name, &command(line.command, line.arguments), source);
    section.set(e::EVENTS.name, line.events, source);
    section.set(p::PROCESS_NAME.name, line.name, source);
    section.set(p::ENVIRONMENT.name, environment, source);
    add_options(&mut section, &line.options, source);
    section
}

/// The parser of Supervisor splits a key at a colon.
fn add_options(section: &mut Section, options: &[(&str, &str)], source: Source) {
    for (key, value) in options {
        match key.split_once(':') {
            Some((key, rest)) => section.set(key, &format!("{rest} = {value}"), source),
            None => section.set(key, value, source),
        }
    }
}

fn group(line: &GroupLine<'_>, source: Source) -> Section {
    let mut section = Section::new(Kind::Group, header(&g::SECTION, line.name), source);
    section.set(g::PROGRAMS.name, line.programs, source);
    section.set(g::PRIORITY.name, line.priority, source);
    section
}

/// The lines as one list of patterns.
fn includes(options: &Options<'_>) -> Option<Section> {
    let lines = split_lines(options.get(name::INCLUDE)?).map(|(_, line)| line);
    let files = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    if files.is_empty() {
        return None;
    }
    let source = options.source(name::INCLUDE);
    let mut section = Section::new(Kind::Include, include::SECTION.word, source);
    section.set(include::FILES.name, &files, source);
    Some(section)
}

fn command(command: &str, arguments: Option<&str>) -> String {
    format!("{command} {}", arguments.unwrap_or_default())
}

fn listener_environment(options: &Options<'_>) -> String {
    let user = options.get(name::USER).unwrap_or_default();
    let password = options.get(name::PASSWORD).unwrap_or_default();
    let (url, _) = server_url(options);
    format!(
        "SUPERVISOR_USERNAME='{user}',SUPERVISOR_PASSWORD='{password}',\
         SUPERVISOR_SERVER_URL='{url}'"
    )
}
