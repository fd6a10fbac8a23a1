//! The `pidproxy` applet: runs a command and forwards signals to the process named in a pid file,
//! for programs that daemonize.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use crate::os::poller::{Interest, Poller};
use crate::os::signals::{self, CHLD, HUP, INT, QUIT, Signals, TERM, USR1, USR2};
use crate::os::spawn::ChildSpec;
use crate::os::wait::{self, EndedChild};
use crate::os::{locale, stdout};

const USAGE: &str = "pidproxy: run a command and pass signals on to the process named in a pid file

Usage: pidproxy <pidfile name> <command> [<cmdarg1> ...]

Signals passed on: TERM, INT, QUIT (which also end pidproxy), HUP, USR1, USR2.
";

pub(super) fn main(args: &[OsString]) -> ExitCode {
    let [pidfile, command @ ..] = args else { return usage() };
    if command.is_empty() {
        return usage();
    }
    match run(Path::new(pidfile), command) {
        Ok(code) => code,
        Err(error) => {
            let program = Path::new(&command[0]).display();
            let _ = writeln!(io::stderr(), "pidproxy: {program}: {error}");
            ExitCode::from(127)
        }
    }
}

fn usage() -> ExitCode {
    stdout::write_all(USAGE.as_bytes());
    ExitCode::FAILURE
}

fn run(pidfile: &Path, command: &[OsString]) -> io::Result<ExitCode> {
    signals::ignore_write_signals()?;
    let mut caught = Signals::catch(&[HUP, INT, QUIT, USR1, USR2, TERM, CHLD])?;
    let mut poller = Poller::new()?;
    poller.add(&caught, Interest::READ)?;
    let child = start(command)?;
    loop {
        poller.wait(None)?;
        // A signal that comes together with the end of the child is passed on first.
        let (ends, others): (Vec<i32>, Vec<i32>) =
            caught.take().into_iter().partition(|signal| *signal == CHLD);
        for signal in others {
            if let Some(code) = pass_on(signal, pidfile) {
                return Ok(code);
            }
        }
        if !ends.is_empty() && has_ended(child)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Reaps all terminated children; returns whether this one was among them.
fn has_ended(child: i32) -> io::Result<bool> {
    let mut found = false;
    while let Some(EndedChild { pid, .. }) = wait::reap()? {
        found |= pid == child;
    }
    Ok(found)
}

/// Forwards the signal to the process in the pid file; returns the exit code if pidproxy must exit.
fn pass_on(signal: i32, pidfile: &Path) -> Option<ExitCode> {
    let Some(pid) = read_pid(pidfile) else {
        stdout::write_line(&format!("Can't read child pidfile {}!", pidfile.display()));
        return None;
    };
    let ends = [TERM, INT, QUIT].contains(&signal);
    match signals::kill(pid, signal, false) {
        Ok(()) => ends.then_some(ExitCode::SUCCESS),
        Err(error) => {
            let _ = writeln!(io::stderr(), "pidproxy: cannot signal pid {pid}: {error}");
            ends.then_some(ExitCode::FAILURE)
        }
    }
}

/// Only positive numbers: others would address process groups.
fn read_pid(pidfile: &Path) -> Option<i32> {
    fs::read_to_string(pidfile).ok()?.trim().parse().ok().filter(|pid| *pid > 0)
}

/// The command is a path; PATH is not searched.
fn start(command: &[OsString]) -> io::Result<i32> {
    let program = normal(&std::path::absolute(&command[0])?);
    fs::metadata(&program)?;
    let spec = ChildSpec {
        program: program.into(),
        argv: command.to_vec(),
        environment: locale::environment(),
        directory: None,
        umask: None,
        settings: Vec::new(),
        leads_group: false,
        user: None,
        stdin: duplicate(io::stdin().as_fd())?,
        stdout: duplicate(io::stdout().as_fd())?,
        stderr: Some(duplicate(io::stderr().as_fd())?),
    };
    Ok(spec.spawn()?)
}

fn duplicate(fd: BorrowedFd<'_>) -> io::Result<std::os::fd::OwnedFd> {
    fd.try_clone_to_owned()
}

/// Removes `.` and `..`, like Python's `abspath`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
