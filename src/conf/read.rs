//! Text to [`Config`]: reads everything, reports every fault, refuses once. Pure: what it must
//! know of the system it asks of [`Surroundings`].

use super::config::{Config, Origin, Origins};
use super::fault::{Fault, Refused};
use super::groups::{self, Gatherer};
use super::load::{self, Loaded};
use super::options::CommandLine;
use super::python::percent::Names;
use super::reader::{Read, Reader};
use super::sections::supervisord as s;
use super::surroundings::Surroundings;
use super::{plugins, servers, supervisord};
use crate::diag::Diagnostic;
use crate::ini::python::{Document, Section};

/// A configuration under examination: what was read, what it means, what is wrong with it.
#[derive(Debug)]
pub struct Examined {
    pub loaded: Loaded,
    /// Present if nothing is wrong.
    pub config: Option<Config>,
    pub faults: Vec<Fault>,
}

/// Reads the configuration that a command line asks for.
pub fn read(file: &str, line: &CommandLine, world: &dyn Surroundings) -> Result<Config, Refused> {
    let examined = examine(file, line, world);
    examined.config.ok_or_else(|| Refused::new(examined.faults, examined.loaded.sources))
}

/// Reads a configuration and keeps what was found on the way.
pub fn examine(file: &str, line: &CommandLine, world: &dyn Surroundings) -> Examined {
    let environ = environ(world);
    let mut loaded = load::load(file, &environ, world);
    if let Some(fault) = loaded.fault.take() {
        return Examined { loaded, config: None, faults: vec![fault] };
    }
    if loaded.document.section(s::SECTION.word).is_none() {
        let fault = no_supervisord(&loaded);
        return Examined { loaded, config: None, faults: vec![fault] };
    }
    let mut reader = Reader::new(&loaded, environ, world);
    let config = config(&mut reader, line);
    let faults = reader.into_faults();
    let config = config.ok().filter(|_| faults.is_empty());
    Examined { loaded, config, faults }
}

/// The variables of this process as names.
pub(super) fn environ(world: &dyn Surroundings) -> Names {
    let mut names = Names::default();
    for (key, value) in world.environment() {
        names.text(format!("ENV_{key}"), value);
    }
    names
}

fn config(reader: &mut Reader<'_>, line: &CommandLine) -> Read<Config> {
    let loaded = reader.loaded;
    let mut notes = loaded.notes.clone();
    let written = supervisord::read(reader);
    let rpcinterfaces = plugins::rpc_interfaces(reader);
    let none = Vec::new();
    let environment = written.as_ref().map_or(&none, |written| &written.environment);
    let warnings = &mut notes.warnings;
    let groups = groups::read(Gatherer { reader: &mut *reader, environment, warnings });
    let servers = servers::read(reader);
    let supervisord = written?.under(line, reader);
    Ok(Config {
        supervisord: supervisord?,
        servers: servers?,
        groups: groups?,
        rpcinterfaces: rpcinterfaces?,
        here: loaded.here.clone(),
        file: loaded.file.clone(),
        notes,
        origins: origins(loaded),
    })
}

fn origins(loaded: &Loaded) -> Origins {
    let document: &Document = &loaded.document;
    let mut origins = Vec::new();
    for section in document.sections() {
        let header = section.header().map(|span| ("", span));
        let options = document.entries(section).map(|entry| (entry.key.as_str(), entry.key_span));
        for (option, span) in header.into_iter().chain(options) {
            origins.push(Origin {
                section: section.name.clone(),
                option: option.to_owned(),
                place: loaded.sources.place(span),
            });
        }
    }
    Origins(origins)
}

fn no_supervisord(loaded: &Loaded) -> Fault {
    let text = ".ini file does not include supervisord section".to_owned();
    let section = s::SECTION.word;
    let mut diagnostic =
        Diagnostic::error("no-supervisord", format!("there is no section `[{section}]`"))
            .help(format!("add a line `[{section}]`; it may be empty below"));
    let near = loaded
        .document
        .sections()
        .iter()
        .find(|other| super::nearest::nearest(other.name.trim(), [section]).is_some());
    diagnostic.span = near.and_then(Section::header);
    Fault::new(text, diagnostic)
}
