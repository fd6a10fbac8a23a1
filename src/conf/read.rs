//! Converts text to a [`Config`] and reports all errors at once. Pure: the system is accessed
//! through [`Host`].

use std::rc::Rc;

use super::config::HttpUser;
use super::config::{
    Config, Environment, Group, HttpServer, Notes, Origins, Process, RpcInterface, Supervisord,
};
use super::exposure::{self, Exposure};
use super::fault::{Fault, InvalidConfig};
use super::groups;
use super::host::Host;
use super::load::{self, Loaded};
use super::nearest::nearest;
use super::option_places::HEADER;
use super::option_reader::OptionReader;
use super::options::CommandLine;
use super::python::names::Names;
use super::python::repr;
use super::sections::{self, program, supervisord as s};
use super::{http_users, plugins, servers, supervisord};
use crate::diag::{Diagnostic, Span};
use crate::ini::python::{Document, Entry, Section};

/// An examined configuration: what was read, its meaning and its errors.
#[derive(Debug)]
pub struct Examined {
    pub loaded: Loaded,
    /// The parts that could be read despite errors.
    pub draft: Draft,
    /// The complete configuration, if there are no errors.
    pub config: Option<Config>,
    /// In the order in which Supervisor would find them.
    pub faults: Vec<Fault>,
}

impl Examined {
    /// The configuration, or all its errors.
    pub fn into_config(self) -> Result<Config, InvalidConfig> {
        self.config.ok_or_else(|| InvalidConfig::new(self.faults, self.loaded.sources))
    }

    /// The position of an option's value, or of the section header.
    pub fn place(&self, section: &str, option: &str) -> Option<Span> {
        let document = &self.loaded.document;
        let value = document.entry(section, option).map(Entry::value_span);
        value.or_else(|| document.section(section).and_then(Section::header))
    }
}

/// The parts of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub supervisord: Option<Supervisord>,
    pub servers: Vec<HttpServer>,
    pub users: Vec<HttpUser>,
    pub groups: Vec<Group>,
    pub rpcinterfaces: Vec<RpcInterface>,
}

/// Reads the configuration for a command line.
pub fn read(file: &str, line: &CommandLine, host: &dyn Host) -> Result<Config, InvalidConfig> {
    examine(file, line, host).into_config()
}

/// Reads a configuration and keeps all intermediate results.
pub fn examine(file: &str, line: &CommandLine, host: &dyn Host) -> Examined {
    examine_again(file, line, host, &Environment::new())
}

/// Reads a configuration as a running daemon does: `earlier` are the variables of `[supervisord]`
/// in the configurations that it has read before, which stay known.
pub fn examine_again(
    file: &str,
    line: &CommandLine,
    host: &dyn Host,
    earlier: &Environment,
) -> Examined {
    let mut environ = environ(host);
    for (key, value) in earlier {
        environ.text(format!("ENV_{key}"), value);
    }
    let environ = Rc::new(environ);
    let mut loaded = load::load(file, &environ, host);
    let unread = match loaded.fault.take() {
        None if loaded.document.section(s::SECTION.word).is_none() => Some(no_supervisord(&loaded)),
        fault => fault,
    };
    if let Some(fault) = unread {
        let draft = Draft::default();
        return Examined { loaded, draft, config: None, faults: vec![fault] };
    }
    let mut notes = loaded.notes.clone();
    let mut reader = OptionReader::new(&loaded, environ, host);
    let draft = draft(&mut reader, line);
    notes.warnings.append(&mut reader.warnings);
    let mut faults = reader.into_faults();
    let exposures = exposure::find(&loaded.sources, &loaded.includes, host);
    if line.strict {
        faults.extend(exposures.iter().map(not_strict));
    }
    notes.exposures = exposures.iter().map(ToString::to_string).collect();
    let sound = draft.supervisord.clone().filter(|_| faults.is_empty());
    let config = sound.map(|supervisord| assemble(supervisord, &draft, notes, &loaded));
    Examined { loaded, draft, config, faults }
}

