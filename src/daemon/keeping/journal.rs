//! What has happened since the last state was saved: the output that was read, and what was done that
//! must not be done again. It is memory that outlives the daemon, so an entry costs no system call.
//!
//! Output is moved from the pipe of a program to a pipe of the daemon first (`splice`), then read from
//! there into the journal. Whenever the daemon is killed, that other pipe shows whether it was moved, and
//! whether it was read.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use serde::{Deserialize, Serialize};

use crate::core::effect::{OutputStream, Pid, ProcId, WaitStatus};
use crate::core::exit_report::ExitReport;
use crate::core::time::Now;
use crate::os::logfile::Place;
use crate::os::pipe::{self, PipeReader, PipeWriter, pipe};
use crate::os::poller::set_nonblocking;
use crate::os::shared_memory::SharedMemory;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::daemon) enum Entry {
    /// The output of a process or of a hook beside it, whose bytes follow.
    Output { id: ProcId, stream: OutputStream, of_hook: bool, now: Now },
    /// A child was reaped.
    Reaped { pid: Pid, status: WaitStatus, report: ExitReport, now: Now },
    /// The same, and its main process has taken its place.
    Followed { id: ProcId, pid: Pid, status: WaitStatus, now: Now },
    /// Bytes were appended to the log of a stream, which was there before. The number counts them.
    LogWrite { id: ProcId, stream: OutputStream, place: Option<Place> },
    /// Bytes were written to the stdin of a process. The number counts them.
    StdinWrite { id: ProcId },
    /// The first signal that was to be sent is sent.
    Killed,
}

/// An entry with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::daemon) struct Noted {
    pub(super) entry: Entry,
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
}

/// Pages that were never written need no memory.
const SIZE: usize = 8 * 1024 * 1024;
/// With less room the state is to be saved: as much as the output of a child that has exited may need.
const RESERVE: usize = 4 * 1024 * 1024;
/// As much as a pipe holds by default.
const MAX_MOVE: usize = 64 * 1024;
/// Room that output leaves for other entries.
const FOR_OTHERS: usize = 256 * 1024;
/// What stays in memory when the journal begins again.
const RETAINED: usize = 1024 * 1024;

/// The numbers at the start of the memory.
mod at {
    /// Which state the entries follow.
    pub(super) const EPOCH: usize = 0;
    /// The end of the entries.
    pub(super) const END: usize = 8;
    /// How far output was moved, the place of its entry, the length of that, and the number of bytes.
    pub(super) const MOVING: usize = 16;
    pub(super) const MOVING_TO: usize = 24;
    pub(super) const MOVING_HEAD: usize = 32;
    pub(super) const MOVED: usize = 40;
    /// The entry of the log that is being written; zero if none is.
    pub(super) const WRITING: usize = 48;
    /// Whether bytes for a stdin are on their way, the place of their entry, the length of that, and the
    /// number of bytes.
    pub(super) const FEEDING: usize = 56;
    pub(super) const FEEDING_TO: usize = 64;
    pub(super) const FEEDING_HEAD: usize = 72;
    pub(super) const FED: usize = 80;
    pub(super) const ENTRIES: usize = 128;
}

/// The values of [`at::MOVING`], the first and last of which are those of [`at::FEEDING`].
const IDLE: u64 = 0;
const BEGUN: u64 = 1;
const HAS_MOVED: u64 = 2;

/// The lengths of the entry and of the bytes after it, then its number.
const ENTRY_HEADER: usize = 16;

pub(in crate::daemon) struct Journal {
    memory: SharedMemory,
    holding: (PipeReader, PipeWriter),
    /// For bytes to the stdin of a program.
    feeding: (PipeReader, PipeWriter),
    end: usize,
}

impl Journal {
    pub(in crate::daemon) fn new() -> io::Result<Self> {
        let mut memory = SharedMemory::new(SIZE)?;
        memory.store_number(at::END, at::ENTRIES as u64);
        let feeding = pipe()?;
        set_nonblocking(&feeding.0)?;
        Ok(Self { memory, holding: pipe()?, feeding, end: at::ENTRIES })
    }

