//! The steps of a start in its order, each tried without an effect.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::held::{Address, Held};
use super::reason::{self, Target};
use crate::conf::config::{
    Bind, FcgiSocket, Group, GroupKind, HttpServer, LogTarget, Process, Supervisord,
};
use crate::conf::fault::Fault;
use crate::conf::read::Examined;
use crate::conf::sections::{
    fcgi_program, inet_http_server, program, supervisord as daemon, unix_http_server,
};
use crate::core::effect::OutputStream;
use crate::daemon::certificates;
use crate::daemon::logs::streams;
use crate::daemon::privileges::{self, DeferredLog};
use crate::daemon::server_sockets;
use crate::diag::{Diagnostic, Severity};
use crate::os::socket::{self, OpenError};
use crate::os::users::{self, Identity};
use crate::os::{access, errno, logfile};

/// An option of a section.
type Place<'a> = (&'a str, &'static str);

pub(super) struct Steps<'a> {
    examined: &'a Examined,
    settings: &'a Supervisord,
    held: Held<'a>,
    faults: Vec<Fault>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(examined: &'a Examined, settings: &'a Supervisord, held: Held<'a>) -> Self {
        Self { examined, settings, held, faults: Vec::new(), warnings: Vec::new() }
    }

    pub(super) fn into_results(self) -> (Vec<Fault>, Vec<Diagnostic>) {
        (self.faults, self.warnings)
    }

    fn refuse(&mut self, place: Place<'_>, diagnostic: Diagnostic, original: String) {
        let diagnostic = diagnostic.maybe_at(self.examined.place(place.0, place.1));
        self.faults.push(Fault::new(original, diagnostic));
    }

    fn warn(&mut self, place: Place<'_>, mut diagnostic: Diagnostic) {
        diagnostic.severity = Severity::Warning;
        diagnostic.span = self.examined.place(place.0, place.1);
        if !self.warnings.contains(&diagnostic) {
            self.warnings.push(diagnostic);
        }
    }

    /// Switches to the user of the daemon. Without success nothing else can be tried.
    pub(super) fn switch_user(&mut self) -> bool {
        let switched = privileges::drop_privileges(self.settings, &mut DeferredLog::default());
        switched.map_err(|original| self.refuse_user(original)).is_ok()
    }

    /// The same without an effect, for a daemon that goes on.
    pub(super) fn may_switch_user(&mut self) -> bool {
        let identity = self.settings.user.as_ref().map(|user| users::identity(user.uid));
        let Some(Identity::Impossible(original)) = identity else { return true };
        self.refuse_user(original);
        false
    }

    fn refuse_user(&mut self, original: String) {
        let name = self.settings.user.as_ref().map_or("", |user| user.name.as_str());
        let message = format!("supervisord cannot switch to the user `{name}`");
        let diagnostic = Diagnostic::error("cannot-switch-user", message)
            .label(original.clone())
            .help(format!("start it as root or as `{name}`, or remove the option"));
        self.refuse((daemon::SECTION.word, daemon::USER.name), diagnostic, original);
    }

    /// All steps but the switch of the user.
    pub(super) fn try_all(&mut self) {
        self.limits();
        self.daemon_files();
        self.groups();
        for server in &self.examined.draft.servers {
            self.server(server);
        }
    }

    fn limits(&mut self) {
        for (option, original) in privileges::limits_too_low(self.settings) {
            let message = format!("this host does not allow as many as `{option}` requires");
            let diagnostic = Diagnostic::error("limit-too-low", message)
                .help(format!("raise the limit of the user (`ulimit`), or lower `{option}`"));
            self.refuse((daemon::SECTION.word, option), diagnostic, original);
        }
    }

    fn daemon_files(&mut self) {
        let settings = self.settings;
        let section = daemon::SECTION.word;
        let path = settings.logfile.as_str();
        let tried = if path == "syslog" { Ok(()) } else { try_log(path) };
        if let Err(error) = tried {
            let diagnostic = reason::of_file(Target { what: "log", path }, &error);
            let original = errno::python_format(&error);
            self.refuse((section, daemon::LOGFILE.name), diagnostic, original);
        }
        if let Some(path) = &settings.audit_logfile {
            if let Err(error) = logfile::try_private(Path::new(path)) {
                let diagnostic = reason::of_file(Target { what: "audit log", path }, &error);
                let original = errno::python_format(&error);
                self.refuse((section, daemon::AUDIT_LOGFILE.name), diagnostic, original);
            }
        }
        let path = settings.pidfile.as_str();
        if let Err(error) = access::try_append(Path::new(path)) {
            let diagnostic = reason::of_file(Target { what: "pid file", path }, &error);
            self.warn((section, daemon::PIDFILE.name), diagnostic);
        }
        if let Some(path) = &settings.directory {
            if access::try_enter(Path::new(path)).is_err() {
                let message = format!("supervisord may not change to `{path}`");
                let diagnostic = Diagnostic::warning("not-permitted", message)
                    .help("give its user access to the directory");
                self.warn((section, daemon::DIRECTORY.name), diagnostic);
            }
        }
    }

    fn groups(&mut self) {
        let mut seen = BTreeSet::new();
        for group in &self.examined.draft.groups {
            for process in group.members() {
                if seen.insert((&process.program, &process.name)) {
                    self.logs(process);
                }
            }
            if let GroupKind::FastCgi(socket) = &group.kind {
                self.fastcgi(group, socket);
            }
        }
    }

    fn logs(&mut self, process: &Process) {
        for (stream, log) in streams(process) {
            let option = match stream {
                OutputStream::Stdout => program::STDOUT_LOGFILE.name,
                OutputStream::Stderr => program::STDERR_LOGFILE.name,
            };
            match log.target {
                LogTarget::None => {}
                LogTarget::Auto => self.automatic_log(process, stream.name()),
                // Whether a device can be opened depends on how the daemon is started.
                LogTarget::File(path) if logfile::is_special(Path::new(path)) => {}
                LogTarget::File(path) => {
                    if let Err(error) = try_log(path) {
                        let diagnostic = reason::of_file(Target { what: "log", path }, &error);
                        self.warn((&process.program, option), diagnostic);
                    }
                }
            }
        }
    }

    fn automatic_log(&mut self, process: &Process, channel: &str) {
        let Supervisord { childlogdir, identifier, .. } = self.settings;
        let name = format!("{}-{channel}---{identifier}-xxxxxxxx.log", process.name);
        let path = format!("{childlogdir}/{name}");
        let Err(error) = access::try_create(Path::new(&path)) else { return };
        let diagnostic = reason::of_file(Target { what: "automatic log", path: &path }, &error);
        let original = errno::python_format(&error);
        // One directory holds them all.
        let is_known =
            |fault: &Fault| fault.text == original && fault.diagnostic.code == diagnostic.code;
        if !self.faults.iter().any(is_known) {
            self.refuse((daemon::SECTION.word, daemon::CHILDLOGDIR.name), diagnostic, original);
        }
    }

    fn fastcgi(&mut self, group: &Group, socket: &FcgiSocket) {
        let address = Address::of_fastcgi(socket);
        let tried = match address {
            Address::Tcp { host, port } => socket::try_tcp(host, port),
            Address::Unix { path, owner } => socket::try_fastcgi_unix(Path::new(path), owner),
        };
        let Err(error) = tried else { return };
        let section = group.processes.first().map_or("", |process| process.program.as_str());
        let original = format!("Could not create FastCGI socket {}: {error}", socket.url());
        self.refuse_address((section, fcgi_program::SOCKET.name), address, &error, original);
    }

    fn server(&mut self, server: &HttpServer) {
        self.certificate(server);
        let address = Address::of_server(&server.bind);
        let tried = match address {
            Address::Tcp { host, port } => socket::try_tcp(host, port),
            Address::Unix { path, owner } => socket::try_unix(Path::new(path), owner),
        };
        let Err(error) = tried else { return };
        let option = match &server.bind {
            Bind::Inet(_) => inet_http_server::PORT.name,
            Bind::Unix(_) => unix_http_server::FILE.name,
        };
        let original = server_sockets::error_message(&error);
        self.refuse_address((&server.section, option), address, &error, original);
    }

    fn certificate(&mut self, server: &HttpServer) {
        let Some(files) = server.tls() else { return };
        let Err(problem) = certificates::read(&files) else { return };
        let diagnostic = Diagnostic::error("bad-certificate", &problem.message).help(problem.help);
        self.refuse((&server.section, problem.option), diagnostic, problem.message);
    }

    /// An address that the own daemon holds is free as soon as it is restarted.
    fn refuse_address(
        &mut self,
        place: Place<'_>,
        address: Address<'_>,
        error: &OpenError,
        original: String,
    ) {
        if matches!(error, OpenError::InUse) && self.held.includes(address) {
            return;
        }
        let diagnostic = match address {
            Address::Tcp { host, port } => reason::of_address(host, port, error),
            Address::Unix { path, .. } => reason::of_socket(path, error),
        };
        self.refuse(place, diagnostic, original);
    }
}

/// `/dev/stdout` and the like are used even if they cannot be opened by name.
fn try_log(path: &str) -> io::Result<()> {
    let path = Path::new(path);
    if logfile::is_inherited(path) { Ok(()) } else { access::try_append(path) }
}
