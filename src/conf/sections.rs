//! THE option table: every section and every option that Supervisor knows, with kind, default,
//! sample and a line of documentation. Reading, checking, the sample file and the reference are
//! made from it; no option name stands anywhere else.

use std::marker::PhantomData;

use super::kinds::{
    Account, Address, Bytes, Directory, ExitCodes, FilePath, Flag, Integer, Kind, Level, List,
    LogFile, Octal, Owner, Restart, ServerUrl, SignalName, Text, Variables,
};

/// An option with its kind.
#[derive(Debug)]
pub struct Opt<K> {
    pub name: &'static str,
    /// What an absent option counts as; `None` if absence has a meaning of its own.
    pub default: Option<&'static str>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Opt<K> {
    const fn new(name: &'static str, default: Option<&'static str>) -> Self {
        Self { name, default, kind: PhantomData }
    }
}

/// An option without its type, for those who go through all of them.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    /// What documentation calls its kind.
    pub kind: &'static str,
    pub default: Option<&'static str>,
    pub sample: Sample,
    pub doc: &'static str,
}

/// How the sample file shows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Written out.
    Set(&'static str),
    /// As a comment.
    May(&'static str),
    Hidden,
}

use Sample::{Hidden, May, Set};

/// How a section is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// By this word alone.
    Alone,
    /// By the word, a colon and a name of one's own.
    Own,
    /// Either way.
    Either,
}

/// A section with its options.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub word: &'static str,
    pub named: Named,
    /// Whose options it has beside its own.
    pub like: Option<&'static Section>,
    pub rows: &'static [Row],
    /// Whether it takes options of any name, which a plug-in reads.
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
        /// Where the socket is made.
        FILE: Text = "file", None, Set("/tmp/supervisor.sock");
        /// Mode of the socket.
        CHMOD: Octal = "chmod", Some("0700"), May("0700");
        /// Owner of the socket.
        CHOWN: Owner = "chown", None, May("nobody:nogroup");
        /// Name that clients must give; without it everybody may in.
        USERNAME: Text = "username", None, May("user");
        /// Password for that name, clear or as {SHA} and 40 hex digits.
        PASSWORD: Text = "password", None, May("123");
        /// Let a GET of the web page act at once, without asking (supkit only).
        WEB_GET_ACTIONS: Flag = "web_get_actions", Some("false"), Hidden;
    }
}

section! {
    /// The server on a TCP port, for a browser or a supervisorctl elsewhere.
    inet_http_server: Either "inet_http_server" {
        /// Port, or host and port; *:9001 is every interface.
        PORT: Address = "port", None, May("127.0.0.1:9001");
        /// Name that clients must give; without it everybody may in.
        USERNAME: Text = "username", None, May("user");
        /// Password for that name, clear or as {SHA} and 40 hex digits.
        PASSWORD: Text = "password", None, May("123");
        /// Let a GET of the web page act at once, without asking (supkit only).
        WEB_GET_ACTIONS: Flag = "web_get_actions", Some("false"), Hidden;
    }
}

section! {
    /// The daemon itself.
    supervisord: Alone "supervisord" {
        /// Where the daemon tells what it does; the name `syslog` sends it there.
        LOGFILE: FilePath = "logfile", Some("supervisord.log"), Set("/tmp/supervisord.log");
        /// Size at which that log is rotated; 0 is never.
        LOGFILE_MAXBYTES: Bytes = "logfile_maxbytes", Some("50MB"), Set("50MB");
        /// How many rotated logs are kept.
        LOGFILE_BACKUPS: Integer = "logfile_backups", Some("10"), Set("10");
        /// How much the log tells: critical, error, warn, info, debug, trace or blather.
        LOGLEVEL: Level = "loglevel", Some("info"), Set("info");
        /// Where the daemon leaves its process number.
        PIDFILE: FilePath = "pidfile", Some("supervisord.pid"), Set("/tmp/supervisord.pid");
        /// Stay in the foreground.
        NODAEMON: Flag = "nodaemon", Some("false"), Set("false");
        /// In the foreground, keep the log off standard output.
        SILENT: Flag = "silent", Some("false"), Set("false");
        /// Refuse to start with fewer file descriptors.
        MINFDS: Integer = "minfds", Some("1024"), Set("1024");
        /// Refuse to start with fewer processes.
        MINPROCS: Integer = "minprocs", Some("200"), Set("200");
        /// Umask of the daemon.
        UMASK: Octal = "umask", Some("022"), May("022");
        /// User that the daemon becomes, if root starts it.
        USER: Text = "user", None, May("supervisord");
        /// Name of this daemon among others.
        IDENTIFIER: Text = "identifier", Some("supervisor"), May("supervisor");
        /// Where the daemon goes when it leaves the foreground.
        DIRECTORY: Directory = "directory", None, May("/tmp");
        /// Keep the AUTO logs of earlier runs.
        NOCLEANUP: Flag = "nocleanup", Some("false"), May("true");
        /// Where AUTO logs are made.
        CHILDLOGDIR: Directory = "childlogdir", None, May("/tmp");
        /// Variables for all programs.
        ENVIRONMENT: Variables = "environment", Some(""), May("KEY=\"value\"");
        /// Strip escape sequences from what programs write to their logs.
        STRIP_ANSI: Flag = "strip_ansi", Some("false"), May("false");
    }
}

