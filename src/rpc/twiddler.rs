//! The interface of the `supervisor_twiddler` plug-in: changes active groups.

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::value::{Name, Value};
use crate::conf::config::LogLevel;

const API_VERSION: &str = "1.0";

/// The fault code for a method that the whitelist excludes; it is not one of Supervisor's codes.
const NOT_IN_WHITELIST: i64 = 230;

/// Checks that the configuration allows a method of this interface; an empty list allows all.
pub(super) fn check_whitelist(allowed: &[String], method: &str) -> Result<(), Fault> {
    if allowed.is_empty() || allowed.iter().any(|name| name == method) {
        return Ok(());
    }
    Err(Fault { code: NOT_IN_WHITELIST, string: format!("UNKNOWN: {method}") })
}

pub(super) fn get_api_version(_: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(Value::str(API_VERSION).into())
}

pub(super) fn get_group_names(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let names = context.supervisor.groups().iter().map(|group| Value::str(group.name()));
    Ok(Value::Array(names.collect()).into())
}

pub(super) fn log(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let level = match args.0.get(1) {
        None => Some(LogLevel::Info),
        Some(Value::Str(name)) => LogLevel::from_short_name(&name.to_uppercase()),
        Some(other) => other.as_int().and_then(LogLevel::from_number),
    };
    let level = level.ok_or_else(|| Fault::bare(Code::IncorrectParameters))?;
    context.supervisor.log(level, args.text(0));
    Ok(Value::Bool(true).into())
}

pub(super) fn add_program_to_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let (group, program) = (group(context, args)?, args.text(1));
    let options = options(args.value(2)).ok_or_else(|| Fault::bare(Code::IncorrectParameters))?;
    let processes =
        context.services.program(context.supervisor.config(), &group, &program, &options);
    let processes = processes.map_err(|why| Fault::new(Code::IncorrectParameters, why))?;
    for process in &processes {
        if context.supervisor.find(&group, &process.name).is_some() {
            return Err(Fault::new(Code::BadName, &process.name));
        }
    }
    for process in processes {
        context.supervisor.add_process(&group, process, context.now);
    }
    Ok(Value::Bool(true).into())
}

pub(super) fn remove_process_from_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let (group, process) = (group(context, args)?, args.text(1));
    let id = context.supervisor.find(&group, &process);
    let id = id.ok_or_else(|| Fault::new(Code::BadName, &process))?;
    if !context.supervisor.remove_process(id, context.now) {
        return Err(Fault::new(Code::StillRunning, &process));
    }
    Ok(Value::Bool(true).into())
}

fn group(context: &Context<'_>, args: &Args<'_>) -> Result<String, Fault> {
    let name = args.text(0);
    match context.supervisor.group(&name) {
        Some(_) => Ok(name),
        None => Err(Fault::new(Code::BadName, format!("group: {name}"))),
    }
}

/// Options in configuration file syntax: names and string values.
fn options(value: &Value) -> Option<Vec<(String, String)>> {
    let Value::Struct(members) = value else { return None };
    let option =
        |(name, value): &(Name, Value)| Some((name.to_string(), value.as_str()?.to_owned()));
    members.iter().map(option).collect()
}
