//! Lints for the addresses of servers and FastCGI programs: duplicates, servers without methods.

use std::net::IpAddr;

use super::lint_input::{LintInput, warning};
use crate::conf::config::{
    Bind, FcgiAddress, GroupKind, HttpServer, InetServer, RpcInterface, UnixServer,
};
use crate::conf::host::Host;
use crate::conf::sections::{fcgi_program, inet_http_server, rpcinterface, unix_http_server};
use crate::diag::{Diagnostic, Severity, Span};

/// A configured address.
struct Listener {
    place: Place,
    span: Option<Span>,
    /// A server, which listens as long as the daemon runs. A FastCGI program opens its socket when
    /// it starts, and fails alone.
    is_server: bool,
}

enum Place {
    Unix(String),
    Inet { name: String, address: Option<IpAddr>, port: u16 },
}

impl Place {
    fn inet(name: &str, port: u16, host: &dyn Host) -> Self {
        Self::Inet { name: name.to_owned(), address: host.address_of(name), port }
    }

    fn clashes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unix(a), Self::Unix(b)) => a == b,
            (
                Self::Inet { name, address, port },
                Self::Inet { name: other_name, address: other_address, port: other_port },
            ) => {
                let is_everywhere = |address: &Option<IpAddr>| {
                    address.is_some_and(|address| address.is_unspecified())
                };
                let is_same = name == other_name || address.is_some() && address == other_address;
                port == other_port
                    && (is_same || is_everywhere(address) || is_everywhere(other_address))
            }
            _ => false,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Unix(path) => path.clone(),
            Self::Inet { name, port, .. } if name.is_empty() => format!("port {port}"),
            Self::Inet { name, port, .. } => format!("{name}:{port}"),
        }
    }
}

pub(super) fn servers(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let listeners = listeners(subject);
    let mut found = Vec::new();
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
                FcgiAddress::Tcp { host, port } => Place::inet(host, *port, subject.host),
                FcgiAddress::Unix { path, .. } => Place::Unix(path.clone()),
            };
            let section = &group.processes.first()?.program;
            let span = subject.place(section, fcgi_program::SOCKET.name);
            Some(Listener { place, span, is_server: false })
        }
        GroupKind::Programs | GroupKind::EventListener(_) => None,
    });
    servers.chain(sockets).collect()
}

fn http(subject: &LintInput<'_>, server: &HttpServer) -> Listener {
    let (place, option) = match &server.bind {
        Bind::Inet(InetServer { address: (host, port), .. }) => {
            (Place::inet(host, *port, subject.host), inet_http_server::PORT.name)
        }
        Bind::Unix(UnixServer { path, .. }) => {
            (Place::Unix(path.clone()), unix_http_server::FILE.name)
        }
    };
    Listener { place, span: subject.place(&server.section, option), is_server: true }
}

fn twice(first: &Listener, second: &Listener) -> Diagnostic {
    let message = format!("two servers at {}", second.place.shown());
    let mut diagnostic =
        warning("address-twice", message, second.span).help("give one another place");
    if first.is_server && second.is_server {
        diagnostic.severity = Severity::Error;
    }
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