section! {
    /// How supervisorctl finds the daemon.
    supervisorctl: Alone "supervisorctl" {
        /// The server: `unix://PATH` or `http://HOST:PORT`.
        SERVERURL: Text = "serverurl", Some("http://localhost:9001"), Set("unix:///tmp/supervisor.sock");
        /// Name for the server.
        USERNAME: Text = "username", None, May("chris");
        /// Password for the server.
        PASSWORD: Text = "password", None, May("123");
        /// Prompt of the shell.
        PROMPT: Text = "prompt", Some("supervisor"), May("mysupervisor");
        /// Where the shell keeps its history.
        HISTORY_FILE: Text = "history_file", None, May("~/.sc_history");
    }
}

section! {
    /// More files to read.
    include: Alone "include" {
        /// Patterns with blanks between, relative to this file; included files include no others.
        FILES: Text = "files", None, May("relative/directory/*.ini");
    }
}

section! {
    /// A set of RPC methods.
    rpcinterface: Own "rpcinterface" open true {
        /// Where the methods come from.
        FACTORY: Text = "supervisor.rpcinterface_factory", None, Set("supervisor.rpcinterface:make_main_rpcinterface");
        /// Methods that the twiddler interface may offer; without a word, all of them.
        WHITELIST: List = "whitelist", Some(""), Hidden;
    }
}

section! {
    /// A plug-in of supervisorctl.
    ctlplugin: Own "ctlplugin" open true {
        /// Where the plug-in comes from.
        FACTORY: Text = "supervisor.ctl_factory", None, Hidden;
    }
}

section! {
    /// A program, or several processes of it.
    program: Own "program" {
        /// What is run, with its arguments; without a slash it is looked up on PATH.
        COMMAND: Text = "command", None, May("/bin/cat");
        /// Names of the processes.
        PROCESS_NAME: Text = "process_name", Some("%(program_name)s"), May("%(program_name)s");
        /// How many processes.
        NUMPROCS: Integer = "numprocs", Some("1"), May("1");
        /// The number of the first of them.
        NUMPROCS_START: Integer = "numprocs_start", Some("0"), Hidden;
        /// Where it is run.
        DIRECTORY: Text = "directory", None, May("/tmp");
        /// Umask that it is run with.
        UMASK: Octal = "umask", None, May("022");
        /// Low numbers start first and stop last.
        PRIORITY: Integer = "priority", Some("999"), May("999");
        /// Start it with the daemon.
        AUTOSTART: Flag = "autostart", Some("true"), May("true");
        /// Seconds that it must stay up to count as started.
        STARTSECS: Integer = "startsecs", Some("1"), May("1");
        /// How often a failed start is tried again.
        STARTRETRIES: Integer = "startretries", Some("3"), May("3");
        /// Start it again after it ended: true, false, or unexpected (by exit code).
        AUTORESTART: Restart = "autorestart", Some("unexpected"), May("unexpected");
        /// Exit codes that are expected.
        EXITCODES: ExitCodes = "exitcodes", Some("0"), May("0");
        /// Signal that asks it to stop.
        STOPSIGNAL: SignalName = "stopsignal", Some("TERM"), May("QUIT");
        /// Seconds until SIGKILL follows.
        STOPWAITSECS: Integer = "stopwaitsecs", Some("10"), May("10");
        /// Send the stop signal to its whole process group.
        STOPASGROUP: Flag = "stopasgroup", Some("false"), May("false");
        /// Send SIGKILL to its whole process group; without a word, as stopasgroup says.
        KILLASGROUP: Flag = "killasgroup", None, May("false");
        /// User that it is run as.
        USER: Account = "user", None, May("chrism");
        /// Send its errors where its output goes.
        REDIRECT_STDERR: Flag = "redirect_stderr", Some("false"), May("true");
        /// Log of its output: a path, AUTO or NONE.
        STDOUT_LOGFILE: LogFile = "stdout_logfile", Some("AUTO"), May("/a/path");
        /// Size at which that log is rotated; 0 is never.
        STDOUT_LOGFILE_MAXBYTES: Bytes = "stdout_logfile_maxbytes", Some("50MB"), May("1MB");
        /// How many rotated logs are kept.
        STDOUT_LOGFILE_BACKUPS: Integer = "stdout_logfile_backups", Some("10"), May("10");
        /// Bytes kept between the marks of a captured message; 0 captures nothing.
        STDOUT_CAPTURE_MAXBYTES: Bytes = "stdout_capture_maxbytes", Some("0"), May("1MB");
        /// Make an event of all output.
        STDOUT_EVENTS_ENABLED: Flag = "stdout_events_enabled", Some("false"), May("false");
        /// Send its output to syslog as well.
        STDOUT_SYSLOG: Flag = "stdout_syslog", Some("false"), May("false");
        /// Log of its errors: a path, AUTO or NONE.
        STDERR_LOGFILE: LogFile = "stderr_logfile", Some("AUTO"), May("/a/path");
        /// Size at which that log is rotated; 0 is never.
        STDERR_LOGFILE_MAXBYTES: Bytes = "stderr_logfile_maxbytes", Some("50MB"), May("1MB");
        /// How many rotated logs are kept.
        STDERR_LOGFILE_BACKUPS: Integer = "stderr_logfile_backups", Some("10"), May("10");
        /// Bytes kept between the marks of a captured message; 0 captures nothing.
        STDERR_CAPTURE_MAXBYTES: Bytes = "stderr_capture_maxbytes", Some("0"), May("1MB");
        /// Make an event of all errors.
        STDERR_EVENTS_ENABLED: Flag = "stderr_events_enabled", Some("false"), May("false");
        /// Send its errors to syslog as well.
        STDERR_SYSLOG: Flag = "stderr_syslog", Some("false"), May("false");
        /// Variables for it.
        ENVIRONMENT: Variables = "environment", Some(""), May("A=\"1\",B=\"2\"");
        /// What it learns as the server's URL.
        SERVERURL: ServerUrl = "serverurl", None, May("AUTO");
    }
}

