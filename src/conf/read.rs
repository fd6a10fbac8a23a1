//! Text to [`Config`]: reads everything, reports every fault, refuses once. Pure: what it must
//! know of the system it asks of [`Surroundings`].

use super::config::{Config, Group, HttpServer, Notes, Origin, Origins, RpcInterface, Supervisord};
use super::fault::{Fault, Refused};
use super::groups::{self, Gatherer};
use super::load::{self, Loaded};
use super::options::CommandLine;
use super::python::names::Names;
use super::reader::Reader;
use super::sections::supervisord as s;
use super::surroundings::Surroundings;
use super::{plugins, servers, supervisord};
use crate::diag::Diagnostic;
use crate::ini::python::{Document, Section};

/// A configuration under examination: what was read, what it means, what is wrong with it.
#[derive(Debug)]
pub struct Examined {
    pub loaded: Loaded,
    /// What could be made of it, in spite of the faults.
    pub draft: Draft,
    /// The draft as a whole, if nothing is wrong.
    pub config: Option<Config>,
    /// In the order in which Supervisor would have found them.
    pub faults: Vec<Fault>,
}

/// The parts of a configuration that have a meaning.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub supervisord: Option<Supervisord>,
    pub servers: Vec<HttpServer>,
    pub groups: Vec<Group>,
    pub rpcinterfaces: Vec<RpcInterface>,
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
    let unread = match loaded.fault.take() {
        None if loaded.document.section(s::SECTION.word).is_none() => Some(no_supervisord(&loaded)),
        fault => fault,
    };
    if let Some(fault) = unread {
        let draft = Draft::default();
        return Examined { loaded, draft, config: None, faults: vec![fault] };
    }
    let mut notes = loaded.notes.clone();
    let mut reader = Reader::new(&loaded, environ, world);
    let draft = draft(&mut reader, line, &mut notes);
    let faults = reader.into_faults();
    let sound = draft.supervisord.clone().filter(|_| faults.is_empty());
    let config = sound.map(|supervisord| whole(supervisord, &draft, notes, &loaded));
    Examined { loaded, draft, config, faults }
}

/// The variables of this process as names.
pub(super) fn environ(world: &dyn Surroundings) -> Names {
    let mut names = Names::default();
    for (key, value) in world.environment() {
        names.text(format!("ENV_{key}"), value);
    }
    names
}

fn draft(reader: &mut Reader<'_>, line: &CommandLine, notes: &mut Notes) -> Draft {
    let written = supervisord::read(reader);
    let rpcinterfaces = plugins::rpc_interfaces(reader);
    let none = Vec::new();
    let environment = written.as_ref().map_or(&none, |written| &written.environment);
    let warnings = &mut notes.warnings;
    let groups = groups::read(Gatherer { reader: &mut *reader, environment, warnings });
    let servers = servers::read(reader);
    let supervisord = written.and_then(|written| written.under(line, reader)).ok();
    Draft { supervisord, servers, groups, rpcinterfaces }
}

fn whole(supervisord: Supervisord, draft: &Draft, notes: Notes, loaded: &Loaded) -> Config {
    let draft = draft.clone();
    Config {
        supervisord,
        servers: draft.servers,
        groups: draft.groups,
        rpcinterfaces: draft.rpcinterfaces,
        here: loaded.here.clone(),
        file: loaded.file.clone(),
        notes,
        origins: origins(loaded),
    }
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
