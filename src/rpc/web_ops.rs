//! Operations of the web interface. They call the functions behind the XML-RPC methods directly, so
//! they work without any configured RPC interface.

use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::control;
use super::fault::{Code, Fault};
use super::logs;
use super::names;
use super::rolling;
use super::value::Value;
use crate::core::jobs::{Scope, Task};
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

/// Stops everything that runs, then starts everything.
pub fn restart_all(context: &mut Context<'_>) -> Answer {
    check_mood(context)?;
    restart_job(context, "all", Scope::All)
}

/// Restarts the processes of these names one after the other.
pub fn restart_rolling(context: &mut Context<'_>, names: &[&str]) -> Answer {
    check_mood(context)?;
    rolling::restart(context, names, 1)
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
