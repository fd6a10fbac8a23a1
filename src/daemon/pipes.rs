//! The daemon's ends of its children's pipes, in one registry by process and stream. Reads are
//! bounded, writes are buffered and bounded, nothing here ever waits.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use crate::core::effect::{OutputStream, ProcId};
use crate::os::poller::{self, Interest, Poller, Token};

/// The most that is taken from one pipe in one turn.
const CHUNK: usize = 64 * 1024;
/// The most that a pipe can hold unless root asked for more.
const FULLEST_PIPE: usize = 1024 * 1024;
/// The most that waits for a child that does not read its stdin. One message alone may be longer:
/// a listener gets an event of any size, and never a second one before it has answered.
const MOST_WAITING: usize = 16 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Pipes {
    outputs: BTreeMap<(ProcId, OutputStream), (PipeReader, Token)>,
    stdins: BTreeMap<ProcId, Stdin>,
    tokens: BTreeMap<Token, End>,
}

struct Stdin {
    writer: PipeWriter,
    waiting: VecDeque<u8>,
    token: Token,
    /// Whether it is watched for more than its reader's going away.
    is_awaited: bool,
}

/// What a token of ours stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Output(ProcId, OutputStream),
    Stdin(ProcId),
}

/// What a read brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Bytes(Vec<u8>),
    Nothing,
    End,
}

/// Why bytes for a stdin will not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    Closed,
    TooMuch,
}

/// The pipes of a child that is about to be: ours, and those that it gets.
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
    /// `stdin` replaces the pipe to the child: the socket of a FastCGI program.
    pub(super) fn open(with_stderr: bool, stdin: Option<OwnedFd>) -> io::Result<Self> {
        let (child_stdin, writer) = match stdin {
            Some(socket) => (socket, None),
            None => io::pipe().map(|(reader, writer)| (reader.into(), Some(writer)))?,
        };
        let (stdout, child_stdout) = io::pipe()?;
        let (stderr, child_stderr) = if with_stderr {
            io::pipe().map(|(reader, writer)| (Some(reader), Some(writer.into())))?
        } else {
            (None, None)
        };
        for fd in [Some(stdout.as_fd()), stderr.as_ref().map(AsFd::as_fd)].into_iter().flatten() {
            poller::never_block(fd)?;
        }
        if let Some(writer) = &writer {
            poller::never_block(writer)?;
        }
        let stdout_of_child = child_stdout.into();
        let child = ChildEnds { stdin: child_stdin, stdout: stdout_of_child, stderr: child_stderr };
        Ok(Self { stdin: writer, stdout, stderr, child })
    }
}

/// Our ends, once the child has its own.
pub(super) struct OurEnds {
    stdin: Option<PipeWriter>,
    stdout: PipeReader,
    stderr: Option<PipeReader>,
}

impl NewPipes {
    pub(super) fn split(self) -> (OurEnds, ChildEnds) {
        let Self { stdin, stdout, stderr, child } = self;
        (OurEnds { stdin, stdout, stderr }, child)
    }
}

impl Pipes {
    /// Begins to listen to a child.
    pub(super) fn adopt(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        ends: OurEnds,
    ) -> io::Result<()> {
        let stderr = ends.stderr.map(|reader| (OutputStream::Stderr, reader));
        for (stream, reader) in [(OutputStream::Stdout, ends.stdout)].into_iter().chain(stderr) {
            let token = poller.add(&reader, Interest::READ)?;
            self.tokens.insert(token, End::Output(id, stream));
            self.outputs.insert((id, stream), (reader, token));
        }
        if let Some(writer) = ends.stdin {
            let token = poller.add(&writer, Interest::NONE)?;
            self.tokens.insert(token, End::Stdin(id));
            let stdin = Stdin { writer, waiting: VecDeque::new(), token, is_awaited: false };
            self.stdins.insert(id, stdin);
        }
        Ok(())
    }

    pub(super) fn end(&self, token: Token) -> Option<End> {
        self.tokens.get(&token).copied()
    }

