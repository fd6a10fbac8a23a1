//! The methods that send a program its `reloadsignal`.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::control::{each, members};
use super::fault::{Code, Fault};
use super::names::{self, Target};
use super::value::Value;
use crate::core::effect::ProcId;

pub(super) fn reload_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let name = args.name(0)?;
    match names::find(context.supervisor, name)? {
        Target::Process(id) => reload(context, id, name),
        Target::Group(group) => reload_group(context, &group),
    }
}

pub(super) fn reload_process_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    reload_group(context, args.group(0)?)
}

/// Of all processes, those that have a `reloadsignal` and run.
pub(super) fn reload_all_processes(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let mut all = context.supervisor.by_priority();
    all.retain(|id| {
        let process = context.supervisor.process(*id);
        process.is_some_and(|it| it.config().reloadsignal.is_some())
    });
    Ok(each(context, &all, reload))
}

fn reload_group(context: &mut Context<'_>, group: &str) -> Answer {
    let members = members(context, group)?;
    Ok(each(context, &members, reload))
}

fn reload(context: &mut Context<'_>, id: ProcId, name: &str) -> Answer {
    let Some(process) = context.supervisor.process(id) else {
        return Err(Fault::new(Code::BadName, name));
    };
    if process.config().reloadsignal.is_none() {
        return Err(Fault::new(Code::BadSignal, format!("{name} has no reloadsignal")));
    }
    let reloaded = context.supervisor.reload_process(id, context.now);
    reloaded.map_err(|_| Fault::new(Code::NotRunning, name))?;
    Ok(Value::Bool(true).into())
}
