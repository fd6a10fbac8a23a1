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
use crate::core::lasting::Lasting;
use crate::core::{Process, Supervisor};

pub(super) fn disable_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let chosen = Chosen::named(context.supervisor, args.name(0)?)?;
    change(context, &chosen, Change::Disable)
}

pub(super) fn enable_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let chosen = Chosen::named(context.supervisor, args.name(0)?)?;
    change(context, &chosen, Change::Enable)
}

pub(super) fn disable_all_processes(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let chosen = Chosen::all(context.supervisor);
    change(context, &chosen, Change::Disable)
}

pub(super) fn enable_all_processes(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let chosen = Chosen::all(context.supervisor);
    change(context, &chosen, Change::Enable)
}

#[derive(Clone, Copy)]
enum Change {
    Disable,
    Enable,
}

/// What is disabled or enabled.
struct Chosen {
    /// For the log.
    title: String,
    /// Groups, or a process of one.
    names: Vec<(String, Option<String>)>,
    ids: Vec<ProcId>,
}

impl Chosen {
    fn named(supervisor: &Supervisor, name: &str) -> Result<Self, Fault> {
        let ids = match names::find_or_group(supervisor, name)? {
            Target::Process(id) => vec![id],
            Target::Group(group) => members(supervisor, &group).map(Process::id).collect(),
        };
        let (group, process) = names::split_or_group(supervisor, name);
        let names = vec![(group.to_owned(), process.map(str::to_owned))];
        Ok(Self { title: name.to_owned(), names, ids })
    }

    fn all(supervisor: &Supervisor) -> Self {
        let groups = supervisor.groups().iter();
        let names: Vec<_> = groups.map(|group| (group.name().to_owned(), None)).collect();
        let processes = names.iter().flat_map(|(group, _)| members(supervisor, group));
        let ids = processes.map(Process::id).collect();
        Self { title: "all processes".to_owned(), names, ids }
    }
}

fn members<'s>(supervisor: &'s Supervisor, group: &str) -> impl Iterator<Item = &'s Process> {
    supervisor.group(group).into_iter().flat_map(|group| supervisor.members(group))
}

/// What is disabled after a change.
fn changed(supervisor: &Supervisor, chosen: &Chosen, change: Change) -> Disabled {
    let mut disabled = supervisor.disabled().clone();
    for (group, process) in &chosen.names {
        let process = process.as_deref();
        match change {
            Change::Disable => disabled.insert(group, process),
            Change::Enable => {
                let members = members(supervisor, group).map(|it| it.name().to_owned());
                disabled.remove(group, process, &members.collect::<Vec<_>>());
            }
        }
    }
    disabled
}

/// Changes what is disabled: first in the file, so that the answer holds after a crash.
fn change(context: &mut Context<'_>, chosen: &Chosen, change: Change) -> Answer {
    let supervisor = &*context.supervisor;
    let Chosen { title, ids, .. } = chosen;
    let was_disabled: Vec<bool> = ids.iter().map(|id| supervisor.is_disabled(*id)).collect();
    let disabled = changed(supervisor, chosen, change);
    if disabled != *supervisor.disabled() {
        let settings = &supervisor.config().supervisord;
        let state = Lasting { disabled: disabled.clone(), ..supervisor.lasting() };
        let saved = context.services.save_state(settings, &state);
        saved.map_err(|error| Fault::new(Code::Failed, error))?;
        context.supervisor.set_disabled(disabled, context.now);
        let verb = match change {
            Change::Disable => "disabled",
            Change::Enable => "enabled",
        };
        let message = format!("{title} {verb} by {}", context.requester);
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
