//! The `echo_supervisord_conf` applet: prints a sample configuration.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::conf::render;

/// Arguments are ignored, as in Supervisor.
pub(super) fn main() -> ExitCode {
    match io::stdout().write_all(render::sample().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
