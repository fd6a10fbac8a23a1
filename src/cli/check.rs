//! `supkit check`.

use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {}

pub(super) fn main(_args: Args) -> ExitCode {
    ExitCode::FAILURE
}
