//! Opens the sockets of the HTTP servers. The error messages are identical to Supervisor's.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::conf::config::{Bind, Config, HttpServer, InetServer, LogLevel, UnixServer};
use crate::conf::sections::{inet_http_server, unix_http_server};
use crate::ini::text;
use crate::os::errno;
use crate::os::socket::{self, Listener, OpenError, SocketPermissions};

use super::activity::ActivityLog;
use super::certificates::Certificates;
use super::running::{self, Holder};

/// The listen backlog.
const BACKLOG: i32 = 1024;

const IN_USE: &str = "Another program is already listening on a port that one of our HTTP servers \
                      is configured to use.  Shut this program down first before starting \
                      supervisord.";

/// Sockets that are open but not yet passed to the server. [`ServerSockets::unlink`] removes their
/// files.
#[derive(Default)]
pub(super) struct ServerSockets {
    pub(super) listeners: Vec<OpenServer>,
    paths: Vec<PathBuf>,
}

/// A server that listens.
pub(super) struct OpenServer {
    pub(super) listener: Listener,
    pub(super) config: HttpServer,
    pub(super) certificates: Option<Certificates>,
}

/// A server that could not be opened.
pub(super) struct OpenFailure {
    pub(super) message: String,
    /// Another process listens there.
    pub(super) is_taken: bool,
}

impl ServerSockets {
    /// Opens all servers of `config` or none.
    pub(super) fn open(config: &Config) -> Result<Self, OpenFailure> {
        let mut sockets = Self::default();
        for server in &config.servers {
            let certificates = match Certificates::open(server) {
                Ok(certificates) => certificates,
                Err(problem) => {
                    sockets.unlink();
                    let message = problem.line(config, &server.section);
                    return Err(OpenFailure { message, is_taken: false });
                }
            };
            match open(&server.bind) {
                Ok(listener) => sockets.push(listener, server, certificates),
                Err(error) => {
                    sockets.unlink();
                    return Err(OpenFailure {
                        message: Problem::of(config, server, &error).explain(),
                        is_taken: matches!(error, OpenError::InUse),
                    });
                }
            }
        }
        Ok(sockets)
    }

    /// The files of unix sockets.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Those of a daemon that is continued: its servers have the listeners.
    pub(super) fn of_paths(paths: Vec<PathBuf>) -> Self {
        Self { listeners: Vec::new(), paths }
    }

    pub(super) fn log(&self, config: &Config, log: &mut ActivityLog) {
        for open in &self.listeners {
            log_server(&open.config, config, log);
        }
    }

    fn push(
        &mut self,
        listener: Listener,
        server: &HttpServer,
        certificates: Option<Certificates>,
    ) {
        if let Bind::Unix(UnixServer { path, .. }) = &server.bind {
            self.paths.push(path.into());
        }
        let config = server.clone();
        self.listeners.push(OpenServer { listener, config, certificates });
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
        Bind::Inet(InetServer { address: (host, port), .. }) => {
            Ok(Listener::Tcp(socket::tcp(host, *port, BACKLOG)?))
        }
        Bind::Unix(UnixServer { path, mode, owner }) => {
            let permissions = SocketPermissions { mode: Some(*mode), owner: *owner };
            Ok(Listener::Unix(socket::unix(
                Path::new(path),
                permissions,
                BACKLOG,
                report_stale_socket,
            )?))
        }
    }
}

fn report_stale_socket(path: &Path) {
    let _ = writeln!(io::stderr(), "Unlinking stale socket {}", path.display());
}

fn log_server(server: &HttpServer, config: &Config, log: &mut ActivityLog) {
    for interface in &config.rpcinterfaces {
        let name = text::repr(&interface.namespace);
        log.log(LogLevel::Info, &format!("RPC interface {name} initialized"));
    }
    if server.credentials().is_none() && config.users.is_empty() {
        let section = text::repr(&server.section);
        let message = format!("Server {section} running without any HTTP authentication checking");
        log.log(LogLevel::Critical, &message);
    }
}

/// Why a server cannot be opened, and what to do.
pub(super) struct Problem {
    /// Supervisor's message.
    message: String,
    /// The position of the address, `FILE:LINE:COLUMN`; empty if it is not known.
    place: String,
    text: String,
    help: String,
}

impl Problem {
    pub(super) fn of(config: &Config, server: &HttpServer, error: &OpenError) -> Self {
        let (option, address) = match &server.bind {
            Bind::Unix(UnixServer { path, .. }) if matches!(error, OpenError::Owner(_)) => {
                (unix_http_server::CHOWN.name, path.clone())
            }
            Bind::Inet(InetServer { address: (host, port), .. }) => {
                (inet_http_server::PORT.name, format!("{host}:{port}"))
            }
            Bind::Unix(UnixServer { path, .. }) => (unix_http_server::FILE.name, path.clone()),
        };
        let place = config.origins.of(&server.section, option);
        let (problem, help) = match error {
            OpenError::InUse => taken(config, server, option),
            OpenError::Owner(_) => (
                "cannot be given to this owner".to_owned(),
                format!("remove `{option}`, or start as root"),
            ),
            OpenError::Io(_) => (
                "cannot be used".to_owned(),
                match &server.bind {
                    Bind::Unix(_) => format!("create its directory, or correct `{option}`"),
                    Bind::Inet(_) => format!("correct `{option}`"),
                },
            ),
        };
        Self {
            message: error_message(error),
            place: place.map_or(String::new(), |place| place.to_string()),
            text: format!("`{address}` of [{}] {problem}", server.section),
            help,
        }
    }

    /// For a terminal: Supervisor's message, then position, cause and remedy.
    fn explain(&self) -> String {
        let Self { message, place, text, help } = self;
        let place = if place.is_empty() { String::new() } else { format!(" --> {place}\n") };
        format!("{message}\n\n{place}  = {text}\n  = help: {help}\n")
    }
}

/// Who listens there, and what to do.
fn taken(config: &Config, server: &HttpServer, option: &str) -> (String, String) {
    let file = &config.file;
    match running::listener(&server.bind, config) {
        Some(Holder { pid, is_supervisord: true }) => (
            format!("is used by a supervisord that already runs (pid {pid})"),
            format!(
                "`supervisorctl -c {file} status` shows its programs; to replace it, end it first \
                 with `kill {pid}`"
            ),
        ),
        Some(Holder { pid, .. }) => (
            format!("is used by another program (pid {pid})"),
            format!("end that program, or correct `{option}`"),
        ),
        None => ("is used".to_owned(), format!("end what listens there, or correct `{option}`")),
    }
}

/// Supervisor's message.
pub(super) fn error_message(error: &OpenError) -> String {
    let help = "Cannot open an HTTP server: socket.error reported";
    match error {
        OpenError::InUse => IN_USE.to_owned(),
        OpenError::Owner(error_message) => error_message.clone(),
        OpenError::Io(error) => match error.raw_os_error() {
            Some(code) => match errno::name(code) {
                Some(name) => format!("{help} errno.{name} ({code})"),
                None => format!("{help} {code}"),
            },
            None => format!("{help} {error}"),
        },
    }
}
