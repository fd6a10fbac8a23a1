//! The options that differ between two configurations of a group, with both values in configuration
//! file syntax.

use crate::conf::config::{
    AutoRestart, Group, GroupKind, LogTarget, Process, ResultHandler, StreamLog,
};
use crate::conf::sections::{eventlistener as e, fcgi_program as f, group as g, program as p};

pub(super) const ADDED: &str = "added";
pub(super) const CHANGED: &str = "changed";
pub(super) const REMOVED: &str = "removed";
pub(super) const RESTARTED: &str = "restarted";

/// One option that differs. A change to a whole process has no option and no old value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OptionChange {
    /// Empty for an option of the group itself.
    pub(super) process: String,
    /// The section of the new value, or of the old value if there is no new one.
    pub(super) section: String,
    pub(super) option: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

type Rows = Vec<(&'static str, String)>;

/// All differences: those of the group, then those of each process.
pub(super) fn option_changes(old: &Group, new: &Group) -> Vec<OptionChange> {
    let mut changes = compare("", &section_of(new), &of_group(old), of_group(new));
    for process in &new.processes {
        match old.processes.iter().find(|it| it.name == process.name) {
            Some(was) => {
                let rows = (of_process(was), of_process(process));
                changes.extend(compare(&process.name, &process.program, &rows.0, rows.1));
            }
            None => changes.push(process_change(process, ADDED)),
        }
    }
    for process in &old.processes {
        if !new.processes.iter().any(|it| it.name == process.name) {
            changes.push(process_change(process, REMOVED));
        }
    }
    changes
}

/// The section that defines a group: its own, or that of its only program.
fn section_of(group: &Group) -> String {
    let program = group.processes.first().map_or("", |process| process.program.as_str());
    let is_alone = program.split_once(':').is_some_and(|(_, name)| name == group.name);
    if is_alone { program.to_owned() } else { format!("{}:{}", g::SECTION.word, group.name) }
}

/// A change to a whole process.
pub(super) fn process_change(process: &Process, what: &str) -> OptionChange {
    let (process, section) = (process.name.clone(), process.program.clone());
    OptionChange { process, section, option: "", from: String::new(), to: what.to_owned() }
}

fn compare(process: &str, section: &str, old: &[(&str, String)], new: Rows) -> Vec<OptionChange> {
    let mut changes = Vec::new();
    for (option, to) in new {
        let from = old.iter().find(|row| row.0 == option).map(|row| row.1.clone());
        if from.as_ref() != Some(&to) {
            let (process, section) = (process.to_owned(), section.to_owned());
            changes.push(OptionChange {
                process,
                section,
                option,
                from: from.unwrap_or_default(),
                to,
            });
        }
    }
    changes
}

fn of_group(group: &Group) -> Rows {
    let mut rows = vec![(g::PRIORITY.name, group.priority.to_string())];
    match &group.kind {
        GroupKind::Programs => {}
        GroupKind::EventListener(pool) => {
            let events: Vec<&str> = pool.events.iter().map(|event| event.name()).collect();
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
            rows.push((f::SOCKET.name, socket.url.clone()));
            let backlog = socket.backlog.map(|backlog| backlog.to_string());
            rows.push((f::SOCKET_BACKLOG.name, backlog.unwrap_or_default()));
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
    let environment: Vec<String> =
        process.environment.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
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
        (p::ENVIRONMENT.name, environment.join(",")),
        (p::SERVERURL.name, text(&process.serverurl)),
    ];
    rows.extend(of_stream(&process.stdout, STDOUT));
    rows.extend(of_stream(&process.stderr, STDERR));
    rows
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
