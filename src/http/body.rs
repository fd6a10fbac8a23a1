//! An incremental decoder for request bodies with a length or in chunks.

use serde::{Deserialize, Serialize};

use super::memory::append;
use super::parse::{Framing, too_large};
use super::saved_bytes;
use super::{MAX_BODY, Reply};

/// The maximum length of a chunk-size or trailer line.
const MAX_LINE: usize = 1024;
/// The maximum number of trailer lines; trailers are ignored.
const MAX_TRAILERS: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BodyReader {
    state: State,
    #[serde(with = "saved_bytes")]
    pub(super) body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum State {
    /// The remaining bytes of a body with a length.
    Length(usize),
    /// Expects a chunk-size line.
    Size,
    /// The remaining bytes of a chunk.
    Chunk(usize),
    /// Expects the line end after a chunk.
    ChunkEnd,
    /// Reads trailer lines until an empty line; counts them.
    Trailer(usize),
    Done,
}

impl BodyReader {
    pub(super) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size,
        };
        Self { state, body: Vec::new() }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Consumes body bytes from the front of `input`; returns how many were consumed.
    pub(super) fn feed(&mut self, input: &[u8]) -> Result<usize, Reply> {
        let mut at = 0;
        while !self.is_done() {
            let taken = self.step(&input[at..])?;
            if taken == 0 {
                break;
            }
            at += taken;
        }
        Ok(at)
    }

    /// One decoding step; zero means that more input is needed.
    fn step(&mut self, input: &[u8]) -> Result<usize, Reply> {
        match self.state {
            State::Length(left) => {
                let taken = self.take(input, left)?;
                self.state = match left - taken {
                    0 => State::Done,
                    left => State::Length(left),
                };
                Ok(taken)
            }
            State::Chunk(left) => {
                let taken = self.take(input, left)?;
                self.state = match left - taken {
                    0 => State::ChunkEnd,
                    left => State::Chunk(left),
                };
                Ok(taken)
            }
            State::Done => Ok(0),
            State::Size | State::ChunkEnd | State::Trailer(_) => self.line(input),
        }
    }

    fn take(&mut self, input: &[u8], left: usize) -> Result<usize, Reply> {
        let taken = left.min(input.len());
        append(&mut self.body, &input[..taken]).map_err(|_| Reply::no_memory())?;
        Ok(taken)
    }

    fn line(&mut self, input: &[u8]) -> Result<usize, Reply> {
        let broken = || Reply::fatal(400, "A chunk of the request is malformed.");
        let Some(end) = input.iter().take(MAX_LINE).position(|&byte| byte == b'\n') else {
            return if input.len() < MAX_LINE { Ok(0) } else { Err(broken()) };
        };
        // A bare LF, which a proxy may not take for a line end, allows request smuggling.
        let line = input[..end].strip_suffix(b"\r").ok_or_else(broken)?;
        self.state = match self.state {
            State::ChunkEnd if line.is_empty() => State::Size,
            State::Size => match chunk_size(line).ok_or_else(broken)? {
                0 => State::Trailer(0),
                size if self.body.len().saturating_add(size) > MAX_BODY => return Err(too_large()),
                size => State::Chunk(size),
            },
            State::Trailer(_) if line.is_empty() => State::Done,
            State::Trailer(count) if count < MAX_TRAILERS => State::Trailer(count + 1),
            _ => return Err(broken()),
        };
        Ok(end + 1)
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?;
    let size = text.split(';').next().unwrap_or_default().trim();
    let is_hex = !size.is_empty() && size.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hex { Some(usize::from_str_radix(size, 16).unwrap_or(usize::MAX)) } else { None }
}
