//! The daemon's ends of its children's pipes, by process and stream. Reads are bounded, writes are
//! buffered and bounded, and nothing blocks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use serde::{Deserialize, Serialize};

use super::descriptors::{Descriptors, Purpose};
use super::keeping::journal::Entry;
use super::keeping::link::Link;
use super::kernel::Kernel;
use super::pace::{Next, Pace};
use crate::core::effect::{OutputStream, ProcId};
use crate::core::group::Process;
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};
use crate::os::pipe::{self, PipeReader, PipeWriter, pipe};
use crate::os::poller::{self, Interest, Poller, Token};

/// The maximum number of bytes read from one pipe per loop iteration.
const MAX_READ: usize = 64 * 1024;
/// The default maximum capacity of a pipe (`fs.pipe-max-size`).
const MAX_PIPE_CAPACITY: usize = 1024 * 1024;
/// What the pipe of a busy stream holds: several times what a child writes in a pause, also if the daemon
/// wakes up late. With the usual 64 KiB the child stops in each pause.
const BUSY_PIPE_CAPACITY: i32 = 256 * 1024;
/// How many pipes are enlarged at the same time. A user may have 64 MiB of pipes; with more, new ones
/// hold a page.
const MAX_LARGE_PIPES: usize = 64;
/// The maximum number of buffered bytes for the stdin of a child. A single message may be longer: a
/// listener gets events of any size, but one at a time.
const MAX_STDIN_BUFFER: usize = 16 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Pipes {
    outputs: BTreeMap<(ProcId, OutputStream), Output>,
    stdins: BTreeMap<ProcId, Stdin>,
    tokens: BTreeMap<Token, PipeEnd>,
    /// The busy streams and when they are read: the poller does not watch them.
    due: BTreeSet<(Mono, ProcId, OutputStream)>,
    /// The streams whose pipes were enlarged.
    large: BTreeSet<(ProcId, OutputStream)>,
    /// Made by the first read.
    buffer: Vec<u8>,
    /// Whether they are those of hooks.
    are_of_hooks: bool,
    /// With a keeper: the stdins that are written when the state was saved. Otherwise that happens at
    /// once.
    unwritten: Option<BTreeSet<ProcId>>,
}

struct Output {
    reader: PipeReader,
    token: Token,
    /// `None` for a stream whose every byte is awaited.
    pace: Option<Pace>,
    next: Next,
}

struct Stdin {
    writer: PipeWriter,
    pending: VecDeque<u8>,
    token: Token,
    /// Whether the poller watches for writability, in addition to hang-ups.
    watches_writable: bool,
}

/// What a poller token refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PipeEnd {
    Output(ProcId, OutputStream),
    Stdin(ProcId),
}

/// How soon output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latency {
    /// A line at once, many lines in batches.
    Usual,
    /// At once: the daemon sends the next event when it has the answer.
    Least,
}

impl Latency {
    pub(super) fn of(process: &Process) -> Self {
        if process.listener().is_some() { Self::Least } else { Self::Usual }
    }
}

/// The result of one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Bytes(Vec<u8>),
    Nothing,
    End,
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Nothing | Self::End => 0,
        }
    }
}

/// Why bytes for a stdin are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StdinError {
    Closed,
    BufferFull,
}

/// The pipes of a child before the fork: both ends.
pub(super) struct NewPipes {
    stdin: Option<PipeWriter>,
    stdout: PipeReader,
    stderr: Option<PipeReader>,
    pub(super) child: ChildEnds,
}

pub(super) struct ChildEnds {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: Option<OwnedFd>,
}

impl NewPipes {
    /// `stdin` replaces the stdin pipe: the socket of a FastCGI program.
    pub(super) fn open(with_stderr: bool, stdin: Option<OwnedFd>) -> io::Result<Self> {
        let (child_stdin, writer) = match stdin {
            Some(socket) => (socket, None),
            None => pipe().map(|(reader, writer)| (reader.into(), Some(writer)))?,
        };
        let (stdout, child_stdout) = pipe()?;
        let (stderr, child_stderr) = if with_stderr {
            pipe().map(|(reader, writer)| (Some(reader), Some(writer.into())))?
        } else {
            (None, None)
        };
        for fd in [Some(stdout.as_fd()), stderr.as_ref().map(AsFd::as_fd)].into_iter().flatten() {
            poller::set_nonblocking(fd)?;
        }
        if let Some(writer) = &writer {
            poller::set_nonblocking(writer)?;
        }
        let child_stdout = child_stdout.into();
        let child = ChildEnds { stdin: child_stdin, stdout: child_stdout, stderr: child_stderr };
        Ok(Self { stdin: writer, stdout, stderr, child })
    }
}

