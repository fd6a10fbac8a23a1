//! If the keeper is killed, the daemon takes its place: it is the parent of the programs already. Another
//! daemon continues, as after a kill of the daemon.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use super::link::{self, JOURNAL, STATES};
use crate::conf::config::LogLevel;
use crate::daemon::event_loop::{Daemon, ExitReason};
use crate::keeper::protocol::Cause;
use crate::keeper::{Keeper, Predecessor};

impl Daemon<'_> {
    /// Runs as the keeper until a daemon has ended by itself. The state was saved before.
    pub(in crate::daemon) fn become_keeper(mut self) -> io::Result<ExitReason> {
        let message =
            "the keeper has ended; this process takes its place, and another daemon continues";
        self.shell.logs.log(LogLevel::Critical, message);
        let log = self.shell.logs.activity.path().map(ToOwned::to_owned);
        let link = self.shell.kernel.take_link();
        let (descriptors, _) = self.hand_over();
        let mut kept: BTreeMap<String, OwnedFd> = BTreeMap::new();
        if let Some(link) = &link {
            let own = STATES.into_iter().zip(link.snapshots.descriptors());
            for (key, fd) in own.chain(JOURNAL.into_iter().zip(link.journal.descriptors())) {
                kept.insert(key.to_owned(), fd.try_clone_to_owned()?);
            }
        }
        drop(link);
        for (purpose, fd) in descriptors.into_all() {
            kept.insert(link::key(&purpose, fd.as_fd())?, fd);
        }
        match Keeper::of_daemon(Predecessor { kept, log })?.run(Some(Cause::KeeperLost)) {
            0 => Ok(ExitReason::Exit),
            status => Ok(ExitReason::Failed { status }),
        }
    }
}
