//! Saves the state of the daemon, and lets the keeper hold its descriptors, after each turn in which
//! something changed that the journal does not have. A turn that only copies output saves nothing.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use super::head::KeptHead;
use super::link::{self, Link};
use crate::conf::config::LogLevel;
use crate::daemon::descriptors::Purpose;
use crate::daemon::event_loop::{Daemon, ExitReason};
use crate::daemon::upgrade::format;
use crate::os::errno;
use crate::os::spawn::Gate;

impl Daemon<'_> {
    /// Saves the state if it has changed, then does what was deferred until then. Only while no effect is
    /// pending.
    pub(in crate::daemon) fn save_changes(&mut self) {
        while self.exit_reason.is_none() && self.has_changed() {
            self.save_now();
            let now = self.now();
            self.shell.deliver(&mut self.core, now);
            self.perform();
        }
        if self.exit_reason.is_none() && self.shell.kernel.link().is_some_and(|it| it.is_lost) {
            self.exit_reason = Some(ExitReason::KeeperLost);
        }
    }

    /// Makes room in the journal for output.
    pub(in crate::daemon) fn save_if_full(&mut self) {
        if self.shell.kernel.link().is_some_and(|link| link.is_nearly_full()) {
            self.save_changes();
        }
    }

    fn has_changed(&mut self) -> bool {
        let revision = self.core.revision();
        let has_unwritten = self.shell.pipes.has_unwritten();
        let has_kills = !self.shell.kills.is_empty();
        self.shell.kernel.link().is_some_and(|link| {
            let is_same = link.revision == Some(revision) && link.gates.is_empty();
            let is_idle = !has_unwritten && !has_kills && !link.is_nearly_full();
            !(is_same && is_idle)
        })
    }

    fn save_now(&mut self) {
        let Some(mut link) = self.shell.kernel.take_link() else { return };
        if let Err(why) = self.save_to(&mut link) {
            let message = format!("a daemon after this one may not continue: {why}");
            self.shell.logs.log(LogLevel::Warn, &message);
            // It is tried again after the next change.
            link.revision = Some(self.core.revision());
        }
        self.shell.kernel.put_link(link);
    }

    fn save_to(&self, link: &mut Link) -> Result<(), String> {
        // Another daemon opens the gates of children that this state has.
        let gates = std::mem::take(&mut link.gates);
        let saved = self.save_with(link, &gates);
        link.gates = gates;
        saved
    }

    fn save_with(&self, link: &mut Link, gates: &[(i32, Gate)]) -> Result<(), String> {
        let error = |error: io::Error| errno::describe(&error);
        let keyed = self.keyed_descriptors(gates).map_err(error)?;
        link.keep(&keyed.iter().map(|(_, key, fd)| (key.clone(), *fd)).collect::<Vec<_>>());
        let head = KeptHead {
            epoch: link.epoch + 1,
            reader: self.reader.save(),
            pidfile: link.pidfile.clone(),
            sockets: link.sockets.clone(),
            descriptors: keyed.iter().map(|(it, key, _)| (it.clone(), key.clone())).collect(),
            kills: self.shell.kills.clone(),
            upgrade: self.shell.upgrade_job(),
        };
        let head = serde_json::to_vec(&head).map_err(|error| error.to_string())?;
        let state = serde_json::to_vec(&self.state_without_clients());
        let state = state.map_err(|error| error.to_string())?;
        link.snapshots.save(&format::encode(&head, &state)).map_err(error)?;
        link.epoch += 1;
        link.journal.begin(link.epoch);
        link.revision = Some(self.core.revision());
        link.drop_others(&keyed.iter().map(|(_, key, _)| key.as_str()).collect());
        link.settle(self.shell.logs.activity.path());
        Ok(())
    }

    fn keyed_descriptors<'a>(
        &'a self,
        gates: &'a [(i32, Gate)],
    ) -> io::Result<Vec<(Purpose, String, BorrowedFd<'a>)>> {
        let all = self.shell.descriptors().chain(self.server.descriptors());
        let gates = gates.iter().map(|(pid, gate)| (Purpose::Gate(*pid), gate.as_fd()));
        let all = all.chain(gates);
        all.map(|(purpose, fd)| link::key(&purpose, fd).map(|key| (purpose, key, fd))).collect()
    }

    /// Lets the keeper close the sockets that are closed here, so that their addresses can be used again.
    pub(in crate::daemon) fn release_addresses(&mut self) {
        let Some(mut link) = self.shell.kernel.take_link() else { return };
        let gates = std::mem::take(&mut link.gates);
        if let Ok(keyed) = self.keyed_descriptors(&gates) {
            link.drop_others(&keyed.iter().map(|(_, key, _)| key.as_str()).collect());
            link.synchronise();
        }
        link.gates = gates;
        self.shell.kernel.put_link(link);
    }
}