    /// That of another daemon. What it was doing when it was killed is completed.
    pub(in crate::daemon) fn open(descriptors: [OwnedFd; 5]) -> io::Result<Self> {
        let [memory, reader, writer, from, to] = descriptors;
        let memory = SharedMemory::open(memory)?;
        let end = usize::try_from(memory.load_number(at::END)).map_err(io::Error::other)?;
        if memory.length() != SIZE || !(at::ENTRIES..=SIZE).contains(&end) {
            return Err(io::Error::other("the journal is damaged"));
        }
        let (holding, feeding) = ((reader.into(), writer.into()), (from.into(), to.into()));
        let mut journal = Self { memory, holding, feeding, end };
        journal.complete_move()?;
        journal.complete_feed()?;
        Ok(journal)
    }

    /// The memory, and the ends of both pipes.
    pub(in crate::daemon) fn descriptors(&self) -> [BorrowedFd<'_>; 5] {
        let (holding, feeding) = (&self.holding, &self.feeding);
        let ends = [&holding.0, &holding.1, &feeding.0, &feeding.1].map(|end| end.as_fd());
        [self.memory.as_fd(), ends[0], ends[1], ends[2], ends[3]]
    }

    /// Which state the entries follow.
    pub(in crate::daemon) fn epoch(&self) -> u64 {
        self.memory.load_number(at::EPOCH)
    }

    /// Begins again: the state with this number was saved.
    pub(in crate::daemon) fn begin(&mut self, epoch: u64) {
        let end = std::mem::replace(&mut self.end, at::ENTRIES);
        // Until the last store the entries belong to the state before, which is not used any more.
        self.memory.store_number(at::END, self.end as u64);
        self.memory.store_number(at::EPOCH, epoch);
        if end > RETAINED {
            self.memory.release_behind(RETAINED);
        }
    }

    /// Whether the state is to be saved before more is read.
    pub(in crate::daemon) fn is_nearly_full(&self) -> bool {
        SIZE - self.end < RESERVE
    }

    /// Adds an entry; false if there is no room.
    pub(in crate::daemon) fn note(&mut self, entry: &Entry, number: u64) -> bool {
        let end = self.end;
        let Some(length) = self.store_entry(entry) else { return false };
        self.add(end, length, 0, number);
        true
    }

    /// Stores what an entry is behind the end; returns its length.
    fn store_entry(&mut self, entry: &Entry) -> Option<usize> {
        let text = serde_json::to_vec(entry).ok()?;
        self.memory.store(self.end + ENTRY_HEADER, &text).then_some(text.len())
    }

    /// Completes an entry whose content is stored.
    fn add(&mut self, place: usize, length: usize, bytes: usize, number: u64) {
        self.memory.store_number(place, length as u64 | (bytes as u64) << 32);
        self.memory.store_number(place + 8, number);
        self.end = (place + ENTRY_HEADER + length + bytes).next_multiple_of(8);
        self.memory.store_number(at::END, self.end as u64);
    }