/// The parent's ends after the fork.
pub(super) struct ParentEnds {
    stdin: Option<PipeWriter>,
    stdout: PipeReader,
    stderr: Option<PipeReader>,
}

impl NewPipes {
    pub(super) fn split(self) -> (ParentEnds, ChildEnds) {
        let Self { stdin, stdout, stderr, child } = self;
        (ParentEnds { stdin, stdout, stderr }, child)
    }
}

impl Pipes {
    /// Registers the pipes of a child with the poller.
    pub(super) fn register(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        ends: ParentEnds,
        latency: Latency,
    ) -> io::Result<()> {
        let stderr = ends.stderr.map(|reader| (OutputStream::Stderr, reader));
        for (stream, reader) in [(OutputStream::Stdout, ends.stdout)].into_iter().chain(stderr) {
            self.add_output(poller, id, stream, reader, latency)?;
        }
        match ends.stdin {
            Some(writer) => self.add_stdin(poller, id, writer),
            None => Ok(()),
        }
    }

    fn add_output(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        stream: OutputStream,
        reader: PipeReader,
        latency: Latency,
    ) -> io::Result<()> {
        let token = poller.add(&reader, Interest::READ)?;
        self.tokens.insert(token, PipeEnd::Output(id, stream));
        let pace = (latency == Latency::Usual).then(Pace::default);
        let output = Output { reader, token, pace, next: Next::WhenReadable };
        self.outputs.insert((id, stream), output);
        Ok(())
    }

    fn add_stdin(&mut self, poller: &mut Poller, id: ProcId, writer: PipeWriter) -> io::Result<()> {
        let token = poller.add(&writer, Interest::NONE)?;
        self.tokens.insert(token, PipeEnd::Stdin(id));
        let stdin = Stdin { writer, pending: VecDeque::new(), token, watches_writable: false };
        self.stdins.insert(id, stdin);
        Ok(())
    }

    pub(super) fn end(&self, token: Token) -> Option<PipeEnd> {
        self.tokens.get(&token).copied()
    }

    /// Reads once. At the end of the stream the descriptor is closed.
    pub(super) fn read(
        &mut self,
        poller: &mut Poller,
        kernel: &mut dyn Kernel,
        (id, stream): (ProcId, OutputStream),
        now: Now,
    ) -> Chunk {
        let Some(output) = self.outputs.get_mut(&(id, stream)) else { return Chunk::Nothing };
        let read = match kernel.link() {
            None => {
                self.buffer.resize(MAX_READ, 0);
                let count = output.reader.read(&mut self.buffer);
                count.map(|count| self.buffer[..count].to_vec())
            }
            Some(link) => {
                let of_hook = self.are_of_hooks;
                link.read(&output.reader, &Entry::Output { id, stream, of_hook, now })
            }
        };
        let chunk = match read {
            Ok(bytes) if !bytes.is_empty() => Chunk::Bytes(bytes),
            Err(error) if is_temporary(&error) => Chunk::Nothing,
            Ok(_) | Err(_) => {
                self.close_output(poller, id, stream);
                return Chunk::End;
            }
        };
        self.set_pace(poller, id, stream, chunk.len(), now.mono);
        chunk
    }

