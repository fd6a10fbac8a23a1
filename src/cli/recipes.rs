//! `supkit recipes`: lists the known recipes, including those of the project.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::generate::listing;

use super::generate::{catalogue, say};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The project's main file; `recipes.d` next to it is read, too
    #[arg(short = 'c', value_name = "FILE", default_value = "buildout.cfg")]
    file: String,
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
            say::out(&match args.format {
                Format::Text => listing::text(&catalogue),
                Format::Markdown => listing::markdown(&catalogue),
            });
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            say::refusal(&refusal);
            ExitCode::FAILURE
        }
    }
}
