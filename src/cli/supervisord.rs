//! The `supervisord` applet: parses the command line and runs the daemon.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::conf::getopt;
use crate::conf::host::Host;
use crate::conf::options::{self, CommandLine, Invocation};
use crate::daemon::config_reader::ConfigReader;
use crate::daemon::keeping;
use crate::daemon::real_host::RealHost;
use crate::daemon::startup;
use crate::daemon::upgrade;
use crate::os::stdout;
use crate::rpc::method::SUPERVISOR_VERSION;

const NAME: &str = "supervisord";

pub(super) fn main(args: &[OsString]) -> ExitCode {
    let path = std::env::args_os().next().unwrap_or_else(|| NAME.into());
    let path = path.to_string_lossy().into_owned();
    let program = shown(&path);
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let Some(received) = upgrade::receive() {
        return match options::parse(&args, &RealHost) {
            Ok(Invocation::Run(line)) => startup::resume(program, *line, received),
            Ok(_) => received.give_back("the command line does not run a daemon"),
            Err(error) => received.give_back(&error),
        };
    }
    if let Some(received) = keeping::receive() {
        return match options::parse(&args, &RealHost) {
            Ok(Invocation::Run(line)) => startup::recover(program, *line, received),
            Ok(_) => refuse(&program, "the command line does not run a daemon"),
            Err(error) => refuse(&program, &error),
        };
    }
    if let Some(code) = super::check::instead_of_supervisord(&path, &args) {
        return code;
    }
    match options::parse(&args, &RealHost) {
        Ok(Invocation::Help) => print(&options::help(&program)),
        Ok(Invocation::Version) => print(&format!("{SUPERVISOR_VERSION}\n")),
        Ok(Invocation::Run(line)) => run(&path, program, *line),
        Err(error) => refuse(&program, &error),
    }
}

/// The command to call this program again: its path, and the applet unless the path selects it.
fn shown(path: &str) -> String {
    let is_own = Path::new(path).file_name().is_some_and(|name| name == NAME);
    if is_own { path.to_owned() } else { format!("{path} {NAME}") }
}

fn run(path: &str, program: String, line: CommandLine) -> ExitCode {
    match line.configuration.clone().map_or_else(|| search(path), Ok) {
        Ok(file) => startup::run(&ConfigReader::new(program, line, file)),
        Err(error) => refuse(&program, &error),
    }
}

/// Searches the default paths for the configuration, with a warning for root.
fn search(path: &str) -> Result<String, String> {
    if RealHost.is_root() {
        let _ = writeln!(io::stderr(), "{}", options::ROOT_SEARCHES);
    }
    options::find(&options::own_path(path, &RealHost), &RealHost)
}

fn print(text: &str) -> ExitCode {
    stdout::write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn refuse(program: &str, error: &str) -> ExitCode {
    let _ = io::stderr().write_all(getopt::usage(program, error).as_bytes());
    ExitCode::from(2)
}
