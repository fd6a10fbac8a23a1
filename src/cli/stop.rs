//! `supkit stop`: stops what runs by descending priority, each program waited for, then the daemon,
//! and returns when nothing of it is left: no process, no socket, no pid file.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::ctl::client::{Client, ClientError};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

use super::deployment::{
    Deployment, Info, Which, complain, infos, is_absent, is_alive, pause, say,
};
use super::orphans;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Give up waiting for the daemon to end after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match stop(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("supkit stop: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn stop(args: &Args) -> Result<()> {
    let deployment = Deployment::read(&args.which.conf)?;
    // A stop is answered when the program has gone, and it has its own limit.
    let mut client = deployment.client()?.timeout(None);
    let limit = Duration::from_secs(args.timeout);
    match daemon(&mut client) {
        Ok(Some(pid)) => {
            stop_programs(&deployment, &mut client)?;
            shut_down(&mut client)?;
            await_end(&deployment, pid, Instant::now() + limit)
        }
        Ok(None) => match deployment.pid() {
            Some(pid) => await_leaving(&deployment, pid, limit),
            None => tidy(&deployment, stop_orphans(&deployment)?),
        },
        Err(error) => Err(error),
    }
}

fn is_leaving(error: &ClientError) -> bool {
    error.fault().is_some_and(|fault| fault.code == Code::ShutdownState.number())
}

/// The daemon's process id, or that there is none to talk to.
fn daemon(client: &mut Client) -> Result<Option<i32>> {
    match client.call("supervisor.getPID", &[]) {
        Ok(answer) => Ok(answer.as_int().and_then(|pid| i32::try_from(pid).ok())),
        Err(error) if is_absent(&error) || is_leaving(&error) => Ok(None),
        Err(error) => {
            bail!("the daemon at {} does not answer as it should: {error}", client.serverurl())
        }
    }
}

/// Highest priority first; the next one is asked when the one before has gone.
fn stop_programs(deployment: &Deployment, client: &mut Client) -> Result<()> {
    let all = infos(client).context("asking for the processes")?;
    let mut up: Vec<Info> = all.into_iter().filter(|info| !info.state.is_stopped()).collect();
    up.sort_by_key(|info| deployment.rank(info));
    for info in up.into_iter().rev() {
        let name = Value::str(format!("{}:{}", info.group, info.name));
        match client.call("supervisor.stopProcess", &[name]) {
            Ok(_) => say(&format!("stopped {}", info.full_name())),
            // It went by itself, or was told to go by somebody else.
            Err(error) if error.fault().is_some() => {}
            Err(error) => bail!("stopping {}: {error}", info.full_name()),
        }
    }
    Ok(())
}

fn shut_down(client: &mut Client) -> Result<()> {
    match client.call("supervisor.shutdown", &[]) {
        Ok(_) => Ok(()),
        Err(error) if is_absent(&error) || is_leaving(&error) => Ok(()),
        Err(error) => bail!("shutting the daemon down: {error}"),
    }
}

/// Somebody else has told it to go, or it has no ears any more.
fn await_leaving(deployment: &Deployment, pid: i32, limit: Duration) -> Result<()> {
    say(&format!("the daemon (pid {pid}) does not answer; waiting for its end"));
    await_end(deployment, pid, Instant::now() + limit)
}

fn await_end(deployment: &Deployment, pid: i32, end: Instant) -> Result<()> {
    while is_alive(pid) {
        if Instant::now() > end {
            bail!("the daemon (pid {pid}) is still there; --timeout gives it more time");
        }
        pause();
    }
    say("stopped supervisord");
    remove_rests(deployment);
    Ok(())
}

/// What outlived a daemon that was killed; tells how many there were.
fn stop_orphans(deployment: &Deployment) -> Result<usize> {
    let all = orphans::find(deployment);
    for orphan in &all {
        if !orphan.stop(deployment) {
            let who = orphan.describe();
            bail!("{who} outlived its daemon and is another user's; end it as that one");
        }
        say(&format!("stopped {}, which outlived its daemon", orphan.describe()));
    }
    Ok(all.len())
}

/// No daemon runs: what one that was killed left behind is removed.
fn tidy(deployment: &Deployment, orphans: usize) -> Result<()> {
    let removed = remove_rests(deployment);
    let rests: Vec<&str> = rests(deployment).into_iter().filter(|path| exists(path)).collect();
    if !rests.is_empty() {
        bail!(
            "{} cannot be removed\nit was left by a daemon that runs no more; remove it as its owner",
            rests.join(" and ")
        );
    }
    if removed + orphans == 0 {
        say("nothing runs");
    }
    Ok(())
}

fn remove_rests(deployment: &Deployment) -> usize {
    let rests = rests(deployment).into_iter().filter(|path| exists(path));
    let gone = rests.filter(|path| std::fs::remove_file(path).is_ok());
    gone.map(|path| say(&format!("removed {path}, which was left behind"))).count()
}

fn rests(deployment: &Deployment) -> Vec<&str> {
    let pidfile = Some(deployment.config.supervisord.pidfile.as_str());
    deployment.socket().into_iter().chain(pidfile).collect()
}

fn exists(path: &str) -> bool {
    Path::new(path).symlink_metadata().is_ok()
}
