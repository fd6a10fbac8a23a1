//! The methods that control processes: start, stop, signal, write to stdin, send an event.

use super::args::Args;
use super::context::{CommandFault, Context};
use super::fault::{Code, Fault};
use super::methods::Answer;
use super::names::{self, Target};
use super::promise::{Batch, Outcome, Promise};
use super::value::Value;
use crate::conf::signals::Signal;
use crate::core::effect::ProcId;
use crate::core::state::ProcessState;

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
    let all = names::by_priority(context.supervisor);
    Ok(start_each(context, &all, args.flag(0)))
}

fn start_group(context: &mut Context<'_>, group: &str, wait: bool) -> Answer {
    let members = members(context, group)?;
    Ok(start_each(context, &members, wait))
}

fn start_each(context: &mut Context<'_>, ids: &[ProcId], wait: bool) -> Outcome {
    let stopped = |state: ProcessState| !state.is_running();
    Outcome::Later(batch(context, ids, stopped, |context, id, name| start(context, id, name, wait)))
}

/// The command is checked first, so a call for a missing command fails without making the program
/// FATAL.
fn start(context: &mut Context<'_>, id: ProcId, name: &str, wait: bool) -> Answer {
    let bad_name = || Fault::new(Code::BadName, name);
    let process = context.supervisor.process(id).ok_or_else(bad_name)?;
    context.services.check_command(process.config()).map_err(|fault| match fault {
        CommandFault::NotFound(error) => Fault::new(Code::NoFile, error),
        CommandFault::NotExecutable(error) => Fault::new(Code::NotExecutable, error),
    })?;
    match process.state() {
        state if state.is_running() => Err(Fault::new(Code::AlreadyStarted, name)),
        ProcessState::Unknown => {
            Err(Fault::new(Code::Failed, format!("{name} is in an unknown process state")))
        }
        _ => {
            context.supervisor.start(id, context.now);
            Ok(Outcome::Later(Promise::Started { id, name: name.to_owned(), wait }))
        }
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
    let all = names::by_priority(context.supervisor);
    Ok(stop_each(context, &all, args.flag(0)))
}

fn stop_group(context: &mut Context<'_>, group: &str, wait: bool) -> Answer {
    let members = members(context, group)?;
    Ok(stop_each(context, &members, wait))
}

fn stop_each(context: &mut Context<'_>, ids: &[ProcId], wait: bool) -> Outcome {
    let running = ProcessState::is_running;
    Outcome::Later(batch(context, ids, running, |context, id, name| stop(context, id, name, wait)))
}

fn stop(context: &mut Context<'_>, id: ProcId, name: &str, wait: bool) -> Answer {
    if !context.supervisor.process(id).is_some_and(|it| it.state().is_running()) {
        return Err(Fault::new(Code::NotRunning, name));
    }
    context.supervisor.stop(id, context.now).map_err(|error| Fault::new(Code::Failed, error))?;
    if wait { Ok(Outcome::Later(Promise::Stopped { id })) } else { Ok(Value::Bool(true).into()) }
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
    let all = names::by_priority(context.supervisor);
    Ok(signal_each(context, &all, &args.signal(0)))
}

fn signal_group(context: &mut Context<'_>, group: &str, which: &Result<Signal, Fault>) -> Answer {
    let members = members(context, group)?;
    Ok(signal_each(context, &members, which))
}

fn signal_each(
    context: &mut Context<'_>,
    ids: &[ProcId],
    which: &Result<Signal, Fault>,
) -> Outcome {
    let signallable = ProcessState::is_signallable;
    let batch = batch(context, ids, signallable, |context, id, name| {
        signal(context, id, name, which.clone())
    });
    match batch {
        Promise::Batch(batch) => batch.report().into(),
        other => Outcome::Later(other),
    }
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
    let sent = context.supervisor.signal(id, which, context.now);
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

fn members(context: &Context<'_>, group: &str) -> Result<Vec<ProcId>, Fault> {
    let found = context.supervisor.group(group).ok_or_else(|| Fault::new(Code::BadName, group))?;
    Ok(names::of_group(context.supervisor, found))
}

/// Applies an operation to all processes whose state allows it.
fn batch(
    context: &mut Context<'_>,
    ids: &[ProcId],
    is_allowed: impl Fn(ProcessState) -> bool,
    operation: impl Fn(&mut Context<'_>, ProcId, &str) -> Answer,
) -> Promise {
    let mut batch = Batch::new(context.now.mono);
    for &id in ids {
        let Some(process) = context.supervisor.process(id) else { continue };
        if !is_allowed(process.state()) {
            continue;
        }
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        let outcome = operation(context, id, &names::join(&group, &name));
        batch.push(&group, &name, outcome);
    }
    Promise::Batch(batch)
}
