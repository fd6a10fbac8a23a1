//! The `supervisorctl` applet. The command line and file are read by `conf`; the actions are in
//! `ctl`.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::conf::ctl::{self as settings_parser, Invocation, Settings};
use crate::conf::options;
use crate::ctl;
use crate::daemon::real_host::RealHost;
use crate::os::stdout;

/// The exit status for an invalid command line or file.
const USAGE: u8 = 2;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    let args: Vec<String> = args.into_iter().map(|arg| arg.to_string_lossy().into()).collect();
    let name = std::env::args_os().next().unwrap_or_else(|| "supervisorctl".into());
    let program = options::own_path(&name.to_string_lossy(), &RealHost);
    match settings_parser::parse(&args, &program, &RealHost) {
        Ok(Invocation::Run(client)) => run(client),
        Ok(Invocation::Help) => {
            stdout::write_all(settings_parser::help(&program).as_bytes());
            ExitCode::SUCCESS
        }
        Err(refused) => {
            let styled = io::stderr().is_terminal();
            refuse(&format!("{}For help, use {program} -h\n", refused.explain(styled)))
        }
    }
}

fn run(client: Settings) -> ExitCode {
    match ctl::run(client) {
        Ok(status) => ExitCode::from(status),
        Err(error) => refuse(&format!("Error: {error}\n")),
    }
}

fn refuse(text: &str) -> ExitCode {
    // An error is ignored: there is no way to report it.
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::from(USAGE)
}
