//! The tables of options: every section and option of Supervisor and of supkit, with kind, default,
//! sample and a line of documentation. The options of processes are in `process`. A table makes the
//! struct of its section; reading, comparing, checking, the sample file and the reference follow it.
//! Option names are not written anywhere else. `section/table.rs` explains the rows.

pub use super::process as program;
pub use super::section::{Named, Opt, Row, Sample, Section};

/// What the servers have in common.
pub mod http_server {
    use crate::conf::kinds::{AccountPassword, Flag, Maybe, Origins, Text};
    use crate::conf::section::Sample::{Commented, SupkitOnly};
    use crate::conf::section::table::options;
    use crate::conf::servers;

    const READ_FIRST: &[&str] = &[USERNAME.name, PASSWORD.name];

    options! {
        /// A server.
        "http_server", Never;

        /// The options of both kinds of servers.
        struct ServerOptions {}

        /// Username that clients must send; without it, or if it is empty, no authentication is required.
        USERNAME username: Maybe<Text> = None, Commented("user"), Once;
        /// Password of that user, clear, as {SHA} and 40 hex digits, or as supkit hash-password
        /// prints it.
        PASSWORD password: Maybe<AccountPassword> = None, Commented("123"), Once;
        /// Token of at least 16 characters with which Prometheus may read /metrics without an account.
        METRICS_TOKEN metrics_token: Maybe<Text> = None, SupkitOnly, Once, read: servers::metrics_token;
        /// Execute GET actions of the web page without confirmation.
        WEB_GET_ACTIONS web_get_actions: Flag = Some("false"), SupkitOnly, Once;
        /// Origins whose pages may use the server, such as that of a reverse proxy.
        WEB_TRUSTED_ORIGINS web_trusted_origins: Origins = Some(""), SupkitOnly, Once;
    }
}

pub mod unix_http_server {
    use super::http_server;
    use crate::conf::kinds::{Maybe, Octal, Owner, Text};
    use crate::conf::section::Sample::{Active, Commented};
    use crate::conf::section::table::options;
    use crate::conf::servers;

    const READ_FIRST: &[&str] = &[FILE.name, CHOWN.name, CHMOD.name];

    options! {
        /// The server on a unix socket, for supervisorctl on the same host.
        "unix_http_server", Either, like: http_server::SECTION;

        /// The options that only a server on a unix socket has.
        struct UnixServer {}

        /// Path of the socket.
        FILE path "file": Text = None, Active("/tmp/supervisor.sock"), Once, read: servers::path;
        /// Mode of the socket.
        CHMOD mode "chmod": Octal = Some("0700"), Commented("0700"), Once, read: servers::mode;
        /// Owner of the socket.
        CHOWN owner "chown": Maybe<Owner> = None, Commented("nobody:nogroup"), Once,
            read: servers::owner;
    }
}

pub mod inet_http_server {
    use super::http_server;
    use crate::conf::kinds::{Address, List, Maybe, Text};
    use crate::conf::section::Sample::{Commented, SupkitOnly};
    use crate::conf::section::table::options;
    use crate::conf::servers;

    const READ_FIRST: &[&str] = &[];

    options! {
        /// The server on a TCP port, for a browser or a supervisorctl on another host.
        "inet_http_server", Either, like: http_server::SECTION;

        /// The options that only a server on a TCP port has.
        struct InetServer {}

        /// Port, or host and port; *:9001 means all interfaces.
        PORT address "port": Address = None, Commented("127.0.0.1:9001"), Once, read: servers::address;
        /// Host names that requests may use if the server is bound to a loopback address and has no
        /// password, besides addresses, localhost, the names of this machine and those of the
        /// trusted origins.
        WEB_TRUSTED_HOSTS web_trusted_hosts: List = Some(""), SupkitOnly, Once;
        /// PEM file with the certificate of the server and those that sign it. The server then accepts
        /// only TLS (`https://`). It is read again when it changes.
        CERTIFICATE certificate: Maybe<Text> = None, SupkitOnly, Once, read: servers::tls_file;
        /// PEM file with the private key of the certificate, without a password.
        KEY key: Maybe<Text> = None, SupkitOnly, Once, read: servers::tls_file;
    }
}

