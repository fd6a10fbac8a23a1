//! What is to be expected of each program: whether it is up, may still come up, or has failed.

use crate::conf::config::{AutoRestart, Group, Process};
use crate::core::state::ProcessState as S;
use crate::ctl::client::Client;
use crate::rpc::value::Value;

use super::super::deployment::{Deployment, ProcessInfo};

/// Adds to each process that runs why it is not ready, and to each that waits why it waits in vain. Plain
/// Supervisor has neither.
pub(super) fn add(deployment: &Deployment, client: &mut Client, infos: &mut [ProcessInfo]) {
    let has = |is_one: fn(&Process) -> bool| {
        deployment.config.groups.iter().flat_map(Group::members).any(is_one)
    };
    if has(Process::has_readiness_probe) {
        let probes = structs(client, "supkit.getProbes");
        for info in infos.iter_mut().filter(|info| info.state == S::Running) {
            info.not_ready = probes.iter().find(|it| is_of(it, info)).and_then(not_ready);
        }
    }
    if has(|process| !process.depends_on.is_empty()) && infos.iter().any(ProcessInfo::waits) {
        let dependencies = structs(client, "supkit.getDependencies");
        for info in infos.iter_mut().filter(|info| info.waits()) {
            info.waits_in_vain = dependencies.iter().find(|it| is_of(it, info)).and_then(failed);
        }
    }
}

fn structs(client: &mut Client, method: &str) -> Vec<Value> {
    match client.call(method, &[]) {
        Ok(Value::Array(structs)) => structs,
        _ => Vec::new(),
    }
}

fn is_of(of: &Value, info: &ProcessInfo) -> bool {
    let is = |member: &str, wanted: &str| of.get(member).and_then(Value::as_str) == Some(wanted);
    is("group", &info.group) && is("name", &info.name)
}

fn not_ready(probes: &Value) -> Option<String> {
    let is_ready = probes.get("is_ready") == Some(&Value::Bool(true));
    let reason = probes.get("reason").and_then(Value::as_str).unwrap_or_default();
    (!is_ready).then(|| reason.to_owned())
}

fn failed(dependencies: &Value) -> Option<String> {
    let why = dependencies.get("failed").and_then(Value::as_str).unwrap_or_default();
    (!why.is_empty()).then(|| why.to_owned())
}

impl Deployment {
    /// Programs with `autostart=false` are started manually and not waited for, and disabled ones are
    /// not started at all.
    pub(super) fn should_run(&self, info: &ProcessInfo) -> bool {
        !info.is_disabled
            && self.process(&info.group, &info.name).is_some_and(|process| process.autostart)
    }
}

impl ProcessInfo {
    pub(super) fn is_down(&self) -> bool {
        self.state.is_stopped()
    }

    /// Whether it may still come up without a request: it starts, is not ready yet, waits or will be
    /// restarted.
    pub(super) fn is_pending(&self, deployment: &Deployment) -> bool {
        match self.state {
            _ if self.waits() => self.waits_in_vain.is_none(),
            S::Starting | S::Backoff | S::Stopping => true,
            S::Running => self.not_ready.is_some(),
            S::Exited => {
                deployment.process(&self.group, &self.name).is_some_and(|it| match it.autorestart {
                    AutoRestart::Always => true,
                    AutoRestart::Unexpected => !self.spawnerr.is_empty(),
                    AutoRestart::Never => false,
                })
            }
            _ => false,
        }
    }

    /// Whether it has completed successfully, like a one-time job.
    pub(super) fn has_completed(&self, deployment: &Deployment) -> bool {
        self.state == S::Exited
            && self.spawnerr.is_empty()
            && !self.waits()
            && !self.is_pending(deployment)
    }

    pub(super) fn is_healthy(&self, deployment: &Deployment) -> bool {
        self.is_up() || self.has_completed(deployment)
    }

    /// Whether only a request could bring it up.
    pub(super) fn has_failed(&self, deployment: &Deployment) -> bool {
        !self.is_pending(deployment) && !self.is_healthy(deployment)
    }
}
