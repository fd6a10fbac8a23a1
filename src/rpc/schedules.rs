//! `supkit.getSchedules`: when programs are started by their schedules.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::names;
use super::supkit::fields;
use super::value::Value;
use crate::core::Process;
use crate::core::time::Wall;

pub(super) fn get_schedules(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let all = names::by_name(context.supervisor);
    Ok(Value::Array(all.into_iter().filter_map(schedule).collect()).into())
}

/// Nothing for a process without a schedule.
fn schedule(process: &Process) -> Option<Value> {
    let schedule = process.config().schedule.as_ref()?;
    let next = process.next_run().map_or(0, Wall::secs);
    Some(fields([
        ("group", Value::str(process.group())),
        ("name", Value::str(process.name())),
        ("expression", Value::str(&schedule.expression)),
        ("timezone", Value::str(&schedule.zone.name)),
        ("next_run", Value::Int(next)),
    ]))
}
