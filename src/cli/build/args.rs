//! The arguments of a build.

use super::super::project::ProjectArgs;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// The Python for the environment
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub(super) python: String,
    /// Build with zc.buildout, even if supkit can build all parts itself
    #[arg(long)]
    pub(super) zc_buildout: bool,
    /// Run every step, even if nothing has changed
    #[arg(long)]
    pub(super) force: bool,
    /// Print the steps that would be run
    #[arg(long, conflicts_with = "force")]
    pub(super) dry_run: bool,
    /// Overwrite files that supkit did not write or that were edited since
    #[arg(long)]
    pub(super) replace: bool,
    /// Override options of the project
    #[arg(value_name = "SECTION:OPTION=VALUE")]
    pub(super) assignments: Vec<String>,
}
