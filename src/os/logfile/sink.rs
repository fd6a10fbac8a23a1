//! A log that is a pipe, a terminal or a device. Its reader may be slow, so nothing here waits: what
//! cannot be written now is buffered up to a limit, and beyond it whole lines are dropped.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::loss::{LossCounter, Lost};
use super::unwritten::Unwritten;
use crate::os::clock;

/// How many bytes are buffered for a slow reader.
const CAPACITY: usize = 1024 * 1024;
/// A write of at most this many bytes to a pipe is never mixed with another one (`PIPE_BUF`).
const MAX_WRITE: usize = 4096;

#[derive(Debug)]
pub(super) struct Sink {
    file: File,
    /// Whether a write fails instead of blocking; otherwise readiness is polled before each.
    is_nonblocking: bool,
    buffer: VecDeque<u8>,
    loss: LossCounter,
}

impl Sink {
    pub(super) fn new(file: File) -> Self {
        // Standard output may be a file, which never blocks.
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file || is_nonblocking(&file) {
            return Self::with(file, true);
        }
        let nonblocking = reopened(&file);
        let is_nonblocking = nonblocking.is_some();
        Self::with(nonblocking.unwrap_or(file), is_nonblocking)
    }

    fn with(file: File, is_nonblocking: bool) -> Self {
        Self { file, is_nonblocking, buffer: VecDeque::new(), loss: LossCounter::default() }
    }

    /// Continues to count what was lost before.
    pub(super) fn inherit(&mut self, loss: LossCounter) {
        self.loss = loss;
    }

    pub(super) fn unwritten(&self) -> Unwritten {
        let pending = self.buffer.iter().copied().collect();
        Unwritten { loss: self.loss, pending, ..Unwritten::default() }
    }

    pub(super) fn continue_with(&mut self, unwritten: Unwritten) {
        self.loss = unwritten.loss;
        self.buffer = unwritten.pending.into();
    }

