//! Writes lines to the system's log without ever waiting for it. What it does not accept now is
//! queued up to a limit; beyond it whole lines are dropped and counted.
//!
//! `syslog(3)` would block: the socket has room for few messages while the logging service is busy or
//! stopped.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self as sys, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr};

use super::clock;
use super::logfile::{LossCounter, Lost, Report, Unwritten};

#[cfg(target_os = "macos")]
const SOCKET: &str = "/var/run/syslog";
#[cfg(not(target_os = "macos"))]
const SOCKET: &str = "/dev/log";

/// `LOG_USER | LOG_INFO`.
const PRIORITY: u8 = 14;
/// How many bytes are queued.
const CAPACITY: usize = 1024 * 1024;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub struct Syslog {
    identifier: String,
    path: PathBuf,
    socket: Option<Socket>,
    /// Messages, each with a NUL at its end.
    queue: VecDeque<Vec<u8>>,
    queued: usize,
    loss: LossCounter,
    is_failing: bool,
}

struct Socket {
    fd: OwnedFd,
    /// Messages end with a NUL, and may be accepted in parts.
    is_stream: bool,
}

impl Syslog {
    /// The socket is opened by the first write.
    pub fn new(identifier: &str) -> Self {
        Self::at(Path::new(SOCKET), identifier)
    }

    fn at(path: &Path, identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            path: path.to_owned(),
            socket: None,
            queue: VecDeque::new(),
            queued: 0,
            loss: LossCounter::default(),
            is_failing: false,
        }
    }

    /// Writes each line of `text` separately, with `prefix`.
    pub fn write(&mut self, prefix: &str, text: &[u8], now: Duration) -> Option<Report> {
        let stamp = stamp();
        for line in String::from_utf8_lossy(text).trim_end_matches('\n').split('\n') {
            let line = line.replace('\0', "");
            let head = format!("<{PRIORITY}>{stamp} {}: ", self.identifier);
            self.push(format!("{head}{prefix}{line}\0").into_bytes(), now);
        }
        self.flush(now)
    }

    fn push(&mut self, message: Vec<u8>, now: Duration) {
        if self.queued + message.len() > CAPACITY {
            return self.lose(&message, now);
        }
        self.queued += message.len();
        self.queue.push_back(message);
    }

    fn lose(&mut self, message: &[u8], now: Duration) {
        self.loss.add(message, now);
        self.loss.add(b"\n", now);
    }

    /// Whether something was not accepted yet; then [`Syslog::flush`] is to be called.
    pub fn is_pending(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Writes what was queued.
    pub fn flush(&mut self, now: Duration) -> Option<Report> {
        match self.send_queue(now) {
            Ok(lost) => {
                self.is_failing &= self.loss.is_losing();
                lost.map(Report::Resumed)
            }
            Err(error) => {
                self.socket = None;
                for message in std::mem::take(&mut self.queue) {
                    self.lose(&message, now);
                }
                self.queued = 0;
                let was_failing = std::mem::replace(&mut self.is_failing, true);
                (!was_failing).then_some(Report::Failed(error))
            }
        }
    }

    fn send_queue(&mut self, now: Duration) -> io::Result<Option<Lost>> {
        let mut is_new = self.socket.is_none();
        while let Some(message) = self.queue.front_mut() {
            let sent = match send(&mut self.socket, &self.path, message) {
                Ok(sent) => sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    let message = self.queue.pop_front().unwrap_or_default();
                    self.queued -= message.len();
                    self.lose(&message, now);
                    continue;
                }
                // The logging service was restarted.
                Err(_) if !is_new => {
                    self.socket = None;
                    is_new = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.queued -= sent;
            if sent < message.len() {
                message.drain(..sent);
                return Ok(None);
            }
            self.queue.pop_front();
        }
        Ok(self.loss.resume(now))
    }

    /// What another program has to continue with.
    pub fn unwritten(&self) -> Unwritten {
        let pending = self.queue.iter().flatten().copied().collect();
        Unwritten::new(self.loss, pending, self.is_failing)
    }

    /// Continues with it.
    pub fn continue_with(&mut self, unwritten: &Unwritten) {
        self.loss = unwritten.loss();
        self.is_failing = unwritten.is_failing();
        let messages = unwritten.pending().split_inclusive(|byte| *byte == b'\0');
        self.queue = messages.map(<[u8]>::to_vec).collect();
        self.queued = self.queue.iter().map(Vec::len).sum();
    }

    /// Called at the end: what is lost.
    pub fn end(&mut self, now: Duration) -> Option<Report> {
        for message in std::mem::take(&mut self.queue) {
            self.lose(&message, now);
        }
        self.queued = 0;
        self.loss.resume(now).map(Report::Ended)
    }

    /// Waits for the logging service, at most until then: the daemon is about to exit.
    pub fn finish(&mut self, until: Duration) {
        while self.is_pending() {
            let left = until.saturating_sub(clock::monotonic());
            let milliseconds = u16::try_from(left.as_millis()).unwrap_or(u16::MAX);
            let Some(socket) = self.socket.as_ref().filter(|_| milliseconds > 0) else { return };
            let mut fds = [PollFd::new(socket.fd.as_fd(), PollFlags::POLLOUT)];
            if !matches!(poll(&mut fds, PollTimeout::from(milliseconds)), Ok(count) if count > 0) {
                return;
            }
            let _ = self.flush(until);
        }
    }
}

/// How many bytes of the message were accepted. In a datagram there is no NUL.
fn send(socket: &mut Option<Socket>, path: &Path, message: &[u8]) -> io::Result<usize> {
    let socket = match socket {
        Some(socket) => socket,
        None => socket.insert(Socket::open(path)?),
    };
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    let bytes = message.strip_suffix(b"\0").filter(|_| !socket.is_stream).unwrap_or(message);
    match sys::send(socket.fd.as_raw_fd(), bytes, flags) {
        Ok(_) if !socket.is_stream => Ok(message.len()),
        // The kernel has no memory for the message now.
        Err(nix::Error::ENOBUFS) => Err(io::ErrorKind::WouldBlock.into()),
        sent => Ok(sent?),
    }
}

impl Socket {
    fn open(path: &Path) -> io::Result<Self> {
        match Self::connect(path, SockType::Datagram) {
            Err(nix::Error::EPROTOTYPE) => Ok(Self::connect(path, SockType::Stream)?),
            opened => Ok(opened?),
        }
    }

    fn connect(path: &Path, kind: SockType) -> nix::Result<Self> {
        let fd = sys::socket(AddressFamily::Unix, kind, SockFlag::empty(), None)?;
        let flags = nix::fcntl::FdFlag::FD_CLOEXEC;
        nix::fcntl::fcntl(&fd, nix::fcntl::FcntlArg::F_SETFD(flags))?;
        nix::fcntl::fcntl(&fd, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK))?;
        sys::connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        Ok(Self { fd, is_stream: kind == SockType::Stream })
    }
}

