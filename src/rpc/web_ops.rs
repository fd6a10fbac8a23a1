//! Operations of the web interface. They call the functions behind the XML-RPC methods directly, so
//! they work without any configured RPC interface.

use super::access::Access;
use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::control;
use super::fault::{Code, Fault};
use super::logs;
use super::names;
use super::permission;
use super::rolling;
use super::supkit;
use super::value::Value;
use crate::core::effect::ProcId;
use crate::core::jobs::{JobId, Scope, Task};
use crate::core::state::Mood;

pub fn start(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    control::start_process(context, &Args(&[Value::str(name)]))
}

pub fn stop(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    control::stop_process(context, &Args(&[Value::str(name)]))
}

pub fn stop_all(context: &mut Context<'_>) -> Answer {
    check_mood(context)?;
    control::stop_all_processes(context, &Args(&[]))
}

/// Stops the process if it runs, then starts it regardless of the stop's result.
pub fn restart(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    let id = names::find_process(context, name)?.id();
    restart_job(context, name, Scope::One(id))
}

/// What came of a request for several processes, so far.
pub struct Begun {
    pub job: Option<JobId>,
    /// Why some of them are left out: the name of the process and the fault.
    pub refused: Vec<(String, Fault)>,
}

/// Starts several processes in one job.
pub fn start_many(context: &mut Context<'_>, target: &str, ids: &[ProcId]) -> Result<Begun, Fault> {
    check_mood(context)?;
    Ok(Begun::of(&control::start_each(context, target, ids, true)))
}

/// Stops several processes in one job.
pub fn stop_many(context: &mut Context<'_>, target: &str, ids: &[ProcId]) -> Result<Begun, Fault> {
    check_mood(context)?;
    Ok(Begun::of(&control::stop_each(context, target, ids, true)))
}

/// Stops those of several processes that run, then starts all of them, in one job.
pub fn restart_many(
    context: &mut Context<'_>,
    target: &str,
    ids: &[ProcId],
) -> Result<Begun, Fault> {
    check_mood(context)?;
    Ok(Begun::of(&restart_job(context, target, Scope::Many(ids.to_vec()))?))
}

impl Begun {
    fn of(outcome: &Outcome) -> Self {
        let Outcome::Later(pending) = outcome else {
            return Self { job: None, refused: Vec::new() };
        };
        Self { job: pending.job(), refused: pending.refused() }
    }
}

/// Stops everything that runs, then starts everything.
pub fn restart_all(context: &mut Context<'_>) -> Answer {
    check_mood(context)?;
    restart_job(context, "all", Scope::All)
}

/// Restarts the processes of these names one after the other, or as many at the same time as may be
/// out of service.
pub fn restart_rolling(
    context: &mut Context<'_>,
    names: &[&str],
    max_unavailable: usize,
) -> Answer {
    check_mood(context)?;
    rolling::restart(context, names, max_unavailable)
}

/// Ends a rolling restart between two processes.
pub fn cancel_job(context: &mut Context<'_>, id: &str) -> Answer {
    check_mood(context)?;
    let id = id.parse().map_err(|_| Fault::new(Code::BadArguments, id))?;
    rolling::cancel(context, JobId(id))
}

/// Whether the account of the client may end this job.
pub fn may_cancel(context: &Context<'_>, id: JobId) -> bool {
    let names = rolling::cancellable(context, id);
    let may = |name: &String| permission::check(context, Access::Control, "", name).is_ok();
    !names.is_empty() && names.iter().all(may)
}

/// The action of a plan for a process that only an update of Supervisor restarts.
pub use super::plan::RESTARTED_UNLESS_MINIMAL;

/// Whether the account of the client may see what an update would do, and do it.
pub fn check_update(context: &Context<'_>, what: &str) -> Result<(), Fault> {
    permission::check(context, Access::ReadPlan, what, "")?;
    permission::check(context, Access::Administer, what, "")
}

/// What an update would do.
pub fn plan_update(context: &mut Context<'_>) -> Result<Value, Fault> {
    check_mood(context)?;
    match supkit::plan_update(context, &Args(&[]))? {
        Outcome::Now(plan) => Ok(plan),
        Outcome::Later(_) => Err(Fault::bare(Code::Failed)),
    }
}

/// Applies the configuration; with `max_unavailable` changed processes are restarted one by one.
pub fn update(context: &mut Context<'_>, max_unavailable: Option<i64>) -> Answer {
    check_mood(context)?;
    match max_unavailable {
        None => supkit::update_minimal(context, &Args(&[])),
        Some(number) => supkit::update_rolling(context, &Args(&[Value::Nil, Value::Int(number)])),
    }
}

fn restart_job(context: &mut Context<'_>, target: &str, scope: Scope) -> Answer {
    let request = context.request(target, Task::Restart(scope));
    let job = context.supervisor.submit(request, context.now);
    let job = job.map_err(|conflict| Fault::new(Code::Failed, conflict.to_string()))?;
    Ok(Outcome::Later(Pending::Finished { job }))
}

pub fn clear_log(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    logs::clear_process_logs(context, &Args(&[Value::str(name)]))
}

fn check_mood(context: &Context<'_>) -> Result<(), Fault> {
    match context.supervisor.mood() {
        Mood::Restarting | Mood::Shutdown => Err(Fault::bare(Code::ShutdownState)),
        Mood::Running | Mood::Fatal => Ok(()),
    }
}
