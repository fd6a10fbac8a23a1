//! The connection to the keeper: what it holds, and the children whose exit it has reported.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use super::journal::{Entry, Journal};
use super::snapshots::Snapshots;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::time::Mono;
use crate::keeper::protocol::{self, ToDaemon, ToKeeper};
use crate::os::files;
use crate::os::logfile::Place;
use crate::os::packets::Packets;
use crate::os::pipe::{PipeReader, PipeWriter};
use crate::os::replace;
use crate::os::spawn::Gate;
use crate::os::wait::EndedChild;

use crate::daemon::descriptors::Purpose;

/// The keys of what every state needs; those of other descriptors begin with a quote or a brace.
pub(in crate::daemon) const STATES: [&str; 2] = ["state 0", "state 1"];
pub(in crate::daemon) const JOURNAL: [&str; 5] =
    ["journal", "output reader", "output writer", "stdin reader", "stdin writer"];

/// A program that is a child of neither this daemon nor its keeper. With its start time the pid identifies a
/// process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orphaned {
    pub(super) pid: i32,
    pub(super) started: Option<u64>,
}

pub struct Link {
    pub(super) packets: Packets,
    pub(super) journal: Journal,
    pub(super) snapshots: Snapshots,
    /// The keys of what the keeper holds; `None` before everything was named once.
    kept: Option<BTreeSet<String>>,
    /// Of the children that were forked since the last state, with their pids.
    pub(super) gates: Vec<(i32, Gate)>,
    /// Children of the keeper that have terminated; the first one may be being processed.
    ended: VecDeque<EndedChild>,
    /// Programs whose end is not reported, and when they were looked at.
    pub(super) orphaned: Vec<Orphaned>,
    pub(super) looked: Mono,
    /// The number of the last state, and which changes of the core it has.
    pub(super) epoch: u64,
    pub(super) revision: Option<u64>,
    /// What the last daemon has written to logs already.
    pub(super) unread: BTreeMap<(ProcId, OutputStream), u64>,
    /// Whether this daemon has reported that it can be continued.
    is_settled: bool,
    /// Whether the keeper has ended.
    pub(super) is_lost: bool,
    /// What is removed when the daemon ends.
    pub(in crate::daemon) pidfile: Option<String>,
    pub(in crate::daemon) sockets: Vec<PathBuf>,
}

impl Link {
    /// That of the first daemon.
    pub(in crate::daemon) fn new(packets: Packets) -> io::Result<Self> {
        Ok(Self::with(packets, Snapshots::new()?, Journal::new()?, 0))
    }

    pub(super) fn with(
        packets: Packets,
        snapshots: Snapshots,
        journal: Journal,
        epoch: u64,
    ) -> Self {
        Self {
            packets,
            journal,
            snapshots,
            kept: None,
            gates: Vec::new(),
            ended: VecDeque::new(),
            orphaned: Vec::new(),
            looked: Mono::default(),
            epoch,
            revision: None,
            unread: BTreeMap::new(),
            is_settled: false,
            is_lost: false,
            pidfile: None,
            sockets: Vec::new(),
        }
    }

    /// Sends a message. The keeper is lost if that is not possible.
    pub(in crate::daemon) fn send(&mut self, message: &ToKeeper, fd: Option<BorrowedFd<'_>>) {
        if !self.is_lost {
            self.is_lost = protocol::send(&self.packets, message, fd).is_err();
        }
    }

    /// Receives what the keeper has sent.
    pub(in crate::daemon) fn receive(&mut self) {
        loop {
            match protocol::receive(&self.packets) {
                Ok(Some((ToDaemon::Ended(ended), _))) => self.ended.push_back(ended),
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => {
                    self.is_lost = true;
                    return;
                }
            }
        }
    }

    /// Waits until the keeper has done what it was sent.
    pub(in crate::daemon) fn synchronise(&mut self) {
        self.send(&ToKeeper::Sync, None);
        while !self.is_lost {
            match protocol::await_next(&self.packets) {
                Ok((ToDaemon::Done, _)) => return,
                Ok((ToDaemon::Ended(ended), _)) => self.ended.push_back(ended),
                Ok(_) => {}
                Err(_) => self.is_lost = true,
            }
        }
    }

    /// Something that no parent reports has terminated.
    pub(super) fn gone(&mut self, ended: EndedChild) {
        self.ended.push_back(ended);
    }

    /// A terminated child of the keeper.
    pub(in crate::daemon) fn ended(&self) -> Option<EndedChild> {
        self.ended.front().copied()
    }

    /// Whether the keeper has reported this child; it may forget it then.
    pub(in crate::daemon) fn collect(&mut self, pid: i32) -> bool {
        let is_reported = self.ended.front().is_some_and(|it| it.pid == pid);
        if is_reported {
            self.ended.pop_front();
            self.send(&ToKeeper::Collect { pid }, None);
        }
        is_reported
    }

