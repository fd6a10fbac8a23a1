//! `supkit stop`: stops the programs in order of descending priority, waiting for each, then the
//! daemon. Returns when no process, socket or pid file is left.

mod job;
mod one_by_one;
mod report;
mod shutdown_notice;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::ctl::client::Client;

use super::deadline::Deadline;
use super::deployment::{
    Deployment, DeploymentArgs, is_alive, is_not_listening, is_shutting_down, print_line,
    report_error, wait_poll_interval,
};
use super::orphans;
use shutdown_notice::ShutdownNotice;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    deployment: DeploymentArgs,
    /// Time limit in seconds for the daemon to exit
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match stop(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_error(&format!("supkit stop: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn stop(args: &Args) -> Result<()> {
    let deployment = Deployment::read(&args.deployment.conf)?;
    // A stop returns when the program has exited; it has its own time limit.
    let mut client = deployment.client()?.timeout(None);
    let limit = Duration::from_secs(args.timeout);
    match daemon(&mut client) {
        Ok(Some(pid)) => {
            if !job::stop(&deployment, &mut client)? {
                one_by_one::stop(&deployment, &mut client)?;
            }
            await_end(&deployment, pid, Deadline::after(limit))?;
            orphans::stop(&deployment.config, Some(pid)).map(drop)
        }
        Ok(None) => match deployment.pid() {
            Some(pid) => {
                await_unresponsive(&deployment, pid, limit)?;
                orphans::stop(&deployment.config, Some(pid)).map(drop)
            }
            None => clean_up(&deployment, orphans::stop(&deployment.config, None)?),
        },
        Err(error) => Err(error),
    }
}

/// The pid of the daemon, or `None` if there is none to call.
fn daemon(client: &mut Client) -> Result<Option<i32>> {
    match client.call("supervisor.getPID", &[]) {
        Ok(answer) => Ok(answer.as_int().and_then(|pid| i32::try_from(pid).ok())),
        Err(error) if is_not_listening(&error) || is_shutting_down(&error) => Ok(None),
        Err(error) => {
            bail!("the daemon at {} does not answer as it should: {error}", client.serverurl())
        }
    }
}

/// Waits for a daemon that is shutting down or does not respond.
fn await_unresponsive(deployment: &Deployment, pid: i32, limit: Duration) -> Result<()> {
    print_line(&format!("the daemon (pid {pid}) does not answer; waiting for its end"));
    await_end(deployment, pid, Deadline::after(limit))
}

fn await_end(deployment: &Deployment, pid: i32, end: Deadline) -> Result<()> {
    let mut notice = ShutdownNotice::of(deployment);
    while is_alive(pid) {
        if end.has_passed() {
            notice.erase();
            bail!("the daemon (pid {pid}) is still there; --timeout gives it more time");
        }
        notice.show();
        wait_poll_interval();
    }
    notice.erase();
    print_line("stopped supervisord");
    remove_stale_files(deployment);
    Ok(())
}

/// No daemon is running: removes what a killed one left behind.
fn clean_up(deployment: &Deployment, orphans: usize) -> Result<()> {
    let removed = remove_stale_files(deployment);
    let stale_files: Vec<&str> =
        stale_files(deployment).into_iter().filter(|path| exists(path)).collect();
    if !stale_files.is_empty() {
        bail!(
            "{} cannot be removed\nit was left by a daemon that runs no more; remove it as its owner",
            stale_files.join(" and ")
        );
    }
    if removed + orphans == 0 {
        print_line("nothing runs");
    }
    Ok(())
}

fn remove_stale_files(deployment: &Deployment) -> usize {
    let stale_files = stale_files(deployment).into_iter().filter(|path| exists(path));
    let gone = stale_files.filter(|path| std::fs::remove_file(path).is_ok());
    gone.map(|path| print_line(&format!("removed {path}, which was left behind"))).count()
}

fn stale_files(deployment: &Deployment) -> Vec<&str> {
    let pidfile = Some(deployment.config.supervisord.pidfile.as_str());
    deployment.socket().into_iter().chain(pidfile).collect()
}

fn exists(path: &str) -> bool {
    Path::new(path).symlink_metadata().is_ok()
}
