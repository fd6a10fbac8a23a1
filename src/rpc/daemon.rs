//! The methods for the daemon itself: versions, state, shutdown and restart.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault, RESTART_REFUSED};
use super::method::{API_VERSION, SUPERVISOR_VERSION};
use super::value::Value;

pub(super) fn get_api_version(_: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(API_VERSION).into())
}

pub(super) fn get_supervisor_version(_: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(SUPERVISOR_VERSION).into())
}

pub(super) fn get_identification(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(&context.supervisor.config().supervisord.identifier).into())
}

pub(super) fn get_state(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let mood = context.supervisor.mood();
    let state = [("statecode", Value::Int(mood.code())), ("statename", Value::str(mood.name()))];
    Ok(Value::record(state).into())
}

pub(super) fn get_pid(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::Int(context.services.pid()).into())
}

pub(super) fn shutdown(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    context.supervisor.shutdown(context.requester, context.now);
    Ok(Value::Bool(true).into())
}

/// Refused with the fault of a failed reread if the daemon could not start again; nothing is
/// stopped then.
pub(super) fn restart(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let checked = context.services.check_restart(context.supervisor.config());
    checked.map_err(|why| Fault::new(Code::CantReread, format!("{RESTART_REFUSED}{why}")))?;
    context.supervisor.restart(context.requester, context.now);
    Ok(Value::Bool(true).into())
}