    /// Reads output and adds its entry; nothing is the end of the stream.
    pub(in crate::daemon) fn read(
        &mut self,
        from: &PipeReader,
        entry: &Entry,
    ) -> io::Result<Vec<u8>> {
        if SIZE - self.end < MAX_MOVE + FOR_OTHERS {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = self.store_entry(entry).ok_or(io::ErrorKind::WouldBlock)?;
        self.memory.store_number(at::MOVING_TO, self.end as u64);
        self.memory.store_number(at::MOVING_HEAD, length as u64);
        self.memory.store_number(at::MOVING, BEGUN);
        let moved = pipe::move_bytes(from, &self.holding.1, MAX_MOVE);
        if let Ok(count @ 1..) = moved {
            self.memory.store_number(at::MOVED, count as u64);
            self.memory.store_number(at::MOVING, HAS_MOVED);
            let place = self.end + ENTRY_HEADER + length;
            self.memory.fill(place, count, &mut self.holding.0)?;
            self.add(self.end, length, count, 0);
            self.memory.store_number(at::MOVING, IDLE);
            return Ok(self.memory.load(place, count));
        }
        self.memory.store_number(at::MOVING, IDLE);
        moved.map(|_| Vec::new())
    }

    /// The daemon was killed while it read output.
    fn complete_move(&mut self) -> io::Result<()> {
        let state = self.memory.load_number(at::MOVING);
        let is_added = self.memory.load_number(at::MOVING_TO) != self.end as u64;
        if state != IDLE && !is_added {
            let waiting = pipe::waiting_bytes(&self.holding.0)?;
            let moved = usize::try_from(self.memory.load_number(at::MOVED)).unwrap_or(0);
            let count = if state == HAS_MOVED { moved } else { waiting };
            if count > 0 {
                let length = usize::try_from(self.memory.load_number(at::MOVING_HEAD));
                let length = length.map_err(io::Error::other)?;
                let place = self.end + ENTRY_HEADER + length + count.saturating_sub(waiting);
                self.memory.fill(place, waiting, &mut self.holding.0)?;
                self.add(self.end, length, count, 0);
            }
        }
        self.memory.store_number(at::MOVING, IDLE);
        Ok(())
    }

    /// Writes to the stdin of a process, and adds the entry for that.
    pub(in crate::daemon) fn feed(
        &mut self,
        entry: &Entry,
        to: &PipeWriter,
        bytes: &[u8],
    ) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(MAX_MOVE)];
        let length = self.store_entry(entry).ok_or(io::ErrorKind::WouldBlock)?;
        self.memory.store_number(at::FEEDING_TO, self.end as u64);
        self.memory.store_number(at::FEEDING_HEAD, length as u64);
        self.memory.store_number(at::FED, bytes.len() as u64);
        // It is empty, so all of them fit.
        self.feeding.1.write_all(bytes)?;
        self.memory.store_number(at::FEEDING, HAS_MOVED);
        let moved = pipe::move_bytes(&self.feeding.0, to, bytes.len());
        if let Ok(count) = moved {
            self.add(self.end, length, 0, count as u64);
        }
        self.memory.store_number(at::FEEDING, IDLE);
        self.empty_feeding();
        moved
    }

    /// What the pipe of the program did not accept stays pending.
    fn empty_feeding(&mut self) {
        let mut rest = [0; 4096];
        while matches!(self.feeding.0.read(&mut rest), Ok(1..)) {}
    }

    /// The daemon was killed while it wrote to a stdin.
    fn complete_feed(&mut self) -> io::Result<()> {
        let is_added = self.memory.load_number(at::FEEDING_TO) != self.end as u64;
        if self.memory.load_number(at::FEEDING) == HAS_MOVED && !is_added {
            let left = pipe::waiting_bytes(&self.feeding.0)? as u64;
            let count = self.memory.load_number(at::FED).saturating_sub(left);
            let length = self.memory.load_number(at::FEEDING_HEAD);
            self.add(self.end, usize::try_from(length).map_err(io::Error::other)?, 0, count);
        }
        self.memory.store_number(at::FEEDING, IDLE);
        self.empty_feeding();
        Ok(())
    }

    /// A log is about to be written; [`Journal::written`] follows.
    pub(in crate::daemon) fn writing(&mut self, entry: &Entry, count: usize) {
        let end = self.end;
        if let Some(length) = self.store_entry(entry) {
            // First, so that the entry never counts before it is known to be unfinished.
            self.memory.store_number(at::WRITING, end as u64);
            self.add(end, length, 0, count as u64);
        }
    }

    pub(in crate::daemon) fn written(&mut self) {
        self.memory.store_number(at::WRITING, 0);
    }

    /// The log that the daemon was writing when it was killed, and how much.
    pub(in crate::daemon) fn unfinished_write(&self) -> Option<(Entry, u64)> {
        let place = usize::try_from(self.memory.load_number(at::WRITING)).ok()?;
        let is_entry = (at::ENTRIES..self.end).contains(&place);
        is_entry.then(|| self.read_entry(place)).flatten().map(|(it, _)| (it.entry, it.number))
    }

    /// How much of that was written.
    pub(in crate::daemon) fn finish_write(&mut self, count: u64) {
        let place = usize::try_from(self.memory.load_number(at::WRITING)).unwrap_or(0);
        if (at::ENTRIES..self.end).contains(&place) {
            self.memory.store_number(place + 8, count);
        }
        self.written();
    }

    /// All entries, oldest first.
    pub(in crate::daemon) fn entries(&self) -> Vec<Noted> {
        let mut entries = Vec::new();
        let mut place = at::ENTRIES;
        while place < self.end {
            let Some((noted, next)) = self.read_entry(place) else { break };
            entries.push(noted);
            place = next;
        }
        entries
    }

    /// An entry, and the place of the next one.
    fn read_entry(&self, place: usize) -> Option<(Noted, usize)> {
        let lengths = self.memory.load_number(place);
        let (length, count) = ((lengths & 0xffff_ffff) as usize, (lengths >> 32) as usize);
        let text = self.memory.load(place + ENTRY_HEADER, length);
        let entry = serde_json::from_slice(&text).ok()?;
        let number = self.memory.load_number(place + 8);
        let bytes = self.memory.load(place + ENTRY_HEADER + length, count);
        let next = (place + ENTRY_HEADER + length + count).next_multiple_of(8);
        Some((Noted { entry, number, bytes }, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now {
        mono: crate::core::time::Mono(std::time::Duration::from_secs(1)),
        wall: crate::core::time::Wall(std::time::Duration::from_secs(2)),
    };

    fn output() -> Entry {
        let (id, stream) = (ProcId(3), OutputStream::Stderr);
        Entry::Output { id, stream, of_hook: false, now: NOW }
    }

    fn source(text: &[u8]) -> (PipeReader, PipeWriter) {
        let (reader, mut writer) = pipe().unwrap();
        set_nonblocking(&reader).unwrap();
        writer.write_all(text).unwrap();
        (reader, writer)
    }

    /// What another daemon reads.
    fn reopen(journal: &Journal) -> Journal {
        Journal::open(journal.descriptors().map(|fd| fd.try_clone_to_owned().unwrap())).unwrap()
    }

    fn texts(journal: &Journal) -> Vec<String> {
        let text = |noted: Noted| String::from_utf8(noted.bytes).unwrap();
        journal.entries().into_iter().map(text).collect()
    }

    #[test]
    fn another_daemon_reads_what_was_noted() {
        let mut journal = Journal::new().unwrap();
        let (reader, writer) = source(b"some output");
        assert_eq!(journal.read(&reader, &output()).unwrap(), b"some output");
        let empty = journal.read(&reader, &output()).unwrap_err();
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        drop(writer);
        assert!(journal.read(&reader, &output()).unwrap().is_empty(), "the end");
        assert!(journal.note(&Entry::StdinWrite { id: ProcId(5) }, 77));
        let entries = reopen(&journal).entries();
        let expected = Noted { entry: output(), number: 0, bytes: b"some output".to_vec() };
        assert_eq!(entries[0], expected);
        assert_eq!((entries.len(), entries[1].number), (2, 77));
        journal.begin(4);
        assert_eq!((reopen(&journal).entries().len(), reopen(&journal).epoch()), (0, 4));
    }

    /// The steps of [`Journal::read`], and what is found if the daemon is killed after each.
    #[test]
    fn output_is_there_once_whenever_the_daemon_is_killed() {
        let mut journal = Journal::new().unwrap();
        let (mut reader, mut writer) = source(b"first\n");
        journal.read(&reader, &output()).unwrap();
        writer.write_all(b"second\n").unwrap();

        let length = journal.store_entry(&output()).unwrap();
        journal.memory.store_number(at::MOVING_TO, journal.end as u64);
        journal.memory.store_number(at::MOVING_HEAD, length as u64);
        journal.memory.store_number(at::MOVING, BEGUN);
        assert_eq!(texts(&reopen(&journal)), ["first\n"], "nothing was moved");

        journal.memory.store_number(at::MOVING, BEGUN);
        let count = pipe::move_bytes(&reader, &journal.holding.1, MAX_MOVE).unwrap();
        journal = reopen(&journal);
        assert_eq!(texts(&journal), ["first\n", "second\n"], "it was moved, and not read");

        writer.write_all(b"third\n").unwrap();
        let length = journal.store_entry(&output()).unwrap();
        journal.memory.store_number(at::MOVING_TO, journal.end as u64);
        journal.memory.store_number(at::MOVING_HEAD, length as u64);
        let moved = pipe::move_bytes(&reader, &journal.holding.1, MAX_MOVE).unwrap();
        journal.memory.store_number(at::MOVED, moved as u64);
        journal.memory.store_number(at::MOVING, HAS_MOVED);
        let place = journal.end + ENTRY_HEADER + length;
        journal.memory.fill(place, moved, &mut journal.holding.0).unwrap();
        let mut next = reopen(&journal);
        assert_eq!(texts(&next), ["first\n", "second\n", "third\n"], "it was read, and not added");

        // Killed after the entry was added: it is not added again.
        next.memory.store_number(at::MOVING, HAS_MOVED);
        assert_eq!(texts(&reopen(&next)), ["first\n", "second\n", "third\n"]);
        assert_eq!(count, 7);
        assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    /// The steps of [`Journal::feed`], and what is found if the daemon is killed after each.
    #[test]
    fn bytes_for_a_stdin_count_when_they_are_in_its_pipe() {
        let entry = Entry::StdinWrite { id: ProcId(9) };
        let counts = |journal: &Journal| -> Vec<u64> {
            journal.entries().iter().map(|noted| noted.number).collect()
        };
        let mut journal = Journal::new().unwrap();
        let (mut stdin, writer) = pipe().unwrap();
        set_nonblocking(&stdin).unwrap();
        set_nonblocking(&writer).unwrap();
        assert_eq!(journal.feed(&entry, &writer, b"first").unwrap(), 5);
        assert_eq!(counts(&reopen(&journal)), [5]);

        let begin = |journal: &mut Journal| {
            let length = journal.store_entry(&entry).unwrap();
            journal.memory.store_number(at::FEEDING_TO, journal.end as u64);
            journal.memory.store_number(at::FEEDING_HEAD, length as u64);
            journal.memory.store_number(at::FED, 6);
            journal.feeding.1.write_all(b"second").unwrap();
        };
        begin(&mut journal);
        journal = reopen(&journal);
        assert_eq!(counts(&journal), [5], "nothing was moved");
        begin(&mut journal);
        journal.memory.store_number(at::FEEDING, HAS_MOVED);
        journal = reopen(&journal);
        assert_eq!(counts(&journal), [5, 0], "it was about to be moved");
        begin(&mut journal);
        journal.memory.store_number(at::FEEDING, HAS_MOVED);
        assert_eq!(pipe::move_bytes(&journal.feeding.0, &writer, 4).unwrap(), 4);
        journal = reopen(&journal);
        assert_eq!(counts(&journal), [5, 0, 4], "a part was moved");
        journal.memory.store_number(at::FEEDING, HAS_MOVED);
        assert_eq!(counts(&reopen(&journal)), [5, 0, 4], "that is added once");
        let mut bytes = [0; 100];
        let count = stdin.read(&mut bytes).unwrap() + stdin.read(&mut bytes[5..]).unwrap_or(0);
        assert!(count >= 5 && bytes.starts_with(b"first"), "{count}");

        // A full pipe takes nothing, and nothing of that is left behind.
        let many = vec![b'x'; 60_000];
        let full = loop {
            match journal.feed(&entry, &writer, &many) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(pipe::waiting_bytes(&journal.feeding.0).unwrap(), 0);
        drop(stdin);
        let closed = journal.feed(&entry, &writer, b"x").unwrap_err();
        assert_eq!(closed.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_write_that_was_not_finished_counts_as_far_as_it_went() {
        let mut journal = Journal::new().unwrap();
        let entry = Entry::LogWrite { id: ProcId(1), stream: OutputStream::Stdout, place: None };
        journal.writing(&entry, 10);
        journal.written();
        assert_eq!(reopen(&journal).unfinished_write(), None);
        journal.writing(&entry, 20);
        let mut next = reopen(&journal);
        assert_eq!(next.unfinished_write(), Some((entry, 20)));
        next.finish_write(5);
        let numbers: Vec<u64> = reopen(&next).entries().iter().map(|it| it.number).collect();
        assert_eq!((numbers, reopen(&next).unfinished_write()), (vec![10, 5], None));
    }

    #[test]
    fn a_full_journal_leaves_output_in_its_pipe() {
        let mut journal = Journal::new().unwrap();
        let chunk = vec![b'x'; 60_000];
        let (mut reader, mut writer) = source(&chunk);
        while journal.read(&reader, &output()).is_ok() {
            writer.write_all(&chunk).unwrap();
        }
        assert!(journal.is_nearly_full());
        assert!(journal.note(&Entry::Killed, 0), "there is room for other entries");
        let mut bytes = vec![0; 100_000];
        assert_eq!(reader.read(&mut bytes).unwrap(), chunk.len());
        journal.begin(1);
        assert!(!journal.is_nearly_full());
    }
}
