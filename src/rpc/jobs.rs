//! The methods about jobs: their list, waiting for one, and the job that stops everything.

use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::job_info;
use super::value::Value;
use crate::core::jobs::{Job, JobId, Task};

pub(super) fn get_jobs(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let supervisor = &*context.supervisor;
    let mut jobs: Vec<&Job> = supervisor.jobs().collect();
    jobs.sort_by_key(|job| job.id());
    let infos = jobs.into_iter().map(|job| job_info::info(supervisor, job));
    Ok(Value::Array(infos.collect()).into())
}

pub(super) fn await_job(_: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let incorrect = || Fault::bare(Code::IncorrectParameters);
    let job = JobId(u64::try_from(args.number(0)?).map_err(|_| incorrect())?);
    let count = |at: usize| match args.value(at) {
        Value::Nil => Ok(None),
        _ => usize::try_from(args.number(at)?).map(Some).map_err(|_| incorrect()),
    };
    let (done, from) = (count(1)?, count(2)?.unwrap_or(0));
    Ok(Outcome::Later(Pending::Progress { job, done, from }))
}

pub(super) fn stop_and_shutdown(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let running = context.supervisor.stop_of_all();
    let job = running.unwrap_or_else(|| {
        let request = context.request("all", Task::StopAll);
        context.supervisor.submit_plain(request, context.now)
    });
    Ok(Outcome::Later(Pending::Begun { job }))
}
