//! The `supervisord` applet: its command line, then the daemon.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::conf::getopt;
use crate::conf::options::{self, CommandLine, Wish};
use crate::conf::surroundings::Surroundings;
use crate::daemon::reader::Reader;
use crate::daemon::startup;
use crate::daemon::surroundings::System;

/// The version of Supervisor that this daemon is compatible with.
const VERSION: &str = "4.3.0";

pub(super) fn main(args: &[OsString]) -> ExitCode {
    let program = std::env::args().next().unwrap_or_else(|| "supervisord".to_owned());
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let Some(code) = super::check::instead_of_supervisord(&program, &args) {
        return code;
    }
    match options::parse(&args, &System) {
        Ok(Wish::Help) => print(&options::help(&program)),
        Ok(Wish::Version) => print(&format!("{VERSION}\n")),
        Ok(Wish::Run(line)) => run(program, *line),
        Err(error) => refuse(&program, &error),
    }
}

fn run(program: String, line: CommandLine) -> ExitCode {
    match line.configuration.clone().map_or_else(|| search(&program), Ok) {
        Ok(file) => startup::run(&Reader::new(program, line, file)),
        Err(error) => refuse(&program, &error),
    }
}

/// Looks for the configuration in the usual places, with a warning to root.
fn search(program: &str) -> Result<String, String> {
    if System.is_root() {
        let _ = writeln!(io::stderr(), "{}", options::ROOT_SEARCHES);
    }
    options::find(&options::own_path(program, &System), &System)
}

fn print(text: &str) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn refuse(program: &str, error: &str) -> ExitCode {
    let _ = io::stderr().write_all(getopt::usage(program, error).as_bytes());
    ExitCode::from(2)
}
