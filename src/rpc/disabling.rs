//! The methods that disable and enable programs.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::names::{self, Target};
use super::supkit::fields;
use super::value::Value;
use crate::conf::config::LogLevel;
use crate::core::disabled::Disabled;
use crate::core::effect::ProcId;
use crate::core::{Process, Supervisor};

pub(super) fn disable_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    change(context, args.name(0)?, "disabled", |disabled, _, (group, process)| {
        disabled.insert(group, process);
    })
}

pub(super) fn enable_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    change(context, args.name(0)?, "enabled", |disabled, supervisor, (group, process)| {
        let members = supervisor.group(group).map(|group| supervisor.members(group));
        let members = members.into_iter().flatten().map(|it| it.name().to_owned());
        disabled.remove(group, process, &members.collect::<Vec<_>>());
    })
}

/// Changes what is disabled: first in the file, so that the answer holds after a crash.
fn change(
    context: &mut Context<'_>,
    name: &str,
    verb: &str,
    apply: impl FnOnce(&mut Disabled, &Supervisor, (&str, Option<&str>)),
) -> Answer {
    let supervisor = &*context.supervisor;
    let (group, process) = names::split_or_group(supervisor, name);
    let ids: Vec<ProcId> = match names::find_or_group(supervisor, name)? {
        Target::Process(id) => vec![id],
        Target::Group(group) => {
            let group = supervisor.group(&group).into_iter();
            group.flat_map(|group| supervisor.members(group)).map(Process::id).collect()
        }
    };
    let was_disabled: Vec<bool> = ids.iter().map(|id| supervisor.is_disabled(*id)).collect();
    let mut disabled = supervisor.disabled().clone();
    apply(&mut disabled, supervisor, (group, process));
    if disabled != *supervisor.disabled() {
        let settings = &supervisor.config().supervisord;
        let saved = context.services.save_disabled(settings, &disabled);
        saved.map_err(|error| Fault::new(Code::Failed, error))?;
        context.supervisor.set_disabled(disabled, context.now);
        let message = format!("{name} {verb} by {}", context.requester);
        context.supervisor.log(LogLevel::Info, message);
    }
    let supervisor = &*context.supervisor;
    let row = |(id, was_disabled): (&ProcId, bool)| {
        let process = supervisor.process(*id)?;
        let is_disabled = supervisor.is_disabled(*id);
        Some(fields([
            ("group", Value::str(process.group())),
            ("name", Value::str(process.name())),
            ("disabled", Value::Bool(is_disabled)),
            ("changed", Value::Bool(is_disabled != was_disabled)),
            ("running", Value::Bool(process.pid().is_some())),
        ]))
    };
    Ok(Value::Array(ids.iter().zip(was_disabled).filter_map(row).collect()).into())
}
