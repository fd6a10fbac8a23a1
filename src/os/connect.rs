//! Connects without blocking: the connection is established when the socket becomes writable.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{
    self as sys, AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, UnixAddr,
};

use super::stream::SocketStream;

/// A socket that something listens at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Begins to connect. [`SocketStream::take_error`] has the outcome when the socket is writable.
pub fn begin(peer: &Peer) -> io::Result<SocketStream> {
    match peer {
        Peer::Tcp(address) => {
            let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
            let fd = socket(family)?;
            let begun = match address {
                SocketAddr::V4(address) => {
                    sys::connect(fd.as_raw_fd(), &SockaddrIn::from(*address))
                }
                SocketAddr::V6(address) => {
                    sys::connect(fd.as_raw_fd(), &SockaddrIn6::from(*address))
                }
            };
            is_begun(begun)?;
            Ok(SocketStream::Tcp(TcpStream::from(fd)))
        }
        Peer::Unix(path) => {
            let address = unix_address(path)?;
            let fd = socket(AddressFamily::Unix)?;
            is_begun(sys::connect(fd.as_raw_fd(), &address))?;
            Ok(SocketStream::Unix(UnixStream::from(fd)))
        }
    }
}

fn socket(family: AddressFamily) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(sys::socket(family, SockType::Stream, flags, None)?)
}

fn unix_address(path: &Path) -> io::Result<UnixAddr> {
    UnixAddr::new(path).map_err(|_| io::Error::other("AF_UNIX path too long"))
}

fn is_begun(outcome: nix::Result<()>) -> io::Result<()> {
    match outcome {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::poller::{Interest, Poller};
    use super::*;

    /// The outcome once the socket is writable.
    fn outcome(peer: &Peer) -> io::Result<()> {
        let stream = begin(peer)?;
        let mut poller = Poller::new()?;
        poller.add(&stream, Interest::WRITE)?;
        let ready = poller.wait(Some(Duration::from_secs(10)))?;
        assert_eq!(ready.len(), 1, "the kernel decides within ten seconds");
        stream.take_error()
    }

    #[test]
    fn the_outcome_is_known_when_the_socket_is_writable() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = Peer::Tcp(listener.local_addr().unwrap());
        outcome(&peer).unwrap();
        drop(listener);
        assert_eq!(outcome(&peer).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let nowhere = Peer::Unix("/nowhere/x.sock".into());
        assert_eq!(outcome(&nowhere).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