pub mod http_user {
    use crate::conf::kinds::{AccountPassword, List, Maybe, UserRole};
    use crate::conf::section::Sample::SupkitOnly;
    use crate::conf::section::table::options;

    const READ_FIRST: &[&str] = &[];

    options! {
        /// A further account for all servers. With any of them, each server requires an account, but
        /// for the owner of a unix socket without username.
        "http_user", Own;

        /// The options of an account.
        struct UserOptions {}

        /// Its password, clear or as supkit hash-password prints it.
        PASSWORD password: Maybe<AccountPassword> = None, SupkitOnly, Once;
        /// What it may do: `viewer` sees states and logs, `operator` also controls programs, `admin`
        /// also changes the configuration and ends the daemon.
        ROLE role: UserRole = Some("viewer"), SupkitOnly, Once;
        /// The programs whose logs it may read and which it may control, as patterns of
        /// `group:name`; empty means all.
        PROGRAMS programs: List = Some(""), SupkitOnly, Once;
    }
}

pub mod supervisord {
    use crate::conf::kinds::{
        Account, Bytes, Directory, FilePath, Flag, Integer, Level, LogFile, Maybe, Octal, Orphans,
        Text, Variables,
    };
    use crate::conf::section::Sample::{Active, Commented, SupkitOnly};
    use crate::conf::section::table::options;
    use crate::conf::supervisord as read;

    const READ_FIRST: &[&str] = &[
        MINFDS.name,
        MINPROCS.name,
        DIRECTORY.name,
        USER.name,
        UMASK.name,
        LOGFILE.name,
        LOGFILE_MAXBYTES.name,
        LOGFILE_BACKUPS.name,
        LOGLEVEL.name,
        PIDFILE.name,
        IDENTIFIER.name,
        NODAEMON.name,
        SILENT.name,
        CHILDLOGDIR.name,
        NOCLEANUP.name,
        STRIP_ANSI.name,
        ENVIRONMENT.name,
    ];