    pub(super) fn is_losing(&self) -> bool {
        self.loss.is_losing()
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Whether there are bytes that the reader has not accepted.
    pub(super) fn is_pending(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Writes as much as the reader accepts now. An error means that the bytes are lost.
    pub(super) fn write(&mut self, bytes: &[u8], now: Duration) -> io::Result<Option<Lost>> {
        let mut rest = self.loss.skip_rest(bytes, now);
        loop {
            let fitting = self.fitting(rest);
            self.buffer.extend(&rest[..fitting]);
            rest = &rest[fitting..];
            let lost = self.flush(now).inspect_err(|_| self.loss.add(rest, now))?;
            if rest.is_empty() {
                return Ok(lost);
            }
            if fitting == 0 {
                self.loss.add(rest, now);
                return Ok(None);
            }
        }
    }

    /// How many bytes can be buffered: whole lines, or a part of a line that is longer than the
    /// buffer.
    fn fitting(&self, bytes: &[u8]) -> usize {
        let room = CAPACITY.saturating_sub(self.buffer.len());
        if bytes.len() <= room {
            return bytes.len();
        }
        let line = bytes[..room].iter().rposition(|byte| *byte == b'\n');
        line.map_or(if self.buffer.is_empty() { room } else { 0 }, |at| at + 1)
    }

    /// Writes what was buffered. Returns what was lost once the buffer is empty again.
    pub(super) fn flush(&mut self, now: Duration) -> io::Result<Option<Lost>> {
        while !self.buffer.is_empty() {
            if !self.is_nonblocking && !is_writable(&self.file) {
                return Ok(None);
            }
            let count = self.next_write();
            let front = &self.buffer.make_contiguous()[..count];
            match self.file.write(front) {
                Ok(0) => return Ok(None),
                Ok(written) => drop(self.buffer.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => {
                    let unwritten = std::mem::take(&mut self.buffer);
                    self.loss.add(&Vec::from(unwritten), now);
                    return Err(error);
                }
            }
        }
        self.buffer.shrink_to(MAX_WRITE);
        Ok(self.loss.resume(now))
    }

    /// Waits for the reader, at most until then: the daemon is about to exit.
    pub(super) fn finish(&mut self, until: Duration) {
        while self.is_pending() {
            let left = until.saturating_sub(clock::monotonic());
            let milliseconds = u16::try_from(left.as_millis()).unwrap_or(u16::MAX);
            if milliseconds == 0 || !wait_writable(&self.file, milliseconds) {
                return;
            }
            let _ = self.flush(until);
        }
    }

    /// Whole lines as far as they fit into one write, else a part of a long line.
    fn next_write(&self) -> usize {
        let limit = self.buffer.len().min(MAX_WRITE);
        if limit == self.buffer.len() {
            return limit;
        }
        let line = self.buffer.range(..limit).rposition(|byte| *byte == b'\n');
        line.map_or(limit, |at| at + 1)
    }
}

/// The same pipe or terminal, opened once more: its blocking mode belongs to us alone, while that of
/// an inherited descriptor is shared with other processes. Fails for sockets.
fn reopened(file: &File) -> Option<File> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    OpenOptions::new().write(true).custom_flags(flags).open(path).ok()
}

fn is_nonblocking(file: &File) -> bool {
    fcntl(file, FcntlArg::F_GETFL)
        .is_ok_and(|flags| OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK))
}

fn is_writable(file: &File) -> bool {
    wait_writable(file, 0)
}

fn wait_writable(file: &File, milliseconds: u16) -> bool {
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
    matches!(poll(&mut fds, PollTimeout::from(milliseconds)), Ok(count) if count > 0)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::os::pipe::pipe;

    const NOW: Duration = Duration::from_secs(1);

    /// A numbered line of `length` bytes.
    fn line(number: usize, length: usize) -> Vec<u8> {
        let mut line = format!("{number:06} ").into_bytes();
        line.resize(length - 1, b'x');
        line.push(b'\n');
        line
    }

    #[test]
    fn a_slow_reader_gets_whole_lines_and_the_number_of_lost_ones() {
        let (mut reader, writer) = pipe().unwrap();
        let mut sink = Sink::new(writer);
        for number in 0..2000 {
            assert_eq!(sink.write(&line(number, 1000), NOW).unwrap(), None);
        }
        assert!(sink.is_pending());
        let mut received = Vec::new();
        let mut lost = None;
        while sink.is_pending() {
            let mut chunk = vec![0; 64 * 1024];
            let count = reader.read(&mut chunk).unwrap();
            received.extend(&chunk[..count]);
            lost = lost.or(sink.flush(NOW + Duration::from_secs(7)).unwrap());
        }
        let lost = lost.expect("it is reported");
        drop(sink);
        reader.read_to_end(&mut received).unwrap();
        let lines: Vec<&[u8]> = received.split_inclusive(|byte| *byte == b'\n').collect();
        for (number, received) in lines.iter().enumerate() {
            assert_eq!(*received, line(number, 1000));
        }
        assert_eq!(lines.len() as u64 + lost.lines, 2000);
        assert_eq!(lost.after, Duration::from_secs(7));
    }

    #[test]
    fn lines_of_two_sinks_on_one_pipe_are_never_mixed() {
        let (mut reader, writer) = pipe().unwrap();
        let mut sinks = [Sink::new(writer.try_clone().unwrap()), Sink::new(writer)];
        for number in 0..500 {
            for sink in &mut sinks {
                let _ = sink.write(&line(number, 700), NOW).unwrap();
            }
        }
        let mut received = Vec::new();
        while sinks.iter().any(Sink::is_pending) {
            let mut chunk = vec![0; 10_000];
            let count = reader.read(&mut chunk).unwrap();
            received.extend(&chunk[..count]);
            for sink in &mut sinks {
                sink.flush(NOW).unwrap();
            }
        }
        drop(sinks);
        reader.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), 2 * 500 * 700);
        assert!(received.split_inclusive(|byte| *byte == b'\n').all(|line| line.len() == 700));
    }

    #[test]
    fn a_closed_reader_is_an_error_and_a_device_takes_everything() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut sink = Sink::new(writer);
        assert_eq!(sink.write(b"x\n", NOW).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert!(!sink.is_pending());
        let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
        assert_eq!(Sink::new(null).write(&vec![b'x'; 3_000_000], NOW).unwrap(), None);
    }
}
