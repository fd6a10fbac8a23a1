//! One connection to a server: bytes out, the head of a response and its body in. Waits no longer
//! than it is told and gives way to Ctrl-C. Knows HTTP, but not what is asked.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::error::{ClientError, Result};
use super::framing::{Chunk, Framing};
use super::url::ServerUrl;
use crate::os::interrupt::Interrupt;
use crate::os::ready::wait_readable;

/// A response whose head is longer is refused.
const HEAD_LIMIT: usize = 64 * 1024;
const READ_SIZE: usize = 16 * 1024;
const HEADERS: usize = 64;

/// How long to wait for a server, and what ends the waiting.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience {
    pub(super) limit: Option<Duration>,
    pub(super) interrupt: Option<Interrupt>,
}

/// An open connection, with what has come but is not yet used.
#[derive(Debug)]
pub(super) struct Wire {
    socket: Socket,
    patience: Patience,
    unread: Vec<u8>,
}

#[derive(Debug)]
enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// What a response says before its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) framing: Framing,
    /// Whether the connection may carry another request.
    pub(super) stays_open: bool,
}

impl Wire {
    pub(super) fn connect(url: &ServerUrl, patience: Patience) -> Result<Self> {
        let socket = Socket::connect(url, patience.limit)?;
        socket.limit_writes(patience.limit).map_err(ClientError::Io)?;
        Ok(Self { socket, patience, unread: Vec::new() })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.socket.write_all(bytes).map_err(ClientError::Io)
    }

    /// Reads what has come, after waiting for it; `false` is the end of the stream.
    pub(super) fn fill(&mut self) -> Result<bool> {
        self.wait()?;
        let mut buffer = [0; READ_SIZE];
        let count = self.socket.read(&mut buffer).map_err(ClientError::Io)?;
        self.unread.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }

    fn wait(&self) -> Result<()> {
        let mut fds = vec![self.as_fd()];
        fds.extend(self.patience.interrupt.as_ref().map(AsFd::as_fd));
        let ready = wait_readable(&fds, self.patience.limit).map_err(ClientError::Io)?;
        if self.patience.interrupt.as_ref().is_some_and(Interrupt::take) {
            return Err(ClientError::Interrupted);
        }
        if ready.iter().any(|ready| *ready) { Ok(()) } else { Err(ClientError::Timeout) }
    }

    /// Reads up to the empty line that ends the head of a response.
    pub(super) fn head(&mut self) -> Result<Head> {
        loop {
            if let Some((head, length)) = parse_head(&self.unread)? {
                self.unread.drain(..length);
                return Ok(head);
            }
            if self.unread.len() > HEAD_LIMIT {
                return Err(malformed("the head of the answer is too long"));
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

    /// Whether something has been read that nobody has taken; no waiting will tell.
    pub(super) fn has_ahead(&self) -> bool {
        !self.unread.is_empty()
    }

    /// What has come of a body.
    pub(super) fn take(&mut self, framing: &mut Framing) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        framing.take(&mut self.unread, &mut output).map_err(ClientError::Malformed)?;
        Ok(output)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Unix(socket) => socket.as_fd(),
            Socket::Tcp(socket) => socket.as_fd(),
        }
    }
}

impl Socket {
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

/// Tries every address of the host, and reports the last failure.
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

fn resolve(host: &str, port: u16) -> Result<impl Iterator<Item = SocketAddr>> {
    let host = if host.is_empty() { "localhost" } else { host };
    (host, port).to_socket_addrs().map_err(|error| {
        let text = error.to_string();
        let text = text.rsplit("address information: ").next().unwrap_or(&text);
        ClientError::Resolve(text.to_owned())
    })
}

/// The head and its length, or `None` when it has not come whole.
fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(malformed(&format!("the answer is not HTTP: {error}"))),
    };
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| String::from_utf8_lossy(header.value).trim().to_lowercase())
    };
    let framing = if value("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        Framing::Chunked(Chunk::Size)
    } else if let Some(text) = value("content-length") {
        Framing::Length(text.parse().map_err(|_| malformed("the answer has no proper length"))?)
    } else {
        Framing::UntilClose
    };
    let connection = value("connection").unwrap_or_default();
    let stays_open = framing != Framing::UntilClose
        && match response.version {
            Some(1) => connection != "close",
            _ => connection == "keep-alive",
        };
    let code = response.code.unwrap_or_default();
    let reason = response.reason.unwrap_or_default().to_owned();
    Ok(Some((Head { code, reason, framing, stays_open }, length)))
}

fn malformed(text: &str) -> ClientError {
    ClientError::Malformed(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Option<Head> {
        parse_head(text.as_bytes()).expect("HTTP").map(|(head, _)| head)
    }

    #[test]
    fn a_head_tells_how_its_body_ends() {
        let got = head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").expect("whole");
        assert_eq!((got.code, got.framing, got.stays_open), (200, Framing::Length(3), true));
        let got = head("HTTP/1.0 200 OK\r\n\r\n").expect("whole");
        assert_eq!((got.framing, got.stays_open), (Framing::UntilClose, false));
        let got = head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").expect("whole");
        assert_eq!(got.framing, Framing::Chunked(Chunk::Size));
    }

    #[test]
    fn half_a_head_is_none() {
        assert!(head("HTTP/1.1 200 OK\r\nContent-").is_none());
    }
}
