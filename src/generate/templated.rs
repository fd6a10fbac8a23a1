//! A configuration that the project keeps as a template, for collective.recipe.template to fill:
//! the same text is filled here, read as Supervisor would, and becomes a deployment. Of
//! `${section:option}` and `${option}` the latter is the part's own; `$$` protects nothing.

use crate::buildout::paths::{join, normalize};
use crate::buildout::{BuildoutEnv, Project, ReadFault};
use crate::diag::{Diagnostic, SourceMap};
use crate::ini::python::{self, Document};

use super::deployment::{Deployment, Origin, Program, Section, Setting};
use super::input::Part;

/// The filled text of a part, and where the recipe would write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub output: String,
    pub text: String,
}

/// Fills the template of a part, if it looks as if it were a configuration of Supervisor.
pub(super) fn template(
    project: &Project,
    outside: &dyn BuildoutEnv,
    part: &Part,
) -> Result<Option<Template>, Box<Diagnostic>> {
    let Some(output) = part.given("output").map(str::trim) else { return Ok(None) };
    let name = output.rsplit('/').next().unwrap_or(output);
    if !name.contains("supervisor") {
        return Ok(None);
    }
    let source = source(project, outside, part)?;
    let text = fill(project, part, &source)?;
    Ok(Some(Template { output: normalize(&join(project.directory(), output)), text }))
}

fn source(
    project: &Project,
    outside: &dyn BuildoutEnv,
    part: &Part,
) -> Result<String, Box<Diagnostic>> {
    if let Some(inline) = part.get("inline") {
        return Ok(inline.trim_start().to_owned());
    }
    let Some(input) = part.given("input") else {
        let message = format!("the template of part `{}` is not at hand", part.name);
        let fault = Diagnostic::error("no-template", message);
        let fault = fault.help("keep it as a file, and name it as `input`");
        return Err(Box::new(place(fault, part, "url")));
    };
    if let Some(inline) = input.strip_prefix("inline:") {
        return Ok(inline.trim_start().to_owned());
    }
    outside.read(&join(project.directory(), input.trim())).map_err(|fault| {
        let why = match fault {
            ReadFault::Missing => "does not exist".to_owned(),
            ReadFault::Directory => "is a directory".to_owned(),
            ReadFault::Encoding(at) => format!("is no UTF-8 at byte {at}"),
            ReadFault::Other(words) => format!("cannot be read: {words}"),
        };
        let message = format!("the template `{}` of part `{}` {why}", input.trim(), part.name);
        let fault = Diagnostic::error("no-template", message);
        let fault = fault.help("set `supervisor = false` in the part to do without it");
        Box::new(place(fault, part, "input"))
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

/// What is before the next reference, the reference without its braces, and what is behind.
fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let (before, inside) = text.split_once("${")?;
    let (reference, after) = inside.split_once('}')?;
    Some((before, reference, after))
}

fn missing(part: &Part, reference: &str) -> Box<Diagnostic> {
    let message =
        format!("the template of part `{}` asks for `${{{reference}}}`, which is not", part.name);
    let fault = Diagnostic::error("missing-option", message);
    let fault = fault.help("correct the reference, or set the option");
    Box::new(place(fault, part, "input"))
}

fn place(fault: Diagnostic, part: &Part, option: &str) -> Diagnostic {
    match part.span_of(option) {
        Some(span) => fault.at(span),
        None => fault,
    }
}

/// Whether the text is a whole configuration, and no fragment of one.
pub(super) fn is_configuration(template: &Template) -> bool {
    template.text.lines().any(|line| line.starts_with("[supervisord]"))
}

/// The deployment that the text describes.
pub(super) fn deployment(part: &Part, template: &Template) -> Result<Deployment, Vec<Diagnostic>> {
    let id = SourceMap::default().add(&template.output, template.text.as_str());
    let mut document = Document::default();
    document.read(id, &template.output, &template.text).map_err(|fault| {
        let message =
            format!("what part `{}` makes is no configuration: {}", part.name, fault.text);
        vec![place(Diagnostic::error("unreadable", message), part, "input")]
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
    let kind = section.name.split_once(':').map_or(section.name.as_str(), |(kind, _)| kind);
    match kind {
        "program" => deployment.programs.push(Program {
            name: section.name["program:".len()..].trim().to_owned(),
            part: part.name.clone(),
            tier: None,
            settings: section.settings,
            serves: None,
            needs: None,
            span: section.span,
        }),
        "eventlistener" => deployment.listeners.push(section),
        "group" => deployment.groups.push(section),
        "include" => {
            let files = section.get("files").unwrap_or_default();
            deployment.includes.extend(files.split_whitespace().map(str::to_owned));
        }
        _ => deployment.frame.push(section),
    }
}
