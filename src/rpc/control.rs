//! The methods that control processes: start, stop, signal, write to stdin, send an event.

use super::answer::{Answer, Outcome, Pending};
use super::args::Args;
use super::batch::{self, Batch, BatchKind, Row};
use super::context::{CommandFault, Context};
use super::fault::{Code, Fault};
use super::names::{self, Target};
use super::value::Value;
use crate::conf::signals::Signal;
use crate::core::effect::ProcId;
use crate::core::jobs::{Job, JobId, Member, Task};
use crate::core::state::ProcessState;
use crate::core::{Process, Supervisor};

/// The target of a call about all processes.
const ALL: &str = "all";

pub(super) fn start_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let (name, wait) = (args.name(0)?, args.flag(1));
    match names::find(context.supervisor, name)? {
        Target::Process(id) => start(context, id, name, wait),
        Target::Group(group) => start_group(context, &group, wait),
    }
}

pub(super) fn start_process_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    start_group(context, args.group(0)?, args.flag(1))
}

pub(super) fn start_all_processes(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let all = context.supervisor.by_priority();
    Ok(start_each(context, ALL, &all, args.flag(0)))
}

/// A process that another job will start is left to that.
pub(super) fn start_autostart(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    // Those of the start of the daemon do not wait for their turn any longer.
    context.supervisor.finish_autostart(context.now);
    let supervisor = &*context.supervisor;
    let is_wanted = |process: &&Process| {
        process.config().autostart
            && process.state().is_stopped()
            && !process.is_active()
            && !process.has_completed()
            && !supervisor.is_disabled(process.id())
            && !supervisor.is_waiting(process.id())
            && !supervisor.is_to_be_restarted(process.id())
            && check_start(context, process, &process.full_name()).is_ok()
    };
    let all = supervisor.by_priority();
    let wanted = all.iter().filter_map(|id| supervisor.process(*id)).filter(is_wanted);
    let ids: Vec<ProcId> = wanted.map(Process::id).collect();
    if ids.is_empty() {
        return Ok(Value::Int(0).into());
    }
    let job = submit(context, ALL, Task::Start(ids));
    Ok(Outcome::Later(Pending::Begun { job }))
}

fn start_group(context: &mut Context<'_>, group: &str, wait: bool) -> Answer {
    let members = members(context, group)?;
    Ok(start_each(context, &format!("{group}:*"), &members, wait))
}

pub(super) fn start_each(
    context: &mut Context<'_>,
    target: &str,
    ids: &[ProcId],
    wait: bool,
) -> Outcome {
    let mut batch = Batch::new(BatchKind::Start, wait);
    // What an operator has disabled is no failure of a start of many.
    let enabled: Vec<ProcId> =
        ids.iter().copied().filter(|id| !context.supervisor.is_disabled(*id)).collect();
    let is_stopped = |process: &Process| !process.state().is_running();
    batch.fill(context, &enabled, is_stopped, |context, process, name| {
        check_start(context, process, name)
    });
    let accepted = batch.accepted();
    if !accepted.is_empty() {
        batch.job = Some(submit(context, target, Task::Start(accepted)));
    }
    Outcome::Later(Pending::Batch(batch))
}

fn start(context: &mut Context<'_>, id: ProcId, name: &str, wait: bool) -> Answer {
    let process = context.supervisor.process(id).ok_or_else(|| Fault::new(Code::BadName, name))?;
    check_start(context, process, name)?;
    let job = submit(context, name, Task::Start(vec![id]));
    Ok(Outcome::Later(Pending::Started { job, id, name: name.to_owned(), wait }))
}

/// The command is checked first, so a call for a missing command fails without making the program
/// FATAL.
fn check_start(context: &Context<'_>, process: &Process, name: &str) -> Result<(), Fault> {
    if let Some(why) = context.supervisor.disabled_reason(process.id()) {
        if !process.state().is_running() {
            return Err(Fault::new(Code::SpawnError, format!("{name} {why}")));
        }
    }
    context.services.check_command(process.config()).map_err(|fault| match fault {
        CommandFault::NotFound(error) => Fault::new(Code::NoFile, error),
        CommandFault::NotExecutable(error) => Fault::new(Code::NotExecutable, error),
    })?;
    match process.state() {
        state if state.is_running() => Err(Fault::new(Code::AlreadyStarted, name)),
        ProcessState::Unknown => {
            Err(Fault::new(Code::Failed, format!("{name} is in an unknown process state")))
        }
        _ => Ok(()),
    }
}

pub(super) fn stop_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let (name, wait) = (args.name(0)?, args.flag(1));
    match names::find(context.supervisor, name)? {
        Target::Process(id) => stop(context, id, name, wait),
        Target::Group(group) => stop_group(context, &group, wait),
    }
}

pub(super) fn stop_process_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    stop_group(context, args.group(0)?, args.flag(1))
}

pub(super) fn stop_all_processes(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let all = context.supervisor.by_priority();
    Ok(stop_each(context, ALL, &all, args.flag(0)))
}

fn stop_group(context: &mut Context<'_>, group: &str, wait: bool) -> Answer {
    let members = members(context, group)?;
    Ok(stop_each(context, &format!("{group}:*"), &members, wait))
}

