//! What clap prints: help, version, and errors of the command line.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use crate::os::stdout;

/// Prints help or version to standard output, an error of the command line to standard error.
pub(super) fn print_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let _ = error.print();
        return ExitCode::from(2);
    }
    let text = error.render();
    if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        stdout::write_all(text.ansi().to_string().as_bytes());
    } else {
        stdout::write_all(text.to_string().as_bytes());
    }
    ExitCode::SUCCESS
}