    /// A child was forked that executes its program when the next state was saved.
    pub(in crate::daemon) fn hold(&mut self, pid: i32, gate: Gate) {
        self.gates.push((pid, gate));
    }

    /// Writes to the stdin of a process.
    pub(in crate::daemon) fn feed(
        &mut self,
        id: ProcId,
        to: &PipeWriter,
        bytes: &[u8],
    ) -> io::Result<usize> {
        self.journal.feed(&Entry::StdinWrite { id }, to, bytes)
    }

    /// Lets the keeper hold these, too.
    pub(super) fn keep(&mut self, wanted: &[(String, BorrowedFd<'_>)]) {
        let mut kept = self.kept.take().unwrap_or_else(|| {
            self.send(&ToKeeper::Begin, None);
            self.keep_own();
            BTreeSet::new()
        });
        for (key, fd) in wanted {
            if kept.insert(key.clone()) {
                self.send(&ToKeeper::Keep { key: key.clone() }, Some(*fd));
            }
        }
        self.kept = Some(kept);
    }

    /// Lets the keeper close what is not among these.
    pub(super) fn drop_others(&mut self, wanted: &BTreeSet<&str>) {
        let Some(kept) = &mut self.kept else { return };
        let stale: Vec<String> =
            kept.iter().filter(|key| !wanted.contains(key.as_str())).cloned().collect();
        kept.retain(|key| wanted.contains(key.as_str()));
        for key in stale {
            self.send(&ToKeeper::Drop { key }, None);
        }
    }

    /// The first state of this daemon was saved: the keeper may close what only others had.
    pub(super) fn settle(&mut self, log: Option<&Path>) {
        if !std::mem::replace(&mut self.is_settled, true) {
            self.send(&ToKeeper::Settled, None);
            self.send(&ToKeeper::Log { path: log.map(Path::to_owned) }, None);
            self.send(&ToKeeper::Ready, None);
        }
    }

    /// The run of this daemon is over; another one in the same process may follow, which opens everything
    /// anew.
    pub(in crate::daemon) fn end_run(&mut self) {
        self.drop_others(&BTreeSet::new());
        self.synchronise();
        (self.revision, self.is_settled) = (None, false);
    }

    /// What every state needs, and the program of the next daemon.
    fn keep_own(&mut self) {
        let states = STATES.into_iter().zip(self.snapshots.descriptors());
        let own = states.chain(JOURNAL.into_iter().zip(self.journal.descriptors()));
        let own: Vec<_> = own.map(|(key, fd)| (key.to_owned(), fd.try_clone_to_owned())).collect();
        for (key, fd) in own {
            match fd {
                Ok(fd) => self.send(&ToKeeper::Keep { key }, Some(fd.as_fd())),
                // Without it no other daemon could continue.
                Err(_) => self.is_lost = true,
            }
        }
        match replace::own_program() {
            Ok(program) => self.send(&ToKeeper::Program, Some(program.as_fd())),
            Err(_) => self.is_lost = true,
        }
    }

    /// Adds an entry to the journal.
    pub(in crate::daemon) fn note(&mut self, entry: &Entry, number: u64) {
        if !self.journal.note(entry, number) {
            // There is no room: the next state contains it.
            self.revision = None;
        }
    }

    /// Reads the output of a child; nothing is the end of the stream.
    pub(in crate::daemon) fn read(
        &mut self,
        from: &PipeReader,
        entry: &Entry,
    ) -> io::Result<Vec<u8>> {
        self.journal.read(from, entry)
    }

    /// What is to be written of bytes for a log: the daemon before may have written the first of them.
    pub(in crate::daemon) fn unwritten<'b>(
        &mut self,
        log: (ProcId, OutputStream),
        bytes: &'b [u8],
    ) -> &'b [u8] {
        let Some(unread) = self.unread.get_mut(&log) else { return bytes };
        let skipped = usize::try_from(*unread).unwrap_or(usize::MAX).min(bytes.len());
        *unread -= skipped as u64;
        if *unread == 0 {
            self.unread.remove(&log);
        }
        &bytes[skipped..]
    }

    pub(in crate::daemon) fn begin_write(
        &mut self,
        (id, stream): (ProcId, OutputStream),
        place: Option<Place>,
        count: usize,
    ) {
        self.journal.writing(&Entry::LogWrite { id, stream, place }, count);
    }

    pub(in crate::daemon) fn end_write(&mut self) {
        self.journal.written();
    }

    /// Whether the state is to be saved before more is read.
    pub(in crate::daemon) fn is_nearly_full(&self) -> bool {
        self.journal.is_nearly_full()
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.packets.as_fd()
    }
}

/// The key of a descriptor: what it is for, and which one, because the next one for the same purpose may
/// have been opened already.
pub(super) fn key(purpose: &Purpose, fd: BorrowedFd<'_>) -> io::Result<String> {
    let (device, inode) = files::identity(fd)?;
    Ok(format!("{} {device}:{inode}", serde_json::to_string(purpose)?))
}
