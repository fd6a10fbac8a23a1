//! `supkit.getGraph`: the processes that depend on each other, and what the last start waited for.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::dependencies::dependency;
use super::names;
use super::supkit::fields;
use super::value::Value;
use crate::core::critical_path::CriticalStep;
use crate::core::{Process, Supervisor};

pub(super) fn get_graph(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let supervisor = &*context.supervisor;
    let all = names::by_name(supervisor).into_iter();
    let processes = all.map(|process| node(supervisor, process)).collect();
    let path = supervisor.critical_path().into_iter().map(step).collect();
    Ok(fields([("processes", Value::Array(processes)), ("critical_path", Value::Array(path))])
        .into())
}

fn node(supervisor: &Supervisor, process: &Process) -> Value {
    let needs = supervisor.dependencies_of(process.id()).into_iter().map(dependency);
    let readiness = match process.is_ready() {
        None => "",
        Some(true) => "ready",
        Some(false) => "not ready",
    };
    fields([
        ("name", Value::Str(process.full_name())),
        ("state", Value::str(process.state().name())),
        ("readiness", Value::str(readiness)),
        ("waits", Value::Bool(supervisor.is_waiting(process.id()))),
        ("needs", Value::Array(needs.collect())),
    ])
}

fn step(step: CriticalStep) -> Value {
    let millis = i64::try_from(step.duration.as_millis()).unwrap_or(i64::MAX);
    fields([("name", Value::Str(step.name)), ("milliseconds", Value::Int(millis))])
}
