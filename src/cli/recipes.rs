//! `supkit recipes`: lists the known recipes, including those of the project.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::generate::listing;

use super::generate::{catalogue, output};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The main file of the project; recipes.d next to it is read, too
    #[arg(short = 'c', value_name = "FILE", default_value = "buildout.cfg")]
    file: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match catalogue(&args.file) {
        Ok(catalogue) => {
            output::out(&match args.format {
                Format::Text => listing::text(&catalogue),
                Format::Markdown => listing::markdown(&catalogue),
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            output::report(&error);
            ExitCode::FAILURE
        }
    }
}