    options! {
        /// The daemon itself.
        "supervisord", Alone;

        /// `[supervisord]`, with the command line applied.
        struct Supervisord {}

        /// The activity log of the daemon; `syslog` sends it to syslog.
        LOGFILE logfile: FilePath = Some("supervisord.log"), Active("/tmp/supervisord.log"), Once;
        /// Size at which that log is rotated; 0 disables rotation.
        LOGFILE_MAXBYTES logfile_maxbytes: Bytes = Some("50MB"), Active("50MB"), Once;
        /// Number of rotated logs to keep.
        LOGFILE_BACKUPS logfile_backups: Integer = Some("10"), Active("10"), Once;
        /// Log level: critical, error, warn, info, debug, trace or blather.
        LOGLEVEL loglevel: Level = Some("info"), Active("info"), Once;
        /// File for the process id of the daemon.
        PIDFILE pidfile: FilePath = Some("supervisord.pid"), Active("/tmp/supervisord.pid"), Once;
        /// Stay in the foreground.
        NODAEMON nodaemon: Flag = Some("false"), Active("false"), Once;
        /// In the foreground, do not write the log to standard output.
        SILENT silent: Flag = Some("false"), Active("false"), Once;
        /// Minimum number of file descriptors required to start.
        MINFDS minfds: Integer = Some("1024"), Active("1024"), Once;
        /// Minimum number of processes required to start.
        MINPROCS minprocs: Integer = Some("200"), Active("200"), Once;
        /// Umask of the daemon.
        UMASK umask: Octal = Some("022"), Commented("022"), Once;
        /// User to switch to if started as root.
        USER user: Maybe<Account> = None, Commented("supervisord"), Once, read: read::user;
        /// Identifier of this daemon.
        IDENTIFIER identifier: Text = Some("supervisor"), Commented("supervisor"), Once;
        /// Working directory of the daemon in the background.
        DIRECTORY directory: Maybe<Directory> = None, Commented("/tmp"), Once;
        /// Keep the AUTO logs of earlier runs.
        NOCLEANUP nocleanup: Flag = Some("false"), Commented("true"), Once;
        /// Directory for AUTO logs.
        CHILDLOGDIR childlogdir: Directory = None, Commented("/tmp"), Once, read: read::childlogdir;
        /// Environment variables for all programs.
        ENVIRONMENT environment: Variables = Some(""), Commented("KEY=\"value\""), Once,
            read: read::environment;
        /// Strip escape sequences from the logs of programs.
        STRIP_ANSI strip_ansi: Flag = Some("false"), Commented("false"), Once;
        /// Programs that outlived a killed daemon are stopped before they are started again; `keep`
        /// leaves them running, `refuse` does not start.
        ORPHANS orphans: Orphans = Some("stop"), SupkitOnly, Once;
        /// Memory for the requests and replies of all clients of the servers, at least 1MB; one
        /// reply may need a quarter of it. Logs are sent in pieces and need none.
        HTTP_MAXBYTES http_maxbytes: Bytes = Some("64MB"), SupkitOnly, Once;
        /// File for what a restart must not forget, such as disabled programs. The default is the name
        /// of the pid file with the extension `.state`.
        STATE_FILE state_file: Maybe<FilePath> = None, SupkitOnly, Once;
        /// If another user than root starts the daemon, every `user` that is not that one is ignored
        /// with a warning; otherwise it is an error.
        IGNORE_USER_WITHOUT_ROOT ignore_user_without_root: Flag = Some("false"), SupkitOnly, Once;
        /// Start a keeper, with which the programs, their output and the servers outlive a daemon that is
        /// killed: another one continues at once.
        KEEPER keeper: Flag = Some("false"), SupkitOnly, Once, added: default;
        /// Exit when all programs have ended by themselves, with the status of the first that failed.
        EXIT_WHEN_DONE exit_when_done: Flag = Some("false"), SupkitOnly, Once;
        /// The file that keeps how programs ended, for `why` after a restart of the daemon: a path,
        /// `AUTO` (`IDENTIFIER-history-HASH.json` in `childlogdir`) or `NONE`. It is written when a program has failed.
        HISTORY_FILE history_file: LogFile = Some("AUTO"), SupkitOnly, Once;
        /// A line of JSON for each action: who requested it, from where, and what came of it. Only
        /// the user of the daemon may read it.
        AUDIT_LOGFILE audit_logfile: Maybe<FilePath> = None, SupkitOnly, Once;
        /// Size at which that log is rotated; 0 disables rotation.
        AUDIT_LOGFILE_MAXBYTES audit_logfile_maxbytes: Bytes = Some("50MB"), SupkitOnly, Once;
        /// Number of rotated audit logs to keep.
        AUDIT_LOGFILE_BACKUPS audit_logfile_backups: Integer = Some("10"), SupkitOnly, Once;
    }
}

pub mod supervisorctl {
    use crate::conf::ctl;
    use crate::conf::kinds::{Maybe, Password, Text};
    use crate::conf::section::Sample::{Active, Commented, SupkitOnly};
    use crate::conf::section::table::options;

    const READ_FIRST: &[&str] = &[SERVERURL.name, PROMPT.name];

