//! The connection to the keeper across an upgrade: the next program inherits it.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::link::Link;
use super::snapshots::Snapshots;
use crate::os::packets::Packets;
use crate::os::replace;

/// The numbers of the descriptors that the next program inherits.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::daemon) struct InheritedLink {
    epoch: u64,
    packets: i32,
    states: [i32; 2],
    journal: [i32; 5],
}

impl Link {
    pub(in crate::daemon) fn numbers(&self) -> InheritedLink {
        InheritedLink {
            epoch: self.epoch,
            packets: replace::number(&self.packets),
            states: self.snapshots.descriptors().map(|fd| replace::number(&fd)),
            journal: self.journal.descriptors().map(|fd| replace::number(&fd)),
        }
    }

    pub(in crate::daemon) fn inherited(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let states = self.snapshots.descriptors();
        states.into_iter().chain(self.journal.descriptors()).chain([self.packets.as_fd()])
    }

    /// That of the program before.
    pub(in crate::daemon) fn inherit(numbers: &InheritedLink) -> io::Result<Self> {
        let [first, second] = numbers.states;
        let [memory, reader, writer, from, to] = numbers.journal;
        let packets = Packets::from(replace::inherit(numbers.packets)?);
        let states = [replace::inherit(first)?, replace::inherit(second)?];
        let (snapshots, _) = Snapshots::open(states)?;
        let inherit = replace::inherit;
        let output = (inherit(memory)?, inherit(reader)?, inherit(writer)?);
        let journal = [output.0, output.1, output.2, inherit(from)?, inherit(to)?];
        let journal = Journal::open(journal)?;
        Ok(Self::with(packets, snapshots, journal, numbers.epoch))
    }
}
