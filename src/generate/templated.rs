//! A configuration in a template of collective.recipe.template: fills the template like the recipe,
//! parses the result like Supervisor, and converts it to a deployment. `${option}` is an option of
//! the part itself; `$$` is not an escape.

use crate::buildout::paths::{dirname, join, normalize};
use crate::buildout::{BuildoutEnv, Fault, Project, ReadFault};
use crate::diag::{Diagnostic, SourceMap};
use crate::ini::python::{self, Document};

use super::deployment::{Deployment, Origin, Program, Section, Setting};
use super::input::{Input, Part, Template};
use super::part_roles::is_left_out;
use super::paths::LOCAL_ADDITIONS;
use crate::conf::sections::{eventlistener, group, include, program};

/// Fills the template of a part if its output is a configuration of Supervisor, or seems to be one.
/// If only its programs suggest that, it need not be readable.
pub(super) fn template(
    project: &Project,
    env: &dyn BuildoutEnv,
    part: &Part,
) -> Result<Option<Template>, Box<Diagnostic>> {
    let Some(output) = part.given("output").map(str::trim) else { return Ok(None) };
    let name = output.rsplit('/').next().unwrap_or(output);
    let text = if name.contains("supervisor") {
        fill(project, part, &source(project, env, part)?)?
    } else {
        let source = source(project, env, part).unwrap_or_default();
        let has_programs = program_names(&source).next().is_some();
        match fill(project, part, &source) {
            Ok(text) if has_programs => text,
            _ => return Ok(None),
        }
    };
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
    filled(project, &part.name, source).map_err(|unfilled| match unfilled {
        Unfilled::Fault(fault) => Box::new(fault.diagnostic()),
        Unfilled::Missing(reference) => missing(part, &reference),
    })
}

/// Why a template cannot be filled.
pub enum Unfilled {
    Fault(Fault),
    /// A reference to an option that is not set.
    Missing(String),
}

/// A template of the part `own` with its references filled.
pub fn filled(project: &Project, own: &str, source: &str) -> Result<String, Unfilled> {
    let mut filled = String::new();
    let mut rest = source;
    while let Some((before, reference, after)) = next_reference(rest) {
        filled.push_str(before);
        let (section, option) = reference.split_once(':').unwrap_or((own, reference));
        let section = if section.is_empty() { own } else { section };
        let value = project.get(section, option).map_err(Unfilled::Fault)?;
        filled.push_str(&value.ok_or_else(|| Unfilled::Missing(reference.to_owned()))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The lines of a template with their references filled, without those that refer to something
/// unknown.
pub(super) fn filled_lines(project: &Project, part: &Part, source: &str) -> String {
    let lines = source.lines().filter_map(|line| fill(project, part, line).ok());
    lines.collect::<Vec<_>>().join("\n")
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

/// The names of the programs that a text configures.
fn program_names(text: &str) -> impl Iterator<Item = &str> {
    let headers = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once(']'));
    headers.filter_map(|(header, _)| program::SECTION.own_name(header))
}

/// A warning for each template with programs that the configuration does not include.
pub(super) fn not_included(input: &Input) -> Vec<Diagnostic> {
    let templates = input.parts.iter().filter(|part| !is_left_out(part));
    let templates = templates.filter_map(|part| Some((part, part.template.as_ref()?)));
    let warnings = templates.filter_map(|(part, template)| {
        let names: Vec<&str> = program_names(&template.text).map(str::trim).collect();
        let message = format!(
            "part `{}` renders the programs {}, which the configuration does not include",
            part.name,
            names.join(", ")
        );
        let help = format!(
            "write its file to etc/{LOCAL_ADDITIONS}, or set `supervisor = false` in [{}]",
            part.name
        );
        let is_included = dirname(&template.output)
            == join(&normalize(&input.directory), &format!("etc/{}", dirname(LOCAL_ADDITIONS)));
        let warning = Diagnostic::warning("not-included", message).help(help);
        (!names.is_empty() && !is_included).then(|| warning.maybe_at(part.span))
    });
    warnings.collect()
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
