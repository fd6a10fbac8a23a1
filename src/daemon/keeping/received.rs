//! What the keeper lends to a daemon that it has started.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;

use super::head::KeptHead;
use super::journal::Journal;
use super::link::{JOURNAL, Link, STATES};
use super::snapshots::Snapshots;
use crate::daemon::config_reader::SavedReader;
use crate::daemon::descriptors::{Descriptors, Purpose};
use crate::daemon::handover::Saved;
use crate::daemon::upgrade::format;
use crate::keeper::protocol::{self, Cause, ToDaemon, VARIABLE};
use crate::os::errno;
use crate::os::packets::Packets;
use crate::os::replace;
use crate::os::spawn::Gate;

/// The connection to the keeper, if this program was started by one.
pub struct Received(Packets);

/// What is needed to continue the daemon that was killed.
pub(in crate::daemon) struct Remains {
    pub(super) link: Link,
    pub(super) head: KeptHead,
    pub(super) saved: Saved,
    pub(super) descriptors: Descriptors,
    pub(super) cause: Cause,
}

/// What was received, if this program was started to continue a daemon.
pub fn receive() -> Option<Received> {
    let number = replace::take_variable(VARIABLE)?;
    let number = number.to_str()?.parse().ok()?;
    Some(Received(Packets::from(replace::inherit(number).ok()?)))
}

impl Received {
    pub(in crate::daemon) fn read(self) -> Result<Remains, String> {
        let error = |error: io::Error| errno::describe(&error);
        let (mut lent, cause) = self.lent().map_err(error)?;
        let mut take = |key: &str| lent.remove(key).ok_or(format!("the keeper has no {key}"));
        let states = [take(STATES[0])?, take(STATES[1])?];
        let [memory, reader, writer, from, to] = JOURNAL;
        let journal = [take(memory)?, take(reader)?, take(writer)?, take(from)?, take(to)?];
        let mut journal = Journal::open(journal).map_err(error)?;
        let (snapshots, state) = Snapshots::open(states).map_err(error)?;
        let state = state.ok_or("no state was saved")?;
        let (head, state, _) = format::decode(&state)?;
        let unreadable = |error: serde_json::Error| format!("the state cannot be read: {error}");
        let head: KeptHead = serde_json::from_slice(head).map_err(unreadable)?;
        let saved: Saved = serde_json::from_slice(state).map_err(unreadable)?;
        if journal.epoch() != head.epoch {
            // The daemon was killed after it had saved a state, before it began the journal again.
            journal.begin(head.epoch);
        }
        let mut descriptors = Descriptors::default();
        for (purpose, key) in &head.descriptors {
            let fd = lent.remove(key);
            match (purpose, fd) {
                // The state has its pid.
                (Purpose::Gate(_), Some(fd)) => Gate::from(fd).open(),
                // What is missing is noticed by the part that needs it.
                (purpose, fd) => descriptors.extend(purpose.clone(), fd),
            }
        }
        let mut link = Link::with(self.0, snapshots, journal, head.epoch);
        link.pidfile.clone_from(&head.pidfile);
        link.sockets.clone_from(&head.sockets);
        Ok(Remains { link, head, saved, descriptors, cause })
    }

    fn lent(&self) -> io::Result<(BTreeMap<String, OwnedFd>, Cause)> {
        let mut lent = BTreeMap::new();
        loop {
            match protocol::await_next(&self.0)? {
                (ToDaemon::Lent { key }, Some(fd)) => drop(lent.insert(key, fd)),
                (ToDaemon::Resume(cause), _) => return Ok((lent, cause)),
                _ => {}
            }
        }
    }
}

impl Remains {
    pub(in crate::daemon) fn reader(&self) -> SavedReader {
        self.head.reader.clone()
    }
}
