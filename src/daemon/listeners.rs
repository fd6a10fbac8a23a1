//! Opens the sockets of the HTTP servers, with Supervisor's sentences where that fails.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::conf::config::{Bind, Config, HttpServer, LogLevel, RpcInterface};
use crate::conf::sections::{inet_http_server, unix_http_server};
use crate::ini::text;
use crate::os::errno;
use crate::os::socket::{self, Listener, OpenError, Rights};

use super::activity::ActivityLog;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

const IN_USE: &str = "Another program is already listening on a port that one of our HTTP servers \
                      is configured to use.  Shut this program down first before starting \
                      supervisord.";

/// Sockets that were opened and not yet handed over. Their files are removed by [`Opened::unlink`].
#[derive(Default)]
pub(super) struct Opened {
    pub(super) listeners: Vec<(Listener, HttpServer)>,
    paths: Vec<PathBuf>,
}

impl Opened {
    /// Opens all servers of `config` or none.
    pub(super) fn open(config: &Config, log: &mut ActivityLog) -> Result<Self, String> {
        let mut opened = Self::default();
        for server in &config.servers {
            match open(&server.bind) {
                Ok(listener) => opened.take(listener, server),
                Err(error) => {
                    opened.unlink();
                    return Err(sentence(&error) + &whereabouts(config, server));
                }
            }
            announce(server, &config.rpcinterfaces, log);
        }
        Ok(opened)
    }

    fn take(&mut self, listener: Listener, server: &HttpServer) {
        if let Bind::Unix { path, .. } = &server.bind {
            self.paths.push(path.into());
        }
        self.listeners.push((listener, server.clone()));
    }

    /// Removes the socket files.
    pub(super) fn unlink(&self) {
        for path in &self.paths {
            let _ = fs::remove_file(path);
        }
    }
}

fn open(bind: &Bind) -> Result<Listener, OpenError> {
    match bind {
        Bind::Inet { host, port } => Ok(Listener::Tcp(socket::tcp(host, *port, BACKLOG)?)),
        Bind::Unix { path, mode, owner } => {
            let rights = Rights { mode: Some(*mode), owner: *owner };
            Ok(Listener::Unix(socket::unix(Path::new(path), rights, BACKLOG, tell_stale)?))
        }
    }
}

fn tell_stale(path: &Path) {
    let _ = writeln!(io::stderr(), "Unlinking stale socket {}", path.display());
}

fn announce(server: &HttpServer, interfaces: &[RpcInterface], log: &mut ActivityLog) {
    for interface in interfaces {
        let name = interface_name(interface);
        log.log(LogLevel::Info, &format!("RPC interface '{name}' initialized"));
    }
    if server.credentials.is_none() {
        let section = text::repr(&server.section);
        let message = format!("Server {section} running without any HTTP authentication checking");
        log.log(LogLevel::Critical, &message);
    }
}

fn interface_name(interface: &RpcInterface) -> &'static str {
    match interface {
        RpcInterface::Main => "supervisor",
        RpcInterface::Twiddler { .. } => "twiddler",
    }
}

/// Where the address was written, and what to do about it, below Supervisor's sentence.
fn whereabouts(config: &Config, server: &HttpServer) -> String {
    let (option, address) = match &server.bind {
        Bind::Inet { host, port } => (inet_http_server::PORT.name, format!("{host}:{port}")),
        Bind::Unix { path, .. } => (unix_http_server::FILE.name, path.clone()),
    };
    let place = config.origins.of(&server.section, option);
    let place = place.map_or(String::new(), |place| format!(" --> {place}\n"));
    format!(
        "\n\n{place}  = `{address}` of [{}] cannot be used\n  \
           = help: end what listens there, or correct `{option}`\n",
        server.section
    )
}

fn sentence(error: &OpenError) -> String {
    let help = "Cannot open an HTTP server: socket.error reported";
    match error {
        OpenError::InUse => IN_USE.to_owned(),
        OpenError::Owner(sentence) => sentence.clone(),
        OpenError::Io(error) => match error.raw_os_error() {
            Some(code) => match errno::name(code) {
                Some(name) => format!("{help} errno.{name} ({code})"),
                None => format!("{help} {code}"),
            },
            None => format!("{help} {error}"),
        },
    }
}