    options! {
        /// How supervisorctl finds the daemon.
        "supervisorctl", Alone;

        /// `[supervisorctl]`, with the command line applied.
        struct Supervisorctl {}

        /// The server: `unix://PATH`, `http://HOST:PORT` or `https://HOST:PORT`.
        SERVERURL serverurl: Text = Some("http://localhost:9001"),
            Active("unix:///tmp/supervisor.sock"), Once, read: ctl::serverurl;
        /// Username for the server.
        USERNAME username: Maybe<Text> = None, Commented("chris"), Once;
        /// Password for the server.
        PASSWORD password: Maybe<Password> = None, Commented("123"), Once;
        /// Prompt of the shell.
        PROMPT prompt: Text = Some("supervisor"), Commented("mysupervisor"), Once;
        /// File for the history of the shell.
        HISTORY_FILE history_file: Maybe<Text> = None, Commented("~/.sc_history"), Once,
            read: ctl::path;
        /// PEM file with the certificates of authorities, or of the server itself, that a server with
        /// `https://` may have; without it, those of the system.
        CACERT cacert: Maybe<Text> = None, SupkitOnly, Once, read: ctl::path;
    }
}

pub mod include {
    use crate::conf::kinds::Text;
    use crate::conf::section::Sample::Commented;
    use crate::conf::section::table::rows;

    rows! {
        /// More files to read.
        "include", Alone;

        /// Patterns separated by blanks, relative to this file; included files cannot include
        /// others.
        FILES "files": Text = None, Commented("relative/directory/*.ini");
    }
}

pub mod rpcinterface {
    use crate::conf::kinds::{Factory, List};
    use crate::conf::plugins;
    use crate::conf::section::Sample::{Active, Hidden};
    use crate::conf::section::table::options;

    const READ_FIRST: &[&str] = &[FACTORY.name];

    options! {
        /// A set of RPC methods.
        "rpcinterface", Own, open: true;

        /// A `[rpcinterface:NAME]`.
        struct RpcInterface {
            /// The namespace of its methods.
            namespace: String,
        }

        /// Python factory of the methods.
        FACTORY factory "supervisor.rpcinterface_factory": Factory = None,
            Active("supervisor.rpcinterface:make_main_rpcinterface"), Once, read: plugins::rpc_factory;
        /// Methods of the twiddler interface that are allowed; empty allows all.
        WHITELIST whitelist: List = Some(""), Hidden, Once;
    }
}

pub mod ctlplugin {
    use crate::conf::kinds::Text;
    use crate::conf::section::Sample::Hidden;
    use crate::conf::section::table::rows;

    rows! {
        /// A plug-in of supervisorctl.
        "ctlplugin", Own, open: true;

        /// Python factory of the plug-in.
        FACTORY "supervisor.ctl_factory": Text = None, Hidden;
    }
}

pub mod eventlistener {
    use super::program;
    use crate::conf::events::EventType;
    use crate::conf::kinds::{Bytes, EventTypes, Flag, Handler, Integer};
    use crate::conf::listener;
    use crate::conf::section::Sample::{Commented, Hidden};
    use crate::conf::section::table::options;

    const READ_FIRST: &[&str] = &[BUFFER_SIZE.name, RESULT_HANDLER.name, EVENTS.name];

    options! {
        /// A program that receives events.
        "eventlistener", Own, like: program::SECTION;

        /// The settings of an event listener pool.
        struct Pool {}

        /// Event types that it subscribes to.
        EVENTS events: EventTypes = Some(""), Commented("EVENT"), Once,
            read: listener::events, differs: other_events;
        /// Maximum number of buffered events.
        BUFFER_SIZE buffer_size: Integer = Some("10"), Commented("10"), Once,
            read: listener::buffer_size;
        /// Function that evaluates the result of a listener.
        RESULT_HANDLER result_handler: Handler = Some("supervisor.dispatchers:default_handler"),
            Hidden, Once, read: listener::result_handler;

        instead {
            /// Low numbers start first and stop last.
            PRIORITY "priority": Integer = Some("-1"), Commented("-1");
            /// Not allowed for listeners: true would mix stderr into the protocol.
            REDIRECT_STDERR "redirect_stderr": Flag = Some("false"), Commented("false");
            /// Not used: the stdout of a listener is not captured.
            STDOUT_CAPTURE_MAXBYTES "stdout_capture_maxbytes": Bytes = Some("0"), Hidden;
            /// Maximum bytes of a captured message; 0 disables capturing.
            STDERR_CAPTURE_MAXBYTES "stderr_capture_maxbytes": Bytes = Some("0"), Hidden;
        }
    }

