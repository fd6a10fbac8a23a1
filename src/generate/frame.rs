//! The sections around the programs, where the project leaves them to supkit: the socket, the
//! client, the daemon with its log. Everything lies in `var`, and is named from the place of the
//! configuration, so that the whole directory can be moved.

use super::deployment::{Origin, Section};
use super::input::Part;

/// The options of a daemon part that speak of the server on a port.
pub(super) const PORT: &str = "supervisor-port";
pub(super) const USER: &str = "supervisor-username";
pub(super) const PASSWORD: &str = "supervisor-password";
/// `name: program program, name: program`
pub(super) const GROUPS: &str = "supervisor-groups";
/// Options of `[supervisord]` are set with this before their name.
pub(super) const DAEMON: &str = "supervisord-";

/// Whether a daemon part means the frame by this option, and not a program.
pub(super) fn is_option(name: &str) -> bool {
    [PORT, USER, PASSWORD, GROUPS].contains(&name)
}

/// `to_var` leads from the configuration to `var`, such as `%(here)s/../var`.
pub(super) fn frame(to_var: &str, part: Option<&Part>) -> Vec<Section> {
    let mut sections = vec![unix_server(to_var)];
    sections.extend(part.and_then(inet_server));
    sections.push(client(to_var));
    sections.push(rpc_interface());
    sections.push(daemon(to_var, part));
    sections
}

/// Supervisor's own, without which it has no `supervisor.*` methods.
pub(super) fn rpc_interface() -> Section {
    let mut section = Section::new("rpcinterface:supervisor");
    section.set(
        "supervisor.rpcinterface_factory",
        "supervisor.rpcinterface:make_main_rpcinterface",
        Origin::Supkit,
    );
    section
}

fn unix_server(to_var: &str) -> Section {
    let mut section = Section::new("unix_http_server");
    section.set("file", format!("{to_var}/supervisor.sock"), Origin::Supkit);
    section.set("chmod", "0600", Origin::Supkit);
    section
}

fn inet_server(part: &Part) -> Option<Section> {
    let port = part.given(PORT)?;
    let mut section = Section::new("inet_http_server");
    section.set("port", port, Origin::Project(part.span_of(PORT)));
    for (name, option) in [("username", USER), ("password", PASSWORD)] {
        if let Some(value) = part.given(option) {
            section.set(name, value, Origin::Project(part.span_of(option)));
        }
    }
    Some(section)
}

fn client(to_var: &str) -> Section {
    let mut section = Section::new("supervisorctl");
    section.set("serverurl", format!("unix://{to_var}/supervisor.sock"), Origin::Supkit);
    section
}

fn daemon(to_var: &str, part: Option<&Part>) -> Section {
    let mut section = Section::new("supervisord");
    let presets = [
        ("logfile", format!("{to_var}/log/supervisord.log")),
        ("logfile_maxbytes", "5MB".to_owned()),
        ("logfile_backups", "10".to_owned()),
        ("loglevel", "info".to_owned()),
        ("pidfile", format!("{to_var}/supervisord.pid")),
        ("childlogdir", format!("{to_var}/log")),
        ("nodaemon", "false".to_owned()),
        ("minfds", "1024".to_owned()),
        ("minprocs", "200".to_owned()),
        ("directory", "%(here)s".to_owned()),
    ];
    for (name, value) in presets {
        let option = format!("{DAEMON}{}", name.replace('_', "-"));
        match part.and_then(|part| Some((part, part.given(&option)?))) {
            Some((part, given)) => {
                section.set(name, given, Origin::Project(part.span_of(&option)));
            }
            None => section.set(name, value, Origin::Supkit),
        }
    }
    for option in ["user", "umask", "environment", "nocleanup", "identifier", "strip_ansi"] {
        let name = format!("{DAEMON}{}", option.replace('_', "-"));
        if let Some((part, given)) = part.and_then(|part| Some((part, part.given(&name)?))) {
            section.set(option, given, Origin::Project(part.span_of(&name)));
        }
    }
    section
}
