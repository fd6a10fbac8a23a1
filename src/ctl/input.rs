//! Buffered lines from standard input. The shell, its questions and `fg` share one buffer, so that
//! no line is lost between them.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

use super::error::{ClientError, Result};
use crate::os::interrupt::Interrupt;
use crate::os::ready::wait_readable;

/// Standard input with its buffer.
#[derive(Debug)]
pub(super) struct Input {
    stdin: File,
    buffer: Vec<u8>,
    is_at_end: bool,
}

impl Input {
    pub(super) fn new() -> io::Result<Self> {
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { stdin, buffer: Vec::new(), is_at_end: false })
    }

    /// The next line without its line end; `None` at the end of input.
    pub(super) fn line(&mut self, interrupt: &Interrupt) -> Result<Option<String>> {
        loop {
            if let Some(line) = self.buffered_line() {
                return Ok(Some(line));
            }
            if self.is_exhausted() {
                return Ok(None);
            }
            wait_readable(&[self.as_fd(), interrupt.as_fd()], None).map_err(ClientError::Io)?;
            if interrupt.take() {
                return Err(ClientError::Interrupted);
            }
            self.fill().map_err(ClientError::Io)?;
        }
    }

    /// A complete line from the buffer; at the end of input also an unterminated one.
    pub(super) fn buffered_line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|&byte| byte == b'\n');
        let rest =
            if self.is_at_end && !self.buffer.is_empty() { Some(self.buffer.len()) } else { None };
        let line: Vec<u8> = match end {
            Some(end) => self.buffer.drain(..=end).take(end).collect(),
            None => self.buffer.drain(..rest?).collect(),
        };
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Reads once into the buffer; blocks if no input is available.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let count = self.stdin.read(&mut buffer)?;
        self.buffer.extend_from_slice(&buffer[..count]);
        self.is_at_end = count == 0;
        Ok(())
    }

    /// Whether the end of input was reached. This resets the state, because a terminal can be read
    /// again after Ctrl-D.
    pub(super) fn is_exhausted(&mut self) -> bool {
        self.buffer.is_empty() && std::mem::take(&mut self.is_at_end)
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stdin.as_fd()
    }
}
