//! Lints for the addresses of servers and FastCGI programs: duplicates, overlong paths, servers
//! without methods.

use super::lint_input::{LintInput, warning};
use crate::conf::config::{Bind, FcgiAddress, GroupKind, HttpServer, RpcInterface};
use crate::conf::sections::{fcgi_program, inet_http_server, rpcinterface, unix_http_server};
use crate::diag::{Diagnostic, Span};

/// The maximum length of a unix socket path, a kernel limit.
const MAX_SOCKET_PATH: usize = 107;

/// A configured address.
struct Listener {
    place: Place,
    span: Option<Span>,
    /// Without its servers the daemon does not start; a program without its socket only fails
    /// itself.
    vital: bool,
}

#[derive(PartialEq)]
enum Place {
    Unix(String),
    /// An empty host means all interfaces.
    Inet(String, u16),
}

impl Place {
    fn clashes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Inet(a, port), Self::Inet(b, other)) => {
                port == other && (a == b || [a, b].iter().any(|h| h.is_empty() || *h == "0.0.0.0"))
            }
            _ => self == other,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Unix(path) => path.clone(),
            Self::Inet(host, port) if host.is_empty() => format!("port {port}"),
            Self::Inet(host, port) => format!("{host}:{port}"),
        }
    }
}

pub(super) fn servers(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let listeners = listeners(subject);
    let mut found: Vec<Diagnostic> = listeners.iter().filter_map(too_long).collect();
    for (at, listener) in listeners.iter().enumerate() {
        let first = listeners[..at].iter().find(|other| other.place.clashes(&listener.place));
        found.extend(first.map(|first| twice(first, listener)));
    }
    found
}

fn listeners(subject: &LintInput<'_>) -> Vec<Listener> {
    let servers = subject.draft.servers.iter().map(|server| http(subject, server));
    let sockets = subject.draft.groups.iter().filter_map(|group| match &group.kind {
        GroupKind::FastCgi(socket) => {
            let place = match &socket.address {
                FcgiAddress::Tcp { host, port } => Place::Inet(host.clone(), *port),
                FcgiAddress::Unix { path, .. } => Place::Unix(path.clone()),
            };
            let section = &group.processes.first()?.program;
            let span = subject.place(section, fcgi_program::SOCKET.name);
            Some(Listener { place, span, vital: false })
        }
        GroupKind::Programs | GroupKind::EventListener(_) => None,
    });
    servers.chain(sockets).collect()
}

fn http(subject: &LintInput<'_>, server: &HttpServer) -> Listener {
    let (place, option) = match &server.bind {
        Bind::Inet { host, port } => {
            (Place::Inet(host.clone(), *port), inet_http_server::PORT.name)
        }
        Bind::Unix { path, .. } => (Place::Unix(path.clone()), unix_http_server::FILE.name),
    };
    Listener { place, span: subject.place(&server.section, option), vital: true }
}

fn problem(code: &'static str, message: String, listener: &Listener) -> Diagnostic {
    let mut diagnostic = if listener.vital {
        Diagnostic::error(code, message)
    } else {
        Diagnostic::warning(code, message)
    };
    diagnostic.span = listener.span;
    diagnostic
}

fn too_long(listener: &Listener) -> Option<Diagnostic> {
    let Place::Unix(path) = &listener.place else { return None };
    (path.len() > MAX_SOCKET_PATH).then(|| {
        let message = format!("the path of this socket has {} bytes", path.len());
        problem("socket-path-too-long", message, listener)
            .label(format!("stands for `{path}`"))
            .help(format!("a socket's path may have {MAX_SOCKET_PATH}; choose a shorter one"))
    })
}

fn twice(first: &Listener, second: &Listener) -> Diagnostic {
    let message = format!("two servers at {}", second.place.shown());
    let mut diagnostic = problem("address-twice", message, second).help("give one another place");
    if let Some(span) = first.span {
        diagnostic = diagnostic.via(span, "taken here");
    }
    diagnostic
}

/// A server without Supervisor's methods.
pub(super) fn rpc(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let (word, factory) = (rpcinterface::SECTION.word, rpcinterface::FACTORY.name);
    let Some(server) = subject.draft.servers.first() else { return Vec::new() };
    let known = &subject.draft.rpcinterfaces;
    let written = subject.sections().filter(|s| rpcinterface::SECTION.is(&s.name)).count();
    // An unknown factory was reported already.
    let is_client = |it: &RpcInterface| it.is_main() && it.namespace == "supervisor";
    if known.iter().any(is_client) || written > known.len() {
        return Vec::new();
    }
    let message = "supervisorctl will find no method on this server".to_owned();
    vec![warning("no-rpcinterface", message, subject.place(&server.section, "")).help(format!(
        "add `[{word}:supervisor]` with `{factory} = \
             supervisor.rpcinterface:make_main_rpcinterface`"
    ))]
}
