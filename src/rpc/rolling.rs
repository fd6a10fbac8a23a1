//! `supkit.restartRolling`: processes are restarted one after the other, without an interruption for
//! the users of those behind a proxy.

use super::access::Access;
use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::names::{self, Target};
use super::permission;
use super::value::Value;
use crate::core::effect::ProcId;
use crate::core::jobs::{Job, JobId, Rolling, Task};
use crate::core::{Process, Supervisor};
use crate::pattern;

/// The name of all processes.
const ALL: &str = "all";

pub(super) fn restart_rolling(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let names: Vec<&str> = match args.value(0) {
        Value::Str(name) => vec![name],
        Value::Array(names) => names
            .iter()
            .map(|name| name.as_str().ok_or_else(incorrect))
            .collect::<Result<_, _>>()?,
        _ => return Err(incorrect()),
    };
    restart(context, &names, max_unavailable(args, 1)?)
}

fn incorrect() -> Fault {
    Fault::bare(Code::IncorrectParameters)
}

/// How many may be out of service at the same time: one, if it is not given.
pub(super) fn max_unavailable(args: &Args<'_>, at: usize) -> Result<usize, Fault> {
    if matches!(args.value(at), Value::Nil) {
        return Ok(1);
    }
    let number = usize::try_from(args.number(at)?).ok().filter(|number| *number > 0);
    number.ok_or_else(|| Fault::new(Code::IncorrectParameters, "max_unavailable is below 1"))
}

pub(super) fn restart(
    context: &mut Context<'_>,
    names: &[impl AsRef<str>],
    max_unavailable: usize,
) -> Answer {
    let mut wanted = Vec::new();
    for name in names {
        wanted.extend(find(context.supervisor, name.as_ref())?);
    }
    let all = context.supervisor.by_priority();
    let ids: Vec<ProcId> = all.into_iter().filter(|id| wanted.contains(id)).collect();
    if ids.is_empty() {
        return Ok(Value::Array(Vec::new()).into());
    }
    for process in ids.iter().filter_map(|id| context.supervisor.process(*id)) {
        permission::check(context, Access::Control, "a rolling restart", &process.full_name())?;
    }
    let target = names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
    let task = Task::Roll { ids, max_unavailable, is_forced: false };
    let request = context.request(&target, task);
    let job = context.supervisor.submit(request, context.now);
    let job = job.map_err(|conflict| Fault::new(Code::Failed, conflict.to_string()))?;
    Ok(Outcome::Later(Pending::Finished { job }))
}

/// Ends a rolling restart or a rolling update. Whoever may do that controls each of its processes.
pub(super) fn cancel_job(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let id = u64::try_from(args.number(0)?).map_err(|_| incorrect())?;
    cancel(context, JobId(id))
}

pub(super) fn cancel(context: &mut Context<'_>, id: JobId) -> Answer {
    for name in cancellable(context, id) {
        permission::check(context, Access::Control, "the end of a rolling restart", &name)?;
    }
    let requester = context.requester.to_owned();
    let cancelled = context.supervisor.cancel_job(id, &requester, context.now);
    cancelled.map_err(|why| Fault::new(Code::Failed, why.to_string()))?;
    Ok(Value::Bool(true).into())
}

/// The processes of a rolling restart that a client can end.
pub(super) fn cancellable(context: &Context<'_>, id: JobId) -> Vec<String> {
    let job = context.supervisor.job(id).filter(|job| job.is_cancellable());
    let reports = job.and_then(Job::rolling).map(Rolling::reports).unwrap_or_default();
    reports.iter().map(|report| report.name.clone()).collect()
}

/// The processes that a name means. Of many, those that are disabled keep running, as a start of many
/// skips them.
fn find(supervisor: &Supervisor, name: &str) -> Result<Vec<ProcId>, Fault> {
    if name != ALL {
        if let Ok(Target::Process(id)) = names::find(supervisor, name) {
            return Ok(vec![id]);
        }
    }
    let mut ids = find_many(supervisor, name)?;
    ids.retain(|id| !supervisor.is_disabled(*id));
    Ok(ids)
}

/// `all`, a group with or without `:*`, or a pattern.
fn find_many(supervisor: &Supervisor, name: &str) -> Result<Vec<ProcId>, Fault> {
    let bad_name = || Fault::new(Code::BadName, name);
    if name == ALL {
        return Ok(supervisor.by_priority());
    }
    let members = |group: &str| {
        let group = supervisor.group(group)?;
        Some(supervisor.members_by_priority(group))
    };
    if let Ok(Target::Group(group)) = names::find(supervisor, name) {
        return Ok(members(&group).unwrap_or_default());
    }
    if let Some(members) = members(name) {
        return Ok(members);
    }
    let matching = supervisor.processes().filter(|process| matches(name, process));
    let ids: Vec<ProcId> = matching.map(Process::id).collect();
    if ids.is_empty() { Err(bad_name()) } else { Ok(ids) }
}

/// With a colon both sides are matched; without one the name or the whole `group:name`.
fn matches(text: &str, process: &Process) -> bool {
    match text.split_once(':') {
        Some((group, name)) => {
            pattern::matches(group, process.group())
                && (name.is_empty() || pattern::matches(name, process.name()))
        }
        None => {
            pattern::matches(text, process.name()) || pattern::matches(text, &process.full_name())
        }
    }
}