/// The environment of this process as names for expansion.
pub fn environ(host: &dyn Host) -> Names {
    let mut names = Names::default();
    for (key, value) in host.environment() {
        names.text(format!("ENV_{key}"), value);
    }
    names
}

fn draft(reader: &mut OptionReader<'_>, line: &CommandLine) -> Draft {
    let written = supervisord::read(reader);
    let rpcinterfaces = plugins::rpc_interfaces(reader);
    let groups = groups::read(reader);
    let servers = servers::read(reader);
    let supervisord = written.and_then(|written| written.with_command_line(line, reader)).ok();
    if !servers.is_empty() {
        plugins::reject_unknown_options(reader, &rpcinterfaces);
    }
    let users = http_users::read(reader, &servers);
    Draft { supervisord, servers, users, groups, rpcinterfaces }
}

fn assemble(supervisord: Supervisord, draft: &Draft, mut notes: Notes, loaded: &Loaded) -> Config {
    let (draft, origins) = (draft.clone(), origins(loaded));
    notes.remarks = replaced_processes(&draft.groups, &origins);
    Config {
        supervisord,
        servers: draft.servers,
        users: draft.users,
        groups: draft.groups,
        rpcinterfaces: draft.rpcinterfaces,
        here: loaded.here.clone(),
        file: loaded.file.clone(),
        notes,
        origins,
    }
}

/// Processes that are not started, because a later one of their group has the same name.
fn replaced_processes(groups: &[Group], origins: &Origins) -> Vec<String> {
    let place = |process: &Process| {
        let place = origins.of(&process.program, program::PROCESS_NAME.name);
        place.map_or_else(|| process.program.clone(), |place| place.to_string())
    };
    let mut found = Vec::new();
    for group in groups {
        let kept = group.distinct();
        if kept.len() == group.processes.len() {
            continue;
        }
        for process in group.members() {
            let rival = kept.iter().find(|other| other.name == process.name);
            if let Some(rival) = rival.filter(|rival| rival.program != process.program) {
                let (group, name) = (repr(&group.name), repr(&process.name));
                let (ignored, used) = (place(process), place(rival));
                found.push(format!(
                    "group {group} has two processes {name}: {ignored} is ignored, {used} is used"
                ));
            }
        }
    }
    found
}

fn origins(loaded: &Loaded) -> Origins {
    let document: &Document = &loaded.document;
    Origins::new(document.sections().iter().map(|section| {
        let header = section.header().map(|span| (HEADER, span));
        let options = document.entries(section).map(|entry| (entry.key.as_str(), entry.key_span));
        let all = header.into_iter().chain(options);
        (section.name.as_str(), all.map(|(option, span)| (option, loaded.sources.place(span))))
    }))
}

/// Why `--strict` refuses the configuration.
fn not_strict(exposure: &Exposure) -> Fault {
    let message = exposure.to_string();
    let diagnostic = Diagnostic::error("not-strict", message.clone())
        .help(exposure.remedy())
        .maybe_at(exposure.span);
    Fault::new(message, diagnostic)
}

fn no_supervisord(loaded: &Loaded) -> Fault {
    let text = ".ini file does not include supervisord section".to_owned();
    let section = s::SECTION.word;
    let all = loaded.document.sections();
    let is_ours = |it: &&Section| sections::Section::of(it.name.trim()).is_some();
    let near = all.iter().find(|it| nearest(it.name.trim(), [section]).is_some());
    let own = all.iter().find(is_ours);
    let (message, help) = match (near, own) {
        (None, None) if !all.is_empty() => (
            "no section of this file is one of Supervisor's".to_owned(),
            "name the configuration of supervisord with `-c PATH`".to_owned(),
        ),
        (None, Some(_)) => (
            format!("there is no section `[{section}]`"),
            format!("check the file that includes this one, or add a line `[{section}]`"),
        ),
        _ => (
            format!("there is no section `[{section}]`"),
            format!("add a line `[{section}]`; it may be empty below"),
        ),
    };
    let mut diagnostic = Diagnostic::error("no-supervisord", message).help(help);
    diagnostic.span = near.and_then(Section::header);
    Fault::new(text, diagnostic)
}
