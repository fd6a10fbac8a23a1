//! The sockets to which processes with `ready_notify` or `live_notify` send messages, one for each process.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::descriptors::{Descriptors, Purpose};
use crate::core::effect::ProcId;
use crate::core::supervisor::Supervisor;
use crate::os::files;
use crate::os::notify_socket::{Message, NotifySocket};
use crate::os::poller::{Interest, Poller, Token};

struct Open {
    socket: NotifySocket,
    token: Token,
    /// The value of `NOTIFY_SOCKET`.
    name: String,
}

#[derive(Default)]
pub(super) struct NotifySockets {
    by_process: BTreeMap<ProcId, Open>,
    by_token: BTreeMap<Token, ProcId>,
}

impl NotifySockets {
    /// Opens a new socket for a process; returns the value of `NOTIFY_SOCKET`.
    pub(super) fn open(&mut self, poller: &mut Poller, id: ProcId) -> io::Result<String> {
        self.close(poller, id);
        let name = format!("supkit-notify-{}", files::random_token()?);
        self.add(poller, id, NotifySocket::bind(&name)?)?;
        Ok(format!("@{name}"))
    }

    /// The value of `NOTIFY_SOCKET` of a process.
    pub(super) fn name(&self, id: ProcId) -> Option<&str> {
        self.by_process.get(&id).map(|open| open.name.as_str())
    }

    fn add(&mut self, poller: &mut Poller, id: ProcId, socket: NotifySocket) -> io::Result<()> {
        let token = poller.add(&socket, Interest::READ)?;
        let name = socket.name().map(|name| format!("@{name}")).unwrap_or_default();
        self.by_token.insert(token, id);
        self.by_process.insert(id, Open { socket, token, name });
        Ok(())
    }

    pub(super) fn close(&mut self, poller: &mut Poller, id: ProcId) {
        if let Some(Open { socket, token, .. }) = self.by_process.remove(&id) {
            poller.remove(&socket);
            self.by_token.remove(&token);
        }
    }

    pub(super) fn owner(&self, token: Token) -> Option<ProcId> {
        self.by_token.get(&token).copied()
    }

    pub(super) fn receive(&self, id: ProcId) -> Option<Message> {
        // An error leaves nothing to read; the socket stays open for later messages.
        self.by_process.get(&id)?.socket.receive().ok().flatten()
    }

    /// What another daemon needs of them.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = (Purpose, BorrowedFd<'_>)> {
        self.by_process.iter().map(|(id, open)| (Purpose::Notify(*id), open.socket.as_fd()))
    }

    pub(super) fn hand_over(self, poller: &mut Poller, descriptors: &mut Descriptors) {
        for (id, Open { socket, .. }) in self.by_process {
            poller.remove(&socket);
            descriptors.insert(Purpose::Notify(id), socket);
        }
    }

    pub(super) fn adopt(
        core: &Supervisor,
        poller: &mut Poller,
        descriptors: &mut Descriptors,
    ) -> io::Result<Self> {
        let mut sockets = Self::default();
        for process in core.processes() {
            if let Some(fd) = descriptors.take(&Purpose::Notify(process.id())) {
                sockets.add(poller, process.id(), fd.into())?;
            }
        }
        Ok(sockets)
    }
}
