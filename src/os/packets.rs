//! Packets between two processes, each with at most one descriptor. They arrive whole and in order; what
//! was sent before the sender ended is still received, with its descriptors.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};

/// The maximum length of a packet.
const MAX_PACKET: usize = 32 * 1024;

/// How long a receiver may take to make room, in milliseconds.
const PATIENCE: u16 = 5000;

/// One end of the connection.
pub struct Packets(OwnedFd);

#[derive(Debug)]
pub struct Packet {
    pub bytes: Vec<u8>,
    pub fd: Option<OwnedFd>,
}

/// The result of [`Packets::receive`].
#[derive(Debug)]
pub enum Received {
    Packet(Packet),
    Nothing,
    /// The other end is closed.
    End,
}

impl Packets {
    pub fn pair() -> io::Result<(Self, Self)> {
        let (kind, flags) = (SockType::SeqPacket, SockFlag::SOCK_CLOEXEC);
        let (one, other) = socketpair(AddressFamily::Unix, kind, None, flags)?;
        Ok((Self(one), Self(other)))
    }

    /// Waits a moment if the receiver is slow; then the error is `TimedOut`.
    pub fn send(&self, bytes: &[u8], fd: Option<BorrowedFd<'_>>) -> io::Result<()> {
        if bytes.is_empty() || bytes.len() > MAX_PACKET {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let numbers: Vec<RawFd> = fd.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&numbers)];
        let control = if numbers.is_empty() { &[][..] } else { &rights[..] };
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        loop {
            let parts = [IoSlice::new(bytes)];
            match sendmsg::<()>(self.0.as_raw_fd(), &parts, control, flags, None) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                // Too many descriptors are under way: until they are received, no other can be sent.
                Err(Errno::EAGAIN | Errno::ETOOMANYREFS) => self.wait(PollFlags::POLLOUT)?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        let mut fds = [PollFd::new(self.0.as_fd(), flags)];
        match poll(&mut fds, PollTimeout::from(PATIENCE)) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The next packet, if there is one.
    pub fn receive(&self) -> io::Result<Received> {
        let mut bytes = vec![0; MAX_PACKET];
        let mut control = cmsg_space!([RawFd; 1]);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
        let (length, fd) = loop {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            match recvmsg::<()>(self.0.as_raw_fd(), &mut parts, Some(&mut control), flags) {
                Ok(received) => {
                    let numbers = received.cmsgs()?.find_map(|message| match message {
                        ControlMessageOwned::ScmRights(numbers) => numbers.first().copied(),
                        _ => None,
                    });
                    // SAFETY: the kernel has just made the descriptor, and nothing else owns it.
                    let fd = numbers.map(|number| unsafe { OwnedFd::from_raw_fd(number) });
                    break (received.bytes, fd);
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(Received::Nothing),
                Err(Errno::ECONNRESET) => return Ok(Received::End),
                Err(error) => return Err(error.into()),
            }
        };
        if length == 0 {
            return Ok(Received::End);
        }
        bytes.truncate(length);
        Ok(Received::Packet(Packet { bytes, fd }))
    }

    /// Waits for the next packet; `None` if the other end is closed.
    pub fn await_next(&self) -> io::Result<Option<Packet>> {
        loop {
            match self.receive()? {
                Received::Packet(packet) => return Ok(Some(packet)),
                Received::End => return Ok(None),
                Received::Nothing => self.wait(PollFlags::POLLIN)?,
            }
        }
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Packets {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<OwnedFd> for Packets {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::super::pipe::pipe;
    use super::*;

    #[test]
    fn packets_and_descriptors_outlive_their_sender() {
        let (one, other) = Packets::pair().unwrap();
        assert!(matches!(other.receive().unwrap(), Received::Nothing));
        let (mut reader, writer) = pipe().unwrap();
        one.send(b"first", None).unwrap();
        one.send(b"second", Some(writer.as_fd())).unwrap();
        drop((one, writer));
        let first = other.await_next().unwrap().unwrap();
        assert_eq!((first.bytes.as_slice(), first.fd.is_none()), (&b"first"[..], true));
        let second = other.await_next().unwrap().unwrap();
        assert_eq!(second.bytes, b"second");
        std::fs::File::from(second.fd.unwrap()).write_all(b"x").unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "x", "and the end, because no writer is left");
        assert!(other.await_next().unwrap().is_none());
    }

    #[test]
    fn what_is_empty_or_too_long_is_refused() {
        let (one, _other) = Packets::pair().unwrap();
        assert!(one.send(b"", None).is_err());
        assert!(one.send(&vec![0; MAX_PACKET + 1], None).is_err());
        one.send(&vec![0; MAX_PACKET], None).unwrap();
    }
}
