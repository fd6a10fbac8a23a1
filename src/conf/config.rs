//! The typed configuration that the daemon runs, after expansion and checking. Integers are `i64`;
//! Python's are unbounded.

use super::events::EventType;
use super::signals::Signal;
use crate::diag::Place;

/// A complete configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub supervisord: Supervisord,
    /// In the order in which Supervisor opens them: inet servers first, then unix.
    pub servers: Vec<HttpServer>,
    /// Sorted by (priority, name), as Supervisor does.
    pub groups: Vec<Group>,
    pub rpcinterfaces: Vec<RpcInterface>,
    /// The value of `%(here)s`: the directory of the main file.
    pub here: String,
    /// The path of the main file as given.
    pub file: String,
    /// Messages for the activity log.
    pub notes: Notes,
    /// The position of each option.
    pub origins: Origins,
}

impl Config {
    /// The value of `SUPERVISOR_SERVER_URL` for children: the first unix server, else the last inet
    /// server.
    pub fn server_url(&self) -> Option<String> {
        let unix = self.servers.iter().find_map(|server| match &server.bind {
            Bind::Unix { path, .. } => Some(format!("unix://{path}")),
            Bind::Inet { .. } => None,
        });
        let inet = self.servers.iter().rev().find_map(|server| match &server.bind {
            Bind::Inet { host, port } => {
                let host = if host.is_empty() { "localhost" } else { host };
                Some(format!("http://{host}:{port}"))
            }
            Bind::Unix { .. } => None,
        });
        unix.or(inet)
    }
}

/// Messages about the configuration that are written once the log is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

/// The positions of options, by section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<Origin>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub section: String,
    /// Empty for the section header.
    pub option: String,
    pub place: Place,
}

impl Origins {
    /// The position of an option, or of the section header.
    pub fn of(&self, section: &str, option: &str) -> Option<&Place> {
        let find = |option: &str| {
            self.0.iter().find(|o| o.section == section && o.option == option).map(|o| &o.place)
        };
        find(option).or_else(|| find(""))
    }
}

/// `[supervisord]`, with the command line applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervisord {
    pub logfile: String,
    pub logfile_maxbytes: i64,
    pub logfile_backups: i64,
    pub loglevel: LogLevel,
    pub pidfile: String,
    pub identifier: String,
    pub childlogdir: String,
    pub umask: u32,
    pub directory: Option<String>,
    pub user: Option<User>,
    pub minfds: i64,
    pub minprocs: i64,
    pub nodaemon: bool,
    pub silent: bool,
    pub nocleanup: bool,
    pub strip_ansi: bool,
    /// Added to the environment of every child, in file order.
    pub environment: Environment,
}

/// Ordered `KEY=value` pairs with unique keys; a later pair replaces an earlier one.
pub type Environment = Vec<(String, String)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Blather,
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

/// A user of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    pub name: String,
}

/// One `[unix_http_server]` or `[inet_http_server]` section, or one with a `:suffix`.
#[derive(Clone, PartialEq)]
pub struct HttpServer {
    pub section: String,
    pub bind: Bind,
    pub credentials: Option<Credentials>,
    /// supkit only: execute `GET` actions of the web page without confirmation, as Supervisor does.
    pub web_get_actions: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// An empty `host` means all interfaces.
    Inet { host: String, port: u16 },
    Unix {
        path: String,
        mode: u32,
        /// In the form of `chown(2)`: the maximum value leaves user or group unchanged.
        owner: Option<(u32, u32)>,
    },
}

/// Username and password, clear or `{SHA}` + hex digest. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, ...)", self.username)
    }
}

impl std::fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpServer({}, {:?})", self.section, self.bind)
    }
}

/// A built-in `[rpcinterface:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RpcInterface {
    /// `supervisor.rpcinterface:make_main_rpcinterface`
    Main,
    /// `supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface`, with the allowed methods; an
    /// empty list allows all.
    Twiddler { whitelist: Vec<String> },
}

/// A `[group:x]`, a single `[program:x]`, an `[eventlistener:x]` pool or an `[fcgi-program:x]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    pub priority: i64,
    pub kind: GroupKind,
    /// In Supervisor's order.
    pub processes: Vec<Process>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupKind {
    Programs,
    EventListener(Pool),
    FastCgi(FcgiSocket),
}

/// The settings of an event listener pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub buffer_size: i64,
    pub events: Vec<EventType>,
    pub result_handler: ResultHandler,
}

/// The built-in result handlers, by the Python function that `result_handler` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultHandler {
    /// `supervisor.dispatchers:default_handler`: `OK` accepts, anything else rejects.
    Default,
    /// `supervisor_stdout:event_handler`: writes a prefix and the output to the daemon's stdout.
    Stdout,
    /// `supervisor_stdlog:log_handler`: writes the output with a coloured prefix before each line
    /// to the same stream of the daemon.
    Stdlog,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FcgiSocket {
    /// The URL as configured, for messages.
    pub url: String,
    pub address: FcgiAddress,
    pub backlog: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FcgiAddress {
    Tcp { host: String, port: u16 },
    Unix { path: String, mode: Option<u32>, owner: Option<(u32, u32)> },
}

/// One configured process: a program after the expansion of `numprocs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    pub name: String,
    /// The section that defines it, such as `program:web`.
    pub program: String,
    pub command: String,
    pub directory: Option<String>,
    pub umask: Option<u32>,
    pub user: Option<User>,
    pub priority: i64,
    pub autostart: bool,
    pub autorestart: AutoRestart,
    pub startsecs: i64,
    pub startretries: i64,
    pub stdout: StreamLog,
    pub stderr: StreamLog,
    pub redirect_stderr: bool,
    pub stopsignal: Signal,
    pub stopwaitsecs: i64,
    pub stopasgroup: bool,
    pub killasgroup: bool,
    pub exitcodes: Vec<i64>,
    pub environment: Environment,
    /// The value of `SUPERVISOR_SERVER_URL` for the child; `None` is `AUTO`.
    pub serverurl: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoRestart {
    Never,
    Unexpected,
    Always,
}

/// The log settings of one output stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamLog {
    pub target: LogTarget,
    pub maxbytes: i64,
    pub backups: i64,
    pub capture_maxbytes: i64,
    pub events_enabled: bool,
    pub syslog: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    None,
    /// An automatically named file in `childlogdir`, removed at the next start.
    Auto,
    File(String),
}
