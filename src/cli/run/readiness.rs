//! Whether the programs with readiness probes are ready.

use crate::conf::config::{Group, Process};
use crate::core::state::ProcessState;
use crate::ctl::client::Client;
use crate::rpc::value::Value;

use super::super::deployment::{Deployment, ProcessInfo};

/// Adds to each process that runs why it is not ready. Plain Supervisor has no probes.
pub(super) fn add(deployment: &Deployment, client: &mut Client, infos: &mut [ProcessInfo]) {
    let mut configured = deployment.config.groups.iter().flat_map(Group::members);
    if !configured.any(Process::has_readiness_probe) {
        return;
    }
    let Ok(Value::Array(probes)) = client.call("supkit.getProbes", &[]) else { return };
    for info in infos.iter_mut().filter(|info| info.state == ProcessState::Running) {
        info.not_ready = probes.iter().find(|it| is_of(it, info)).and_then(reason);
    }
}

fn is_of(probes: &Value, info: &ProcessInfo) -> bool {
    let is =
        |member: &str, wanted: &str| probes.get(member).and_then(Value::as_str) == Some(wanted);
    is("group", &info.group) && is("name", &info.name)
}

fn reason(probes: &Value) -> Option<String> {
    let is_ready = probes.get("is_ready") == Some(&Value::Bool(true));
    let reason = probes.get("reason").and_then(Value::as_str).unwrap_or_default();
    (!is_ready).then(|| reason.to_owned())
}
