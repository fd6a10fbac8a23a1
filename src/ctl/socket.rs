//! The socket of a connection: unix, TCP, or TCP with TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::error::{ClientError, Result};
use super::trust::Trust;
use super::url::ServerUrl;
use crate::os::ready::wait_writable;
use crate::tls::Session;
use crate::tls::client::{self as tls, TlsError};

const READ_SIZE: usize = 16 * 1024;

#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
    /// The socket does not block.
    Tls(Box<Session>, TcpStream),
}

impl Socket {
    #[expect(clippy::disallowed_methods, reason = "the client has nothing else to do")]
    pub(super) fn connect(url: &ServerUrl, trust: &Trust, limit: Option<Duration>) -> Result<Self> {
        match url {
            ServerUrl::Unix { path } => {
                let socket = UnixStream::connect(path).map_err(ClientError::Io)?;
                socket.set_write_timeout(limit).map_err(ClientError::Io)?;
                Ok(Self::Unix(socket))
            }
            ServerUrl::Http { host, port } => {
                let socket = connect_tcp(host, *port, limit)?;
                socket.set_write_timeout(limit).map_err(ClientError::Io)?;
                Ok(Self::Tcp(socket))
            }
            ServerUrl::Https { host, port } => {
                let trusted = trust.read()?;
                let session = tls::session(host, &trusted).map_err(ClientError::Tls)?;
                let socket = connect_tcp(host, *port, limit)?;
                socket.set_nonblocking(true).map_err(ClientError::Io)?;
                Ok(Self::Tls(Box::new(session), socket))
            }
        }
    }

    /// Whether server and client have not agreed on a session yet: [`Socket::read`] goes on with that.
    pub(super) fn begin(&mut self) -> Result<bool> {
        let Self::Tls(session, socket) = self else { return Ok(false) };
        session.flush(socket).map_err(error)?;
        Ok(session.is_handshaking())
    }

    /// Appends the bytes that are there; `None` if there are none yet, zero at the end. Without TLS it
    /// waits for some.
    pub(super) fn read(&mut self, into: &mut Vec<u8>) -> Result<Option<usize>> {
        let mut buffer = [0; READ_SIZE];
        let count = match self {
            Self::Unix(socket) => socket.read(&mut buffer).map(Some),
            Self::Tcp(socket) => socket.read(&mut buffer).map(Some),
            Self::Tls(session, socket) => session.read(socket, &mut buffer),
        };
        let Some(mut count) = count.map_err(error)? else { return Ok(None) };
        into.extend_from_slice(&buffer[..count]);
        // What is decrypted already makes no socket readable.
        while let Self::Tls(session, socket) = self {
            if !session.has_input() {
                break;
            }
            let more = session.read(socket, &mut buffer).map_err(error)?.unwrap_or(0);
            into.extend_from_slice(&buffer[..more]);
            count += more;
        }
        Ok(Some(count))
    }

    pub(super) fn write_all(&mut self, bytes: &[u8], limit: Option<Duration>) -> Result<()> {
        match self {
            Self::Unix(socket) => socket.write_all(bytes).map_err(ClientError::Io),
            Self::Tcp(socket) => socket.write_all(bytes).map_err(ClientError::Io),
            Self::Tls(session, socket) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    match session.write(socket, rest).map_err(error)? {
                        Some(count) => rest = &rest[count..],
                        None if wait_writable(socket.as_fd(), limit)
                            .map_err(ClientError::Io)? => {}
                        None => return Err(ClientError::Timeout),
                    }
                }
                Ok(())
            }
        }
    }
}

/// The server is informed that nothing more comes.
impl Drop for Socket {
    fn drop(&mut self) {
        if let Self::Tls(session, socket) = self {
            session.end_output();
            let _ = session.flush(socket);
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(socket) => socket.as_fd(),
            Self::Tcp(socket) | Self::Tls(_, socket) => socket.as_fd(),
        }
    }
}

fn error(error: io::Error) -> ClientError {
    TlsError::inside(&error).map_or(ClientError::Io(error), ClientError::Tls)
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
