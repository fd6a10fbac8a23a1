//! One HTTP connection to a server, with a time limit and Ctrl-C handling. Knows HTTP, but not
//! XML-RPC.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::error::{ClientError, Result};
use super::framing::Framing;
use super::head::{self, Head, MAX_HEAD};
use super::notice::Notice;
use super::socket::Socket;
use super::trust::Trust;
use super::url::ServerUrl;
use crate::os::interrupt::Interrupt;
use crate::os::ready::wait_readable;

/// The time limit of a read, the interrupt that ends it, and what is shown meanwhile.
#[derive(Clone, Debug, Default)]
pub(super) struct WaitLimits {
    pub(super) timeout: Option<Duration>,
    pub(super) interrupt: Option<Interrupt>,
    /// Shown while waiting.
    pub(super) notice: Option<Notice>,
}

/// An open connection with its read buffer.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    limits: WaitLimits,
    unread: Vec<u8>,
}

impl Connection {
    pub(super) fn connect(url: &ServerUrl, trust: &Trust, limits: WaitLimits) -> Result<Self> {
        let socket = Socket::connect(url, trust, limits.timeout)?;
        let mut connection = Self { socket, limits, unread: Vec::new() };
        while connection.socket.begin()? {
            connection.wait()?;
            if connection.socket.read(&mut connection.unread)? == Some(0) {
                return Err(ClientError::Closed);
            }
        }
        Ok(connection)
    }

    /// Replaces the limits of the next reads.
    pub(super) fn limit(&mut self, limits: WaitLimits) {
        self.limits = limits;
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.socket.write_all(bytes, self.limits.timeout)
    }

    /// Waits for input and reads it; `false` at the end of the stream.
    pub(super) fn fill(&mut self) -> Result<bool> {
        loop {
            if let Some(has_more) = self.fill_once()? {
                return Ok(has_more);
            }
        }
    }

    /// The same, but returns `None` if what arrived was not for the caller.
    pub(super) fn fill_once(&mut self) -> Result<Option<bool>> {
        self.wait()?;
        Ok(self.socket.read(&mut self.unread)?.map(|count| count > 0))
    }

    fn wait(&self) -> Result<()> {
        let mut fds = vec![self.as_fd()];
        fds.extend(self.limits.interrupt.as_ref().map(AsFd::as_fd));
        let ready = match &self.limits.notice {
            Some(notice) => notice.wait(&fds, self.limits.timeout),
            None => wait_readable(&fds, self.limits.timeout),
        };
        let ready = ready.map_err(ClientError::Io)?;
        if self.limits.interrupt.as_ref().is_some_and(Interrupt::take) {
            return Err(ClientError::Interrupted);
        }
        if ready.iter().any(|ready| *ready) { Ok(()) } else { Err(ClientError::Timeout) }
    }

    /// Reads a complete response head.
    pub(super) fn head(&mut self) -> Result<Head> {
        loop {
            if let Some((head, length)) =
                head::parse(&self.unread).map_err(ClientError::Malformed)?
            {
                self.unread.drain(..length);
                return Ok(head);
            }
            if self.unread.len() > MAX_HEAD {
                return Err(malformed("the head of the response is too long"));
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return Err(ClientError::Closed),
                Err(ClientError::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Err(ClientError::Closed);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the available bytes of a body.
    pub(super) fn take(&mut self, framing: &mut Framing) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        framing.take(&mut self.unread, &mut output).map_err(ClientError::Malformed)?;
        Ok(output)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn malformed(text: &str) -> ClientError {
    ClientError::Malformed(text.to_owned())
}
