//! A datagram socket for the messages of `sd_notify(3)`. Its name is abstract: there is no file that
//! could be left, and the kernel attests the sender of each message.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{self as sys, ControlMessageOwned, MsgFlags, UnixAddr, UnixCredentials};
use nix::unistd::{Pid, getpgid};

/// The maximum length of a message; systemd has the same limit.
const MAX_MESSAGE: usize = 4096;

pub struct NotifySocket(OwnedFd);

/// A message with its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub pid: i32,
    pub uid: u32,
    pub text: String,
}

impl NotifySocket {
    /// Binds an abstract name; `NOTIFY_SOCKET` is that name after an `@`.
    #[cfg(target_os = "linux")]
    pub fn bind(name: &str) -> io::Result<Self> {
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, sockopt};
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = sys::socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
        sys::setsockopt(&fd, sockopt::PassCred, &true)?;
        sys::bind(fd.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes())?)?;
        Ok(Self(fd))
    }

    #[cfg(not(target_os = "linux"))]
    pub fn bind(_: &str) -> io::Result<Self> {
        Err(io::Error::other("only Linux has abstract sockets"))
    }

    /// The name that it was bound to.
    pub fn name(&self) -> Option<String> {
        let address = sys::getsockname::<UnixAddr>(self.0.as_raw_fd()).ok()?;
        String::from_utf8(address.as_abstract()?.to_vec()).ok()
    }

    /// The next message; `None` if there is none. One that is too long or no text is skipped.
    pub fn receive(&self) -> io::Result<Option<Message>> {
        let mut bytes = [0; MAX_MESSAGE];
        let mut control = nix::cmsg_space!(UnixCredentials);
        loop {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            let fd = self.0.as_raw_fd();
            // Descriptors that come with a message do not fit and are closed by the kernel.
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
            let received = match sys::recvmsg::<()>(fd, &mut parts, Some(&mut control), flags) {
                Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
                received => received?,
            };
            let sender = received.cmsgs().into_iter().flatten().find_map(|it| match it {
                ControlMessageOwned::ScmCredentials(sender) => Some((sender.pid(), sender.uid())),
                _ => None,
            });
            let (length, is_cut) = (received.bytes, received.flags.contains(MsgFlags::MSG_TRUNC));
            let text = String::from_utf8(bytes[..length].to_vec());
            if let (Some((pid, uid)), Ok(text), false) = (sender, text, is_cut) {
                return Ok(Some(Message { pid, uid, text }));
            }
        }
    }
}

impl From<OwnedFd> for NotifySocket {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<NotifySocket> for OwnedFd {
    fn from(socket: NotifySocket) -> Self {
        socket.0
    }
}

impl AsFd for NotifySocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The process group of a process.
pub fn group_of(pid: i32) -> Option<i32> {
    getpgid(Some(Pid::from_raw(pid))).ok().map(Pid::as_raw)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::*;

    #[test]
    fn a_message_has_its_sender() {
        let name = format!("supkit-test-{}", std::process::id());
        let socket = NotifySocket::bind(&name).unwrap();
        assert_eq!((socket.receive().unwrap(), socket.name()), (None, Some(name.clone())));
        let client = UnixDatagram::unbound().unwrap();
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        for message in [&b"\xff"[..], &[b'x'; 5000], b"READY=1\nSTATUS=ok"] {
            client.send_to_addr(message, &address).unwrap();
        }
        let message = socket.receive().unwrap().unwrap();
        assert_eq!(message.text, "READY=1\nSTATUS=ok");
        assert_eq!(u32::try_from(message.pid), Ok(std::process::id()));
        assert_eq!(group_of(message.pid), group_of(0));
        assert_eq!(socket.receive().unwrap(), None);
    }
}
