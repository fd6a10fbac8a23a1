//! The method that replaces the program of the daemon.

use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::value::Value;
use crate::core::jobs::Task;

pub(super) fn upgrade(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let given = match args.value(0) {
        Value::Nil => None,
        value => Some(value.as_str().ok_or_else(|| Fault::bare(Code::IncorrectParameters))?),
    };
    let given = given.filter(|path| !path.is_empty());
    let program = context.services.program_for_upgrade(given);
    let program = program.map_err(|why| Fault::new(Code::NotExecutable, why))?;
    let request = context.request(&program, Task::Upgrade(program.clone()));
    let job = context.supervisor.submit(request, context.now);
    let job = job.map_err(|conflict| Fault::new(Code::Failed, conflict.to_string()))?;
    Ok(Outcome::Later(Pending::Begun { job }))
}
