//! The messages between a daemon and its keeper, as JSON in one packet each. They do not depend on what a
//! daemon keeps, so that a daemon of another version can continue with an older keeper.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::os::packets::{Packet, Packets, Received};
use crate::os::signals::{HUP, INT, QUIT, TERM, USR2};
use crate::os::wait::{ChildStatus, EndedChild};

/// The environment variable with the descriptor of the connection, for a daemon that continues another one.
pub const VARIABLE: &str = "SUPKIT_KEEPER";

/// The signals that are passed on to the daemon.
pub const PASSED_ON: [i32; 5] = [TERM, INT, QUIT, HUP, USR2];

/// A message of the daemon.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToKeeper {
    /// Hold the descriptor that comes with this, in place of another one with the same key.
    Keep {
        key: String,
    },
    /// Close it.
    Drop {
        key: String,
    },
    /// From here on until `Settled` everything that is to be held is named again.
    Begin,
    Settled,
    /// The daemon can be continued from what is held.
    Ready,
    /// The program to start next time comes with this.
    Program,
    /// The activity log.
    Log {
        path: Option<PathBuf>,
    },
    /// For the service manager, which accepts messages of its main process only.
    Notify {
        state: String,
    },
    /// The exit of this child is noted.
    Collect {
        pid: i32,
    },
    /// The start has succeeded: go to the background.
    Detach {
        directory: Option<String>,
        umask: u32,
    },
    /// Answer when everything before was done.
    Sync,
}

/// A message of the keeper.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToDaemon {
    /// What the daemon before had given, with its descriptor.
    Lent { key: String },
    /// That was all; how the daemon before has ended.
    Resume(Cause),
    /// A child of the keeper has terminated. It stays a zombie until `Collect`.
    Ended(EndedChild),
    /// The answer to `Sync`.
    Done,
}

/// Why another daemon continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The daemon before has ended.
    Ended(ChildStatus),
    /// The keeper before has ended, and the daemon has taken its place.
    KeeperLost,
}

pub fn send(
    link: &Packets,
    message: &impl Serialize,
    fd: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    link.send(&serde_json::to_vec(message)?, fd)
}

/// A message with its descriptor.
pub type Message<T> = (T, Option<OwnedFd>);

/// The next message, if there is one; an error if there will be none.
pub fn receive<T: DeserializeOwned>(link: &Packets) -> io::Result<Option<Message<T>>> {
    match link.receive()? {
        Received::Packet(packet) => read(packet).map(Some),
        Received::Nothing => Ok(None),
        Received::End => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Waits for the next message.
pub fn await_next<T: DeserializeOwned>(link: &Packets) -> io::Result<Message<T>> {
    link.await_next()?.map_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()), read)
}

fn read<T: DeserializeOwned>(packet: Packet) -> io::Result<Message<T>> {
    Ok((serde_json::from_slice(&packet.bytes)?, packet.fd))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use super::*;
    use crate::os::pipe::pipe;

    #[test]
    fn a_message_is_received_with_its_descriptor_also_after_its_sender_has_ended() {
        let (daemon, keeper) = Packets::pair().unwrap();
        let (reader, _writer) = pipe().unwrap();
        send(&daemon, &ToKeeper::Keep { key: "a".into() }, Some(reader.as_fd())).unwrap();
        send(&daemon, &ToKeeper::Sync, None).unwrap();
        drop(daemon);
        let (message, fd) = receive::<ToKeeper>(&keeper).unwrap().unwrap();
        assert!(matches!(message, ToKeeper::Keep { key } if key == "a") && fd.is_some());
        assert!(matches!(receive(&keeper).unwrap(), Some((ToKeeper::Sync, None))));
        assert_eq!(receive::<ToKeeper>(&keeper).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
