//! Lines from standard input, read as they come: the shell, its questions and `fg` share one
//! reader, so that no line is lost between them.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

use super::error::{ClientError, Result};
use crate::os::interrupt::Interrupt;
use crate::os::ready::wait_readable;

/// Standard input, with what was read ahead.
#[derive(Debug)]
pub(super) struct Input {
    stdin: File,
    ahead: Vec<u8>,
    ended: bool,
}

impl Input {
    pub(super) fn new() -> io::Result<Self> {
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { stdin, ahead: Vec::new(), ended: false })
    }

    /// The next line without its end, or `None` where input ends.
    pub(super) fn line(&mut self, interrupt: &Interrupt) -> Result<Option<String>> {
        loop {
            if let Some(line) = self.line_ahead() {
                return Ok(Some(line));
            }
            if self.has_ended() {
                return Ok(None);
            }
            wait_readable(&[self.as_fd(), interrupt.as_fd()], None).map_err(ClientError::Io)?;
            if interrupt.take() {
                return Err(ClientError::Interrupted);
            }
            self.fill().map_err(ClientError::Io)?;
        }
    }

    /// A line that has already come; at the end of input also one without a line end.
    pub(super) fn line_ahead(&mut self) -> Option<String> {
        let end = self.ahead.iter().position(|&byte| byte == b'\n');
        let rest = if self.ended && !self.ahead.is_empty() { Some(self.ahead.len()) } else { None };
        let line: Vec<u8> = match end {
            Some(end) => self.ahead.drain(..=end).take(end).collect(),
            None => self.ahead.drain(..rest?).collect(),
        };
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Reads once; what is not ready is waited for.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let count = self.stdin.read(&mut buffer)?;
        self.ahead.extend_from_slice(&buffer[..count]);
        self.ended = count == 0;
        Ok(())
    }

    /// Whether nothing more came. Whoever asks again, reads again: after Ctrl-D a terminal goes on.
    pub(super) fn has_ended(&mut self) -> bool {
        self.ahead.is_empty() && std::mem::take(&mut self.ended)
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stdin.as_fd()
    }
}
