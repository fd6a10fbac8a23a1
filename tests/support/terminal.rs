//! A program in a pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::pty::{Winsize, openpty};
use nix::unistd::ttyname;

use super::wait::{comes_true, wait_until};

/// Rows and columns.
type Size = (u16, u16);
const SIZE: Size = (50, 120);

pub struct Terminal {
    child: Child,
    keyboard: File,
    output: Arc<Mutex<Vec<u8>>>,
    size: Size,
    /// The path of its device, for `stty`.
    device: PathBuf,
    watcher: JoinHandle<()>,
    /// The length of the output up to the last expected text.
    seen: usize,
}

impl Terminal {
    /// Runs a command in a terminal of its own, so that it receives Ctrl-C.
    pub fn run(command: &Command) -> Self {
        Self::run_sized(command, SIZE)
    }

    /// The same with so many rows and columns. `TERM` is `xterm` unless the command sets it.
    pub fn run_sized(command: &Command, size: Size) -> Self {
        let window = Winsize { ws_row: size.0, ws_col: size.1, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&window, None).expect("there are terminals");
        let device = ttyname(&pty.slave).expect("it has a name");
        let end = || Stdio::from(pty.slave.try_clone().expect("descriptors are left"));
        let mut inside = Command::new("setsid");
        inside.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
        if let Some(dir) = command.get_current_dir() {
            inside.current_dir(dir);
        }
        inside.env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside.stdin(end()).stdout(end()).stderr(end());
        let child = inside.spawn().expect("util-linux is installed");
        drop(inside);
        drop(pty.slave);
        let output = Arc::default();
        let keyboard = File::from(pty.master.try_clone().expect("descriptors are left"));
        let watcher = watch(pty.master, Arc::clone(&output));
        Self { child, keyboard, output, size, device, watcher, seen: 0 }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    pub fn screen(&self) -> String {
        let output = self.output.lock().expect("the reader does not panic");
        String::from_utf8_lossy(&output).into_owned()
    }

    /// Changes the size of the window.
    pub fn resize(&mut self, size: Size) {
        let (rows, columns) = size;
        self.stty(&["rows", &rows.to_string(), "cols", &columns.to_string()]);
        self.size = size;
    }

    /// The settings of the terminal, as `stty -a` prints them, or after a change.
    pub fn stty(&self, words: &[&str]) -> String {
        let mut stty = Command::new("stty");
        let output = stty.arg("-F").arg(&self.device).args(words).output().expect("coreutils");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is displayed.
    pub fn picture(&self) -> String {
        self.lines().0.join("\n")
    }

    /// Waits until the text is displayed, wherever.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        let found = comes_true(|| self.picture().contains(text));
        assert!(found, "no {text:?} in\n{}", self.picture());
    }

    /// Waits until the text is not displayed any more.
    #[track_caller]
    pub fn hides(&self, text: &str) {
        let gone = comes_true(|| !self.picture().contains(text));
        assert!(gone, "{text:?} is still in\n{}", self.picture());
    }

    /// What a terminal of this size displays of an output, without blanks at the end of a line.
    pub fn displayed(output: &str, size: Size) -> String {
        let parser = parsed(output, size);
        let rows = parser.screen().rows(0, size.1);
        let rows = rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>();
        rows.join("\n").trim_end().to_owned()
    }

    /// The displayed lines without trailing blanks, and the row of the cursor. The clients use
    /// different control sequences to edit a line.
    pub fn lines(&self) -> (Vec<String>, u16) {
        let parser = parsed(&self.screen(), self.size);
        let screen = parser.screen();
        let lines = screen.contents().lines().map(|line| line.trim_end().to_owned()).collect();
        (lines, screen.cursor_position().0)
    }

    /// Waits until a text appears after the last expected one.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let mut found = None;
        comes_true(|| {
            found = self.screen().get(self.seen..).and_then(|new| new.find(text));
            found.is_some()
        });
        let screen = self.screen();
        let at = found.unwrap_or_else(|| panic!("no {text:?} in {:?}", &screen[self.seen..]));
        self.seen += at + text.len();
    }

    /// Waits for the exit of the program and the end of its output.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the program leaves the terminal", || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        });
        wait_until("the terminal is closed", || self.watcher.is_finished());
        status.expect("it was waited for")
    }
}

fn parsed(output: &str, size: Size) -> vt100::Parser {
    let cell = |number| NonZero::new(number).expect("a terminal has cells");
    let mut parser = vt100::Parser::new(cell(size.0), cell(size.1), 0);
    parser.process(output.as_bytes());
    parser
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects the output until the terminal is closed.
fn watch(master: OwnedFd, output: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let mut master = File::from(master);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            output.lock().expect("the tests do not panic here").extend(&buffer[..count]);
        }
    })
}