    /// Decides when the stream is read next.
    fn set_pace(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        stream: OutputStream,
        count: usize,
        now: Mono,
    ) {
        let Some(output) = self.outputs.get_mut(&(id, stream)) else { return };
        let Some(pace) = &mut output.pace else { return };
        let before = std::mem::replace(&mut output.next, pace.next(count, now));
        if before == output.next {
            return;
        }
        if let Next::At(due) = before {
            self.due.remove(&(due, id, stream));
        }
        let (was_watched, is_watched) = (before == Next::WhenReadable, output.is_watched());
        if was_watched != is_watched {
            let interest = if is_watched { Interest::READ } else { Interest::NONE };
            if poller.change(output.token, &output.reader, interest).is_err() {
                // It stays as it was.
                output.next = before;
            }
        }
        if let Next::At(due) = output.next {
            self.due.insert((due, id, stream));
            if self.large.len() < MAX_LARGE_PIPES && self.large.insert((id, stream)) {
                pipe::enlarge(&output.reader, BUSY_PIPE_CAPACITY);
            }
        }
    }

    /// When a busy stream is to be read.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.due.first().map(|(due, ..)| *due)
    }

    /// The busy streams that are to be read now.
    pub(super) fn due(&self, now: Mono) -> Vec<(ProcId, OutputStream)> {
        let is_due = |(due, ..): &&(Mono, ProcId, OutputStream)| *due <= now;
        self.due.iter().take_while(is_due).map(|(_, id, stream)| (*id, *stream)).collect()
    }

    /// Reads the remaining output of a child that has exited. The total is limited to the capacity
    /// of a pipe, because a grandchild may have inherited the pipe and keep writing.
    pub(super) fn drain(
        &mut self,
        poller: &mut Poller,
        kernel: &mut dyn Kernel,
        key: (ProcId, OutputStream),
        now: Now,
    ) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let mut left = MAX_PIPE_CAPACITY;
        while left > 0 {
            match self.read(poller, kernel, key, now) {
                Chunk::Nothing => break,
                Chunk::End => {
                    chunks.push(Chunk::End);
                    break;
                }
                Chunk::Bytes(bytes) => {
                    left = left.saturating_sub(bytes.len());
                    chunks.push(Chunk::Bytes(bytes));
                }
            }
        }
        chunks
    }

    /// Writes to the stdin of a child and buffers the bytes that the pipe does not accept now.
    pub(super) fn write_stdin(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        bytes: &[u8],
    ) -> Result<(), StdinError> {
        let stdin = self.stdins.get_mut(&id).ok_or(StdinError::Closed)?;
        let pending = stdin.pending.len();
        if pending > 0 && pending.saturating_add(bytes.len()) > MAX_STDIN_BUFFER {
            return Err(StdinError::BufferFull);
        }
        stdin.pending.extend(bytes);
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.insert(id);
            return Ok(());
        }
        self.flush(poller, None, id)
    }

    /// From now on the state is saved before a stdin is written.
    pub(super) fn defer_writes(&mut self) {
        self.unwritten.get_or_insert_default();
    }

    /// Whether [`Pipes::take_unwritten`] returns anything.
    pub(super) fn has_unwritten(&self) -> bool {
        self.unwritten.as_ref().is_some_and(|it| !it.is_empty())
    }

    /// The stdins that are to be written now.
    pub(super) fn take_unwritten(&mut self) -> BTreeSet<ProcId> {
        self.unwritten.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Writes buffered bytes as far as the pipe accepts them.
    pub(super) fn flush(
        &mut self,
        poller: &mut Poller,
        link: Option<&mut Link>,
        id: ProcId,
    ) -> Result<(), StdinError> {
        let Some(stdin) = self.stdins.get_mut(&id) else { return Ok(()) };
        let outcome = stdin.write_pending(id, link);
        if outcome.is_err() {
            self.close_stdin(poller, id);
            return outcome;
        }
        let watches_writable = !stdin.pending.is_empty();
        if watches_writable != stdin.watches_writable {
            let interest = if watches_writable { Interest::WRITE } else { Interest::NONE };
            let changed = poller.change(stdin.token, &stdin.writer, interest);
            changed.map_err(|_| StdinError::Closed)?;
            stdin.watches_writable = watches_writable;
        }
        Ok(())
    }

    /// The descriptor number of an output pipe, for the log.
    pub(super) fn fd_number(&self, id: ProcId, stream: OutputStream) -> Option<i32> {
        self.outputs.get(&(id, stream)).map(|output| output.reader.as_raw_fd())
    }

    /// Closes all pipes of a process.
    pub(super) fn close(&mut self, poller: &mut Poller, id: ProcId) {
        self.close_output(poller, id, OutputStream::Stdout);
        self.close_output(poller, id, OutputStream::Stderr);
        self.close_stdin(poller, id);
    }

    pub(super) fn close_output(&mut self, poller: &mut Poller, id: ProcId, stream: OutputStream) {
        if let Some(output) = self.outputs.remove(&(id, stream)) {
            poller.remove(&output.reader);
            self.tokens.remove(&output.token);
            self.large.remove(&(id, stream));
            if let Next::At(due) = output.next {
                self.due.remove(&(due, id, stream));
            }
        }
    }

    /// Closes the stdin pipe of a process.
    pub(super) fn close_stdin(&mut self, poller: &mut Poller, id: ProcId) {
        if let Some(stdin) = self.stdins.remove(&id) {
            poller.remove(&stdin.writer);
            self.tokens.remove(&stdin.token);
        }
    }
}