    /// The order makes no difference.
    #[expect(clippy::ptr_arg, reason = "the value of a kind is compared by reference")]
    fn other_events(old: &Vec<EventType>, new: &Vec<EventType>) -> bool {
        let is_in = |events: &[EventType], event| events.contains(event);
        old.len() != new.len() || !old.iter().all(|event| is_in(new, event))
    }
}

pub mod fcgi_program {
    use super::program;
    use crate::conf::fcgi;
    use crate::conf::kinds::{Integer, Maybe, Octal, Owner, SocketUrl};
    use crate::conf::section::Sample::Commented;
    use crate::conf::section::table::options;

    const READ_FIRST: &[&str] =
        &[SOCKET_BACKLOG.name, SOCKET_OWNER.name, SOCKET_MODE.name, SOCKET.name];

    // Supervisor compares nothing but the address of a socket.
    options! {
        /// A FastCGI program, whose processes share a socket.
        "fcgi-program", Own, like: program::SECTION;

        /// The shared socket. Owner and mode are set for a unix socket only.
        struct FcgiSocket {}

        /// The socket: `unix:///PATH` or `tcp://HOST:PORT`.
        SOCKET address "socket": SocketUrl = None, Commented("tcp://localhost:9002"), Once,
            read: fcgi::address;
        /// Listen backlog of the socket.
        SOCKET_BACKLOG backlog "socket_backlog": Maybe<Integer> = None, Commented("1024"), Once,
            read: fcgi::backlog, differs: never;
        /// Owner of a unix socket.
        SOCKET_OWNER owner "socket_owner": Maybe<Owner> = None, Commented("chrism"), Once,
            read: fcgi::owner, differs: never;
        /// Mode of a unix socket.
        SOCKET_MODE mode "socket_mode": Maybe<Octal> = None, Commented("0700"), Once,
            read: fcgi::mode, differs: never;
    }
}

pub mod group {
    use std::sync::Arc;

    use super::program::Process;
    use crate::conf::config::GroupKind;
    use crate::conf::kinds::{Dependencies, Integer, List};
    use crate::conf::section::Sample::{Commented, SupkitOnly};
    use crate::conf::section::table::options;
    use crate::conf::section_reader::required;

    const READ_FIRST: &[&str] = &[PROGRAMS.name, PRIORITY.name];

    // Its programs and their dependencies show in the processes.
    options! {
        /// Programs that are started and stopped together.
        "group", Own;

        /// A `[group:x]`, or a single `[program:x]`, `[eventlistener:x]` or `[fcgi-program:x]`, which
        /// has the defaults of a group with a priority of its own.
        struct Group {
            /// The name after the colon.
            name: String,
            /// What it is, with the settings of its kind.
            kind: GroupKind,
            /// In Supervisor's order. Shared with the active group and its processes, so that each
            /// exists once.
            processes: Vec<Arc<Process>>,
        }

        /// Program names, separated by commas.
        PROGRAMS programs: List = Some(""), Commented("progname1,progname2"), Once,
            read: required, differs: never;
        /// Low numbers start first and stop last.
        PRIORITY priority: Integer = Some("999"), Commented("999"), Once;
        /// What each of its programs depends on, in addition to its own `depends_on`.
        DEPENDS_ON depends_on: Dependencies = Some(""), SupkitOnly, Once, differs: never;
    }
}

/// Whether the value of an option is secret.
pub fn is_secret(option: &str) -> bool {
    option == http_server::PASSWORD.name
}

/// All sections, in the order of the sample file.
pub static SECTIONS: &[&Section] = &[
    &unix_http_server::SECTION,
    &inet_http_server::SECTION,
    &http_user::SECTION,
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
    /// The section with this header.
    pub fn of(header: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.is(header)).copied()
    }
}
