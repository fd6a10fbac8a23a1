//! `supkit.getDependencies` and `supkit.getProbes`: what each process depends on and why it waits,
//! whether it is ready and why not.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::names;
use super::supkit::fields;
use super::value::Value;
use crate::core::process_probe::ProbeStatus;
use crate::core::time::Mono;
use crate::core::waiting::DependencyStatus;
use crate::core::{Process, Supervisor};

pub(super) fn get_dependencies(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let (supervisor, now) = (&*context.supervisor, context.now.mono);
    let all = names::by_name(supervisor).into_iter();
    Ok(Value::Array(all.filter_map(|process| dependencies(supervisor, process, now)).collect())
        .into())
}

/// Nothing for a process that depends on nothing.
fn dependencies(supervisor: &Supervisor, process: &Process, now: Mono) -> Option<Value> {
    let id = process.id();
    let depends_on: Vec<Value> =
        supervisor.dependencies_of(id).into_iter().map(dependency).collect();
    if depends_on.is_empty() {
        return None;
    }
    let reason = supervisor.waiting_reason(id, now);
    let failed = supervisor.failed_dependency(id).filter(|_| reason.is_some());
    Some(fields([
        ("group", Value::str(process.group())),
        ("name", Value::str(process.name())),
        ("waits", Value::Bool(supervisor.is_waiting(id))),
        ("reason", Value::Str(reason.unwrap_or_default())),
        ("failed", Value::Str(failed.unwrap_or_default())),
        ("depends_on", Value::Array(depends_on)),
    ]))
}

pub(super) fn get_probes(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let now = context.now.mono;
    let all = names::by_name(context.supervisor).into_iter();
    Ok(Value::Array(all.filter_map(|process| probes(process, now)).collect()).into())
}

/// Nothing for a process without a child or without probes.
fn probes(process: &Process, now: Mono) -> Option<Value> {
    let probes: Vec<Value> = process.probes().into_iter().map(probe).collect();
    let is_ready = process.is_ready();
    if probes.is_empty() && is_ready.is_none() {
        return None;
    }
    Some(fields([
        ("group", Value::str(process.group())),
        ("name", Value::str(process.name())),
        ("is_ready", Value::Bool(is_ready.unwrap_or(true))),
        ("reason", Value::Str(process.not_ready_text(now).unwrap_or_default())),
        ("status", Value::str(process.notified_status().unwrap_or_default())),
        ("probes", Value::Array(probes)),
    ]))
}

fn probe(status: ProbeStatus) -> Value {
    fields([
        ("name", Value::str(status.id.name())),
        ("target", Value::Str(status.target)),
        ("is_up", Value::Bool(status.is_up)),
        ("error", Value::Str(status.error)),
    ])
}

pub(super) fn dependency(status: DependencyStatus) -> Value {
    let processes = status.processes.into_iter().map(Value::Str).collect();
    fields([
        ("any", Value::Int(i64::try_from(status.any.unwrap_or(0)).unwrap_or(i64::MAX))),
        ("name", Value::Str(status.name)),
        ("condition", Value::str(status.condition.name())),
        ("is_met", Value::Bool(status.is_met)),
        ("processes", Value::Array(processes)),
    ])
}
