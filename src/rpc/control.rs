//! The methods that move processes: start, stop, signal, write to stdin, send an event.

use super::args::Args;
use super::fault::{Code, Fault};
use super::methods::Answer;
use super::names::{self, Found};
use super::promise::{Each, Outcome, Promise};
use super::value::Value;
use super::world::{CommandFault, World};
use crate::conf::signals::Signal;
use crate::core::effect::ProcId;
use crate::core::state::ProcessState;

pub(super) fn start_process(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let (name, wait) = (args.name(0)?, args.flag(1));
    match names::find(world.supervisor, name)? {
        Found::Process(id) => start(world, id, name, wait),
        Found::Group(group) => start_group(world, &group, wait),
    }
}

pub(super) fn start_process_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    start_group(world, args.group(0)?, args.flag(1))
}

pub(super) fn start_all_processes(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let all = names::by_priority(world.supervisor);
    Ok(start_each(world, &all, args.flag(0)))
}

fn start_group(world: &mut World<'_>, group: &str, wait: bool) -> Answer {
    let members = members(world, group)?;
    Ok(start_each(world, &members, wait))
}

fn start_each(world: &mut World<'_>, ids: &[ProcId], wait: bool) -> Outcome {
    let stopped = |state: ProcessState| !state.is_running();
    Outcome::Later(each(world, ids, stopped, |world, id, name| start(world, id, name, wait)))
}

/// The command is looked at first: a program that cannot run never becomes FATAL through a call.
fn start(world: &mut World<'_>, id: ProcId, name: &str, wait: bool) -> Answer {
    let bad_name = || Fault::new(Code::BadName, name);
    let process = world.supervisor.process(id).ok_or_else(bad_name)?;
    world.services.check_command(process.config()).map_err(|fault| match fault {
        CommandFault::NotFound(why) => Fault::new(Code::NoFile, why),
        CommandFault::NotExecutable(why) => Fault::new(Code::NotExecutable, why),
    })?;
    match process.state() {
        state if state.is_running() => Err(Fault::new(Code::AlreadyStarted, name)),
        ProcessState::Unknown => {
            Err(Fault::new(Code::Failed, format!("{name} is in an unknown process state")))
        }
        _ => {
            world.supervisor.start(id, world.now);
            Ok(Outcome::Later(Promise::Started { id, name: name.to_owned(), wait }))
        }
    }
}

pub(super) fn stop_process(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let (name, wait) = (args.name(0)?, args.flag(1));
    match names::find(world.supervisor, name)? {
        Found::Process(id) => stop(world, id, name, wait),
        Found::Group(group) => stop_group(world, &group, wait),
    }
}

pub(super) fn stop_process_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    stop_group(world, args.group(0)?, args.flag(1))
}

pub(super) fn stop_all_processes(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let all = names::by_priority(world.supervisor);
    Ok(stop_each(world, &all, args.flag(0)))
}

fn stop_group(world: &mut World<'_>, group: &str, wait: bool) -> Answer {
    let members = members(world, group)?;
    Ok(stop_each(world, &members, wait))
}

fn stop_each(world: &mut World<'_>, ids: &[ProcId], wait: bool) -> Outcome {
    let running = ProcessState::is_running;
    Outcome::Later(each(world, ids, running, |world, id, name| stop(world, id, name, wait)))
}

fn stop(world: &mut World<'_>, id: ProcId, name: &str, wait: bool) -> Answer {
    if !world.supervisor.process(id).is_some_and(|it| it.state().is_running()) {
        return Err(Fault::new(Code::NotRunning, name));
    }
    world.supervisor.stop(id, world.now).map_err(|why| Fault::new(Code::Failed, why))?;
    if wait { Ok(Outcome::Later(Promise::Stopped { id })) } else { Ok(Value::Bool(true).into()) }
}

pub(super) fn signal_process(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let name = args.name(0)?;
    match names::find(world.supervisor, name)? {
        Found::Process(id) => signal(world, id, name, args.signal(1)),
        Found::Group(group) => signal_group(world, &group, &args.signal(1)),
    }
}

pub(super) fn signal_process_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let group = args.group(0)?;
    signal_group(world, group, &args.signal(1))
}

pub(super) fn signal_all_processes(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let all = names::by_priority(world.supervisor);
    Ok(signal_each(world, &all, &args.signal(0)))
}

fn signal_group(world: &mut World<'_>, group: &str, which: &Result<Signal, Fault>) -> Answer {
    let members = members(world, group)?;
    Ok(signal_each(world, &members, which))
}

fn signal_each(world: &mut World<'_>, ids: &[ProcId], which: &Result<Signal, Fault>) -> Outcome {
    let signallable = ProcessState::is_signallable;
    let each =
        each(world, ids, signallable, |world, id, name| signal(world, id, name, which.clone()));
    match each {
        Promise::Each(each) => each.report().into(),
        other => Outcome::Later(other),
    }
}

/// A bad name beats a bad signal, which beats a process that does not run.
fn signal(world: &mut World<'_>, id: ProcId, name: &str, which: Result<Signal, Fault>) -> Answer {
    let which = which?;
    if !world.supervisor.process(id).is_some_and(|it| it.state().is_signallable()) {
        return Err(Fault::new(Code::NotRunning, name));
    }
    let sent = world.supervisor.signal(id, which, world.now);
    sent.map_err(|why| Fault::new(Code::Failed, why))?;
    Ok(Value::Bool(true).into())
}

pub(super) fn send_process_stdin(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let bytes = match args.value(1) {
        Value::Str(text) => text.clone().into_bytes(),
        Value::Bytes(bytes) => bytes.clone(),
        Value::Nil => return Err(Fault::bare(Code::IncorrectParameters)),
        _ => return Err(Fault::new(Code::IncorrectParameters, args.text(1))),
    };
    let name = args.name(0)?;
    let process = names::find_process(world, name)?;
    let (id, state) = (process.id(), process.state());
    if process.pid().is_none() || state == ProcessState::Stopping {
        return Err(Fault::new(Code::NotRunning, name));
    }
    let taken = world.supervisor.write_stdin(id, bytes);
    taken.map_err(|_| Fault::new(Code::NoFile, name))?;
    Ok(Value::Bool(true).into())
}

pub(super) fn send_remote_comm_event(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    world.supervisor.remote_event(&args.text(0), &args.text(1), world.now);
    Ok(Value::Bool(true).into())
}

fn members(world: &World<'_>, group: &str) -> Result<Vec<ProcId>, Fault> {
    let found = world.supervisor.group(group).ok_or_else(|| Fault::new(Code::BadName, group))?;
    Ok(names::of_group(world.supervisor, found))
}

/// Tell the same to all processes in a state that allows it.
fn each(
    world: &mut World<'_>,
    ids: &[ProcId],
    allowed: impl Fn(ProcessState) -> bool,
    tell: impl Fn(&mut World<'_>, ProcId, &str) -> Answer,
) -> Promise {
    let mut each = Each::new(world.now.mono);
    for &id in ids {
        let Some(process) = world.supervisor.process(id) else { continue };
        if !allowed(process.state()) {
            continue;
        }
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        let outcome = tell(world, id, &names::join(&group, &name));
        each.push(&group, &name, outcome);
    }
    Promise::Each(each)
}
