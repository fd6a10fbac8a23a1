//! The `echo_supervisord_conf` applet: prints a sample configuration.

use std::process::ExitCode;

use crate::conf::render;
use crate::os::stdout;

/// Arguments are ignored, as in Supervisor.
pub(super) fn main() -> ExitCode {
    stdout::write_all(render::sample().as_bytes());
    ExitCode::SUCCESS
}
