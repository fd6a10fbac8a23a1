//! One TLS connection over a socket that does not block.

use std::io::{self, BufRead, Read, Write};

use rustls::Connection;

/// How much is encrypted at once: the largest record.
const MAX_RECORD: usize = 16 * 1024;
/// How many bytes a peer may send without anything for the caller: a record, or a handshake. Those of
/// clients have a few kilobytes, those of servers their certificates.
const MAX_PARTIAL: usize = 64 * 1024;
/// How often the socket is read per call, so that no peer can hold up the others.
const MAX_READS: usize = 16;

#[derive(Debug)]
pub struct Session {
    tls: Connection,
    /// The number of bytes that are encrypted, but not yet passed to the socket completely.
    unconfirmed: usize,
    /// Whether decrypted bytes are left that the caller of [`Session::read`] had no room for.
    has_input: bool,
    /// The number of bytes of a record or of a handshake that is not complete.
    partial: usize,
}

impl Session {
    pub(super) fn new(mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(2 * MAX_RECORD));
        Self { tls, unconfirmed: 0, has_input: false, partial: 0 }
    }

    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// The bytes of its buffers.
    pub fn memory(&self) -> usize {
        let input = if self.has_input { MAX_RECORD } else { 0 };
        let output = if self.has_output() { MAX_RECORD } else { 0 };
        self.partial + input + output
    }

    /// Whether there are bytes for the socket.
    pub fn has_output(&self) -> bool {
        self.tls.wants_write()
    }

    /// Reads bytes that the peer sent; `None` if there are none yet, zero at the end. A peer that
    /// disconnects without taking leave has ended too: HTTP has its own lengths.
    pub fn read<S: Read + Write>(
        &mut self,
        socket: &mut S,
        buffer: &mut [u8],
    ) -> io::Result<Option<usize>> {
        for _ in 0..MAX_READS {
            match self.tls.reader().read(buffer) {
                Ok(count) => {
                    let rest = self.tls.reader().fill_buf().map(<[u8]>::len);
                    self.has_input = rest.is_ok_and(|rest| rest > 0);
                    return Ok(Some(count));
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Some(0)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            match self.tls.read_tls(socket) {
                Ok(count) => self.partial += count,
                Err(error) if is_blocked(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
            if self.partial > MAX_PARTIAL {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let was_handshaking = self.tls.is_handshaking();
            let processed = self.tls.process_new_packets();
            // Also the alert that names an error.
            let flushed = self.flush(socket);
            let state =
                processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let has_agreed = was_handshaking && !self.tls.is_handshaking();
            if has_agreed || state.plaintext_bytes_to_read() > 0 {
                self.partial = 0;
            }
            flushed?;
        }
        Ok(None)
    }

    /// Whether [`Session::read`] returns something although the socket has nothing.
    pub fn has_input(&self) -> bool {
        self.has_input
    }

    /// Writes bytes; returns how many were passed to the socket, `None` if it accepts none. The next
    /// call must begin with the bytes that were not.
    pub fn write<S: Read + Write>(
        &mut self,
        socket: &mut S,
        bytes: &[u8],
    ) -> io::Result<Option<usize>> {
        if self.tls.is_handshaking() {
            return Ok(None);
        }
        if self.unconfirmed == 0 {
            let first = &bytes[..bytes.len().min(MAX_RECORD)];
            self.unconfirmed = self.tls.writer().write(first)?;
        }
        Ok(if self.flush(socket)? { Some(std::mem::take(&mut self.unconfirmed)) } else { None })
    }

    /// Passes what is encrypted to the socket; whether all of it was passed.
    pub fn flush<S: Read + Write>(&mut self, socket: &mut S) -> io::Result<bool> {
        while self.tls.wants_write() {
            match self.tls.write_tls(socket) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_blocked(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Takes leave of the peer: nothing more is written. Then only [`Session::flush`] is needed.
    pub fn end_output(&mut self) {
        self.tls.send_close_notify();
    }
}

fn is_blocked(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
