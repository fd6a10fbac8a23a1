//! Terminals: input without echo, for passwords, single keys, and the size.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, AsRawFd};

use super::interrupt::Interrupt;
use super::ready::wait_readable;
use nix::sys::termios::{LocalFlags, SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

/// Prompts on the controlling terminal, regardless of standard input, and reads a line without
/// echo. Ctrl-C returns [`io::ErrorKind::Interrupted`].
pub fn read_secret(prompt: &str, interrupt: &Interrupt) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let echo_off = EchoOff::new(terminal.try_clone()?)?;
    terminal.write_all(prompt.as_bytes())?;
    let line = read_line(&terminal, interrupt);
    drop(echo_off);
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

/// The height of a terminal; `None` if it is not known.
pub fn rows(terminal: &impl AsFd) -> Option<usize> {
    size(terminal).map(|(_, rows)| usize::from(rows))
}

/// Columns and rows of a terminal; `None` if they are not known.
pub fn size(terminal: &impl AsFd) -> Option<(u16, u16)> {
    let fd = terminal.as_fd().as_raw_fd();
    // SAFETY: zeroes are a valid `winsize`, which the call fills; the descriptor is open.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        (libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) == 0).then_some(size)
    };
    size.map(|size| (size.ws_col, size.ws_row)).filter(|(_, rows)| *rows > 0)
}

/// Makes a terminal pass each key on at once, without echo and without signals, until dropped.
pub struct RawMode {
    terminal: File,
    saved: Termios,
}

impl RawMode {
    pub fn enter(terminal: &impl AsFd) -> io::Result<Self> {
        let terminal = File::from(terminal.as_fd().try_clone_to_owned()?);
        let saved = tcgetattr(&terminal)?;
        let mut settings = saved.clone();
        cfmakeraw(&mut settings);
        // Keys that were typed already are kept.
        tcsetattr(&terminal, SetArg::TCSADRAIN, &settings)?;
        Ok(Self { terminal, saved })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // An error is ignored: there is no way to report it.
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.saved);
    }
}

/// Disables the echo of a terminal until dropped.
struct EchoOff {
    terminal: File,
    saved: Termios,
}

impl EchoOff {
    fn new(terminal: File) -> io::Result<Self> {
        let saved = tcgetattr(&terminal)?;
        let mut settings = saved.clone();
        settings.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &settings)?;
        Ok(Self { terminal, saved })
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        // An error is ignored: there is no way to report it.
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.saved);
    }
}
