//! The sections around the services: the daemon, its server, the client and the RPC interface.

use super::Surroundings;
use super::fault::Fault;
use super::options::{CHMOD, Options, PORT, SOCKET};
use super::section::{Kind, Section, Source};
use crate::conf::python::path::join;

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
    around: Surroundings<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<Section> {
    let mut sections = Vec::new();
    if options.has_section("global") {
        sections.push(daemon(options, around));
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

pub(super) fn log_file(options: &Options<'_>, around: Surroundings<'_>) -> String {
    path(options, "logfile", around, "var/log/supervisord.log")
}

pub(super) fn child_log_directory(options: &Options<'_>, around: Surroundings<'_>) -> String {
    path(options, "childlogdir", around, "var/log")
}

fn path(
    options: &Options<'_>,
    option: &'static str,
    around: Surroundings<'_>,
    below: &str,
) -> String {
    options.get(option).map_or_else(|| join(around.directory, below), str::to_owned)
}

fn daemon(options: &Options<'_>, around: Surroundings<'_>) -> Section {
    let mut section = Section::new(Kind::Frame, "supervisord", Source::Recipe);
    let log = options.source("logfile");
    section.set(
        "childlogdir",
        &child_log_directory(options, around),
        options.source("childlogdir"),
    );
    section.set("logfile", &log_file(options, around), log);
    let pid = path(options, "pidfile", around, "var/supervisord.pid");
    section.set("pidfile", &pid, options.source("pidfile"));
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
