//! The methods that only supkit has: its version, the state of event listener pools, how processes
//! ended, and planned and minimal updates.

use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::config::{changes, reread};
use super::context::Context;
use super::fault::{Code, Fault};
use super::names;
use super::plan::{self, GroupFilter};
use super::rolling;
use super::value::Value;
use crate::conf::signals::Signal;
use crate::core::effect::WaitStatus;
use crate::core::group::Group;
use crate::core::jobs::{JobId, Task, Update};
use crate::core::{Process, Supervisor};

pub(super) fn get_version(_: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(env!("CARGO_PKG_VERSION")).into())
}

pub(super) fn get_event_pools(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let supervisor = &context.supervisor;
    let pools = supervisor.groups().iter().filter_map(|group| event_pool(supervisor, group));
    Ok(Value::Array(pools.collect()).into())
}

fn event_pool(supervisor: &Supervisor, group: &Group) -> Option<Value> {
    let pool = group.pool()?;
    let listeners = supervisor.members(group).filter_map(|process| {
        let state = process.listener()?.name();
        Some(fields([("name", Value::str(process.name())), ("state", Value::str(state))]))
    });
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    Some(fields([
        ("group", Value::str(group.name())),
        ("buffered", count(group.buffered() as u64)),
        ("buffer_size", Value::Int(pool.buffer_size)),
        ("dropped", count(group.dropped())),
        ("listeners", Value::Array(listeners.collect())),
    ]))
}

pub(super) fn get_last_exits(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let all = names::by_name(context.supervisor);
    Ok(Value::Array(all.into_iter().filter_map(last_exit).collect()).into())
}

fn last_exit(process: &Process) -> Option<Value> {
    let exit = process.last_exit()?;
    let (code, signal, core_dumped) = match exit.status {
        WaitStatus::Exited(code) => (code, String::new(), false),
        WaitStatus::Signaled { signal, core_dumped } => {
            (-1, Signal(signal).to_string(), core_dumped)
        }
    };
    Some(fields([
        ("group", Value::str(process.group())),
        ("name", Value::str(process.name())),
        ("exitstatus", Value::Int(code.into())),
        ("signal", Value::Str(signal)),
        ("core_dumped", Value::Bool(core_dumped)),
        ("expected", Value::Bool(exit.is_expected)),
        ("killed", Value::Bool(exit.was_killed)),
        ("time", Value::Int(exit.when.wall.secs())),
        ("description", Value::Str(exit.description())),
    ]))
}

pub(super) fn fields<const N: usize>(members: [(&'static str, Value); N]) -> Value {
    Value::record(members)
}

pub(super) fn plan_update(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let filter = groups(args)?;
    let config = reread(context)?;
    let changes = changes(context.supervisor, &config);
    Ok(plan::planned(context.supervisor, &config, &changes, &filter).into())
}

pub(super) fn update_minimal(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    update(context, args, None)
}

pub(super) fn update_rolling(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    update(context, args, Some(rolling::max_unavailable(args, 1)?))
}

fn update(context: &mut Context<'_>, args: &Args<'_>, max_unavailable: Option<usize>) -> Answer {
    let filter = groups(args)?;
    let config = reread(context)?;
    let mut changes = changes(context.supervisor, &config);
    changes.retain(|change| filter.includes(&change.group().name));
    let update = Update::new(context.supervisor, &changes, max_unavailable);
    let is_empty = changes.is_empty();
    let job = if is_empty { None } else { Some(submit_update(context, &filter, update)?) };
    context.supervisor.replace_config(config);
    Ok(match job {
        Some(job) => Outcome::Later(Pending::Finished { job }),
        None => Value::Array(Vec::new()).into(),
    })
}

fn submit_update(
    context: &mut Context<'_>,
    filter: &GroupFilter,
    update: Update,
) -> Result<JobId, Fault> {
    let request = context.request(&filter.target(), Task::Update(update));
    let job = context.supervisor.submit(request, context.now);
    job.map_err(|conflict| Fault::new(Code::Failed, conflict.to_string()))
}

fn groups(args: &Args<'_>) -> Result<GroupFilter, Fault> {
    let incorrect = || Fault::bare(Code::IncorrectParameters);
    let names = match args.value(0) {
        Value::Nil => &[],
        Value::Array(names) => names.as_slice(),
        _ => return Err(incorrect()),
    };
    let name = |name: &Value| name.as_str().map(str::to_owned).ok_or_else(incorrect);
    Ok(GroupFilter(names.iter().map(name).collect::<Result<_, _>>()?))
}
