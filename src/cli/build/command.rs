//! The build as a whole.

use std::process::ExitCode;

use super::super::deployment::print_line;
use super::args::Args;
use super::failure::Failure;
use super::start::Start;
use super::steps::Build;

pub(in crate::cli) fn main(args: &Args) -> ExitCode {
    build(args).unwrap_or_else(|failure| {
        failure.report();
        ExitCode::FAILURE
    })
}

fn build(args: &Args) -> Result<ExitCode, Failure> {
    let start = Start::read(args)?;
    if args.dry_run {
        for line in start.fetches() {
            print_line(&format!("would {line}"));
        }
        for line in Build::of(args, start)?.planned() {
            print_line(&format!("would {line}"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut lock = start.workshop.lock()?;
    let start = start.complete(args, &mut lock)?;
    Build::of(args, start)?.run(&mut lock)
}
