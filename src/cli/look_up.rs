//! Looks up a host name for the daemon, which may not wait for a name server. Not for people: it is called
//! by its program name only.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::os::{host_names, stdout};

/// Prints the addresses of a host, or why there are none.
pub(super) fn main(args: &[OsString]) -> ExitCode {
    let Some(name) = args.first().and_then(|name| name.to_str()) else { return ExitCode::from(2) };
    match host_names::look_up(name) {
        Ok(addresses) => {
            let lines = addresses.iter().map(|address| format!("{address}\n"));
            stdout::write_all(lines.collect::<String>().as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            stdout::write_line(&why);
            ExitCode::FAILURE
        }
    }
}