pub(super) fn stop_each(
    context: &mut Context<'_>,
    target: &str,
    ids: &[ProcId],
    wait: bool,
) -> Outcome {
    let mut batch = Batch::new(BatchKind::Stop, wait);
    let can_stop: Vec<ProcId> =
        ids.iter().copied().filter(|id| can_stop(context.supervisor, *id)).collect();
    batch.fill(context, &can_stop, |_| true, |_, _, _| Ok(()));
    if !can_stop.is_empty() {
        batch.job = Some(submit(context, target, Task::Stop { ids: can_stop, wait }));
    }
    Outcome::Later(Pending::Batch(batch))
}

fn stop(context: &mut Context<'_>, id: ProcId, name: &str, wait: bool) -> Answer {
    if !can_stop(context.supervisor, id) {
        return Err(Fault::new(Code::NotRunning, name));
    }
    let job = submit(context, name, Task::Stop { ids: vec![id], wait });
    let members = context.supervisor.job(job).and_then(Job::members);
    let failed = members.and_then(|members| members.iter().find_map(Member::failure));
    match failed {
        Some(failure) => Err(batch::fault(failure, name)),
        None if wait => Ok(Outcome::Later(Pending::Stopped { job })),
        None => Ok(Value::Bool(true).into()),
    }
}

/// Whether a process runs or would be started without a request.
fn can_stop(supervisor: &Supervisor, id: ProcId) -> bool {
    let is_active = supervisor.process(id).is_some_and(Process::is_active);
    is_active || supervisor.is_waiting(id) || supervisor.is_to_be_restarted(id)
}

/// Plain starts and stops are never refused.
fn submit(context: &mut Context<'_>, target: &str, task: Task) -> JobId {
    let request = context.request(target, task);
    context.supervisor.submit_plain(request, context.now)
}

pub(super) fn signal_process(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let name = args.name(0)?;
    match names::find(context.supervisor, name)? {
        Target::Process(id) => signal(context, id, name, args.signal(1)),
        Target::Group(group) => signal_group(context, &group, &args.signal(1)),
    }
}

pub(super) fn signal_process_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let group = args.group(0)?;
    signal_group(context, group, &args.signal(1))
}

pub(super) fn signal_all_processes(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let all = context.supervisor.by_priority();
    let which = args.signal(0);
    Ok(each(context, &all, |context, id, name| signal(context, id, name, which.clone())))
}

fn signal_group(context: &mut Context<'_>, group: &str, which: &Result<Signal, Fault>) -> Answer {
    let members = members(context, group)?;
    Ok(each(context, &members, |context, id, name| signal(context, id, name, which.clone())))
}

/// Sends something to those of several processes that can be signalled.
pub(super) fn each(
    context: &mut Context<'_>,
    ids: &[ProcId],
    send: impl Fn(&mut Context<'_>, ProcId, &str) -> Answer,
) -> Outcome {
    let mut batch = Batch::new(BatchKind::Immediate, false);
    let ids: Vec<ProcId> = ids
        .iter()
        .copied()
        .filter(|id| context.supervisor.process(*id).is_some_and(|it| it.state().is_signallable()))
        .collect();
    for id in ids {
        let Some(process) = context.supervisor.process(id) else { continue };
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        let full_name = process.full_name();
        let result = send(context, id, &full_name).map(drop);
        batch.rows.push(Row { id, group, name, runs_at_once: false, result: Some(result) });
    }
    batch.report(std::iter::empty()).into()
}

/// An unknown name takes precedence over a bad signal, which takes precedence over a stopped
/// process.
fn signal(
    context: &mut Context<'_>,
    id: ProcId,
    name: &str,
    which: Result<Signal, Fault>,
) -> Answer {
    let which = which?;
    if !context.supervisor.process(id).is_some_and(|it| it.state().is_signallable()) {
        return Err(Fault::new(Code::NotRunning, name));
    }
    let sent = context.supervisor.signal(id, which, context.requester, context.now);
    sent.map_err(|error| Fault::new(Code::Failed, error))?;
    Ok(Value::Bool(true).into())
}

pub(super) fn send_process_stdin(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let bytes = match args.value(1) {
        Value::Str(text) => text.clone().into_bytes(),
        Value::Bytes(bytes) => bytes.clone(),
        Value::Nil => return Err(Fault::bare(Code::IncorrectParameters)),
        _ => return Err(Fault::new(Code::IncorrectParameters, args.text(1))),
    };
    let name = args.name(0)?;
    let process = names::find_process(context, name)?;
    let (id, state) = (process.id(), process.state());
    if process.pid().is_none() || state == ProcessState::Stopping {
        return Err(Fault::new(Code::NotRunning, name));
    }
    let written = context.supervisor.write_stdin(id, bytes);
    written.map_err(|_| Fault::new(Code::NoFile, name))?;
    Ok(Value::Bool(true).into())
}

pub(super) fn send_remote_comm_event(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    context.supervisor.remote_event(&args.text(0), &args.text(1), context.now);
    Ok(Value::Bool(true).into())
}

pub(super) fn members(context: &Context<'_>, group: &str) -> Result<Vec<ProcId>, Fault> {
    let found = context.supervisor.group(group).ok_or_else(|| Fault::new(Code::BadName, group))?;
    Ok(context.supervisor.members_by_priority(found))
}
