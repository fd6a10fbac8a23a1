//! The terminal of a person: asking for a secret without showing it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;

use super::interrupt::Interrupt;
use super::ready::wait_readable;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// Asks on the controlling terminal, whatever standard input is, and reads a line without echo.
/// A Ctrl-C meanwhile is [`io::ErrorKind::Interrupted`].
pub fn read_secret(prompt: &str, interrupt: &Interrupt) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let hidden = Hidden::new(terminal.try_clone()?)?;
    terminal.write_all(prompt.as_bytes())?;
    let line = read_line(&terminal, interrupt);
    drop(hidden);
    terminal.write_all(b"\n")?;
    line
}

fn read_line(terminal: &File, interrupt: &Interrupt) -> io::Result<String> {
    wait_readable(&[terminal.as_fd(), interrupt.as_fd()], None)?;
    if interrupt.take() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let mut line = String::new();
    BufReader::new(terminal).read_line(&mut line)?;
    Ok(line.trim_end_matches('\n').to_owned())
}

/// A terminal that does not echo, until this is dropped.
struct Hidden {
    terminal: File,
    before: Termios,
}

impl Hidden {
    fn new(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nobody is left to tell, and the next program sets the terminal up for itself.
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}
