//! One HTTP connection to a server, with a time limit and Ctrl-C handling. Knows HTTP, but not
//! XML-RPC.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::error::{ClientError, Result};
use super::framing::Framing;
use super::head::{self, Head, MAX_HEAD};
use super::notice::Notice;
use super::url::ServerUrl;
use crate::os::interrupt::Interrupt;
use crate::os::ready::wait_readable;

const READ_SIZE: usize = 16 * 1024;

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

#[derive(Debug)]
enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Connection {
    pub(super) fn connect(url: &ServerUrl, limits: WaitLimits) -> Result<Self> {
        let socket = Socket::connect(url, limits.timeout)?;
        socket.limit_writes(limits.timeout).map_err(ClientError::Io)?;
        Ok(Self { socket, limits, unread: Vec::new() })
    }

    /// Replaces the limits of the next reads.
    pub(super) fn limit(&mut self, limits: WaitLimits) {
        self.limits = limits;
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.socket.write_all(bytes).map_err(ClientError::Io)
    }

    /// Waits for input and reads it; `false` at the end of the stream.
    pub(super) fn fill(&mut self) -> Result<bool> {
        self.wait()?;
        let mut buffer = [0; READ_SIZE];
        let count = self.socket.read(&mut buffer).map_err(ClientError::Io)?;
        self.unread.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
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
        match &self.socket {
            Socket::Unix(socket) => socket.as_fd(),
            Socket::Tcp(socket) => socket.as_fd(),
        }
    }
}

impl Socket {
    #[expect(clippy::disallowed_methods, reason = "the client has nothing else to do")]
    fn connect(url: &ServerUrl, limit: Option<Duration>) -> Result<Self> {
        match url {
            ServerUrl::Unix { path } => {
                UnixStream::connect(path).map(Self::Unix).map_err(ClientError::Io)
            }
            ServerUrl::Http { host, port } => connect_tcp(host, *port, limit).map(Self::Tcp),
        }
    }

    fn limit_writes(&self, limit: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Unix(socket) => socket.set_write_timeout(limit),
            Self::Tcp(socket) => socket.set_write_timeout(limit),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(socket) => socket.read(buffer),
            Self::Tcp(socket) => socket.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(socket) => socket.write_all(bytes),
            Self::Tcp(socket) => socket.write_all(bytes),
        }
    }
}

/// Tries every address of the host and reports the last failure.
#[expect(clippy::disallowed_methods, reason = "the client has nothing else to do")]
fn connect_tcp(host: &str, port: u16, limit: Option<Duration>) -> Result<TcpStream> {
    let mut failure = io::ErrorKind::AddrNotAvailable.into();
    for address in resolve(host, port)? {
        let connected = match limit {
            Some(limit) => TcpStream::connect_timeout(&address, limit),
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(socket) => {
                socket.set_nodelay(true).map_err(ClientError::Io)?;
                return Ok(socket);
            }
            Err(error) => failure = error,
        }
    }
    Err(ClientError::Io(failure))
}

#[expect(clippy::disallowed_methods, reason = "the client has nothing else to do")]
fn resolve(host: &str, port: u16) -> Result<impl Iterator<Item = SocketAddr>> {
    let host = if host.is_empty() { "localhost" } else { host };
    (host, port).to_socket_addrs().map_err(|error| {
        let text = error.to_string();
        let text = text.rsplit("address information: ").next().unwrap_or(&text);
        ClientError::Resolve(text.to_owned())
    })
}

fn malformed(text: &str) -> ClientError {
    ClientError::Malformed(text.to_owned())
}
