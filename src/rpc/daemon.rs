//! The methods about the daemon itself: versions, state, its end.

use super::args::Args;
use super::methods::{API_VERSION, Answer, SUPERVISOR_VERSION};
use super::value::Value;
use super::world::World;

pub(super) fn get_api_version(_: &mut World<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(API_VERSION).into())
}

pub(super) fn get_supervisor_version(_: &mut World<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(SUPERVISOR_VERSION).into())
}

pub(super) fn get_identification(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(&world.supervisor.config().supervisord.identifier).into())
}

pub(super) fn get_state(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let mood = world.supervisor.mood();
    let state = vec![
        ("statecode".to_owned(), Value::Int(mood.code())),
        ("statename".to_owned(), Value::str(mood.name())),
    ];
    Ok(Value::Struct(state).into())
}

pub(super) fn get_pid(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::Int(world.services.pid()).into())
}

pub(super) fn shutdown(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    world.supervisor.shutdown(world.now);
    Ok(Value::Bool(true).into())
}

pub(super) fn restart(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    world.supervisor.restart(world.now);
    Ok(Value::Bool(true).into())
}