/// `Nov 27 23:05:09`, as `syslog(3)` writes it.
fn stamp() -> String {
    let local = clock::local(clock::wall());
    let month = usize::try_from(local.month - 1).unwrap_or(0);
    let month = MONTHS.get(month).unwrap_or(&MONTHS[0]);
    let (day, hour, minute, second) = (local.day, local.hour, local.minute, local.second);
    format!("{month} {day:>2} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::{UnixDatagram, UnixListener};

    use super::*;

    const NOW: Duration = Duration::from_secs(1);

    /// The messages that are there now, without priority, time and identifier.
    fn received(service: &UnixDatagram) -> Vec<String> {
        service.set_nonblocking(true).unwrap();
        let mut buffer = [0; 4096];
        let mut all = Vec::new();
        while let Ok(length) = service.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            assert!(text.starts_with("<14>"), "{text}");
            all.push(text.split_once(" supervisord: ").expect("the identifier").1.to_owned());
        }
        all
    }

    fn log(directory: &tempfile::TempDir) -> Syslog {
        Syslog::at(&directory.path().join("log"), "supervisord")
    }

    #[test]
    fn each_line_is_a_message() {
        let dir = tempfile::tempdir().unwrap();
        let service = UnixDatagram::bind(dir.path().join("log")).unwrap();
        assert!(log(&dir).write("web ", b"one\ntwo\0\n", NOW).is_none());
        assert_eq!(received(&service), ["web one", "web two"]);
    }

    #[test]
    fn a_full_socket_does_not_block_and_what_is_lost_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let service = UnixDatagram::bind(dir.path().join("log")).unwrap();
        let mut log = log(&dir);
        let padding = "x".repeat(1000);
        for number in 0..3000 {
            assert!(log.write("", format!("{number:04} {padding}").as_bytes(), NOW).is_none());
        }
        assert!(log.is_pending());
        let mut all = Vec::new();
        let mut lost = None;
        while log.is_pending() {
            all.extend(received(&service));
            match log.flush(NOW + Duration::from_secs(7)) {
                Some(Report::Resumed(report)) => lost = Some(report),
                other => assert!(other.is_none()),
            }
        }
        all.extend(received(&service));
        let lost = lost.expect("it is reported");
        assert_eq!(all.len() as u64 + lost.lines, 3000);
        assert_eq!(lost.after, Duration::from_secs(7));
        for (number, message) in all.iter().enumerate() {
            assert_eq!(*message, format!("{number:04} {padding}"));
        }
    }

    #[test]
    fn a_missing_service_is_reported_once_and_the_loss_when_it_is_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = log(&dir);
        let missing = log.write("", b"one", NOW);
        assert!(
            matches!(missing, Some(Report::Failed(error)) if error.kind() == io::ErrorKind::NotFound)
        );
        assert!(log.write("", b"two", NOW).is_none());
        let service = UnixDatagram::bind(dir.path().join("log")).unwrap();
        let resumed = log.write("", b"three", NOW);
        assert!(matches!(resumed, Some(Report::Resumed(lost)) if lost.lines == 2));
        drop(service);
        std::fs::remove_file(dir.path().join("log")).unwrap();
        let service = UnixDatagram::bind(dir.path().join("log")).unwrap();
        assert!(log.write("", b"four", NOW).is_none(), "a restarted service gets all");
        assert_eq!(received(&service), ["four"]);
    }

    #[test]
    fn a_stream_gets_messages_that_end_with_a_nul() {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("log")).unwrap();
        let mut log = log(&dir);
        assert!(log.write("", b"one\ntwo", NOW).is_none());
        let (mut service, _) = listener.accept().unwrap();
        drop(log);
        let mut text = String::new();
        service.read_to_string(&mut text).unwrap();
        let messages: Vec<&str> = text.split_terminator('\0').collect();
        assert!(messages.len() == 2 && messages[1].ends_with(" supervisord: two"), "{text:?}");
    }
}
