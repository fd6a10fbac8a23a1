//! The descriptors that a daemon hands over, by purpose: its successor has the same, without opening
//! anything again.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};

use crate::core::effect::{OutputStream, ProcId};

/// What a descriptor is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Purpose {
    ActivityLog,
    AuditLog,
    /// The log file of a stream.
    ChildLog(ProcId, OutputStream),
    /// The same of a process that has ended, whose reader has not accepted everything.
    SlowLog(ProcId, OutputStream),
    /// The pipe from which the output of a child is read.
    Output(ProcId, OutputStream),
    /// The pipe from which the output of a hook is read.
    HookOutput(ProcId, OutputStream),
    /// The pipe to the stdin of a child.
    Stdin(ProcId),
    /// The socket for the messages of a child.
    Notify(ProcId),
    /// The socket of the FastCGI group with this name.
    FastCgi(String),
    /// The listening socket of the server with this section.
    Server(String),
    /// What holds a child that was forked, by pid.
    Gate(i32),
    /// The connection of a client, and the log that it follows, by number.
    Client(usize),
    Followed(usize),
}

#[derive(Debug, Default)]
pub struct Descriptors(BTreeMap<Purpose, OwnedFd>);

impl Descriptors {
    pub fn insert(&mut self, purpose: Purpose, fd: impl Into<OwnedFd>) {
        self.0.insert(purpose, fd.into());
    }

    /// Inserts a descriptor if there is one.
    pub fn extend(&mut self, purpose: Purpose, fd: Option<OwnedFd>) {
        self.0.extend(fd.map(|fd| (purpose, fd)));
    }

    pub fn take(&mut self, purpose: &Purpose) -> Option<OwnedFd> {
        self.0.remove(purpose)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Purpose, &OwnedFd)> {
        self.0.iter()
    }

    /// All of them, to be held.
    pub fn into_all(self) -> impl Iterator<Item = (Purpose, OwnedFd)> {
        self.0.into_iter()
    }

    /// Those that were not taken.
    pub fn purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.0.keys()
    }
}
