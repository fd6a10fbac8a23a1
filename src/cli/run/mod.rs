//! `supkit run`: starts the daemon if it is not running, then every autostart program that is down,
//! and waits until all are running and ready. Reports failures with their causes.

mod failure;
mod outlook;
mod progress;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow, bail};

use crate::ctl::client::Client;
use crate::rpc::value::Value;

use super::deadline::Deadline;
use super::deployment::{
    Deployment, DeploymentArgs, ProcessInfo, is_not_listening, is_shutting_down, lacks, print_line,
    process_infos, report_error, wait_poll_interval,
};
use progress::Progress;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    deployment: DeploymentArgs,
    /// Run the daemon in the foreground, for containers and systemd
    #[arg(long)]
    foreground: bool,
    /// Time limit in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match run(args) {
        Ok(code) => code,
        Err(error) => {
            report_error(&format!("supkit run: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    let deployment = Deployment::read(&args.deployment.conf)?;
    let end = Deadline::after(Duration::from_secs(args.timeout));
    let mut client = deployment.client()?;
    let is_up = is_up(&mut client)?;
    if args.foreground || deployment.config.supervisord.nodaemon && !is_up {
        if is_up {
            bail!("the daemon runs already, in the background; bin/stop ends it");
        }
        return Err(exec_daemon(&deployment));
    }
    if !is_up {
        start_daemon(&deployment)?;
        await_daemon(&deployment, &mut client, end)?;
    }
    if let Err(error) = start_programs(&deployment, &mut client) {
        return Err(if has_ended(&mut client) { end_of_daemon(&deployment) } else { error });
    }
    await_programs(&deployment, &mut client, end)
}

/// Whether a daemon responds. An error response is an error, because retrying would not help.
fn is_up(client: &mut Client) -> Result<bool> {
    match client.call("supervisor.getState", &[]) {
        Ok(_) => Ok(true),
        // A daemon that is shutting down refuses all calls.
        Err(error) if is_shutting_down(&error) => {
            bail!("the daemon is shutting down; try again when it has gone")
        }
        Err(error) if is_not_listening(&error) => Ok(false),
        Err(error) => {
            bail!("the daemon at {} does not answer as it should: {error}", client.serverurl())
        }
    }
}

fn own_program() -> Result<std::path::PathBuf> {
    std::env::current_exe().context("finding the program itself")
}

/// Returns only on failure.
#[expect(clippy::disallowed_methods, reason = "the command line replaces itself")]
fn exec_daemon(deployment: &Deployment) -> Error {
    let program = match own_program() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut command = Command::new(program);
    let error = command.arg0("supervisord").args(["-n", "-c", &deployment.conf]).exec();
    Error::new(error).context("starting the daemon")
}

/// The daemon daemonizes itself; the parent exits when the sockets are open.
#[expect(clippy::disallowed_methods, reason = "the command line has no event loop")]
fn start_daemon(deployment: &Deployment) -> Result<()> {
    print_line("starting supervisord");
    let mut command = Command::new(own_program()?);
    command.arg0("supervisord").args(["-c", &deployment.conf]).stdin(Stdio::null());
    let status = command.status().context("starting the daemon")?;
    if status.success() {
        return Ok(());
    }
    let log = failure::last_lines_of(&deployment.config.supervisord.logfile);
    bail!("the daemon did not start ({status})\n{log}")
}

/// Its sockets are open when its parent has exited. So one that does not answer and is not alive has ended.
fn await_daemon(deployment: &Deployment, client: &mut Client, end: Deadline) -> Result<()> {
    let mut was_alive = true;
    loop {
        match is_up(client) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            // It is shutting down already.
            Err(_) if has_ended(client) => return Err(end_of_daemon(deployment)),
            Err(error) => return Err(error),
        }
        let is_alive = deployment.pid().is_some();
        if !is_alive && !was_alive {
            return Err(end_of_daemon(deployment));
        }
        was_alive = is_alive;
        if end.has_passed() {
            let log = failure::last_lines_of(&deployment.config.supervisord.logfile);
            bail!("the daemon does not answer at {}\n{log}", client.serverurl());
        }
        wait_poll_interval();
    }
}

fn ask(client: &mut Client) -> Result<Vec<ProcessInfo>> {
    process_infos(client).context("asking the daemon for its processes")
}

/// Starts the autostart programs that are down, by one call, so that it is done whole.
fn start_programs(deployment: &Deployment, client: &mut Client) -> Result<()> {
    match client.call("supkit.startAutostart", &[]) {
        Ok(_) => Ok(()),
        Err(error) if lacks(&error) => start_one_by_one(deployment, client),
        Err(error) => bail!("starting the programs: {error}"),
    }
}

/// For plain Supervisor and for older daemons.
fn start_one_by_one(deployment: &Deployment, client: &mut Client) -> Result<()> {
    let mut down: Vec<ProcessInfo> = ask(client)?;
    down.retain(|info| {
        deployment.should_run(info) && !info.has_completed(deployment) && info.is_down()
    });
    down.sort_by_key(|info| deployment.stop_order(info));
    for info in down {
        let name = info.rpc_name();
        // A failed start is detected while waiting.
        match client.call("supervisor.startProcess", &[name, Value::Bool(false)]) {
            Err(error) if error.fault().is_none() => {
                bail!("starting {}: {error}", info.full_name())
            }
            _ => {}
        }
    }
    Ok(())
}

/// Until all are up, or until one has failed: more time changes nothing about that. What fails together with
/// it is reported, too, so one more look follows.
fn await_programs(deployment: &Deployment, client: &mut Client, end: Deadline) -> Result<ExitCode> {
    let mut progress = Progress::new();
    let mut has_failed = false;
    loop {
        let wanted = match look(deployment, client) {
            Ok(wanted) => wanted,
            Err(_) if has_ended(client) => {
                progress.finish();
                return Err(end_of_daemon(deployment));
            }
            Err(error) => return Err(error),
        };
        progress.show(&wanted);
        let timed_out = end.has_passed();
        let is_over = wanted.iter().all(|info| !info.is_pending(deployment));
        if is_over || has_failed || timed_out {
            progress.finish();
            for (name, count) in progress.returned() {
                let times = if count == 1 { String::new() } else { format!(" {count} times") };
                print_line(&format!("{name} went down and came back{times}"));
            }
            return Ok(report_result(deployment, client, &wanted, timed_out));
        }
        has_failed = wanted.iter().any(|info| info.has_failed(deployment));
        wait_poll_interval();
    }
}

/// The programs that are meant to run, with what is known about their readiness and their chances.
fn look(deployment: &Deployment, client: &mut Client) -> Result<Vec<ProcessInfo>> {
    let mut wanted = ask(client)?;
    wanted.retain(|info| deployment.should_run(info));
    outlook::add(deployment, client, &mut wanted);
    wanted.sort_by_key(|info| deployment.stop_order(info));
    Ok(wanted)
}

/// Whether the daemon has exited or is about to, as with `essential` or `exit_when_done`.
fn has_ended(client: &mut Client) -> bool {
    match client.call("supervisor.getState", &[]) {
        Ok(_) => false,
        Err(error) => is_shutting_down(&error) || is_not_listening(&error),
    }
}

/// Only its log has the reason: its exit status is not known here.
fn end_of_daemon(deployment: &Deployment) -> Error {
    let log = failure::last_lines_of(&deployment.config.supervisord.logfile);
    anyhow!("the daemon has ended\n{log}")
}

fn report_result(
    deployment: &Deployment,
    client: &mut Client,
    wanted: &[ProcessInfo],
    timed_out: bool,
) -> ExitCode {
    let (failed, pending): (Vec<&ProcessInfo>, Vec<_>) = wanted
        .iter()
        .filter(|info| !info.is_healthy(deployment))
        .partition(|info| timed_out || info.has_failed(deployment));
    for info in &failed {
        report_error(&failure::report(deployment, client, info));
    }
    if failed.is_empty() {
        let count = wanted.len();
        print_line(&format!("all {count} programs run"));
        return ExitCode::SUCCESS;
    }
    if timed_out {
        report_error(
            "the time is over; --timeout gives more, bin/supervisorctl status shows the rest",
        );
    } else if !pending.is_empty() {
        let names: Vec<String> = pending.iter().map(|info| info.full_name()).collect();
        report_error(&format!("\nnot up yet, and left to the daemon: {}", names.join(", ")));
    }
    ExitCode::FAILURE
}
