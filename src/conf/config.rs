//! What a supervisord.conf means, after expansion and checking: the value that the daemon runs.
//! Numbers are as wide as the file may write them; Python's `int` has no bound, ours is `i64`.

use super::events::EventType;
use super::signals::Signal;
use crate::diag::Place;

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub supervisord: Supervisord,
    /// In the order in which Supervisor opens them: inet servers first, then unix.
    pub servers: Vec<HttpServer>,
    /// Sorted by (priority, name), as Supervisor does.
    pub groups: Vec<Group>,
    pub rpcinterfaces: Vec<RpcInterface>,
    /// What `%(here)s` stands for: the directory of the main file.
    pub here: String,
    /// The main file, as it was given.
    pub file: String,
    /// What reading had to tell, for the activity log.
    pub notes: Notes,
    /// Where each option was written.
    pub origins: Origins,
}

impl Config {
    /// What children learn as `SUPERVISOR_SERVER_URL`: the first unix server, else the last inet
    /// one.
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

/// What Supervisor writes to its log about its configuration, once it has a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

/// Where options were written, by section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<Origin>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub section: String,
    /// Empty for the header itself.
    pub option: String,
    pub place: Place,
}

impl Origins {
    /// Where an option of a section was written, or else the section's header.
    pub fn of(&self, section: &str, option: &str) -> Option<&Place> {
        let find = |option: &str| {
            self.0.iter().find(|o| o.section == section && o.option == option).map(|o| &o.place)
        };
        find(option).or_else(|| find(""))
    }
}

/// `[supervisord]`, with the command line already laid over it.
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
    /// Added to the environment of every child (in file order).
    pub environment: Environment,
}

/// Ordered `KEY=value` pairs; a later pair with the same key has already replaced the earlier.
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

/// A user of this system, looked up when the file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
    pub name: String,
}

/// One `[unix_http_server]` or `[inet_http_server]` (or a named `:suffix` of them).
#[derive(Clone, PartialEq)]
pub struct HttpServer {
    pub section: String,
    pub bind: Bind,
    pub credentials: Option<Credentials>,
    /// supkit only: let `GET` actions of the web page act at once, as Supervisor does.
    pub web_get_actions: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// `host` is empty for all interfaces.
    Inet { host: String, port: u16 },
    Unix {
        path: String,
        mode: u32,
        /// As `chown(2)` takes them: the highest number leaves user or group as it is.
        owner: Option<(u32, u32)>,
    },
}

/// A user name and a password, clear or `{SHA}` + hex digest. Never shown.
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

/// A `[rpcinterface:x]` that supkit has built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RpcInterface {
    /// `supervisor.rpcinterface:make_main_rpcinterface`
    Main,
    /// `supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface`, with the methods that may be
    /// called; all, if none is named.
    Twiddler { whitelist: Vec<String> },
}

/// What is started, stopped, added and removed together: a `[group:x]`, a lone `[program:x]`, an
/// `[eventlistener:x]` pool or an `[fcgi-program:x]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    pub priority: i64,
    pub kind: GroupKind,
    /// In the order in which Supervisor holds them.
    pub processes: Vec<Process>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupKind {
    Programs,
    EventListener(Pool),
    FastCgi(FcgiSocket),
}

/// How an event listener pool listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub buffer_size: i64,
    pub events: Vec<EventType>,
    pub result_handler: ResultHandler,
}

/// The Python functions that a `result_handler` may name, as built in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultHandler {
    /// `supervisor.dispatchers:default_handler`: `OK` accepts, anything else rejects.
    Default,
    /// `supervisor_stdout:event_handler`: a prefix and the output, to the daemon's stdout.
    Stdout,
    /// `supervisor_stdlog:log_handler`: a coloured prefix before each line, to the stream of the
    /// daemon that the output came on.
    Stdlog,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FcgiSocket {
    /// The url as written, for messages.
    pub url: String,
    pub address: FcgiAddress,
    pub backlog: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FcgiAddress {
    Tcp { host: String, port: u16 },
    Unix { path: String, mode: Option<u32>, owner: Option<(u32, u32)> },
}

/// One process to be: a program after `numprocs` is unfolded.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    pub name: String,
    /// The section that it came from, such as `program:web`.
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
    /// What the child gets as `SUPERVISOR_SERVER_URL`; `None` is `AUTO`.
    pub serverurl: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoRestart {
    Never,
    Unexpected,
    Always,
}

/// Where one output stream of a process goes.
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
    /// A file of the daemon's own naming in `childlogdir`, removed at the next start.
    Auto,
    File(String),
}
