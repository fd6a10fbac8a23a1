//! An accepted connection, TCP or unix, in non-blocking mode.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, getsockopt, recv, sockopt};

use super::ready;
use super::socket::Listener;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Tcp(SocketAddr),
    /// The process that connected to a unix socket.
    Unix {
        uid: u32,
        gid: u32,
        pid: i32,
    },
}

impl Peer {
    /// The user at the other end of a unix socket.
    pub fn uid(&self) -> Option<u32> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix { uid, .. } => Some(*uid),
        }
    }
}

pub enum SocketStream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Makes `accept` non-blocking.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => listener.set_nonblocking(true),
            Self::Unix(listener) => listener.set_nonblocking(true),
        }
    }

    /// Whether only this machine can connect, by TCP.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener.local_addr().is_ok_and(|it| it.ip().is_loopback()),
            Self::Unix(_) => false,
        }
    }

    /// Accepts the next waiting client; `None` if there is none.
    pub fn accept(&self) -> io::Result<Option<SocketStream>> {
        let accepted = match self {
            Self::Tcp(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                // Replies are written completely, so delaying small segments has no benefit.
                stream.set_nodelay(true)?;
                Ok(SocketStream::Tcp(stream))
            }),
            Self::Unix(listener) => listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                Ok(SocketStream::Unix(stream))
            }),
        };
        match accepted {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if is_transient(&error) => Ok(None),
            // The kernel looks for a free descriptor before it looks for a client.
            Err(_) if !self.has_client() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a client waits.
    fn has_client(&self) -> bool {
        ready::wait_readable(&[self.as_fd()], Some(Duration::ZERO)).is_ok_and(|it| it == [true])
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// There is no client, or it disconnected before it was accepted.
fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | ConnectionAborted)
}

impl SocketStream {
    /// Who is at the other end; `None` if the system does not know it.
    pub fn peer(&self) -> Option<Peer> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok().map(Peer::Tcp),
            Self::Unix(stream) => {
                let peer = getsockopt(stream, sockopt::PeerCredentials).ok()?;
                Some(Peer::Unix { uid: peer.uid(), gid: peer.gid(), pid: peer.pid() })
            }
        }
    }

    /// Reads available bytes; `None` if there are none, zero at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        none_if_blocked(Read::read(self, buffer))
    }

    /// Writes as many bytes as the socket accepts; `None` if it accepts none.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        none_if_blocked(Write::write(self, bytes))
    }

    /// The next byte, which is not consumed; `None` if there is none yet, `Some(None)` at the end.
    pub fn peek(&self) -> io::Result<Option<Option<u8>>> {
        let mut byte = [0];
        let count = recv(self.as_fd().as_raw_fd(), &mut byte, MsgFlags::MSG_PEEK);
        let count = none_if_blocked(count.map_err(io::Error::from))?;
        Ok(count.map(|count| (count > 0).then_some(byte[0])))
    }

    /// Why the connection could not be established, or failed since.
    pub fn take_error(&self) -> io::Result<()> {
        let error = match self {
            Self::Tcp(stream) => stream.take_error(),
            Self::Unix(stream) => stream.take_error(),
        };
        error?.map_or(Ok(()), Err)
    }

    /// Shuts down the write side.
    pub fn shutdown_write(&self) {
        // The client may have disconnected already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        };
    }
}

/// For what reads and writes by the traits; it fails with [`io::ErrorKind::WouldBlock`].
impl Read for SocketStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for SocketStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn none_if_blocked(count: io::Result<usize>) -> io::Result<Option<usize>> {
    match count {
        Ok(count) => Ok(Some(count)),
        Err(error) if is_transient(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl AsFd for SocketStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}
