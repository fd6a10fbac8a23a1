//! A configuration in a template of collective.recipe.template: fills the template like the recipe,
//! parses the result like Supervisor, and converts it to a deployment. `${option}` is an option of
//! the part itself; `$$` is not an escape.

use crate::buildout::paths::{join, normalize};
use crate::buildout::{BuildoutEnv, Project, ReadFault};
use crate::diag::{Diagnostic, SourceMap};
use crate::ini::python::{self, Document};

use super::deployment::{Deployment, Origin, Program, Section, Setting};
use super::input::{Part, Template};
use crate::conf::sections::{eventlistener, group, include, program};

/// Fills the template of a part if the name of its output suggests a configuration of Supervisor.
pub(super) fn template(
    project: &Project,
    env: &dyn BuildoutEnv,
    part: &Part,
) -> Result<Option<Template>, Box<Diagnostic>> {
    let Some(output) = part.given("output").map(str::trim) else { return Ok(None) };
    let name = output.rsplit('/').next().unwrap_or(output);
    if !name.contains("supervisor") {
        return Ok(None);
    }
    let source = source(project, env, part)?;
    let text = fill(project, part, &source)?;
    Ok(Some(Template { output: normalize(&join(project.directory(), output)), text }))
}

pub(super) fn source(
    project: &Project,
    env: &dyn BuildoutEnv,
    part: &Part,
) -> Result<String, Box<Diagnostic>> {
    if let Some(inline) = part.get("inline") {
        return Ok(inline.trim_start().to_owned());
    }
    let Some(input) = part.given("input") else {
        let message = format!("the template of part `{}` is not a local file", part.name);
        let fault = Diagnostic::error("no-template", message)
            .help("save it as a file and set `input` to its path");
        return Err(Box::new(fault.maybe_at(part.span_of("url"))));
    };
    if let Some(inline) = input.strip_prefix("inline:") {
        return Ok(inline.trim_start().to_owned());
    }
    env.read(&join(project.directory(), input.trim())).map_err(|fault| {
        let why = match fault {
            ReadFault::Missing => "does not exist".to_owned(),
            ReadFault::Directory => "is a directory".to_owned(),
            ReadFault::Encoding(at) => format!("is not UTF-8 at byte {at}"),
            ReadFault::Other(error) => format!("cannot be read: {error}"),
        };
        let message = format!("the template `{}` of part `{}` {why}", input.trim(), part.name);
        let fault = Diagnostic::error("no-template", message)
            .help("set `supervisor = false` in the part to leave it out");
        Box::new(fault.maybe_at(part.span_of("input")))
    })
}

fn fill(project: &Project, part: &Part, source: &str) -> Result<String, Box<Diagnostic>> {
    let mut filled = String::new();
    let mut rest = source;
    while let Some((before, reference, after)) = next_reference(rest) {
        filled.push_str(before);
        let (section, option) = reference.split_once(':').unwrap_or((&part.name, reference));
        let section = if section.is_empty() { &part.name } else { section };
        let value = project.get(section, option).map_err(|fault| Box::new(fault.diagnostic()))?;
        filled.push_str(&value.ok_or_else(|| missing(part, reference))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The text before the next reference, the reference without braces, and the text after it.
fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let (before, inside) = text.split_once("${")?;
    let (reference, after) = inside.split_once('}')?;
    Some((before, reference, after))
}

fn missing(part: &Part, reference: &str) -> Box<Diagnostic> {
    let message =
        format!("the template of part `{}` uses `${{{reference}}}`, which is not set", part.name);
    let fault = Diagnostic::error("missing-option", message)
        .help("correct the reference, or set the option");
    Box::new(fault.maybe_at(part.span_of("input")))
}

/// The deployment that the text describes.
pub(super) fn deployment(part: &Part, template: &Template) -> Result<Deployment, Vec<Diagnostic>> {
    let id = SourceMap::default().add(&template.output, template.text.as_str());
    let mut document = Document::default();
    document.read(id, &template.output, &template.text).map_err(|fault| {
        let message =
            format!("the output of part `{}` is not a configuration: {}", part.name, fault.text);
        vec![Diagnostic::error("unreadable", message).maybe_at(part.span_of("input"))]
    })?;
    let mut deployment = Deployment::default();
    for section in document.sections() {
        add(&mut deployment, part, self::section(&document, section, part));
    }
    Ok(deployment)
}

fn section(document: &Document, section: &python::Section, part: &Part) -> Section {
    let span = part.span_of("input");
    let settings = document
        .entries(section)
        .map(|entry| Setting::new(&entry.key, &entry.value, Origin::Project(span)));
    Section { name: section.name.clone(), settings: settings.collect(), span }
}

fn add(deployment: &mut Deployment, part: &Part, section: Section) {
    let header = section.name.as_str();
    if let Some(name) = program::SECTION.own_name(header) {
        deployment.programs.push(Program {
            name: name.trim().to_owned(),
            part: part.name.clone(),
            tier: None,
            serves: None,
            needs: None,
            settings: section.settings,
            span: section.span,
        });
    } else if eventlistener::SECTION.is(header) {
        deployment.listeners.push(section);
    } else if group::SECTION.is(header) {
        deployment.groups.push(section);
    } else if include::SECTION.is(header) {
        let files = section.get(include::FILES.name).unwrap_or_default();
        deployment.includes.extend(files.split_whitespace().map(str::to_owned));
    } else {
        deployment.base_sections.push(section);
    }
}
