//! `supkit.explainProcess`: why a process is in the state that it is in, and how its last children
//! ended. [`facts`] collects, [`text`] words it for people, `value` for programs.

mod facts;
mod history;
mod spans;
mod text;
#[cfg(test)]
mod text_tests;
mod value;

pub use facts::Why;
pub use history::{PastEvent, PastRun};

use super::access::Access;
use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::fault::Fault;
use super::names;
use crate::core::Process;

pub(super) fn explain_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let why = explain(context, args.name(0)?)?;
    let text = why.text(&|when| context.services.local_time(when));
    Ok(value::of(&why, text).into())
}

/// Collects what is known about a process. The configuration is read again for that.
pub fn explain(context: &mut Context<'_>, name: &str) -> Result<Why, Fault> {
    names::find_process(context, name)?;
    // Command lines and environments: what `supkit.planUpdate` shows.
    let role = Access::ReadPlan.role();
    let on_disk = if context.rights.role() >= role {
        context.services.reread()
    } else {
        Err(format!("that requires the role {}", role.name()))
    };
    let process = names::find_process(context, name)?;
    Ok(Why::of(context, process, on_disk.as_ref().map_err(String::as_str)))
}

/// The same without a look at the configuration on disk.
pub fn explain_without_disk(context: &Context<'_>, process: &Process) -> Why {
    Why::of(context, process, Err(""))
}