section! {
    /// A program that is told of events.
    eventlistener: Own "eventlistener" like program {
        /// Types of event that it is told of.
        EVENTS: List = "events", Some(""), May("EVENT");
        /// How many events wait for it.
        BUFFER_SIZE: Integer = "buffer_size", Some("10"), May("10");
        /// Low numbers start first and stop last.
        PRIORITY: Integer = "priority", Some("-1"), May("-1");
        /// Not for listeners: true would mix errors into the protocol.
        REDIRECT_STDERR: Flag = "redirect_stderr", Some("false"), May("false");
        /// Bytes kept between the marks of a captured message; a listener's output has none.
        STDOUT_CAPTURE_MAXBYTES: Bytes = "stdout_capture_maxbytes", Some("0"), Hidden;
        /// Bytes kept between the marks of a captured message; 0 captures nothing.
        STDERR_CAPTURE_MAXBYTES: Bytes = "stderr_capture_maxbytes", Some("0"), Hidden;
        /// What makes of an answer success or failure.
        RESULT_HANDLER: Text = "result_handler", Some("supervisor.dispatchers:default_handler"), Hidden;
    }
}

section! {
    /// A FastCGI program, whose processes share a socket.
    fcgi_program: Own "fcgi-program" like program {
        /// The socket: `unix:///PATH` or `tcp://HOST:PORT`.
        SOCKET: Text = "socket", None, May("tcp://localhost:9002");
        /// How many connections may wait.
        SOCKET_BACKLOG: Integer = "socket_backlog", None, May("1024");
        /// Owner of a unix socket.
        SOCKET_OWNER: Owner = "socket_owner", None, May("chrism");
        /// Mode of a unix socket.
        SOCKET_MODE: Octal = "socket_mode", None, May("0700");
    }
}

section! {
    /// Programs that are started and stopped together.
    group: Own "group" {
        /// Their names, with commas between.
        PROGRAMS: List = "programs", Some(""), May("progname1,progname2");
        /// Low numbers start first and stop last.
        PRIORITY: Integer = "priority", Some("999"), May("999");
    }
}

/// Whether what an option says is for nobody's eyes.
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
    /// Whether a header of this name is this section, by Supervisor's own rule: the servers need
    /// only begin with the word.
    pub fn is(&self, header: &str) -> bool {
        match self.named {
            Named::Alone => header == self.word,
            Named::Own => self.own_name(header).is_some(),
            Named::Either => header.starts_with(self.word),
        }
    }

    /// The name behind the colon.
    pub fn own_name<'h>(&self, header: &'h str) -> Option<&'h str> {
        header.strip_prefix(self.word)?.strip_prefix(':')
    }

    /// Its options and those of the section that it is like.
    pub fn options(&self) -> impl Iterator<Item = &'static Row> {
        let inherited = self.like.map_or(&[][..], |like| like.rows);
        let own = self.rows;
        let fresh = move |row: &&Row| !own.iter().any(|mine| mine.name == row.name);
        own.iter().chain(inherited.iter().filter(fresh))
    }

    /// The section that a header names.
    pub fn of(header: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.is(header)).copied()
    }
}
