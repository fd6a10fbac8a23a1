//! The options of groups and processes as a file would spell them, for comparison: one row an
//! option. Two values are equal exactly if their rows are.

use super::OptionChange;
use crate::conf::config::{
    AutoRestart, Environment, Group, GroupKind, LogTarget, Process, ResultHandler, StreamLog,
};
use crate::conf::sections::{eventlistener as e, fcgi_program as f, group as g, program as p};

type Rows = Vec<(&'static str, String)>;

/// The options of the group itself that differ.
pub(super) fn group_options(old: &Group, new: &Group) -> Vec<OptionChange> {
    compare(&of_group(old), of_group(new))
}

/// The options of a process that differ. An automatic log keeps the file it has.
pub(super) fn process_options(old: &Process, new: &Process) -> Vec<OptionChange> {
    if old == new {
        return Vec::new();
    }
    let is_kept = |option: &str| {
        (option == p::STDOUT_LOGFILE.name && new.stdout.target == LogTarget::Auto)
            || (option == p::STDERR_LOGFILE.name && new.stderr.target == LogTarget::Auto)
            || (option == p::USER.name && uid(old) == uid(new))
    };
    let mut found = compare(&of_process(old), of_process(new));
    found.retain(|change| !is_kept(change.option));
    found
}

fn uid(process: &Process) -> Option<u32> {
    process.user.as_ref().map(|user| user.uid)
}

/// Rows that only one side has differ from nothing.
fn compare(old: &[(&'static str, String)], new: Rows) -> Vec<OptionChange> {
    let is_in_new = |option: &str| new.iter().any(|row| row.0 == option);
    let lost: Vec<OptionChange> = old
        .iter()
        .filter(|row| !is_in_new(row.0))
        .map(|(option, from)| OptionChange { option, from: from.clone(), to: String::new() })
        .collect();
    let mut found = Vec::new();
    for (option, to) in new {
        let from = old.iter().find(|row| row.0 == option).map(|row| row.1.clone());
        if from.as_ref() != Some(&to) {
            found.push(OptionChange { option, from: from.unwrap_or_default(), to });
        }
    }
    found.extend(lost);
    found
}

fn of_group(group: &Group) -> Rows {
    let mut rows = vec![(g::PRIORITY.name, group.priority.to_string())];
    match &group.kind {
        GroupKind::Programs => {}
        GroupKind::EventListener(pool) => {
            let mut events: Vec<&str> = pool.events.iter().map(|event| event.name()).collect();
            events.sort_unstable();
            let handler = match pool.result_handler {
                ResultHandler::Default => "supervisor.dispatchers:default_handler",
                ResultHandler::Stdout => "supervisor_stdout:event_handler",
                ResultHandler::Stdlog => "supervisor_stdlog:log_handler",
            };
            rows.push((e::EVENTS.name, events.join(",")));
            rows.push((e::BUFFER_SIZE.name, pool.buffer_size.to_string()));
            rows.push((e::RESULT_HANDLER.name, handler.to_owned()));
        }
        GroupKind::FastCgi(socket) => {
            // Supervisor compares nothing else of a socket.
            rows.push((f::SOCKET.name, socket.url.clone()));
        }
    }
    rows
}

fn of_process(process: &Process) -> Rows {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let autorestart = match process.autorestart {
        AutoRestart::Never => "false",
        AutoRestart::Unexpected => "unexpected",
        AutoRestart::Always => "true",
    };
    let exitcodes: Vec<String> = process.exitcodes.iter().map(i64::to_string).collect();
    let mut rows = vec![
        (p::COMMAND.name, process.command.clone()),
        (p::DIRECTORY.name, text(&process.directory)),
        (p::UMASK.name, process.umask.map_or(String::new(), |umask| format!("{umask:03o}"))),
        (p::USER.name, process.user.as_ref().map_or(String::new(), |user| user.name.clone())),
        (p::PRIORITY.name, process.priority.to_string()),
        (p::AUTOSTART.name, process.autostart.to_string()),
        (p::AUTORESTART.name, autorestart.to_owned()),
        (p::STARTSECS.name, process.startsecs.to_string()),
        (p::STARTRETRIES.name, process.startretries.to_string()),
        (p::EXITCODES.name, exitcodes.join(",")),
        (p::STOPSIGNAL.name, process.stopsignal.to_string().trim_start_matches("SIG").to_owned()),
        (p::STOPWAITSECS.name, process.stopwaitsecs.to_string()),
        (p::STOPASGROUP.name, process.stopasgroup.to_string()),
        (p::KILLASGROUP.name, process.killasgroup.to_string()),
        (p::REDIRECT_STDERR.name, process.redirect_stderr.to_string()),
        (p::ENVIRONMENT.name, of_environment(&process.environment)),
        (p::SERVERURL.name, text(&process.serverurl)),
    ];
    rows.extend(of_stream(&process.stdout, STDOUT));
    rows.extend(of_stream(&process.stderr, STDERR));
    rows
}

/// Sorted, because the order makes no difference.
fn of_environment(environment: &Environment) -> String {
    let mut pairs: Vec<String> =
        environment.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    pairs.sort_unstable();
    pairs.join(",")
}

type StreamNames = [&'static str; 6];

const STDOUT: StreamNames = [
    p::STDOUT_LOGFILE.name,
    p::STDOUT_LOGFILE_MAXBYTES.name,
    p::STDOUT_LOGFILE_BACKUPS.name,
    p::STDOUT_CAPTURE_MAXBYTES.name,
    p::STDOUT_EVENTS_ENABLED.name,
    p::STDOUT_SYSLOG.name,
];

const STDERR: StreamNames = [
    p::STDERR_LOGFILE.name,
    p::STDERR_LOGFILE_MAXBYTES.name,
    p::STDERR_LOGFILE_BACKUPS.name,
    p::STDERR_CAPTURE_MAXBYTES.name,
    p::STDERR_EVENTS_ENABLED.name,
    p::STDERR_SYSLOG.name,
];

fn of_stream(log: &StreamLog, names: StreamNames) -> Rows {
    let target = match &log.target {
        LogTarget::None => "NONE",
        LogTarget::Auto => "AUTO",
        LogTarget::File(path) => path,
    };
    let values = [
        target.to_owned(),
        log.maxbytes.to_string(),
        log.backups.to_string(),
        log.capture_maxbytes.to_string(),
        log.events_enabled.to_string(),
        log.syslog.to_string(),
    ];
    names.into_iter().zip(values).collect()
}
