//! The command line: selects the applet, parses its arguments and returns its exit status.

mod annotate;
mod applet;
mod apply;
mod build;
mod check;
mod check_project;
mod check_report;
mod deadline;
mod deployment;
mod echo_conf;
mod foreign_host;
mod generate;
mod hash_password;
mod init;
mod link;
mod look_up;
mod lsp;
mod machine;
mod orphans;
mod pidproxy;
mod pip_files;
mod program_docs;
mod project;
mod query;
mod real_buildout_env;
mod recipes;
mod run;
mod simulate;
mod stop;
mod supervisorctl;
mod supervisord;
mod takeover;
mod top;
mod usage;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::daemon::upgrade::{self, CHECK_PROGRAM};
use crate::os::host_names::LOOKUP_PROGRAM;
use crate::os::stdout;
use applet::Applet;
use program_docs::{completions, manual};
use usage::print_usage;

/// Deploy buildout projects and supervise their processes
#[derive(Parser)]
#[command(name = "supkit", version, infer_subcommands = false)]
struct Supkit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the files of a new project
    Init(init::Args),
    /// Generate a deployment from a project: etc/supervisord.conf, bin/ and libexec/
    Generate(generate::Args),
    /// Build the parts of a buildout that have changed, then generate its deployment
    Build(build::Args),
    /// Build like bin/buildout; accepts the arguments of zc.buildout
    #[command(disable_help_flag = true)]
    Buildout(Raw),
    /// Start the daemon and all programs, and wait until they run
    Run(run::Args),
    /// Stop all programs in order, then the daemon
    Stop(stop::Args),
    /// Take over what a running Supervisor supervises, without ending it
    Takeover(takeover::Args),
    /// Show and control processes in a terminal
    Top(top::Args),
    /// Check a project or configuration and report every problem
    Check(check::Args),
    /// Show what would happen, without starting anything: a start, a restart, an outage, an end
    Simulate(simulate::Args),
    /// Print a buildout project with every value resolved
    Annotate(annotate::Args),
    /// Print one value of a buildout project
    Query(query::Args),
    /// List the known recipes
    Recipes(recipes::Args),
    /// Hash a password for the configuration
    HashPassword(hash_password::Args),
    /// Make links by which supkit is called like Supervisor's programs
    Link(link::Args),
    /// Write the manual pages
    Man(manual::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Serve editors: problems, explanations and completions while a configuration is written
    Lsp(lsp::Args),
    /// The daemon; accepts Supervisor's arguments
    #[command(disable_help_flag = true)]
    Supervisord(Raw),
    /// The client; accepts Supervisor's arguments
    #[command(disable_help_flag = true)]
    Supervisorctl(Raw),
    /// Print a sample configuration
    #[command(name = "echo_supervisord_conf", disable_help_flag = true)]
    EchoSupervisordConf(Raw),
    /// Forward signals to the process named in a pid file
    #[command(disable_help_flag = true)]
    Pidproxy(Raw),
}

/// Arguments that the applet parses itself.
#[derive(clap::Args)]
struct Raw {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Runs an applet. Output that could not be written is an error, whatever else happened.
pub fn main() -> ExitCode {
    let mut argv = std::env::args_os();
    let program = argv.next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name == LOOKUP_PROGRAM {
        return look_up::main(&argv.collect::<Vec<_>>());
    }
    if name == CHECK_PROGRAM {
        return upgrade::check_main();
    }
    if name == lsp::CHECK_PROGRAM {
        return lsp::check();
    }
    let code = match applet::by_name(&name) {
        Some(applet) => applet.run(argv.collect()),
        None => match Supkit::try_parse() {
            Ok(supkit) => subcommand(supkit.command),
            Err(error) => print_usage(&error),
        },
    };
    match stdout::error() {
        None => code,
        Some(error) => {
            let _ = writeln!(io::stderr(), "{name}: cannot write to standard output: {error}");
            ExitCode::FAILURE
        }
    }
}

fn subcommand(command: Command) -> ExitCode {
    match command {
        Command::Init(args) => init::main(&args),
        Command::Generate(args) => generate::main(&args),
        Command::Build(args) => build::main(&args),
        Command::Buildout(raw) => build::buildout_main(raw.args),
        Command::Run(args) => run::main(&args),
        Command::Stop(args) => stop::main(&args),
        Command::Takeover(args) => takeover::main(&args),
        Command::Top(args) => top::main(args),
        Command::Check(args) => check::main(args),
        Command::Simulate(args) => simulate::main(&args),
        Command::Annotate(args) => annotate::main(&args),
        Command::Query(args) => query::main(&args),
        Command::Recipes(args) => recipes::main(&args),
        Command::HashPassword(args) => hash_password::main(&args),
        Command::Link(args) => link::main(&args),
        Command::Man(args) => manual::main(&args, Supkit::command()),
        Command::Completions(args) => completions::main(&args, Supkit::command()),
        Command::Lsp(args) => lsp::main(&args),
        Command::Supervisord(raw) => Applet::Supervisord.run(raw.args),
        Command::Supervisorctl(raw) => Applet::Supervisorctl.run(raw.args),
        Command::EchoSupervisordConf(raw) => Applet::EchoSupervisordConf.run(raw.args),
        Command::Pidproxy(raw) => Applet::Pidproxy.run(raw.args),
    }
}
