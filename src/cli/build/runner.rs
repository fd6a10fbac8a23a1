//! Runs the programs of a step. Their output goes to a log; on a terminal, the last line of it is shown
//! beside a clock, elsewhere all of it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result, bail};

use crate::os::lock::Lock;
use crate::os::pipe::pipe;

use super::super::deployment::print_line;
use super::live::Live;

/// How many lines of the log are shown when a program fails.
const LAST_LINES: usize = 20;

pub(super) struct Runner<'a> {
    log: File,
    path: PathBuf,
    lock: &'a Lock,
    /// The last lines, and whether they were shown.
    last: Vec<String>,
    is_echoed: bool,
    live: Live,
}

impl<'a> Runner<'a> {
    pub(super) fn new(path: &Path, lock: &'a Lock, what: &str, is_verbose: bool) -> Result<Self> {
        // The lock keeps other builds from it.
        let mut options = OpenOptions::new();
        // Output may contain the password of an index.
        let log = options.create(true).write(true).truncate(true).mode(0o600).open(path);
        let log = log.with_context(|| format!("cannot write {}", path.display()))?;
        let live = if is_verbose { Live::plain(what) } else { Live::begin(what) };
        let path = path.to_owned();
        let is_echoed = !live.is_on_terminal();
        Ok(Self { log, path, lock, last: Vec::new(), is_echoed, live })
    }

    /// Runs a program; an error has the end of its output.
    pub(super) fn run(&mut self, program: &Path, arguments: &[OsString]) -> Result<()> {
        let name = program.display();
        let status =
            self.status(program, arguments).with_context(|| format!("cannot run {name}"))?;
        if status.success() {
            return Ok(());
        }
        self.live.end();
        if !self.is_echoed {
            for line in &self.last {
                let _ = writeln!(io::stderr(), "{line}");
            }
        }
        bail!("{name} failed: {status}\nits output is in {}", self.path.display())
    }

    fn status(&mut self, program: &Path, arguments: &[OsString]) -> io::Result<ExitStatus> {
        let (reader, writer) = pipe()?;
        #[expect(clippy::disallowed_methods, reason = "this process has no event loop")]
        let mut command = Command::new(program);
        command.args(arguments).stdin(self.lock.for_child()?);
        command.stdout(writer.try_clone()?).stderr(writer);
        // Python writes lines when they are complete, not when a buffer is full.
        let mut child = command.env("PYTHONUNBUFFERED", "1").spawn()?;
        // Its ends of the pipe would keep the loop from ending.
        drop(command);
        for line in BufReader::new(reader).split(b'\n') {
            self.line(&line?)?;
        }
        child.wait()
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.log.write_all(line)?;
        self.log.write_all(b"\n")?;
        let line = String::from_utf8_lossy(line).trim_end().to_owned();
        if self.is_echoed {
            print_line(&line);
        }
        self.live.show(line.trim());
        self.last.push(line);
        if self.last.len() > LAST_LINES {
            self.last.remove(0);
        }
        Ok(())
    }

    /// Removes the display.
    pub(super) fn finish(&mut self) {
        self.live.end();
    }
}
