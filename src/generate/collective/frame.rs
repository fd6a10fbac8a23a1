//! The sections around the services: the daemon, its server, the client and the RPC interface.

use super::fault::Fault;
use super::options::{CHMOD, Options, PORT, SOCKET};
use super::section::{Kind, Section, Source};
use crate::conf::python::path::join;

/// Paths of `[supervisord]`: key and option, default below the project's directory.
const DAEMON_PATHS: &[(&str, &str)] = &[
    ("childlogdir", "var/log"),
    ("logfile", "var/log/supervisord.log"),
    ("pidfile", "var/supervisord.pid"),
];

/// Settings of `[supervisord]` that need no thought: key, option, default.
const DAEMON: &[(&str, &str, &str)] = &[
    ("logfile_maxbytes", "logfile-maxbytes", "50MB"),
    ("logfile_backups", "logfile-backups", "10"),
    ("loglevel", "loglevel", "info"),
    ("umask", "umask", "022"),
    ("nodaemon", "nodaemon", "false"),
    ("nocleanup", "nocleanup", "false"),
];

/// Those that are left out unless the part says something.
const DAEMON_GIVEN: &[(&str, &str)] = &[
    ("user", "supervisord-user"),
    ("directory", "supervisord-directory"),
    ("environment", "supervisord-environment"),
];

pub(super) fn sections(
    options: &Options<'_>,
    directory: &str,
    faults: &mut Vec<Fault>,
) -> Vec<Section> {
    let mut sections = Vec::new();
    if options.has_section("global") {
        sections.push(daemon(options, directory));
    }
    if options.has_section("ctl") {
        if options.has_section("http") {
            match server(options) {
                Ok(section) => sections.push(section),
                Err(fault) => faults.push(fault),
            }
        }
        sections.push(client(options));
    }
    if options.has_section("rpc") {
        sections.push(rpc_interface());
    }
    sections
}

fn daemon(options: &Options<'_>, directory: &str) -> Section {
    let mut section = Section::new(Kind::Frame, "supervisord", Source::Recipe);
    for (option, below) in DAEMON_PATHS {
        let default = join(directory, below);
        let (value, source) = options.or(option, &default);
        section.set(option, value, source);
    }
    for (key, option, default) in DAEMON {
        let (value, source) = options.or(option, default);
        section.set(key, value, source);
    }
    for (key, option) in DAEMON_GIVEN {
        if let Some(value) = options.given(option) {
            section.set(key, value, options.source(option));
        }
    }
    search_path(options, &mut section);
    section
}

/// The recipe writes a second `environment` for `env-path`, which hides the first. Both are meant.
fn search_path(options: &Options<'_>, section: &mut Section) {
    let Some(path) = options.get("env-path") else { return };
    let source = options.source("env-path");
    let before = section.get("environment").unwrap_or_default();
    let before = before.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
    let comma = if before.is_empty() { "" } else { "," };
    let value = format!("{before}{comma}PATH={path}");
    section.set("environment", &value, source);
}

fn server(options: &Options<'_>) -> Result<Section, Fault> {
    let (socket, source) = options.or("http-socket", SOCKET);
    let unix = match socket {
        "inet" => false,
        "unix" => true,
        found => return Err(Fault::Socket { found: found.to_owned(), source }),
    };
    let (name, key, default) =
        if unix { ("unix_http_server", "file", "") } else { ("inet_http_server", "port", PORT) };
    let mut section = Section::new(Kind::Frame, name, Source::Recipe);
    let (value, source) = options.or(key, default);
    section.set(key, value, source);
    credentials(options, &mut section);
    if unix {
        let (mode, source) = options.or("chmod", CHMOD);
        section.set("chmod", mode, source);
        if let Some(owner) = options.given("chown") {
            section.set("chown", owner, options.source("chown"));
        }
    }
    Ok(section)
}

fn client(options: &Options<'_>) -> Section {
    let mut section = Section::new(Kind::Frame, "supervisorctl", Source::Recipe);
    let (url, source) = server_url(options);
    section.set("serverurl", &url, source);
    credentials(options, &mut section);
    section
}

fn credentials(options: &Options<'_>, section: &mut Section) {
    for (key, option) in [("username", "user"), ("password", "password")] {
        let (value, source) = options.or(option, "");
        section.set(key, value, source);
    }
}

/// Where the client and the listeners find the server.
pub(super) fn server_url(options: &Options<'_>) -> (String, Source) {
    if let Some(url) = options.get("serverurl") {
        return (url.to_owned(), options.source("serverurl"));
    }
    let (port, source) = options.or("port", PORT);
    match options.get("http-socket").unwrap_or(SOCKET) {
        "inet" if port.contains(':') => (format!("http://{port}"), source),
        "inet" => (format!("http://localhost:{port}"), source),
        "unix" => {
            let (file, source) = options.or("file", "");
            (format!("unix://{file}"), source)
        }
        _ => (port.to_owned(), source),
    }
}

fn rpc_interface() -> Section {
    let mut section = Section::new(Kind::Frame, "rpcinterface:supervisor", Source::Recipe);
    section.set(
        "supervisor.rpcinterface_factory",
        "supervisor.rpcinterface:make_main_rpcinterface",
        Source::Recipe,
    );
    section
}
