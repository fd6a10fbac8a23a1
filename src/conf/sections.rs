//! The option table: every section and option of Supervisor, with kind, default, sample and a line
//! of documentation. The options of processes are in `process`. Reading, checking, the sample file and the reference are derived from it;
//! option names are not written anywhere else.

use std::marker::PhantomData;

use super::config::ResultHandler;
use super::host::Host;
use super::kinds::{
    Address, Bytes, Dependencies, Directory, FilePath, Flag, Integer, Kind, Level, List, Octal,
    Origins, Orphans, Owner, Text, Variables,
};
pub use super::process as program;

/// An option with its kind.
#[derive(Debug)]
pub struct Opt<K> {
    pub name: &'static str,
    /// The default; `None` if an absent option has its own meaning.
    pub default: Option<&'static str>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Opt<K> {
    pub(super) const fn new(name: &'static str, default: Option<&'static str>) -> Self {
        Self { name, default, kind: PhantomData }
    }

    /// The value if the option is not set, as far as one is known without the rest of the file.
    pub(super) fn default_value(&self, host: &dyn Host) -> K::Value {
        let default = self.default.and_then(|text| K::parse(text, host).ok());
        default.unwrap_or_default()
    }
}

/// An option without its type, for iteration over all options.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    /// The documented name of its kind.
    pub kind: &'static str,
    pub default: Option<&'static str>,
    pub sample: Sample,
    pub doc: &'static str,
}

impl Row {
    /// Whether Supervisor has the option.
    pub fn is_supervisors(&self) -> bool {
        self.sample != SupkitOnly
    }
}

/// How the sample file shows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// An active line.
    Active(&'static str),
    /// A comment.
    Commented(&'static str),
    /// Not at all, as in Supervisor's sample.
    Hidden,
    /// Not at all: Supervisor does not have the option.
    SupkitOnly,
}

use Sample::{Active, Commented, Hidden, SupkitOnly};

/// How a section is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The word alone: `[supervisord]`.
    Alone,
    /// The word, a colon and a name: `[program:x]`.
    Own,
    /// Both forms are allowed.
    Either,
}

/// A section with its options.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub word: &'static str,
    pub named: Named,
    /// The section whose options it has in addition.
    pub like: Option<&'static Section>,
    pub rows: &'static [Row],
    /// Whether it accepts options of any name, which a plug-in reads.
    pub open: bool,
    pub doc: &'static str,
}

macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $module:ident: $named:ident $word:literal $(like $like:ident)? $(open $open:literal)? {
            $($(#[doc = $line:literal])+ $option:ident: $kind:ident = $name:literal, $default:expr, $sample:expr;)*
        }
    ) => {
        $(#[doc = $doc])+
        pub mod $module {
            use super::*;

            $($(#[doc = $line])+ pub const $option: Opt<$kind> = Opt::new($name, $default);)*

            pub static SECTION: Section = Section {
                word: $word,
                named: Named::$named,
                like: section!(@like $($like)?),
                rows: &[$(Row {
                    name: $name,
                    kind: $kind::NAME,
                    default: $default,
                    sample: $sample,
                    doc: concat!($($line, "\n"),+),
                },)*],
                open: section!(@open $($open)?),
                doc: concat!($($doc, "\n"),+),
            };
        }
    };
    (@like) => { None };
    (@like $like:ident) => { Some(&super::$like::SECTION) };
    (@open) => { false };
    (@open $open:literal) => { $open };
}

section! {
    /// The server on a unix socket, for supervisorctl on the same host.
    unix_http_server: Either "unix_http_server" {
        /// Path of the socket.
        FILE: Text = "file", None, Active("/tmp/supervisor.sock");
        /// Mode of the socket.
        CHMOD: Octal = "chmod", Some("0700"), Commented("0700");
        /// Owner of the socket.
        CHOWN: Owner = "chown", None, Commented("nobody:nogroup");
        /// Username that clients must send; without it, or if it is empty, no authentication is required.
        USERNAME: Text = "username", None, Commented("user");
        /// Password of that user, clear or as {SHA} and 40 hex digits.
        PASSWORD: Text = "password", None, Commented("123");
        /// Execute GET actions of the web page without confirmation.
        WEB_GET_ACTIONS: Flag = "web_get_actions", Some("false"), SupkitOnly;
        /// Origins whose pages may use the server, such as that of a reverse proxy.
        WEB_TRUSTED_ORIGINS: Origins = "web_trusted_origins", Some(""), SupkitOnly;
    }
}

section! {
    /// The server on a TCP port, for a browser or a supervisorctl on another host.
    inet_http_server: Either "inet_http_server" {
        /// Port, or host and port; *:9001 means all interfaces.
        PORT: Address = "port", None, Commented("127.0.0.1:9001");
        /// Username that clients must send; without it, or if it is empty, no authentication is required.
        USERNAME: Text = "username", None, Commented("user");
        /// Password of that user, clear or as {SHA} and 40 hex digits.
        PASSWORD: Text = "password", None, Commented("123");
        /// Execute GET actions of the web page without confirmation.
        WEB_GET_ACTIONS: Flag = "web_get_actions", Some("false"), SupkitOnly;
        /// Origins whose pages may use the server, such as that of a reverse proxy.
        WEB_TRUSTED_ORIGINS: Origins = "web_trusted_origins", Some(""), SupkitOnly;
        /// Host names that requests may use if the server is bound to a loopback address and has no
        /// password, besides addresses, localhost, the names of this machine and those of the
        /// trusted origins.
        WEB_TRUSTED_HOSTS: List = "web_trusted_hosts", Some(""), SupkitOnly;
    }
}

section! {
    /// The daemon itself.
    supervisord: Alone "supervisord" {
        /// The activity log of the daemon; `syslog` sends it to syslog.
        LOGFILE: FilePath = "logfile", Some("supervisord.log"), Active("/tmp/supervisord.log");
        /// Size at which that log is rotated; 0 disables rotation.
        LOGFILE_MAXBYTES: Bytes = "logfile_maxbytes", Some("50MB"), Active("50MB");
        /// Number of rotated logs to keep.
        LOGFILE_BACKUPS: Integer = "logfile_backups", Some("10"), Active("10");
        /// Log level: critical, error, warn, info, debug, trace or blather.
        LOGLEVEL: Level = "loglevel", Some("info"), Active("info");
        /// File for the process id of the daemon.
        PIDFILE: FilePath = "pidfile", Some("supervisord.pid"), Active("/tmp/supervisord.pid");
        /// Stay in the foreground.
        NODAEMON: Flag = "nodaemon", Some("false"), Active("false");
        /// In the foreground, do not write the log to standard output.
        SILENT: Flag = "silent", Some("false"), Active("false");
        /// Minimum number of file descriptors required to start.
        MINFDS: Integer = "minfds", Some("1024"), Active("1024");
        /// Minimum number of processes required to start.
        MINPROCS: Integer = "minprocs", Some("200"), Active("200");
        /// Umask of the daemon.
        UMASK: Octal = "umask", Some("022"), Commented("022");
        /// User to switch to if started as root.
        USER: Text = "user", None, Commented("supervisord");
        /// Identifier of this daemon.
        IDENTIFIER: Text = "identifier", Some("supervisor"), Commented("supervisor");
        /// Working directory of the daemon in the background.
        DIRECTORY: Directory = "directory", None, Commented("/tmp");
        /// Keep the AUTO logs of earlier runs.
        NOCLEANUP: Flag = "nocleanup", Some("false"), Commented("true");
        /// Directory for AUTO logs.
        CHILDLOGDIR: Directory = "childlogdir", None, Commented("/tmp");
        /// Environment variables for all programs.
        ENVIRONMENT: Variables = "environment", Some(""), Commented("KEY=\"value\"");
        /// Strip escape sequences from the logs of programs.
        STRIP_ANSI: Flag = "strip_ansi", Some("false"), Commented("false");
        /// Programs that outlived a killed daemon are stopped before they are started again; `keep`
        /// leaves them running, `refuse` does not start.
        ORPHANS: Orphans = "orphans", Some("stop"), SupkitOnly;
        /// Memory for the requests and replies of all clients of the servers, at least 1MB; one
        /// reply may need a quarter of it. Logs are sent in pieces and need none.
        HTTP_MAXBYTES: Bytes = "http_maxbytes", Some("64MB"), SupkitOnly;
        /// Exit when all programs have ended by themselves, with the status of the first that failed.
        EXIT_WHEN_DONE: Flag = "exit_when_done", Some("false"), SupkitOnly;
    }
}

section! {
    /// How supervisorctl finds the daemon.
    supervisorctl: Alone "supervisorctl" {
        /// The server: `unix://PATH` or `http://HOST:PORT`.
        SERVERURL: Text = "serverurl", Some("http://localhost:9001"), Active("unix:///tmp/supervisor.sock");
        /// Username for the server.
        USERNAME: Text = "username", None, Commented("chris");
        /// Password for the server.
        PASSWORD: Text = "password", None, Commented("123");
        /// Prompt of the shell.
        PROMPT: Text = "prompt", Some("supervisor"), Commented("mysupervisor");
        /// File for the history of the shell.
        HISTORY_FILE: Text = "history_file", None, Commented("~/.sc_history");
    }
}

section! {
    /// More files to read.
    include: Alone "include" {
        /// Patterns separated by blanks, relative to this file; included files cannot include
        /// others.
        FILES: Text = "files", None, Commented("relative/directory/*.ini");
    }
}

section! {
    /// A set of RPC methods.
    rpcinterface: Own "rpcinterface" open true {
        /// Python factory of the methods.
        FACTORY: Text = "supervisor.rpcinterface_factory", None, Active("supervisor.rpcinterface:make_main_rpcinterface");
        /// Methods of the twiddler interface that are allowed; empty allows all.
        WHITELIST: List = "whitelist", Some(""), Hidden;
    }
}

section! {
    /// A plug-in of supervisorctl.
    ctlplugin: Own "ctlplugin" open true {
        /// Python factory of the plug-in.
        FACTORY: Text = "supervisor.ctl_factory", None, Hidden;
    }
}

section! {
    /// A program that receives events.
    eventlistener: Own "eventlistener" like program {
        /// Event types that it subscribes to.
        EVENTS: List = "events", Some(""), Commented("EVENT");
        /// Maximum number of buffered events.
        BUFFER_SIZE: Integer = "buffer_size", Some("10"), Commented("10");
        /// Low numbers start first and stop last.
        PRIORITY: Integer = "priority", Some("-1"), Commented("-1");
        /// Not allowed for listeners: true would mix stderr into the protocol.
        REDIRECT_STDERR: Flag = "redirect_stderr", Some("false"), Commented("false");
        /// Not used: the stdout of a listener is not captured.
        STDOUT_CAPTURE_MAXBYTES: Bytes = "stdout_capture_maxbytes", Some("0"), Hidden;
        /// Maximum bytes of a captured message; 0 disables capturing.
        STDERR_CAPTURE_MAXBYTES: Bytes = "stderr_capture_maxbytes", Some("0"), Hidden;
        /// Function that evaluates the result of a listener.
        RESULT_HANDLER: Text = "result_handler", Some(ResultHandler::Default.name()), Hidden;
    }
}

section! {
    /// A FastCGI program, whose processes share a socket.
    fcgi_program: Own "fcgi-program" like program {
        /// The socket: `unix:///PATH` or `tcp://HOST:PORT`.
        SOCKET: Text = "socket", None, Commented("tcp://localhost:9002");
        /// Listen backlog of the socket.
        SOCKET_BACKLOG: Integer = "socket_backlog", None, Commented("1024");
        /// Owner of a unix socket.
        SOCKET_OWNER: Owner = "socket_owner", None, Commented("chrism");
        /// Mode of a unix socket.
        SOCKET_MODE: Octal = "socket_mode", None, Commented("0700");
    }
}

section! {
    /// Programs that are started and stopped together.
    group: Own "group" {
        /// Program names, separated by commas.
        PROGRAMS: List = "programs", Some(""), Commented("progname1,progname2");
        /// Low numbers start first and stop last.
        PRIORITY: Integer = "priority", Some("999"), Commented("999");
        /// What each of its programs depends on, in addition to its own `depends_on`.
        DEPENDS_ON: Dependencies = "depends_on", Some(""), SupkitOnly;
    }
}

/// Whether the value of an option is secret.
pub fn is_secret(option: &str) -> bool {
    option == inet_http_server::PASSWORD.name
}

/// All sections, in the order of the sample file.
pub static SECTIONS: &[&Section] = &[
    &unix_http_server::SECTION,
    &inet_http_server::SECTION,
    &supervisord::SECTION,
    &rpcinterface::SECTION,
    &supervisorctl::SECTION,
    &ctlplugin::SECTION,
    &program::SECTION,
    &eventlistener::SECTION,
    &fcgi_program::SECTION,
    &group::SECTION,
    &include::SECTION,
];

impl Section {
    /// Whether a header names this section, by Supervisor's rule: server headers only need to start
    /// with the word.
    pub fn is(&self, header: &str) -> bool {
        match self.named {
            Named::Alone => header == self.word,
            Named::Own => self.own_name(header).is_some(),
            Named::Either => header.starts_with(self.word),
        }
    }

    /// The name after the colon.
    pub fn own_name<'h>(&self, header: &'h str) -> Option<&'h str> {
        header.strip_prefix(self.word)?.strip_prefix(':')
    }

    /// Its options and the inherited ones.
    pub fn options(&self) -> impl Iterator<Item = &'static Row> {
        let inherited = self.like.map_or(&[][..], |like| like.rows);
        let own = self.rows;
        let fresh = move |row: &&Row| !own.iter().any(|mine| mine.name == row.name);
        own.iter().chain(inherited.iter().filter(fresh))
    }

    /// The section with this header.
    pub fn of(header: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.is(header)).copied()
    }
}
