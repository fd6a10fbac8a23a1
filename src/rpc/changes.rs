//! Which options differ between two configurations of a group, with both values as a file would
//! say them.

use crate::conf::config::{
    AutoRestart, Group, GroupKind, LogTarget, Process, ResultHandler, StreamLog,
};

/// One option that differs. A whole process that came or went has no option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Empty for an option of the group itself.
    pub(super) process: String,
    /// The section that the new value, or the old if there is none, was written in.
    pub(super) section: String,
    pub(super) option: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

type Rows = Vec<(&'static str, String)>;

/// All differences: the group's own, then process by process.
pub(super) fn changes(old: &Group, new: &Group) -> Vec<Change> {
    let section =
        |process: Option<&Process>| process.map_or(String::new(), |it| it.program.clone());
    let mut found = compare("", &section(new.processes.first()), &of_group(old), of_group(new));
    for process in &new.processes {
        match old.processes.iter().find(|it| it.name == process.name) {
            Some(was) => {
                let rows = (of_process(was), of_process(process));
                found.extend(compare(&process.name, &process.program, &rows.0, rows.1));
            }
            None => found.push(whole(process, String::new(), process.command.clone())),
        }
    }
    for process in &old.processes {
        if !new.processes.iter().any(|it| it.name == process.name) {
            found.push(whole(process, process.command.clone(), String::new()));
        }
    }
    found
}

fn whole(process: &Process, from: String, to: String) -> Change {
    let (process, section) = (process.name.clone(), process.program.clone());
    Change { process, section, option: "", from, to }
}

fn compare(process: &str, section: &str, old: &[(&str, String)], new: Rows) -> Vec<Change> {
    let mut found = Vec::new();
    for (option, to) in new {
        let from = old.iter().find(|row| row.0 == option).map(|row| row.1.clone());
        if from.as_ref() != Some(&to) {
            let (process, section) = (process.to_owned(), section.to_owned());
            found.push(Change { process, section, option, from: from.unwrap_or_default(), to });
        }
    }
    found
}

fn of_group(group: &Group) -> Rows {
    let mut rows = vec![("priority", group.priority.to_string())];
    match &group.kind {
        GroupKind::Programs => {}
        GroupKind::EventListener(pool) => {
            let events: Vec<&str> = pool.events.iter().map(|event| event.name()).collect();
            let handler = match pool.result_handler {
                ResultHandler::Default => "supervisor.dispatchers:default_handler",
                ResultHandler::Stdout => "supervisor_stdout:event_handler",
                ResultHandler::Stdlog => "supervisor_stdlog:log_handler",
            };
            rows.push(("events", events.join(",")));
            rows.push(("buffer_size", pool.buffer_size.to_string()));
            rows.push(("result_handler", handler.to_owned()));
        }
        GroupKind::FastCgi(socket) => {
            rows.push(("socket", socket.url.clone()));
            let backlog = socket.backlog.map(|backlog| backlog.to_string());
            rows.push(("socket_backlog", backlog.unwrap_or_default()));
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
        ("command", process.command.clone()),
        ("directory", text(&process.directory)),
        ("umask", process.umask.map_or(String::new(), |umask| format!("{umask:03o}"))),
        ("user", process.user.as_ref().map_or(String::new(), |user| user.name.clone())),
        ("priority", process.priority.to_string()),
        ("autostart", process.autostart.to_string()),
        ("autorestart", autorestart.to_owned()),
        ("startsecs", process.startsecs.to_string()),
        ("startretries", process.startretries.to_string()),
        ("exitcodes", exitcodes.join(",")),
        ("stopsignal", process.stopsignal.to_string().trim_start_matches("SIG").to_owned()),
        ("stopwaitsecs", process.stopwaitsecs.to_string()),
        ("stopasgroup", process.stopasgroup.to_string()),
        ("killasgroup", process.killasgroup.to_string()),
        ("redirect_stderr", process.redirect_stderr.to_string()),
        ("environment", environment.join(",")),
        ("serverurl", text(&process.serverurl)),
    ];
    rows.extend(of_stream(&process.stdout, STDOUT));
    rows.extend(of_stream(&process.stderr, STDERR));
    rows
}

type StreamNames = [&'static str; 6];

const STDOUT: StreamNames = [
    "stdout_logfile",
    "stdout_logfile_maxbytes",
    "stdout_logfile_backups",
    "stdout_capture_maxbytes",
    "stdout_events_enabled",
    "stdout_syslog",
];

const STDERR: StreamNames = [
    "stderr_logfile",
    "stderr_logfile_maxbytes",
    "stderr_logfile_backups",
    "stderr_capture_maxbytes",
    "stderr_events_enabled",
    "stderr_syslog",
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
