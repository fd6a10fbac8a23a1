//! Jobs as values for clients.

use super::context::Context;
use super::fault::{Code, Fault};
use super::value::Value;
use crate::core::jobs::{Job, JobId, Member, Members};
use crate::core::time::{Mono, Now};
use crate::core::{Process, Supervisor};

/// A row of `supkit.getJobs`.
pub(super) fn info(supervisor: &Supervisor, job: &Job) -> Value {
    Value::record(fields(supervisor, job))
}

/// The answer of `supkit.awaitJob`, once the job has finished or `awaited` of its processes are done.
/// The first `from` of those are left out: a client that follows a job of a thousand processes has them.
pub(super) fn progress(
    context: &Context<'_>,
    id: JobId,
    awaited: Option<usize>,
    from: usize,
) -> Option<Result<Value, Fault>> {
    let supervisor = &*context.supervisor;
    let Some(job) = supervisor.job(id) else {
        return Some(Err(Fault::new(Code::Failed, format!("job {} is not known", id.0))));
    };
    let done = job.members().map_or(0, Members::done_count);
    if job.finished().is_none() && awaited.is_none_or(|awaited| done < awaited) {
        return None;
    }
    let mut members: Vec<&Member> = job.members().into_iter().flat_map(Members::iter).collect();
    members.sort_by_key(|it| it.done().map_or((true, Mono::default()), |(at, _)| (false, *at)));
    let members = members.into_iter().skip(from).map(|it| member(supervisor, job, it)).collect();
    let fields = fields(supervisor, job).into_iter();
    Some(Ok(Value::record(fields.chain([("members", Value::Array(members))]))))
}

fn fields(supervisor: &Supervisor, job: &Job) -> [(&'static str, Value); 9] {
    let list = |names: Vec<String>| Value::Array(names.into_iter().map(Value::Str).collect());
    let failures = job.failures();
    let state = match job.finished() {
        None => "running",
        Some(_) if failures.is_empty() => "done",
        Some(_) => "failed",
    };
    let waits_for = if job.finished().is_none() { job.waits_for(supervisor) } else { Vec::new() };
    let seconds = |when: Option<Now>| Value::Int(when.map_or(0, |when| when.wall.secs()));
    [
        ("id", number(job.id())),
        ("kind", Value::str(job.kind().name())),
        ("target", Value::str(job.target())),
        ("requester", Value::str(job.requester())),
        ("state", Value::str(state)),
        ("started", seconds(Some(job.started()))),
        ("finished", seconds(job.finished())),
        ("waits_for", list(waits_for)),
        ("failures", list(failures)),
    ]
}

pub(super) fn number(id: JobId) -> Value {
    Value::Int(i64::try_from(id.0).unwrap_or(i64::MAX))
}

fn member(supervisor: &Supervisor, job: &Job, member: &Member) -> Value {
    let (group, name) = member.name.split_once(':').unwrap_or((&member.name, &member.name));
    let (result, reason) = match member.done() {
        None => ("pending", String::new()),
        Some((_, Ok(()))) => ("done", String::new()),
        Some((_, Err(failure))) => ("failed", failure.to_string()),
    };
    let last_exit = supervisor.process(member.id).and_then(Process::last_exit);
    let was_killed =
        last_exit.is_some_and(|exit| exit.was_killed && exit.when.mono >= job.started().mono);
    let fields = [
        ("group", Value::str(group)),
        ("name", Value::str(name)),
        ("result", Value::str(result)),
        ("reason", Value::Str(reason)),
        ("killed", Value::Bool(was_killed)),
    ];
    Value::record(fields)
}
