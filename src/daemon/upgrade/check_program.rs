//! The program that is asked: supkit under the name [`super::CHECK_PROGRAM`].

use std::io::{self, Read as _};
use std::process::ExitCode;

use super::checking::answer;
use super::head::read;
use crate::os::stdout;

/// Reads a state from standard input and prints whether this program can continue from it.
pub fn check_main() -> ExitCode {
    let mut bytes = Vec::new();
    let result = io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string());
    match result.and_then(|_| read(&bytes)) {
        Ok((_, _, sum)) => {
            stdout::write_line(&answer(&sum));
            ExitCode::SUCCESS
        }
        Err(why) => {
            stdout::write_line(&why);
            ExitCode::FAILURE
        }
    }
}
