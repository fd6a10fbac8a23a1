//! `supkit run`: starts the daemon if there is none, then every program that should run and does
//! not, and waits until all of them do. Says what failed, and why.

mod failure;
mod progress;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, bail};

use crate::conf::config::AutoRestart;
use crate::core::state::ProcessState as S;
use crate::ctl::client::Client;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

use super::deployment::{Deployment, Info, Which, complain, infos, is_absent, pause, say};
use super::orphans;
use progress::Progress;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Become the daemon and stay in the foreground, for containers and systemd
    #[arg(long)]
    foreground: bool,
    /// Give up waiting after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match run(args) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("supkit run: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    let deployment = Deployment::read(&args.which.conf)?;
    let end = Instant::now() + Duration::from_secs(args.timeout);
    let mut client = deployment.client()?;
    let is_up = is_up(&mut client)?;
    if !is_up {
        refuse_orphans(&deployment)?;
    }
    if args.foreground || deployment.config.supervisord.nodaemon && !is_up {
        if is_up {
            bail!("the daemon runs already, in the background; bin/stop ends it");
        }
        return Err(become_daemon(&deployment));
    }
    if !is_up {
        start_daemon(&deployment)?;
        await_daemon(&deployment, &mut client, end)?;
    }
    start_programs(&deployment, &mut client)?;
    await_programs(&deployment, &mut client, end)
}

/// Whether a daemon answers. One that says no is an error, since it would never say yes.
fn is_up(client: &mut Client) -> Result<bool> {
    match client.call("supervisor.getState", &[]) {
        Ok(_) => Ok(true),
        // A daemon on its way out says so to every question.
        Err(error)
            if error.fault().is_some_and(|fault| fault.code == Code::ShutdownState.number()) =>
        {
            bail!("the daemon is shutting down; try again when it has gone")
        }
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => {
            bail!("the daemon at {} does not answer as it should: {error}", client.serverurl())
        }
    }
}

/// Programs of a daemon that was killed hold the ports and storages that ours will want.
fn refuse_orphans(deployment: &Deployment) -> Result<()> {
    let names: Vec<String> =
        orphans::find(deployment).iter().map(orphans::Orphan::describe).collect();
    if names.is_empty() || deployment.pid().is_some() {
        return Ok(());
    }
    bail!("outlived a daemon that was killed: {}\nbin/stop ends them", names.join(", "))
}

fn own_program() -> Result<std::path::PathBuf> {
    std::env::current_exe().context("finding the program itself")
}

/// Returns only if it failed.
fn become_daemon(deployment: &Deployment) -> Error {
    let program = match own_program() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut command = Command::new(program);
    let error = command.arg0("supervisord").args(["-n", "-c", &deployment.conf]).exec();
    Error::new(error).context("starting the daemon")
}

/// The daemon goes to the background by itself; its parent ends when the sockets are open.
fn start_daemon(deployment: &Deployment) -> Result<()> {
    say("starting supervisord");
    let mut command = Command::new(own_program()?);
    command.arg0("supervisord").args(["-c", &deployment.conf]).stdin(Stdio::null());
    let status = command.status().context("starting the daemon")?;
    if status.success() {
        return Ok(());
    }
    let log = failure::last_lines_of(&deployment.config.supervisord.logfile);
    bail!("the daemon did not start ({status})\n{log}")
}

fn await_daemon(deployment: &Deployment, client: &mut Client, end: Instant) -> Result<()> {
    while !is_up(client)? {
        if Instant::now() > end {
            let log = failure::last_lines_of(&deployment.config.supervisord.logfile);
            bail!("the daemon does not answer at {}\n{log}", client.serverurl());
        }
        pause();
    }
    Ok(())
}

fn ask(client: &mut Client) -> Result<Vec<Info>> {
    infos(client).context("asking the daemon for its processes")
}

/// Starts what should run, is down, and is not on its way up.
fn start_programs(deployment: &Deployment, client: &mut Client) -> Result<()> {
    let mut down: Vec<Info> = ask(client)?;
    down.retain(|info| deployment.should_run(info) && !info.is_done(deployment) && info.is_down());
    down.sort_by_key(|info| deployment.rank(info));
    for info in down {
        let name = Value::str(format!("{}:{}", info.group, info.name));
        // What cannot be started shows itself while we wait.
        if let Err(error) = client.call("supervisor.startProcess", &[name, Value::Bool(false)])
            && error.fault().is_none()
        {
            bail!("starting {}: {error}", info.full_name());
        }
    }
    Ok(())
}

fn await_programs(deployment: &Deployment, client: &mut Client, end: Instant) -> Result<ExitCode> {
    let mut progress = Progress::new();
    loop {
        let mut wanted = ask(client)?;
        wanted.retain(|info| deployment.should_run(info));
        wanted.sort_by_key(|info| deployment.rank(info));
        progress.show(&wanted);
        let waiting = wanted.iter().any(|info| info.is_coming(deployment));
        let late = Instant::now() > end;
        if !waiting || late {
            progress.finish();
            return Ok(verdict(deployment, client, &wanted, late));
        }
        pause();
    }
}

fn verdict(deployment: &Deployment, client: &mut Client, wanted: &[Info], late: bool) -> ExitCode {
    let failed: Vec<&Info> = wanted.iter().filter(|info| !info.is_fine(deployment)).collect();
    for info in &failed {
        complain(&failure::report(deployment, client, info));
    }
    if failed.is_empty() {
        let count = wanted.len();
        say(&format!("all {count} programs run"));
        return ExitCode::SUCCESS;
    }
    if late {
        complain("the time is over; --timeout gives more, bin/supervisorctl status shows the rest");
    }
    ExitCode::FAILURE
}

impl Deployment {
    /// Programs with `autostart=false` are started by hand, and nobody waits for them.
    fn should_run(&self, info: &Info) -> bool {
        self.process(info).is_some_and(|process| process.autostart)
    }
}

impl Info {
    fn is_down(&self) -> bool {
        self.state.is_stopped()
    }

    /// On its way up, or soon again.
    fn is_coming(&self, deployment: &Deployment) -> bool {
        match self.state {
            S::Starting | S::Backoff | S::Stopping => true,
            S::Exited => {
                deployment.process(self).is_some_and(|process| match process.autorestart {
                    AutoRestart::Always => true,
                    AutoRestart::Unexpected => !self.spawnerr.is_empty(),
                    AutoRestart::Never => false,
                })
            }
            _ => false,
        }
    }

    /// It did what it should do and has ended, as a job does that runs once.
    fn is_done(&self, deployment: &Deployment) -> bool {
        self.state == S::Exited && self.spawnerr.is_empty() && !self.is_coming(deployment)
    }

    fn is_fine(&self, deployment: &Deployment) -> bool {
        self.state == S::Running || self.is_done(deployment)
    }
}
