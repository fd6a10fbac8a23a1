//! The `echo_supervisord_conf` applet: a sample configuration on standard output.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::conf::render;

/// Arguments mean nothing to it, as they mean nothing to Supervisor's own.
pub(super) fn main() -> ExitCode {
    match io::stdout().write_all(render::sample().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
