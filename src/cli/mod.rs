//! The applets: which one is meant, its arguments, its exit status. What they do lives elsewhere.

mod annotate;
mod apply;
mod check;
mod check_project;
mod deployment;
mod echo_conf;
mod generate;
mod orphans;
mod outside;
mod pidproxy;
mod project;
mod query;
mod recipes;
mod run;
mod stop;
mod supervisorctl;
mod supervisord;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Deploys a buildout project and keeps its processes alive.
#[derive(Parser)]
#[command(name = "supkit", version, about, infer_subcommands = false)]
struct Supkit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make etc/supervisord.conf and bin/ from a buildout.cfg
    Generate(generate::Args),
    /// Start what is not up and wait until all of it runs
    Run(run::Args),
    /// Stop all programs in order, then the daemon
    Stop(stop::Args),
    /// Read a configuration without starting anything and report every problem
    Check(check::Args),
    /// Print a buildout project with every value resolved
    Annotate(annotate::Args),
    /// Print one value of a buildout project
    Query(query::Args),
    /// List the recipes that supkit knows
    Recipes(recipes::Args),
    /// The daemon; takes Supervisor's own arguments
    #[command(disable_help_flag = true)]
    Supervisord(Raw),
    /// The client; takes Supervisor's own arguments
    #[command(disable_help_flag = true)]
    Supervisorctl(Raw),
    /// Print a sample configuration
    #[command(name = "echo_supervisord_conf", disable_help_flag = true)]
    EchoSupervisordConf(Raw),
    /// Pass signals on to the process named in a pid file
    #[command(disable_help_flag = true)]
    Pidproxy(Raw),
}

/// Arguments that the applet reads itself, in its own dialect.
#[derive(clap::Args)]
struct Raw {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Picks the applet by the name of the program, else by its first word.
pub fn main() -> ExitCode {
    let mut argv = std::env::args_os();
    let program = argv.next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    match name.as_str() {
        "supervisord" => supervisord::main(&argv.collect::<Vec<_>>()),
        "supervisorctl" => supervisorctl::main(argv.collect()),
        "echo_supervisord_conf" => echo_conf::main(),
        "pidproxy" => pidproxy::main(&argv.collect::<Vec<_>>()),
        _ => subcommand(Supkit::parse().command),
    }
}

fn subcommand(command: Command) -> ExitCode {
    match command {
        Command::Generate(args) => generate::main(&args),
        Command::Run(args) => run::main(&args),
        Command::Stop(args) => stop::main(&args),
        Command::Check(args) => check::main(args),
        Command::Annotate(args) => annotate::main(&args),
        Command::Query(args) => query::main(&args),
        Command::Recipes(args) => recipes::main(&args),
        Command::Supervisord(raw) => supervisord::main(&raw.args),
        Command::Supervisorctl(raw) => supervisorctl::main(raw.args),
        Command::EchoSupervisordConf(_) => echo_conf::main(),
        Command::Pidproxy(raw) => pidproxy::main(&raw.args),
    }
}
