//! The methods for the configuration: reread it, add and remove groups, report it.

use super::answer::Answer;
use super::args::Args;
use super::context::{Context, Log};
use super::fault::{Code, Fault};
use super::value::Value;
use crate::conf::config::{Config, Group, LogTarget, Process};
use crate::conf::diff::{GroupChange, diff};
use crate::conf::sections::program as p;
use crate::core::Supervisor;
use crate::core::effect::OutputStream;

/// The changes from the active groups to a configuration.
pub(super) fn changes<'a>(supervisor: &'a Supervisor, config: &'a Config) -> Vec<GroupChange<'a>> {
    let active = supervisor.groups().iter().map(crate::core::Group::config);
    diff(active, &config.groups)
}

pub(super) fn reload_config(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let config = reread(context)?;
    let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes(context.supervisor, &config) {
        let names = match change {
            GroupChange::Added(_) => &mut added,
            GroupChange::Changed { .. } | GroupChange::Replaced { .. } => &mut changed,
            GroupChange::Removed(_) => &mut removed,
        };
        names.push(Value::str(&change.group().name));
    }
    let lists = [added, changed, removed].map(Value::Array);
    context.supervisor.replace_config(config);
    Ok(Value::Array(vec![Value::Array(lists.into())]).into())
}

pub(super) fn reread(context: &mut Context<'_>) -> Result<Config, Fault> {
    context.services.reread().map_err(|error| Fault::new(Code::CantReread, error))
}

pub(super) fn add_process_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let bad_name = || match args.value(0) {
        Value::Nil => Fault::bare(Code::BadName),
        _ => Fault::new(Code::BadName, args.text(0)),
    };
    let name = args.value(0).as_str().ok_or_else(bad_name)?;
    let known = context.supervisor.config().groups.iter().find(|group| group.name == name);
    let group = known.cloned().ok_or_else(bad_name)?;
    if !context.supervisor.add_group(group, context.now) {
        return Err(Fault::new(Code::AlreadyAdded, name));
    }
    Ok(Value::Bool(true).into())
}

pub(super) fn remove_process_group(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let name = args.group(0)?;
    if context.supervisor.group(name).is_none() {
        return Err(Fault::new(Code::BadName, name));
    }
    if !context.supervisor.remove_group(name, context.now) {
        return Err(Fault::new(Code::StillRunning, name));
    }
    Ok(Value::Bool(true).into())
}

pub(super) fn get_all_config_info(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let groups = context.supervisor.config().groups.iter();
    let mut all: Vec<(&Group, &Process)> =
        groups.flat_map(|group| group.members().map(move |it| (group, it))).collect();
    all.sort_by_key(|(_, process)| &process.name);
    let structs = all.into_iter().map(|(group, process)| config_info(context, group, process));
    Ok(Value::Array(structs.collect()).into())
}

fn config_info(context: &Context<'_>, group: &Group, process: &Process) -> Value {
    let id = context.supervisor.find(&group.name, &process.name);
    let automatic = |stream| context.services.log_path(Log::Child(id?, stream));
    let is_active = context.supervisor.group(&group.name).is_some();
    configured(group, process, is_active, &automatic)
}

/// The options of a process as Supervisor reports them, in its order; clients compare them. Options of
/// supkit are not among them. `automatic` is the path of an AUTO log, if it exists.
pub fn configured(
    group: &Group,
    process: &Process,
    is_active: bool,
    automatic: &dyn Fn(OutputStream) -> Option<String>,
) -> Value {
    let none = || Value::str("none");
    let text = |text: &Option<String>| text.as_ref().map_or_else(none, Value::str);
    let path = |stream, target| log_info(process, stream, target, automatic);
    let members = [
        (p::AUTOSTART.name, Value::Bool(process.autostart)),
        (p::DIRECTORY.name, text(&process.directory)),
        ("uid", process.user.as_ref().map_or_else(none, |user| Value::Int(user.uid.into()))),
        (p::COMMAND.name, Value::str(&process.command)),
        (
            p::EXITCODES.name,
            Value::Array(process.exitcodes.iter().copied().map(Value::Int).collect()),
        ),
        ("group", Value::str(&group.name)),
        ("group_prio", Value::Int(group.priority)),
        ("inuse", Value::Bool(is_active)),
        (p::KILLASGROUP.name, Value::Bool(process.killasgroup)),
        ("name", Value::str(&process.name)),
        ("process_prio", Value::Int(process.priority)),
        (p::REDIRECT_STDERR.name, Value::Bool(process.redirect_stderr)),
        (p::STARTRETRIES.name, Value::Int(process.startretries)),
        (p::STARTSECS.name, Value::Int(process.startsecs)),
        (p::STDOUT_CAPTURE_MAXBYTES.name, Value::Int(process.stdout_capture_maxbytes)),
        (p::STDOUT_EVENTS_ENABLED.name, Value::Bool(process.stdout_events_enabled)),
        (p::STDOUT_LOGFILE.name, path(OutputStream::Stdout, &process.stdout_logfile)),
        (p::STDOUT_LOGFILE_BACKUPS.name, Value::Int(process.stdout_logfile_backups)),
        (p::STDOUT_LOGFILE_MAXBYTES.name, Value::Int(process.stdout_logfile_maxbytes)),
        (p::STDOUT_SYSLOG.name, Value::Bool(process.stdout_syslog)),
        (p::STOPSIGNAL.name, Value::Int(process.stopsignal.0.into())),
        (p::STOPWAITSECS.name, Value::Int(process.stopwaitsecs)),
        (p::STDERR_CAPTURE_MAXBYTES.name, Value::Int(process.stderr_capture_maxbytes)),
        (p::STDERR_EVENTS_ENABLED.name, Value::Bool(process.stderr_events_enabled)),
        (p::STDERR_LOGFILE.name, path(OutputStream::Stderr, &process.stderr_logfile)),
        (p::STDERR_LOGFILE_BACKUPS.name, Value::Int(process.stderr_logfile_backups)),
        (p::STDERR_LOGFILE_MAXBYTES.name, Value::Int(process.stderr_logfile_maxbytes)),
        (p::STDERR_SYSLOG.name, Value::Bool(process.stderr_syslog)),
        (p::SERVERURL.name, text(&process.serverurl)),
    ];
    Value::record(members)
}

/// The configured log of a stream; for AUTO the path of the created file, if there is one.
fn log_info(
    process: &Process,
    stream: OutputStream,
    target: &LogTarget,
    automatic: &dyn Fn(OutputStream) -> Option<String>,
) -> Value {
    if stream == OutputStream::Stderr && process.redirect_stderr {
        return Value::str("none");
    }
    match target {
        LogTarget::None => Value::str("none"),
        LogTarget::File(path) => Value::str(path),
        LogTarget::Auto => Value::Str(automatic(stream).unwrap_or_else(|| "auto".to_owned())),
    }
}