    /// One read. At the end of the stream our end is closed too.
    pub(super) fn read(&mut self, poller: &mut Poller, id: ProcId, stream: OutputStream) -> Chunk {
        let Some((reader, _)) = self.outputs.get_mut(&(id, stream)) else { return Chunk::Nothing };
        let mut bytes = vec![0; CHUNK];
        match reader.read(&mut bytes) {
            Ok(count) if count > 0 => {
                bytes.truncate(count);
                bytes.shrink_to_fit();
                Chunk::Bytes(bytes)
            }
            Err(error) if is_temporary(&error) => Chunk::Nothing,
            Ok(_) | Err(_) => {
                self.close_output(poller, id, stream);
                Chunk::End
            }
        }
    }

    /// What is left in a stream of a child that has died, in pieces. Never more than a pipe holds:
    /// a grandchild may have inherited the other end and go on writing.
    pub(super) fn drain(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        stream: OutputStream,
    ) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let mut left = FULLEST_PIPE;
        while left > 0 {
            match self.read(poller, id, stream) {
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

    /// Writes to a child now, and what it does not take later.
    pub(super) fn feed(
        &mut self,
        poller: &mut Poller,
        id: ProcId,
        bytes: &[u8],
    ) -> Result<(), NotTaken> {
        let stdin = self.stdins.get_mut(&id).ok_or(NotTaken::Closed)?;
        let waiting = stdin.waiting.len();
        if waiting > 0 && waiting.saturating_add(bytes.len()) > MOST_WAITING {
            return Err(NotTaken::TooMuch);
        }
        stdin.waiting.extend(bytes);
        self.flush(poller, id)
    }

    /// Writes what waits for a child, as far as it takes it.
    pub(super) fn flush(&mut self, poller: &mut Poller, id: ProcId) -> Result<(), NotTaken> {
        let Some(stdin) = self.stdins.get_mut(&id) else { return Ok(()) };
        let outcome = stdin.write_waiting();
        if outcome.is_err() {
            self.close_stdin(poller, id);
            return outcome;
        }
        let is_awaited = !stdin.waiting.is_empty();
        if is_awaited != stdin.is_awaited {
            let interest = if is_awaited { Interest::WRITE } else { Interest::NONE };
            let changed = poller.change(stdin.token, &stdin.writer, interest);
            changed.map_err(|_| NotTaken::Closed)?;
            stdin.is_awaited = is_awaited;
        }
        Ok(())
    }

    /// The number of an output's descriptor, for the log.
    pub(super) fn number(&self, id: ProcId, stream: OutputStream) -> Option<i32> {
        self.outputs.get(&(id, stream)).map(|(reader, _)| reader.as_raw_fd())
    }

    /// Closes all that belongs to a process.
    pub(super) fn close(&mut self, poller: &mut Poller, id: ProcId) {
        self.close_output(poller, id, OutputStream::Stdout);
        self.close_output(poller, id, OutputStream::Stderr);
        self.close_stdin(poller, id);
    }

    pub(super) fn close_output(&mut self, poller: &mut Poller, id: ProcId, stream: OutputStream) {
        if let Some((reader, token)) = self.outputs.remove(&(id, stream)) {
            poller.remove(&reader);
            self.tokens.remove(&token);
        }
    }

    /// The reader went away, or nobody is to write any more.
    pub(super) fn close_stdin(&mut self, poller: &mut Poller, id: ProcId) {
        if let Some(stdin) = self.stdins.remove(&id) {
            poller.remove(&stdin.writer);
            self.tokens.remove(&stdin.token);
        }
    }
}

impl Stdin {
    fn write_waiting(&mut self) -> Result<(), NotTaken> {
        while !self.waiting.is_empty() {
            match self.writer.write(self.waiting.as_slices().0) {
                Ok(count) => drop(self.waiting.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(NotTaken::Closed),
            }
        }
        self.waiting.shrink_to_fit();
        Ok(())
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
