//! The applets: argument parsing and exit statuses.

use std::process::ExitCode;

/// Picks the applet by the name of the program or by its first word.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
