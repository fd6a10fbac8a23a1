//! One shell in a terminal, in which the commands of a page run one after the other. The terminal is so
//! large that nothing wraps or scrolls.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use nix::sys::stat::Mode;

use super::Sandbox;
use super::book_text::is_line;
use super::terminal::Terminal;
use super::wait::comes_true;

const ROWS: u16 = 400;
const COLUMNS: u16 = 250;

/// Executes each text from the pipe, and reports its exit status by a control sequence that no program
/// prints and no terminal shows. A command gets neither the pipe nor the name of the shell's directory.
const SHELL: &str = r#"
exec 3<"$1"
while IFS= read -r -d '' -u 3 command; do
    eval "$command" 3<&-
    status=$?
    pwd >"$2"
    printf '\033]777;%d\007' "$status"
done
"#;
const REPORT: &str = "\x1b]777;";

pub struct Session {
    terminal: Terminal,
    commands: Option<File>,
    directory: PathBuf,
    seen: usize,
}

/// What a person types while a command runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Typed {
    /// The last line that the terminal displays when it is typed.
    prompt: String,
    pub keys: String,
}

impl Typed {
    pub fn after(prompt: &str, keys: &str) -> Self {
        Self { prompt: prompt.to_owned(), keys: keys.to_owned() }
    }
}

pub struct Outcome {
    pub status: i32,
    /// What the terminal displays of it.
    pub text: String,
}

impl Session {
    /// In the directory of the sandbox; `supkit` is in the search path, and so is `~/bin`.
    pub fn start(sandbox: &Sandbox) -> Self {
        for dir in ["home/bin", "home/.programs"] {
            std::fs::create_dir_all(sandbox.path(dir)).expect("directories can be made");
        }
        let supkit = sandbox.path("home/.programs/supkit");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_supkit"), supkit).expect("a link");
        let (pipe, directory) = (sandbox.path("home/.commands"), sandbox.path("home/.directory"));
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe with a name");
        std::fs::write(&directory, sandbox.dir().to_str().expect("UTF-8")).expect("a file");
        let mut bash = sandbox.command("bash");
        bash.args(["--norc", "-c", SHELL, "bash"]).arg(&pipe).arg(&directory);
        for name in
            ["SUPERVISOR_SERVER_URL", "NO_COLOR", "PIP_FIND_LINKS", "MAKEFLAGS", "MAKELEVEL"]
        {
            bash.env_remove(name);
        }
        let home = sandbox.path("home");
        let path = format!(
            "{}/.programs:{}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            home.display(),
            home.display()
        );
        bash.env("HOME", &home).env("PATH", path).env("LC_ALL", "C.UTF-8");
        let terminal = Terminal::run_sized(&bash, (ROWS, COLUMNS));
        let commands = OpenOptions::new().write(true).open(pipe).expect("the shell reads it");
        Self { terminal, commands: Some(commands), directory, seen: 0 }
    }

    /// The directory that the last command has changed to.
    pub fn directory(&self) -> PathBuf {
        let text = std::fs::read_to_string(&self.directory).expect("the shell has written it");
        PathBuf::from(text.trim_end())
    }

    /// Runs a command, and types what is to be typed when the terminal displays its prompt.
    #[track_caller]
    pub fn run(&mut self, command: &str, typed: &[Typed]) -> Outcome {
        let pipe = self.commands.as_mut().expect("the session has not ended");
        pipe.write_all(format!("{command}\0").as_bytes()).expect("the shell reads");
        for Typed { prompt, keys } in typed {
            let mut length = 0;
            let is_awaited = || {
                let new = self.output();
                let text = Terminal::displayed(&new, (ROWS, COLUMNS));
                length = new.len();
                text.lines().last().is_some_and(|line| is_line(prompt, line))
            };
            assert!(comes_true(is_awaited), "{command}: no {prompt:?} in {:?}", self.output());
            self.terminal.press(keys);
            // The next prompt is a new one.
            assert!(comes_true(|| self.output().len() > length), "{keys:?} has no effect");
        }
        let mut end = None;
        comes_true(|| {
            end = self.output().find(REPORT);
            end.is_some_and(|at| self.output()[at..].contains('\x07'))
        });
        let output = self.output();
        let at = end.unwrap_or_else(|| panic!("{command} does not end: {output}"));
        let report = &output[at + REPORT.len()..];
        let (status, _) = report.split_once('\x07').expect("it is whole");
        self.seen += at + REPORT.len() + status.len() + 1;
        let text = Terminal::displayed(&output[..at], (ROWS, COLUMNS));
        Outcome { status: status.parse().expect("a number"), text }
    }

    fn output(&self) -> String {
        self.terminal.screen().split_off(self.seen)
    }

    /// Waits for the end of the shell.
    pub fn end(mut self) {
        self.commands = None;
        self.terminal.ends();
    }
}
