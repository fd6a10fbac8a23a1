//! The methods about the configuration: reading it again, adding and removing groups, showing it.

use super::args::Args;
use super::fault::{Code, Fault};
use super::methods::Answer;
use super::value::Value;
use super::world::{Log, World};
use crate::conf::config::{Config, Group, LogTarget, Process, StreamLog};
use crate::conf::reload;
use crate::core::Supervisor;
use crate::core::effect::OutputStream;

/// What a configuration would change of the groups that are active.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Difference<'a> {
    /// In the order of the new configuration.
    pub(super) added: Vec<&'a Group>,
    /// Old and new, in the order of the new configuration.
    pub(super) changed: Vec<(&'a Group, &'a Group)>,
    /// In the order in which they were added.
    pub(super) removed: Vec<&'a Group>,
}

/// Compare what is active with a configuration.
pub(super) fn difference<'a>(supervisor: &'a Supervisor, config: &'a Config) -> Difference<'a> {
    let mut found = Difference::default();
    for group in &config.groups {
        match supervisor.group(&group.name).map(crate::core::Group::config) {
            None => found.added.push(group),
            Some(active) if !reload::same(active, group) => found.changed.push((active, group)),
            Some(_) => {}
        }
    }
    let active = supervisor.groups().iter().map(crate::core::Group::config);
    found.removed =
        active.filter(|group| !config.groups.iter().any(|it| it.name == group.name)).collect();
    found
}

pub(super) fn reload_config(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let config = reread(world)?;
    let found = difference(world.supervisor, &config);
    let names = |groups: &mut dyn Iterator<Item = &Group>| {
        Value::Array(groups.map(|group| Value::str(&group.name)).collect())
    };
    let lists = vec![
        names(&mut found.added.into_iter()),
        names(&mut found.changed.into_iter().map(|(_, new)| new)),
        names(&mut found.removed.into_iter()),
    ];
    world.supervisor.replace_config(config);
    Ok(Value::Array(vec![Value::Array(lists)]).into())
}

pub(super) fn reread(world: &mut World<'_>) -> Result<Config, Fault> {
    world.services.reread().map_err(|why| Fault::new(Code::CantReread, why))
}

pub(super) fn add_process_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let bad_name = || match args.value(0) {
        Value::Nil => Fault::bare(Code::BadName),
        _ => Fault::new(Code::BadName, args.text(0)),
    };
    let name = args.value(0).as_str().ok_or_else(bad_name)?;
    let known = world.supervisor.config().groups.iter().find(|group| group.name == name);
    let group = known.cloned().ok_or_else(bad_name)?;
    if !world.supervisor.add_group(group, world.now) {
        return Err(Fault::new(Code::AlreadyAdded, name));
    }
    Ok(Value::Bool(true).into())
}

pub(super) fn remove_process_group(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let name = args.group(0)?;
    if world.supervisor.group(name).is_none() {
        return Err(Fault::new(Code::BadName, name));
    }
    if !world.supervisor.remove_group(name, world.now) {
        return Err(Fault::new(Code::StillRunning, name));
    }
    Ok(Value::Bool(true).into())
}

pub(super) fn get_all_config_info(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let groups = world.supervisor.config().groups.iter();
    let mut all: Vec<(&Group, &Process)> =
        groups.flat_map(|group| group.processes.iter().map(move |it| (group, it))).collect();
    all.sort_by_key(|(_, process)| &process.name);
    let structs = all.into_iter().map(|(group, process)| config_info(world, group, process));
    Ok(Value::Array(structs.collect()).into())
}

fn config_info(world: &World<'_>, group: &Group, process: &Process) -> Value {
    let none = || Value::str("none");
    let text = |text: &Option<String>| text.as_ref().map_or_else(none, Value::str);
    let (stdout, stderr) = (&process.stdout, &process.stderr);
    let path = |stream, log| log_info(world, group, process, stream, log);
    let members = [
        ("autostart", Value::Bool(process.autostart)),
        ("directory", text(&process.directory)),
        ("uid", process.user.as_ref().map_or_else(none, |user| Value::Int(user.uid.into()))),
        ("command", Value::str(&process.command)),
        ("exitcodes", Value::Array(process.exitcodes.iter().copied().map(Value::Int).collect())),
        ("group", Value::str(&group.name)),
        ("group_prio", Value::Int(group.priority)),
        ("inuse", Value::Bool(world.supervisor.group(&group.name).is_some())),
        ("killasgroup", Value::Bool(process.killasgroup)),
        ("name", Value::str(&process.name)),
        ("process_prio", Value::Int(process.priority)),
        ("redirect_stderr", Value::Bool(process.redirect_stderr)),
        ("startretries", Value::Int(process.startretries)),
        ("startsecs", Value::Int(process.startsecs)),
        ("stdout_capture_maxbytes", Value::Int(stdout.capture_maxbytes)),
        ("stdout_events_enabled", Value::Bool(stdout.events_enabled)),
        ("stdout_logfile", path(OutputStream::Stdout, stdout)),
        ("stdout_logfile_backups", Value::Int(stdout.backups)),
        ("stdout_logfile_maxbytes", Value::Int(stdout.maxbytes)),
        ("stdout_syslog", Value::Bool(stdout.syslog)),
        ("stopsignal", Value::Int(process.stopsignal.0.into())),
        ("stopwaitsecs", Value::Int(process.stopwaitsecs)),
        ("stderr_capture_maxbytes", Value::Int(stderr.capture_maxbytes)),
        ("stderr_events_enabled", Value::Bool(stderr.events_enabled)),
        ("stderr_logfile", path(OutputStream::Stderr, stderr)),
        ("stderr_logfile_backups", Value::Int(stderr.backups)),
        ("stderr_logfile_maxbytes", Value::Int(stderr.maxbytes)),
        ("stderr_syslog", Value::Bool(stderr.syslog)),
        ("serverurl", text(&process.serverurl)),
    ];
    Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A log as it is configured; an automatic one by its file, while there is one.
fn log_info(
    world: &World<'_>,
    group: &Group,
    process: &Process,
    stream: OutputStream,
    log: &StreamLog,
) -> Value {
    if stream == OutputStream::Stderr && process.redirect_stderr {
        return Value::str("none");
    }
    match &log.target {
        LogTarget::None => Value::str("none"),
        LogTarget::File(path) => Value::str(path),
        LogTarget::Auto => {
            let id = world.supervisor.find(&group.name, &process.name);
            let path = id.and_then(|id| world.services.log_path(Log::Child(id, stream)));
            Value::Str(path.unwrap_or_else(|| "auto".to_owned()))
        }
    }
}
