//! A program in a pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::pty::{Winsize, openpty};

use super::wait::{comes_true, wait_until};

const ROWS: NonZero<u16> = NonZero::new(50).expect("not zero");
const COLUMNS: NonZero<u16> = NonZero::new(120).expect("not zero");

pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    watcher: JoinHandle<()>,
    /// The length of the output up to the last expected text.
    seen: usize,
}

impl Terminal {
    /// Runs a command in a terminal of its own, so that it receives Ctrl-C.
    pub fn run(command: &Command) -> Self {
        let size =
            Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).expect("there are terminals");
        let end = || Stdio::from(pty.slave.try_clone().expect("descriptors are left"));
        let mut inside = Command::new("setsid");
        inside.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
        if let Some(dir) = command.get_current_dir() {
            inside.current_dir(dir);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
        let child = inside.spawn().expect("util-linux is installed");
        drop(inside);
        drop(pty.slave);
        let screen = Arc::default();
        let keyboard = File::from(pty.master.try_clone().expect("descriptors are left"));
        let watcher = watch(pty.master, Arc::clone(&screen));
        Self { child, keyboard, screen, watcher, seen: 0 }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    pub fn screen(&self) -> String {
        self.screen.lock().expect("the reader does not panic").clone()
    }

    /// The displayed lines without trailing blanks, and the row of the cursor. The clients use
    /// different control sequences to edit a line.
    pub fn lines(&self) -> (Vec<String>, u16) {
        let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
        parser.process(self.screen().as_bytes());
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

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects the output until the terminal is closed.
fn watch(master: OwnedFd, screen: Arc<Mutex<String>>) -> JoinHandle<()> {
    let mut master = File::from(master);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..count]);
            screen.lock().expect("the tests do not panic here").push_str(&text);
        }
    })
}