/// The bytes that the stdin of a child has not accepted yet.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedStdin {
    pub(super) id: ProcId,
    pub(super) pending: Vec<u8>,
}

impl SavedStdin {
    /// A stdin for which nothing is pending.
    pub(super) fn empty(id: ProcId) -> Self {
        Self { id, pending: Vec::new() }
    }
}

impl Pipes {
    /// Those of hooks.
    pub(super) fn of_hooks() -> Self {
        Self { are_of_hooks: true, ..Self::default() }
    }

    /// What another daemon needs of them.
    pub(super) fn descriptors(
        &self,
        purpose: fn(ProcId, OutputStream) -> Purpose,
    ) -> impl Iterator<Item = (Purpose, BorrowedFd<'_>)> {
        let outputs = self.outputs.iter();
        let outputs =
            outputs.map(move |((id, it), output)| (purpose(*id, *it), output.reader.as_fd()));
        let stdins = self.stdins.iter();
        outputs.chain(stdins.map(|(id, stdin)| (Purpose::Stdin(*id), stdin.writer.as_fd())))
    }

    pub(super) fn save(&self) -> Vec<SavedStdin> {
        let stdins = self.stdins.iter();
        let saved = stdins.map(|(id, stdin)| SavedStdin {
            id: *id,
            pending: stdin.pending.iter().copied().collect(),
        });
        saved.collect()
    }

    pub(super) fn hand_over(
        self,
        poller: &mut Poller,
        descriptors: &mut Descriptors,
        purpose: fn(ProcId, OutputStream) -> Purpose,
    ) {
        for ((id, stream), Output { reader, .. }) in self.outputs {
            poller.remove(&reader);
            descriptors.insert(purpose(id, stream), reader);
        }
        for (id, stdin) in self.stdins {
            poller.remove(&stdin.writer);
            descriptors.insert(Purpose::Stdin(id), stdin.writer);
        }
    }

    pub(super) fn adopt(
        mut self,
        stdins: Vec<SavedStdin>,
        core: &Supervisor,
        poller: &mut Poller,
        descriptors: &mut Descriptors,
        purpose: fn(ProcId, OutputStream) -> Purpose,
    ) -> io::Result<Self> {
        for process in core.processes() {
            let id = process.id();
            for stream in OutputStream::BOTH {
                if let Some(fd) = descriptors.take(&purpose(id, stream)) {
                    self.add_output(poller, id, stream, fd.into(), Latency::of(process))?;
                }
            }
        }
        for SavedStdin { id, pending } in stdins {
            if let Some(fd) = descriptors.take(&Purpose::Stdin(id)) {
                self.add_stdin(poller, id, fd.into())?;
            }
            // A closed pipe is noticed when it is written to.
            let _ = self.write_stdin(poller, id, &pending);
        }
        Ok(self)
    }
}

impl Output {
    fn is_watched(&self) -> bool {
        self.next == Next::WhenReadable
    }
}

impl Stdin {
    fn write_pending(&mut self, id: ProcId, mut link: Option<&mut Link>) -> Result<(), StdinError> {
        while !self.pending.is_empty() {
            let bytes = self.pending.as_slices().0;
            let written = match &mut link {
                None => self.writer.write(bytes),
                Some(link) => link.feed(id, &self.writer, bytes),
            };
            match written {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(StdinError::Closed),
            }
        }
        self.pending.shrink_to_fit();
        Ok(())
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
