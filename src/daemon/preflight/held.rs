//! The addresses that a running daemon holds and releases before it starts again.

use crate::conf::config::{
    Bind, Config, FcgiAddress, FcgiSocket, GroupKind, InetServer, UnixServer,
};

/// Which addresses are in use by the daemon itself.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    None,
    /// Each that is in use: the daemon runs, and its configuration is not known.
    Any,
    /// Those of this configuration.
    By(&'a Config),
}

/// An address to listen at.
#[derive(Clone, Copy)]
pub(super) enum Address<'a> {
    Tcp { host: &'a str, port: u16 },
    Unix { path: &'a str, owner: Option<(u32, u32)> },
}

impl<'a> Address<'a> {
    pub(super) fn of_server(bind: &'a Bind) -> Self {
        match bind {
            Bind::Inet(InetServer { address: (host, port), .. }) => Self::Tcp { host, port: *port },
            Bind::Unix(UnixServer { path, owner, .. }) => Self::Unix { path, owner: *owner },
        }
    }

    pub(super) fn of_fastcgi(socket: &'a FcgiSocket) -> Self {
        match &socket.address {
            FcgiAddress::Tcp { host, port } => Self::Tcp { host, port: *port },
            FcgiAddress::Unix { path } => Self::Unix { path, owner: socket.owner },
        }
    }

    /// A port is the same on all interfaces.
    fn is_same(self, other: Address<'_>) -> bool {
        match (self, other) {
            (Self::Tcp { port, .. }, Address::Tcp { port: other, .. }) => port == other,
            (Self::Unix { path, .. }, Address::Unix { path: other, .. }) => path == other,
            _ => false,
        }
    }
}

impl Held<'_> {
    pub(super) fn includes(self, address: Address<'_>) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::By(config) => addresses(config).any(|held| held.is_same(address)),
        }
    }
}

fn addresses(config: &Config) -> impl Iterator<Item = Address<'_>> {
    let servers = config.servers.iter().map(|server| Address::of_server(&server.bind));
    let fastcgi = config.groups.iter().filter_map(|group| match &group.kind {
        GroupKind::FastCgi(socket) => Some(Address::of_fastcgi(socket)),
        _ => None,
    });
    servers.chain(fastcgi)
}
