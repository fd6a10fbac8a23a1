//! The bytes of a client: as they are on the socket, or inside of TLS.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::os::stream::{Peer, SocketStream};
use crate::tls::server::Acceptor;
use crate::tls::{FIRST_BYTE, Session};

/// What a TLS session holds beside its buffers: 9 kB, measured with 400 idle connections.
const SESSION_MEMORY: usize = 9 * 1024;

pub(super) struct Transport {
    socket: SocketStream,
    layer: Layer,
}

enum Layer {
    Plain,
    /// TLS is expected, but nothing was received yet: an idle connection costs no session.
    Expected(Acceptor),
    Tls(Box<Session>),
    /// TLS was expected, but the first byte is not its.
    Unexpected,
}

impl Transport {
    /// Expects TLS if there is an acceptor.
    pub(super) fn new(socket: SocketStream, acceptor: Option<Acceptor>) -> Self {
        Self { socket, layer: acceptor.map_or(Layer::Plain, Layer::Expected) }
    }

    /// Whether another daemon can continue it: TLS has not begun.
    pub(super) fn can_be_saved(&self) -> bool {
        matches!(self.layer, Layer::Plain)
    }

    pub(super) fn is_tcp(&self) -> bool {
        matches!(self.socket, SocketStream::Tcp(_))
    }

    /// Who is at the other end; `None` if the system does not know it.
    pub(super) fn peer(&self) -> Option<Peer> {
        self.socket.peer()
    }

    /// Whether the peer has begun to agree on a session.
    pub(super) fn is_handshaking(&self) -> bool {
        matches!(&self.layer, Layer::Tls(session) if session.is_handshaking())
    }

    /// Whether the next read may cost the computation of a signature.
    pub(super) fn is_expensive(&self) -> bool {
        matches!(self.layer, Layer::Expected(_)) || self.is_handshaking()
    }

    /// Whether the peer speaks plain HTTP although TLS is required.
    pub(super) fn lacks_tls(&self) -> bool {
        matches!(self.layer, Layer::Unexpected)
    }

    /// Reads available bytes; `None` if there are none, zero at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if let Layer::Expected(acceptor) = &self.layer {
            self.layer = match self.socket.peek()? {
                None => return Ok(None),
                Some(None) => return Ok(Some(0)),
                Some(Some(FIRST_BYTE)) => {
                    Layer::Tls(Box::new(acceptor.session().map_err(io::Error::other)?))
                }
                Some(Some(_)) => Layer::Unexpected,
            };
        }
        match &mut self.layer {
            Layer::Tls(session) => session.read(&mut self.socket, buffer),
            _ => self.socket.read(buffer),
        }
    }

    /// Whether [`Transport::read`] returns something although the socket is not readable.
    pub(super) fn has_input(&self) -> bool {
        matches!(&self.layer, Layer::Tls(session) if session.has_input())
    }

    /// Whether there are bytes to write besides those of the caller.
    pub(super) fn has_output(&self) -> bool {
        matches!(&self.layer, Layer::Tls(session) if session.has_output())
    }

    /// Writes as many bytes as the socket accepts; `None` if it accepts none. The next call must begin
    /// with the bytes that were not accepted.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match &mut self.layer {
            Layer::Tls(session) => session.write(&mut self.socket, bytes),
            _ => self.socket.write(bytes),
        }
    }

    /// Writes what is pending.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match &mut self.layer {
            Layer::Tls(session) => session.flush(&mut self.socket).map(drop),
            _ => Ok(()),
        }
    }

    /// Ends the output. Returns whether that is done: the last bytes may have to wait for the peer.
    pub(super) fn end_output(&mut self) -> bool {
        if let Layer::Tls(session) = &mut self.layer {
            session.end_output();
            // An error is the peer's disconnection.
            if matches!(session.flush(&mut self.socket), Ok(false)) {
                return false;
            }
        }
        self.socket.shutdown_write();
        true
    }

    /// Takes leave of the peer if that is possible without waiting, before the socket is closed.
    pub(super) fn close(&mut self) {
        if let Layer::Tls(session) = &mut self.layer {
            session.end_output();
            let _ = session.flush(&mut self.socket);
        }
    }

    /// The bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        match &self.layer {
            Layer::Tls(session) => SESSION_MEMORY + session.memory(),
            _ => 0,
        }
    }
}

impl From<Transport> for OwnedFd {
    fn from(transport: Transport) -> Self {
        match transport.socket {
            SocketStream::Tcp(stream) => stream.into(),
            SocketStream::Unix(stream) => stream.into(),
        }
    }
}

impl AsFd for Transport {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
