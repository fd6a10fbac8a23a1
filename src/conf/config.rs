//! The typed configuration that the daemon runs, after expansion and checking. The structs of the
//! sections are in their tables; here are the types of their values. Integers are `i64`; Python's are
//! unbounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::{Programs, Role};
pub use super::option_places::Origins;
pub use super::process::Process;
pub use super::sections::eventlistener::Pool;
pub use super::sections::fcgi_program::FcgiSocket;
pub use super::sections::group::Group;
use super::sections::http_server::ServerOptions;
pub use super::sections::inet_http_server::InetServer;
pub use super::sections::rpcinterface::RpcInterface;
pub use super::sections::supervisord::Supervisord;
pub use super::sections::unix_http_server::UnixServer;

/// A complete configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub supervisord: Supervisord,
    /// In the order in which Supervisor opens them: inet servers first, then unix.
    pub servers: Vec<HttpServer>,
    /// The accounts of all servers, beside their own.
    pub users: Vec<HttpUser>,
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
            Bind::Unix(unix) => Some(format!("unix://{}", unix.path)),
            Bind::Inet(_) => None,
        });
        let inet = self.servers.iter().rev().find_map(|server| match &server.bind {
            Bind::Inet(inet) => {
                let (host, port) = &inet.address;
                let host = if host.is_empty() { "localhost" } else { host };
                Some(format!("{}://{host}:{port}", server.scheme()))
            }
            Bind::Unix(_) => None,
        });
        unix.or(inet)
    }
}

/// Messages about the configuration that are written once the log is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// What others may change although root reads it.
    pub exposures: Vec<String>,
    /// Supervisor's own.
    pub warnings: Vec<String>,
    /// What Supervisor ignores silently.
    pub remarks: Vec<String>,
    pub infos: Vec<String>,
}

/// What a starting daemon does with the programs of a killed predecessor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrphanPolicy {
    /// Ends them before it starts anything.
    #[default]
    Stop,
    /// Leaves them running, as Supervisor does.
    Keep,
    /// Does not start.
    Refuse,
}

impl OrphanPolicy {
    pub const ALL: &[Self] = &[Self::Stop, Self::Keep, Self::Refuse];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Keep => "keep",
            Self::Refuse => "refuse",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|policy| policy.name() == name).copied()
    }
}

/// Ordered `KEY=value` pairs with unique keys; a later pair replaces an earlier one.
pub type Environment = Vec<(String, String)>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    Blather,
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
    Critical,
}

/// A log level with its names and number in Supervisor.
struct LevelRow {
    level: LogLevel,
    /// In a configuration file.
    name: &'static str,
    /// In a log line.
    short: &'static str,
    number: i64,
}

impl LogLevel {
    const TABLE: &[LevelRow] = &[
        LevelRow { level: Self::Critical, name: "critical", short: "CRIT", number: 50 },
        LevelRow { level: Self::Error, name: "error", short: "ERRO", number: 40 },
        LevelRow { level: Self::Warn, name: "warn", short: "WARN", number: 30 },
        LevelRow { level: Self::Info, name: "info", short: "INFO", number: 20 },
        LevelRow { level: Self::Debug, name: "debug", short: "DEBG", number: 10 },
        LevelRow { level: Self::Trace, name: "trace", short: "TRAC", number: 5 },
        LevelRow { level: Self::Blather, name: "blather", short: "BLAT", number: 3 },
    ];

    /// The names in a configuration file.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.iter().map(|row| row.name)
    }

    fn find(is_wanted: impl Fn(&LevelRow) -> bool) -> Option<Self> {
        Self::TABLE.iter().find(|row| is_wanted(row)).map(|row| row.level)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::find(|row| row.name == name)
    }

    pub fn from_short_name(name: &str) -> Option<Self> {
        Self::find(|row| row.short == name)
    }

    pub fn from_number(number: i64) -> Option<Self> {
        Self::find(|row| row.number == number)
    }

    fn row(self) -> &'static LevelRow {
        let row = Self::TABLE.iter().find(|row| row.level == self);
        row.unwrap_or(&Self::TABLE[0])
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub fn short_name(self) -> &'static str {
        self.row().short
    }
}

/// A user of this system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    pub name: String,
}

/// One `[unix_http_server]` or `[inet_http_server]` section, or one with a `:suffix`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpServer {
    pub section: String,
    pub bind: Bind,
    pub options: ServerOptions,
}

/// The PEM files of a TLS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: String,
    pub key: String,
}

impl HttpServer {
    /// The files of a server with TLS.
    pub fn tls(&self) -> Option<TlsFiles> {
        let Bind::Inet(InetServer { certificate, key, .. }) = &self.bind else { return None };
        Some(TlsFiles { certificate: certificate.clone()?, key: key.clone()? })
    }

