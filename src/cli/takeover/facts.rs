//! What a Supervisor reports about itself and its processes.

use anyhow::{Result, bail};

use super::super::deployment::lacks;
use super::connection::explain;
use crate::core::effect::Pid;
use crate::core::state::ProcessState;
use crate::core::takeover::Reported;
use crate::ctl::client::Client;
use crate::daemon::takeover::{self, Facts};
use crate::rpc::value::Value;

/// The major version that this is written for.
const SUPPORTED: &str = "4.";

/// The state in which Supervisor accepts requests and starts programs.
const RUNNING: i64 = 1;

fn call(client: &mut Client, method: &str) -> Result<Value> {
    client.call(method, &[]).map_err(|error| explain(client, &error))
}

pub(super) fn pid(client: &mut Client) -> Result<i32> {
    let answer = call(client, "supervisor.getPID")?;
    match answer.as_int().and_then(|pid| i32::try_from(pid).ok()) {
        Some(pid) => Ok(pid),
        None => bail!("{} does not answer with its pid", client.serverurl()),
    }
}

/// Whether the daemon is supkit: Supervisor has no such method.
pub(super) fn is_supkit(client: &mut Client) -> Result<bool> {
    match client.call("supkit.getVersion", &[]) {
        Ok(_) => Ok(true),
        Err(error) if lacks(&error) => Ok(false),
        Err(error) => Err(explain(client, &error)),
    }
}

/// The version of the daemon, which must be the process with this pid, and able to be replaced.
pub(super) fn version(client: &mut Client, pid: i32) -> Result<String> {
    let answers = self::pid(client)?;
    if answers != pid {
        bail!(
            "{} is answered by process {answers}, not by the daemon (pid {pid})",
            client.serverurl()
        );
    }
    if is_supkit(client)? {
        bail!(
            "the daemon (pid {pid}) is supkit already\n`supervisorctl upgrade` changes its version"
        );
    }
    let version = call(client, "supervisor.getSupervisorVersion")?;
    let version = version.as_str().unwrap_or_default().to_owned();
    if !version.starts_with(SUPPORTED) {
        bail!("the daemon (pid {pid}) is Supervisor {version}; only version 4 can be taken over");
    }
    let state = call(client, "supervisor.getState")?;
    if state.get("statecode").and_then(Value::as_int) != Some(RUNNING) {
        let name = state.get("statename").and_then(Value::as_str).unwrap_or_default();
        bail!("the daemon (pid {pid}) is {name}, not RUNNING");
    }
    Ok(version)
}

pub(super) fn collect(client: &mut Client, pid: i32, version: &str) -> Result<Facts> {
    let children = takeover::children(pid);
    let Value::Array(configured) = call(client, "supervisor.getAllConfigInfo")? else {
        bail!("getAllConfigInfo was answered without a list");
    };
    let Value::Array(all) = call(client, "supervisor.getAllProcessInfo")? else {
        bail!("getAllProcessInfo was answered without a list");
    };
    let reported = all.iter().map(reported).collect();
    Ok(Facts { version: version.to_owned(), reported, configured, children })
}

fn reported(value: &Value) -> Reported {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| value.get(key).and_then(Value::as_int).unwrap_or_default();
    let pid = i32::try_from(number("pid")).ok().filter(|pid| *pid > 0);
    Reported {
        group: text("group"),
        name: text("name"),
        state: ProcessState::from_code(number("state")).unwrap_or(ProcessState::Unknown),
        pid: pid.map(Pid),
        start: number("start"),
        stop: number("stop"),
        now: number("now"),
        exitstatus: number("exitstatus"),
        spawnerr: text("spawnerr"),
        stdout_logfile: text("stdout_logfile"),
        stderr_logfile: text("stderr_logfile"),
    }
}
