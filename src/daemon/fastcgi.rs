//! The sockets of FastCGI groups. A socket is open while at least one process of its group holds it
//! or will be restarted automatically; connections wait in the backlog meanwhile. It is also opened
//! once when the group is added, to report configuration errors early.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::activity::ActivityLog;
use super::descriptors::{Descriptors, Purpose};
use crate::conf::config::{FcgiAddress, FcgiSocket, GroupKind, LogLevel};
use crate::core::effect::ProcId;
use crate::core::supervisor::Supervisor;
use crate::os::socket::{self, OpenError, SocketPermissions};

#[derive(Default)]
pub(super) struct Sockets {
    groups: BTreeMap<String, Shared>,
}

struct Shared {
    config: FcgiSocket,
    socket: Option<OwnedFd>,
    holders: BTreeSet<ProcId>,
}

impl Sockets {
    /// Adds a group. The error message is identical to Supervisor's.
    pub(super) fn add(
        &mut self,
        group: &str,
        config: &FcgiSocket,
        log: &mut ActivityLog,
    ) -> Result<(), String> {
        let mut shared = Shared { config: config.clone(), socket: None, holders: BTreeSet::new() };
        let opened = shared.open(log);
        shared.close_if_unused(log);
        self.groups.insert(group.to_owned(), shared);
        opened.map_err(|error| format!("Could not create FastCGI socket {}: {error}", config.url()))
    }

    /// Adds a group at the start whose address is also that of one of our servers. Supervisor opens its
    /// servers later and so does not notice; here they are open already.
    pub(super) fn add_beside_server(
        &mut self,
        group: &str,
        config: &FcgiSocket,
        log: &mut ActivityLog,
    ) {
        let shared = Shared { config: config.clone(), socket: None, holders: BTreeSet::new() };
        for verb in ["Creating", "Closing"] {
            log.log(LogLevel::Info, &format!("{verb} socket {}", config.url()));
        }
        self.groups.insert(group.to_owned(), shared);
    }

    pub(super) fn remove(&mut self, group: &str, log: &mut ActivityLog) {
        if let Some(mut shared) = self.groups.remove(group) {
            shared.holders.clear();
            shared.close_if_unused(log);
        }
    }

    /// The stdin for a process that is about to start; `None` if its group has no socket.
    pub(super) fn acquire(
        &mut self,
        group: &str,
        id: ProcId,
        log: &mut ActivityLog,
    ) -> Result<Option<OwnedFd>, String> {
        let Some(shared) = self.groups.get_mut(group) else { return Ok(None) };
        let url = shared.config.url();
        let message = |error: &dyn std::fmt::Display| {
            format!("Could not create FastCGI socket {url}: {error}")
        };
        shared.open(log).map_err(|error| message(&error))?;
        shared.holders.insert(id);
        let duplicate = shared.socket.as_ref().map(OwnedFd::try_clone).transpose();
        duplicate.map_err(|error| message(&error))
    }

    /// Releases the socket for one process; the last release closes it.
    pub(super) fn release(&mut self, group: &str, id: ProcId, log: &mut ActivityLog) {
        let Some(shared) = self.groups.get_mut(group) else { return };
        if shared.holders.remove(&id) {
            shared.close_if_unused(log);
        }
    }
}

/// Which processes hold the socket of a group.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedSocket {
    group: String,
    holders: BTreeSet<ProcId>,
}

impl SavedSocket {
    pub(super) fn new(group: String, holders: BTreeSet<ProcId>) -> Self {
        Self { group, holders }
    }
}

impl Sockets {
    pub(super) fn save(&self) -> Vec<SavedSocket> {
        let groups = self.groups.iter();
        let saved = groups.map(|(group, shared)| SavedSocket {
            group: group.clone(),
            holders: shared.holders.clone(),
        });
        saved.collect()
    }

    /// What another daemon needs of them.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = (Purpose, BorrowedFd<'_>)> {
        self.groups.iter().filter_map(|(group, shared)| {
            Some((Purpose::FastCgi(group.clone()), shared.socket.as_ref()?.as_fd()))
        })
    }

    pub(super) fn hand_over(self, descriptors: &mut Descriptors) {
        for (group, shared) in self.groups {
            descriptors.extend(Purpose::FastCgi(group), shared.socket);
        }
    }

    pub(super) fn adopt(
        saved: Vec<SavedSocket>,
        core: &Supervisor,
        descriptors: &mut Descriptors,
    ) -> Self {
        let mut sockets = Self::default();
        for SavedSocket { group, holders } in saved {
            let kind = core.group(&group).map(|it| &it.config().kind);
            let Some(GroupKind::FastCgi(config)) = kind else { continue };
            let socket = descriptors.take(&Purpose::FastCgi(group.clone()));
            sockets.groups.insert(group, Shared { config: config.clone(), socket, holders });
        }
        sockets
    }
}

impl Shared {
    fn open(&mut self, log: &mut ActivityLog) -> Result<(), OpenError> {
        if self.socket.is_none() {
            log.log(LogLevel::Info, &format!("Creating socket {}", self.config.url()));
            self.socket = Some(open(&self.config)?);
        }
        Ok(())
    }

    fn close_if_unused(&mut self, log: &mut ActivityLog) {
        if self.holders.is_empty() && self.socket.take().is_some() {
            log.log(LogLevel::Info, &format!("Closing socket {}", self.config.url()));
        }
    }
}

fn open(config: &FcgiSocket) -> Result<OwnedFd, OpenError> {
    // Zero counts as not set, as in Python.
    let backlog = config.backlog.filter(|backlog| *backlog != 0).unwrap_or(i64::from(i32::MAX));
    let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
    match &config.address {
        FcgiAddress::Tcp { host, port } => Ok(socket::tcp(host, *port, backlog)?.into()),
        FcgiAddress::Unix { path } => {
            let permissions = SocketPermissions { mode: config.mode, owner: config.owner };
            Ok(socket::fastcgi_unix(Path::new(path), permissions, backlog)?.into())
        }
    }
}
