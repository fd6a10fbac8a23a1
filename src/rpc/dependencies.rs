//! `supkit.getDependencies`: what each process depends on and why it waits.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::names;
use super::supkit::fields;
use super::value::Value;
use crate::core::waiting::DependencyStatus;
use crate::core::{Process, Supervisor};

pub(super) fn get_dependencies(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let supervisor = &*context.supervisor;
    let all = names::by_name(supervisor).into_iter();
    Ok(Value::Array(all.filter_map(|process| dependencies(supervisor, process)).collect()).into())
}

/// Nothing for a process that depends on nothing.
fn dependencies(supervisor: &Supervisor, process: &Process) -> Option<Value> {
    let id = process.id();
    let depends_on: Vec<Value> =
        supervisor.dependencies_of(id).into_iter().map(dependency).collect();
    if depends_on.is_empty() {
        return None;
    }
    let reason = supervisor.waiting_reason(id);
    Some(fields([
        ("group", Value::str(process.group())),
        ("name", Value::str(process.name())),
        ("waits", Value::Bool(supervisor.is_waiting(id))),
        ("reason", Value::Str(reason.unwrap_or_default())),
        ("depends_on", Value::Array(depends_on)),
    ]))
}

fn dependency(status: DependencyStatus) -> Value {
    let processes = status.processes.into_iter().map(Value::Str).collect();
    fields([
        ("name", Value::Str(status.name)),
        ("condition", Value::str(status.condition.name())),
        ("is_met", Value::Bool(status.is_met)),
        ("processes", Value::Array(processes)),
    ])
}
