//! Checks before a restart stops anything: whether the daemon could start with the configuration as
//! it is now. Supervisor stops everything, reads the file and terminates if it is invalid.

use std::fs;
use std::path::Path;

use super::config_reader::ConfigReader;
use super::logs::{self, Logs};
use super::server_sockets::Problem;
use crate::conf::config::{
    Bind, Config, FcgiAddress, FcgiSocket, Group, GroupKind, InetServer, LogLevel, LogTarget,
    UnixServer,
};
use crate::conf::sections::{fcgi_program, supervisord};
use crate::os::access;
use crate::os::socket::{self, OpenError};
use crate::os::users::{self, Identity};

/// What is in the way of a restart, one line each.
pub(super) type Problems = Vec<String>;

/// Reads the configuration and checks all that can be known without changing anything. `running`
/// has the servers that are open now.
pub(super) fn check(reader: &ConfigReader, running: &Config) -> Result<(), Problems> {
    let config = reader.read().map_err(|invalid| invalid.lines())?;
    let own = OwnAddresses { running };
    let mut problems = Problems::new();
    problems.extend(user(&config));
    problems.extend(activity_log(&config));
    problems.extend(automatic_logs(&config));
    for server in &config.servers {
        let opened = own.check(&Address::of_server(&server.bind));
        problems.extend(opened.err().map(|error| Problem::of(&config, server, &error).line()));
    }
    for (group, socket) in fastcgi_sockets(&config) {
        let opened = own.check(&Address::of_fastcgi(socket));
        problems.extend(opened.err().map(|error| fastcgi_problem(&config, group, socket, &error)));
    }
    if problems.is_empty() {
        reader.accept(config);
        return Ok(());
    }
    Err(problems)
}

pub(super) fn log(problems: &Problems, logs: &mut Logs) {
    for problem in problems {
        logs.log(LogLevel::Critical, problem);
    }
    let outcome = "the restart is refused because the daemon could not start again; everything \
                   keeps running";
    logs.log(LogLevel::Critical, outcome);
}

/// The position of an option before a message about it.
fn at(config: &Config, section: &str, option: &str) -> String {
    config.origins.of(section, option).map_or(String::new(), |place| format!("{place}: "))
}

fn user(config: &Config) -> Option<String> {
    let user = config.supervisord.user.as_ref()?;
    let Identity::Impossible(reason) = users::identity(user.uid) else { return None };
    let option = supervisord::USER.name;
    let place = at(config, supervisord::SECTION.word, option);
    Some(format!("{place}{reason}; correct `{option}`, or restart the daemon as root"))
}

/// A missing log needs a directory that may be written; a device or FIFO is left to the start.
fn activity_log(config: &Config) -> Option<String> {
    let path = Path::new(&config.supervisord.logfile);
    let is_usable = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => !metadata.is_dir(),
        _ => access::try_append(path).is_ok(),
    };
    if is_usable || config.supervisord.logfile == "syslog" {
        return None;
    }
    let option = supervisord::LOGFILE.name;
    let place = at(config, supervisord::SECTION.word, option);
    let path = path.display();
    Some(format!(
        "{place}could not open the log file {path}; create its directory, or correct `{option}`"
    ))
}

fn automatic_logs(config: &Config) -> Option<String> {
    let mut processes = config.groups.iter().flat_map(Group::members);
    let is_automatic =
        |(_, log): (_, crate::conf::config::StreamLog<'_>)| *log.target == LogTarget::Auto;
    let process = processes.find(|process| logs::streams(process).any(is_automatic))?;
    let dir = Path::new(&config.supervisord.childlogdir);
    if access::try_change(dir).is_ok() {
        return None;
    }
    let option = supervisord::CHILDLOGDIR.name;
    let place = at(config, supervisord::SECTION.word, option);
    let (name, dir) = (&process.name, dir.display());
    Some(format!("{place}could not create a log for {name} in {dir}; correct `{option}`"))
}

fn fastcgi_sockets(config: &Config) -> impl Iterator<Item = (&str, &FcgiSocket)> {
    config.groups.iter().filter_map(|group| match &group.kind {
        GroupKind::FastCgi(socket) => Some((group.name.as_str(), socket)),
        _ => None,
    })
}

fn fastcgi_problem(config: &Config, group: &str, socket: &FcgiSocket, error: &OpenError) -> String {
    let option = fcgi_program::SOCKET.name;
    let section = format!("{}:{group}", fcgi_program::SECTION.word);
    let place = at(config, &section, option);
    let url = socket.url();
    format!("{place}Could not create FastCGI socket {url}: {error}; correct `{option}`")
}

/// An address to listen at.
enum Address<'c> {
    Tcp { host: &'c str, port: u16 },
    Unix { path: &'c str, owner: Option<(u32, u32)> },
}

impl<'c> Address<'c> {
    fn of_server(bind: &'c Bind) -> Self {
        match bind {
            Bind::Inet(InetServer { address: (host, port), .. }) => Self::Tcp { host, port: *port },
            Bind::Unix(UnixServer { path, owner, .. }) => Self::Unix { path, owner: *owner },
        }
    }

    fn of_fastcgi(socket: &'c FcgiSocket) -> Self {
        match &socket.address {
            FcgiAddress::Tcp { host, port } => Self::Tcp { host, port: *port },
            FcgiAddress::Unix { path } => Self::Unix { path, owner: socket.owner },
        }
    }
}

/// The addresses that this daemon holds now and releases before it starts again.
struct OwnAddresses<'c> {
    running: &'c Config,
}

impl OwnAddresses<'_> {
    fn check(&self, address: &Address<'_>) -> Result<(), OpenError> {
        let (tried, is_own) = match address {
            Address::Tcp { host, port } => (socket::try_tcp(host, *port), self.has_port(*port)),
            Address::Unix { path, owner } => {
                (socket::try_unix(Path::new(path), *owner), self.has_path(path))
            }
        };
        match tried {
            Err(OpenError::InUse) if is_own => Ok(()),
            tried => tried,
        }
    }

    fn all(&self) -> impl Iterator<Item = Address<'_>> {
        let servers = self.running.servers.iter().map(|server| Address::of_server(&server.bind));
        let fastcgi = fastcgi_sockets(self.running);
        servers.chain(fastcgi.map(|(_, socket)| Address::of_fastcgi(socket)))
    }

    fn has_port(&self, wanted: u16) -> bool {
        self.all().any(|it| matches!(it, Address::Tcp { port, .. } if port == wanted))
    }

    fn has_path(&self, wanted: &str) -> bool {
        self.all().any(|it| matches!(it, Address::Unix { path, .. } if path == wanted))
    }
}
