//! `supkit top`: the processes in a terminal, or once for scripts.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use crate::conf::ctl::{self as settings_parser, Invocation};
use crate::conf::options;
use crate::daemon::real_host::RealHost;
use crate::top::{self, Mode};

/// The exit status for an invalid command line or file.
const USAGE: u8 = 2;

#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 after `q` or when the list was printed, 1 if the daemon cannot be \
reached or refuses, 2 for an invalid command line or configuration, 128 and its number after a signal."
)]
pub(super) struct Args {
    /// The configuration. The default is the one that supervisorctl would use
    #[arg(short = 'c', long = "configuration", value_name = "FILE")]
    file: Option<String>,
    /// URL of supervisord
    #[arg(short = 's', long, value_name = "URL")]
    serverurl: Option<String>,
    /// Username for the server
    #[arg(short = 'u', long, value_name = "NAME")]
    username: Option<String>,
    /// Password for the server
    #[arg(short = 'p', long, value_name = "WORD")]
    password: Option<String>,
    /// Certificates that a server with https:// may have; without it, those of the system
    #[arg(long, value_name = "FILE")]
    cacert: Option<String>,
    /// Print the list once, a line for each process
    #[arg(long)]
    once: bool,
    /// Print the list once, as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: Args) -> ExitCode {
    let mode = match (args.json, args.once) {
        (true, _) => Mode::Json,
        (false, true) => Mode::Table,
        (false, false) => Mode::Interactive,
    };
    let name = std::env::args().next().unwrap_or_default();
    let program = options::own_path(&name, &RealHost);
    let settings = match settings_parser::parse(&words(args), &program, &RealHost) {
        Ok(Invocation::Run(settings)) => settings,
        Ok(Invocation::Help) => return ExitCode::SUCCESS,
        Err(refused) => {
            let _ = write!(io::stderr(), "{}", refused.explain(io::stderr().is_terminal()));
            return ExitCode::from(USAGE);
        }
    };
    match top::run(settings.options, mode) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The options as supervisorctl has them.
fn words(args: Args) -> Vec<String> {
    let options = [
        ("--configuration", args.file),
        ("--serverurl", args.serverurl),
        ("--username", args.username),
        ("--password", args.password),
        ("--cacert", args.cacert),
    ];
    let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
    given.flatten().collect()
}
