//! `supkit takeover`: turns a running Supervisor of Python into supkit while its programs run on.

mod connection;
mod facts;
mod report;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use super::deadline::Deadline;
use super::deployment::{Deployment, report_error};
use crate::ctl::client::Client;
use crate::daemon::takeover::{self, Attempt, Facts, Plan, Survey, Target};
use crate::daemon::upgrade::program;
use crate::os::ready;

/// How long a good moment is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// For so long, a moment without other clients is preferred.
const QUIET: Duration = Duration::from_secs(2);

/// How long the daemon may be busy until it is stopped for a moment, to look at it.
const IDLE: Duration = Duration::from_secs(1);

/// How long the new program may take to answer.
const START: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 if supkit continues (with --dry-run: if it could), 1 if not; then the daemon \
is as it was. docs/migrating-from-supervisor.md describes what is adopted."
)]
pub(super) struct Args {
    /// The configuration of the running daemon
    #[arg(
        short = 'c',
        long = "configuration",
        value_name = "CONF",
        default_value = "/etc/supervisor/supervisord.conf"
    )]
    conf: String,
    /// Print what would happen to each program, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before the switch
    #[arg(short = 'y', long)]
    yes: bool,
    /// Print JSON; implies --yes
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_error(&format!("supkit takeover: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let file = std::path::absolute(&args.conf).context("the working directory is not known")?;
    let file = file.to_str().context("the path of the configuration is not UTF-8")?.to_owned();
    let pid = find(&file)?;
    let target = Target::examine(pid, &file).map_err(anyhow::Error::msg)?;
    let mut client = connection::open(&target, &file)?;
    let version = facts::version(&mut client, pid)?;
    let (_, plan) = survey(&target, &mut client, &version)?;
    if args.dry_run {
        report::print(&target, &version, &plan, args.json, None);
        return Ok(());
    }
    let program = program::find(None).map_err(anyhow::Error::msg)?;
    let program = Path::new(&program);
    if !args.json {
        report::print(&target, &version, &plan, false, None);
        if !args.yes && !confirm()? {
            bail!("nothing was changed");
        }
    }
    let plan = switch(&target, &mut client, &version, &plan, program)?;
    await_answer(&target, &file)?;
    if args.json {
        report::print(&target, &version, &plan, true, Some(program));
    } else {
        report::print_done(&target, &plan);
    }
    Ok(())
}

/// The pid of the daemon of a configuration.
fn find(file: &str) -> Result<i32> {
    if !Path::new(file).exists() {
        bail!("there is no {file}\nname the configuration of the running daemon with -c");
    }
    match takeover::find(file)[..] {
        [pid] => Ok(pid),
        [] => {
            // Its command line does not name the file.
            let mut client = Deployment::read(file)?.client()?;
            facts::pid(&mut client)
        }
        ref several => bail!("several daemons run with {file}: {several:?}\nend all but one"),
    }
}

/// What is known now, and what follows from it for each program.
fn survey(target: &Target, client: &mut Client, version: &str) -> Result<(Facts, Plan)> {
    let (end, idle) = (Deadline::after(PATIENCE), Deadline::after(IDLE));
    loop {
        let facts = facts::collect(client, target.pid, version)?;
        let survey = match Survey::of(target.pid) {
            Ok(None) if idle.has_passed() => takeover::look_at_stopped(target.pid),
            survey => survey,
        };
        match survey {
            Ok(Some(survey)) => {
                let plan = Plan::make(&target.config, &facts, &survey);
                return plan.map(|plan| (facts, plan)).map_err(anyhow::Error::msg);
            }
            Ok(None) if !end.has_passed() => wait(),
            Ok(None) => bail!("the daemon is busy all the time"),
            Err(error) => bail!(takeover::inaccessible(target.pid, &error)),
        }
    }
}

fn switch(
    target: &Target,
    client: &mut Client,
    version: &str,
    announced: &Plan,
    program: &Path,
) -> Result<Plan> {
    let (end, quiet) = (Deadline::after(PATIENCE), Deadline::after(QUIET));
    loop {
        let facts = facts::collect(client, target.pid, version)?;
        let busy = match takeover::attempt(target, &facts, announced, program, !quiet.has_passed())
        {
            Ok(Attempt::Done(plan)) => return Ok(*plan),
            Ok(Attempt::Busy(why)) => why,
            Err(why) => bail!("{why}\nnothing was changed: Supervisor runs on"),
        };
        if end.has_passed() {
            bail!("no good moment came: {busy}\nnothing was changed: Supervisor runs on");
        }
        wait();
    }
}

/// Waits until supkit answers in the place of Supervisor.
fn await_answer(target: &Target, file: &str) -> Result<()> {
    let end = Deadline::after(START);
    loop {
        let answer =
            connection::open(target, file).and_then(|mut client| facts::is_supkit(&mut client));
        match answer {
            Ok(true) => return Ok(()),
            _ if !end.has_passed() => wait(),
            Ok(false) => bail!("Supervisor still answers"),
            Err(error) => {
                let log = &target.config.supervisord.logfile;
                return Err(anyhow!("{error:#}").context(format!(
                    "the daemon does not answer since it is supkit; look at {log}"
                )));
            }
        }
    }
}

fn confirm() -> Result<bool> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(true);
    }
    let mut out = io::stdout().lock();
    write!(out, "Switch now? [y/N] ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_lowercase().starts_with('y'))
}

fn wait() {
    let _ = ready::wait_readable(&[], Some(Duration::from_millis(20)));
}
