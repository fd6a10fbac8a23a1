//! The sections besides the services: the daemon, its server, the client and the RPC interface.

use super::fault::Fault;
use super::options::{DEFAULT_CHMOD, DEFAULT_PORT, DEFAULT_SOCKET, Options, name, written};
use super::section::{Kind, Section, Source};
use crate::conf::python::path::join;
use crate::conf::sections::{
    inet_http_server as inet, rpcinterface as r, supervisorctl as ctl, supervisord as s,
    unix_http_server as unix,
};
use crate::generate::blank_paths::Split;
use crate::generate::deployment::header;
use crate::generate::environment_lines;

/// Paths of `[supervisord]`: key, option, default relative to the project.
const DAEMON_PATHS: &[(&str, &str, &str)] = &[
    (s::CHILDLOGDIR.name, name::CHILDLOGDIR, "var/log"),
    (s::LOGFILE.name, name::LOGFILE, "var/log/supervisord.log"),
    (s::PIDFILE.name, name::PIDFILE, "var/supervisord.pid"),
];

/// Settings of `[supervisord]` with a fixed default: key, option, default.
const DAEMON: &[(&str, &str, &str)] = &[
    (s::LOGFILE_MAXBYTES.name, name::LOGFILE_MAXBYTES, "50MB"),
    (s::LOGFILE_BACKUPS.name, name::LOGFILE_BACKUPS, "10"),
    (s::LOGLEVEL.name, name::LOGLEVEL, "info"),
    (s::UMASK.name, name::UMASK, "022"),
    (s::NODAEMON.name, name::NODAEMON, "false"),
    (s::NOCLEANUP.name, name::NOCLEANUP, "false"),
];

/// Settings without a default: key, option.
const DAEMON_GIVEN: &[(&str, &str)] = &[
    (s::USER.name, name::DAEMON_USER),
    (s::DIRECTORY.name, name::DAEMON_DIRECTORY),
    (s::ENVIRONMENT.name, name::DAEMON_ENVIRONMENT),
];

pub(super) fn sections(
    options: &Options<'_>,
    directory: &str,
    faults: &mut Vec<Fault>,
) -> Vec<Section> {
    let mut sections = Vec::new();
    if options.has_section(written::GLOBAL) {
        sections.push(daemon(options, directory));
    }
    if options.has_section(written::CTL) {
        if options.has_section(written::HTTP) {
            match server(options) {
                Ok(section) => sections.push(section),
                Err(fault) => faults.push(fault),
            }
        }
        sections.push(client(options));
    }
    if options.has_section(written::RPC) {
        sections.push(rpc_interface());
    }
    sections
}

fn daemon(options: &Options<'_>, directory: &str) -> Section {
    let mut section = Section::new(Kind::Base, s::SECTION.word, Source::Recipe);
    for (key, option, below) in DAEMON_PATHS {
        let default = join(directory, below);
        let (value, source) = options.or(option, &default);
        section.set(key, value, source);
    }
    for (key, option, default) in DAEMON {
        let (value, source) = options.or(option, default);
        section.set(key, value, source);
    }
    for (key, option) in DAEMON_GIVEN {
        if let Some(value) = options.given(option) {
            let value = Split::of(key).quoted(value);
            let joined = environment_lines::joined(&value).filter(|_| *key == s::ENVIRONMENT.name);
            section.set(key, &joined.unwrap_or(value), options.source(option));
        }
    }
    search_path(options, &mut section);
    section
}

/// The recipe writes a second `environment` for `env-path`, which overrides the first. Both are
/// intended.
fn search_path(options: &Options<'_>, section: &mut Section) {
    let Some(path) = options.get(name::ENV_PATH) else { return };
    let source = options.source(name::ENV_PATH);
    let before = section.get(s::ENVIRONMENT.name).unwrap_or_default();
    let before = before.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
    let comma = if before.is_empty() { "" } else { "," };
    let value = format!("{before}{comma}PATH={path}");
    section.set(s::ENVIRONMENT.name, &value, source);
}

fn server(options: &Options<'_>) -> Result<Section, Fault> {
    let (socket, source) = options.or(name::HTTP_SOCKET, DEFAULT_SOCKET);
    let is_unix = match socket {
        "inet" => false,
        "unix" => true,
        found => return Err(Fault::Socket { found: found.to_owned(), source }),
    };
    let (word, key, option, default) = if is_unix {
        (unix::SECTION.word, unix::FILE.name, name::FILE, "")
    } else {
        (inet::SECTION.word, inet::PORT.name, name::PORT, DEFAULT_PORT)
    };
    let mut section = Section::new(Kind::Base, word, Source::Recipe);
    let (value, source) = options.or(option, default);
    section.set(key, value, source);
    credentials(options, &mut section);
    if is_unix {
        let (mode, source) = options.or(name::CHMOD, DEFAULT_CHMOD);
        section.set(unix::CHMOD.name, mode, source);
        if let Some(owner) = options.given(name::CHOWN) {
            section.set(unix::CHOWN.name, owner, options.source(name::CHOWN));
        }
    }
    Ok(section)
}

fn client(options: &Options<'_>) -> Section {
    let mut section = Section::new(Kind::Base, ctl::SECTION.word, Source::Recipe);
    let (url, source) = server_url(options);
    section.set(ctl::SERVERURL.name, &url, source);
    credentials(options, &mut section);
    section
}

/// The servers and the client have the same names for these options.
fn credentials(options: &Options<'_>, section: &mut Section) {
    for (key, option) in [(ctl::USERNAME.name, name::USER), (ctl::PASSWORD.name, name::PASSWORD)] {
        let (value, source) = options.or(option, "");
        section.set(key, value, source);
    }
}

/// The URL of the server for the client and the listeners.
pub(super) fn server_url(options: &Options<'_>) -> (String, Source) {
    if let Some(url) = options.get(name::SERVERURL) {
        return (url.to_owned(), options.source(name::SERVERURL));
    }
    let (port, source) = options.or(name::PORT, DEFAULT_PORT);
    match options.get(name::HTTP_SOCKET).unwrap_or(DEFAULT_SOCKET) {
        "inet" if port.contains(':') => (format!("http://{port}"), source),
        "inet" => (format!("http://localhost:{port}"), source),
        "unix" => {
            let (file, source) = options.or(name::FILE, "");
            (format!("unix://{file}"), source)
        }
        _ => (port.to_owned(), source),
    }
}

fn rpc_interface() -> Section {
    let mut section = Section::new(Kind::Base, header(&r::SECTION, "supervisor"), Source::Recipe);
    section.set(r::FACTORY.name, "supervisor.rpcinterface:make_main_rpcinterface", Source::Recipe);
    section
}
