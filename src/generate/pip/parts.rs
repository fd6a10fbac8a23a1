//! The parts that a pip project has for the generator, with the recipes `pip:runwsgi` and
//! `pip:runzeo`.

use std::collections::BTreeMap;

use super::project::{Instance, PipProject, Server};
use super::zope_conf::Fact;
use crate::buildout::Assignment;
use crate::buildout::paths::join;
use crate::diag::{Diagnostic, Span};
use crate::generate::input::{Input, Part, Value};
use crate::generate::part_options::supkit;
use crate::generate::switch::switch;

/// The options of the recipes.
mod option {
    pub(super) const RECIPE: &str = "recipe";
    pub(super) const RUNNER: &str = "runner";
    pub(super) const CONFIGURATION: &str = "configuration-file";
    pub(super) const HTTP_ADDRESS: &str = "http-address";
    pub(super) const ZEO_ADDRESS: &str = "zeo-address";
    pub(super) const DATA: &str = "file-storage";
    pub(super) const DEBUG: &str = "debug-mode";
}

/// The input of the generator, with options of the command line.
pub fn input(project: &PipProject, assignments: &[Assignment]) -> Result<Input, Vec<Diagnostic>> {
    let servers = project.servers.iter().map(server);
    let mut parts: Vec<Part> = servers.chain(project.instances.iter().map(instance)).collect();
    let mut settings = BTreeMap::new();
    let mut faults = Vec::new();
    for assignment in assignments {
        let Assignment { section, option, value } = assignment;
        let value = Value { text: value.clone(), ..Value::default() };
        if section == supkit::SECTION {
            settings.insert(option.clone(), value);
        } else if let Some(part) = parts.iter_mut().find(|part| part.name == *section) {
            part.options.insert(option.clone(), value);
        } else {
            faults.push(no_such_program(section, &parts));
        }
    }
    let setting = |option: &str, default: bool| {
        let value = settings.get(option);
        let text = value.map(|value| value.text.as_str()).unwrap_or_default();
        switch(option, text, default, None).map_err(|fault| vec![*fault])
    };
    let has_readiness = setting(supkit::READINESS, true)?;
    let has_drains = setting(supkit::DRAIN, has_readiness)?;
    if !faults.is_empty() {
        return Err(faults);
    }
    let directory = project.directory.clone();
    let (bin, parts_directory) = (join(&directory, "bin"), join(&directory, "parts"));
    Ok(Input {
        directory,
        bin,
        parts_directory,
        parts,
        has_readiness,
        has_drains,
        ..Input::default()
    })
}

fn no_such_program(section: &str, parts: &[Part]) -> Diagnostic {
    let names: Vec<String> = parts.iter().map(|part| format!("`{}`", part.name)).collect();
    let message = format!("the project has no program `{section}`");
    Diagnostic::error("no-section", message).help(format!("it has {}", names.join(", ")))
}

fn instance(instance: &Instance) -> Part {
    let Instance { name, program, configuration, wsgi, zope } = instance;
    let zeo: Vec<&str> = zope.zeo.iter().map(|fact| fact.text.as_str()).collect();
    let zeo = zope.zeo.first().map(|first| Fact { text: zeo.join(" "), span: first.span });
    // With a ZEO client, the file is only one beside it, such as a history.
    let data = zope.data.as_ref().filter(|_| zeo.is_none());
    let span = Some(wsgi.zope_conf.span);
    part(name, "pip:runwsgi", program, configuration, span)
        .with(option::HTTP_ADDRESS, wsgi.listens.as_ref())
        .with(option::ZEO_ADDRESS, zeo.as_ref())
        .with(option::DATA, data)
        .with(option::DEBUG, zope.debug.as_ref())
        .0
}

fn server(server: &Server) -> Part {
    let Server { name, program, configuration, zeo } = server;
    let span = zeo.address.as_ref().map(|address| address.span);
    part(name, "pip:runzeo", program, configuration, span)
        .with(option::ZEO_ADDRESS, zeo.address.as_ref())
        .with(option::DATA, zeo.data.as_ref())
        .0
}

struct PartBuilder(Part);

fn part(
    name: &str,
    recipe: &str,
    program: &str,
    configuration: &str,
    span: Option<Span>,
) -> PartBuilder {
    let value = |text: String| Value { text, ..Value::default() };
    let options = [
        (option::RECIPE, recipe.to_owned()),
        (option::RUNNER, word(program)),
        (option::CONFIGURATION, word(configuration)),
    ];
    let options = options.map(|(option, text)| (option.to_owned(), value(text))).into();
    let name = name.to_owned();
    PartBuilder(Part { name, options, is_listed: true, span, ..Part::default() })
}

impl PartBuilder {
    fn with(mut self, option: &str, fact: Option<&Fact>) -> Self {
        if let Some(Fact { text, span }) = fact {
            let value = Value { text: text.clone(), span: Some(*span), lines: vec![Some(*span)] };
            self.0.options.insert(option.to_owned(), value);
        }
        self
    }
}

/// A path as a word of a command.
fn word(path: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !"\"'\\;#".contains(c);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
