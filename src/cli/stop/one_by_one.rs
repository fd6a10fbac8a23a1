//! Stops the programs from here, for a daemon without a job for that: plain Supervisor, or an older
//! supkit.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::super::deployment::{
    Deployment, ProcessInfo, is_not_listening, is_shutting_down, last_exit, print_line,
    process_infos,
};
use super::report::stopped;
use crate::ctl::client::Client;
use crate::os::clock;
use crate::rpc::value::Value;

/// Stops programs one at a time, highest priority first, then the daemon.
pub(super) fn stop(deployment: &Deployment, client: &mut Client) -> Result<()> {
    stop_programs(deployment, client)?;
    shut_down(client)
}

fn stop_programs(deployment: &Deployment, client: &mut Client) -> Result<()> {
    let all = process_infos(client).context("asking for the processes")?;
    let mut up: Vec<ProcessInfo> =
        all.into_iter().filter(|info| !info.state.is_stopped()).collect();
    up.sort_by_key(|info| deployment.stop_order(info));
    for info in up.into_iter().rev() {
        let name = info.rpc_name();
        client.show_while_waiting(&format!("waiting for {} to stop", info.full_name()));
        let began = clock::monotonic();
        let answer = client.call("supervisor.stopProcess", &[name]);
        client.show_while_waiting("");
        let took = clock::monotonic().saturating_sub(began);
        match answer {
            Ok(_) => {
                let was_killed = was_killed(client, &info, took);
                let name = (info.group.as_str(), info.name.as_str());
                print_line(&stopped(deployment, name, was_killed));
            }
            // It exited by itself or was stopped by another client.
            Err(error) if error.fault().is_some() => {}
            Err(error) => bail!("stopping {}: {error}", info.full_name()),
        }
    }
    Ok(())
}

/// A program that stopped quickly was not killed.
fn was_killed(client: &mut Client, info: &ProcessInfo, took: Duration) -> bool {
    let is_slow = took >= Duration::from_secs(1);
    let exit = if is_slow { last_exit(client, info) } else { None };
    exit.and_then(|exit| exit.get("killed").cloned()) == Some(Value::Bool(true))
}

/// Shuts the daemon down that has stopped its programs.
pub(super) fn shut_down(client: &mut Client) -> Result<()> {
    match client.call("supervisor.shutdown", &[]) {
        Ok(_) => Ok(()),
        Err(error) if is_not_listening(&error) || is_shutting_down(&error) => Ok(()),
        Err(error) => bail!("shutting the daemon down: {error}"),
    }
}