    /// The scheme of its URL.
    pub fn scheme(&self) -> &'static str {
        if self.tls().is_some() { "https" } else { "http" }
    }

    /// What clients must send. An empty username requires no authentication, whatever the password
    /// is.
    pub fn credentials(&self) -> Option<Credentials<'_>> {
        let username = self.options.username.as_deref().filter(|name| !name.is_empty())?;
        let password = self.options.password.as_ref()?;
        Some(Credentials { username, password: password.as_str() })
    }
}

/// Where a server listens, with the options that only such a server has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bind {
    Inet(InetServer),
    Unix(UnixServer),
}

/// Username and password, clear or `{SHA}` + hex digest. Not printable.
#[derive(Clone, Copy)]
pub struct Credentials<'c> {
    pub username: &'c str,
    pub password: &'c str,
}

/// A text that is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("...")
    }
}

impl RpcInterface {
    pub fn is_main(&self) -> bool {
        self.factory == RpcFactory::Main
    }
}

/// The methods of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RpcFactory {
    #[default]
    Main,
    Twiddler,
}

impl RpcFactory {
    pub const ALL: &[Self] = &[Self::Main, Self::Twiddler];

    /// The Python function that makes the interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "supervisor.rpcinterface:make_main_rpcinterface",
            Self::Twiddler => "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface",
        }
    }
}

impl Group {
    pub fn members(&self) -> impl Iterator<Item = &Process> + Clone {
        self.processes.iter().map(Arc::as_ref)
    }

    /// The processes that an active group has. Of several with one name, Supervisor keeps the last,
    /// at the place of the first.
    pub fn distinct(&self) -> Vec<&Arc<Process>> {
        let mut kept: Vec<&Arc<Process>> = Vec::with_capacity(self.processes.len());
        let mut places = BTreeMap::new();
        for process in &self.processes {
            let at = *places.entry(process.name.as_str()).or_insert(kept.len());
            match kept.get_mut(at) {
                Some(earlier) => *earlier = process,
                None => kept.push(process),
            }
        }
        kept
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum GroupKind {
    #[default]
    Programs,
    EventListener(Pool),
    FastCgi(FcgiSocket),
}

/// The built-in result handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultHandler {
    #[default]
    /// `OK` accepts, anything else rejects.
    Default,
    /// Writes a prefix and the output to the daemon's stdout.
    Stdout,
    /// Writes the output with a coloured prefix before each line
    /// to the same stream of the daemon.
    Stdlog,
}

impl ResultHandler {
    pub const ALL: &[Self] = &[Self::Default, Self::Stdout, Self::Stdlog];

    /// The Python function that `result_handler` names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "supervisor.dispatchers:default_handler",
            Self::Stdout => "supervisor_stdout:event_handler",
            Self::Stdlog => "supervisor_stdlog:log_handler",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FcgiAddress {
    Tcp { host: String, port: u16 },
    Unix { path: String },
}

impl FcgiSocket {
    /// The normalized URL, for messages.
    pub fn url(&self) -> String {
        self.address.url()
    }
}

impl FcgiAddress {
    pub fn url(&self) -> String {
        match self {
            Self::Tcp { host, port } => format!("tcp://{host}:{port}"),
            Self::Unix { path } => format!("unix://{path}"),
        }
    }
}

impl Default for FcgiAddress {
    fn default() -> Self {
        Self::Unix { path: String::new() }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoRestart {
    Never,
    #[default]
    Unexpected,
    Always,
}

/// The log settings of one output stream of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLog<'p> {
    pub target: &'p LogTarget,
    pub maxbytes: i64,
    pub backups: i64,
    pub capture_maxbytes: i64,
    pub events_enabled: bool,
    pub syslog: bool,
}

impl Process {
    pub fn stdout(&self) -> StreamLog<'_> {
        StreamLog {
            target: &self.stdout_logfile,
            maxbytes: self.stdout_logfile_maxbytes,
            backups: self.stdout_logfile_backups,
            capture_maxbytes: self.stdout_capture_maxbytes,
            events_enabled: self.stdout_events_enabled,
            syslog: self.stdout_syslog,
        }
    }

    pub fn stderr(&self) -> StreamLog<'_> {
        StreamLog {
            target: &self.stderr_logfile,
            maxbytes: self.stderr_logfile_maxbytes,
            backups: self.stderr_logfile_backups,
            capture_maxbytes: self.stderr_capture_maxbytes,
            events_enabled: self.stderr_events_enabled,
            syslog: self.stderr_syslog,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogTarget {
    None,
    /// An automatically named file in `childlogdir`, removed at the next start.
    #[default]
    Auto,
    File(String),
}

/// An `[http_user:NAME]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpUser {
    pub name: String,
    /// As it is written: it may be a hash.
    pub password: Secret,
    pub role: Role,
    pub programs: Programs,
}
