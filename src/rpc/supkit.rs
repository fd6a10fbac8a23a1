//! The methods that only supkit has: its version, the state of event listener pools, and planned
//! and minimal updates.

use super::args::Args;
use super::config::reread;
use super::context::Context;
use super::fault::{Code, Fault};
use super::methods::Answer;
use super::plan;
use super::promise::{Outcome, Promise};
use super::update::Update;
use super::value::Value;
use crate::core::Supervisor;
use crate::core::group::Group;

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

fn fields<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into())
}

pub(super) fn plan_update(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let filter = groups(args)?;
    let config = reread(context)?;
    Ok(plan::plan(context.supervisor, &config, &filter).into())
}

pub(super) fn update_minimal(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let filter = groups(args)?;
    let config = reread(context)?;
    let update = Update::new(context.supervisor, &config, &filter);
    context.supervisor.replace_config(config);
    Ok(Outcome::Later(Promise::Update(update)))
}

/// The requested groups; all groups if none is named.
pub(super) struct GroupFilter(Vec<String>);

impl GroupFilter {
    pub(super) fn includes(&self, group: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name == group || name == "all")
    }
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
