//! The interface of the `supervisor_twiddler` plug-in: groups that are changed while they run.

use super::args::Args;
use super::fault::{Code, Fault};
use super::methods::Answer;
use super::value::Value;
use super::world::World;
use crate::conf::config::{Config, LogLevel, RpcInterface};

const API_VERSION: &str = "1.0";

/// Levels as Supervisor's loggers name and number them.
const LEVELS: &[(&str, i64, LogLevel)] = &[
    ("CRIT", 50, LogLevel::Critical),
    ("ERRO", 40, LogLevel::Error),
    ("WARN", 30, LogLevel::Warn),
    ("INFO", 20, LogLevel::Info),
    ("DEBG", 10, LogLevel::Debug),
    ("TRAC", 5, LogLevel::Trace),
    ("BLAT", 3, LogLevel::Blather),
];

/// The fault for a method that the configuration does not allow; its name is none of Supervisor's.
const NOT_IN_WHITELIST: i64 = 230;

/// The methods that may be called; `None` if the interface is not configured.
pub(super) fn whitelist(config: &Config) -> Option<&[String]> {
    config.rpcinterfaces.iter().find_map(|interface| match interface {
        RpcInterface::Twiddler { whitelist } => Some(whitelist.as_slice()),
        RpcInterface::Main => None,
    })
}

/// Whether the configuration lets a method of this interface be called.
pub(super) fn allow(config: &Config, method: &str) -> Result<(), Fault> {
    let method = method.rsplit('.').next().unwrap_or(method);
    let allowed = whitelist(config).unwrap_or_default();
    if allowed.is_empty() || allowed.iter().any(|name| name == method) {
        return Ok(());
    }
    Err(Fault { code: NOT_IN_WHITELIST, string: format!("UNKNOWN: {method}") })
}

pub(super) fn get_api_version(_: &mut World<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(API_VERSION).into())
}

pub(super) fn get_group_names(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let names = world.supervisor.groups().iter().map(|group| Value::str(group.name()));
    Ok(Value::Array(names.collect()).into())
}

pub(super) fn log(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let level = match args.0.get(1) {
        None => Some(LogLevel::Info),
        Some(Value::Str(name)) => {
            let name = name.to_uppercase();
            LEVELS.iter().find(|row| row.0 == name).map(|row| row.2)
        }
        Some(other) => {
            let number = other.as_int();
            LEVELS.iter().find(|row| Some(row.1) == number).map(|row| row.2)
        }
    };
    let level = level.ok_or_else(|| Fault::bare(Code::IncorrectParameters))?;
    world.supervisor.log(level, args.text(0));
    Ok(Value::Bool(true).into())
}

pub(super) fn add_program_to_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let (group, program) = (group(world, args)?, args.text(1));
    let options = options(args.value(2)).ok_or_else(|| Fault::bare(Code::IncorrectParameters))?;
    let processes = world.services.program(world.supervisor.config(), &group, &program, &options);
    let processes = processes.map_err(|why| Fault::new(Code::IncorrectParameters, why))?;
    for process in &processes {
        if world.supervisor.find(&group, &process.name).is_some() {
            return Err(Fault::new(Code::BadName, &process.name));
        }
    }
    for process in processes {
        world.supervisor.add_process(&group, process, world.now);
    }
    Ok(Value::Bool(true).into())
}

pub(super) fn remove_process_from_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let (group, process) = (group(world, args)?, args.text(1));
    let id = world.supervisor.find(&group, &process);
    let id = id.ok_or_else(|| Fault::new(Code::BadName, &process))?;
    if !world.supervisor.remove_process(id, world.now) {
        return Err(Fault::new(Code::StillRunning, &process));
    }
    Ok(Value::Bool(true).into())
}

fn group(world: &World<'_>, args: &Args<'_>) -> Result<String, Fault> {
    let name = args.text(0);
    match world.supervisor.group(&name) {
        Some(_) => Ok(name),
        None => Err(Fault::new(Code::BadName, format!("group: {name}"))),
    }
}

/// Options as they would stand in the file: names and texts, nothing else.
fn options(value: &Value) -> Option<Vec<(String, String)>> {
    let Value::Struct(members) = value else { return None };
    let option = |(name, value): &(String, Value)| Some((name.clone(), value.as_str()?.to_owned()));
    members.iter().map(option).collect()
}
