//! Decides about each program of a Supervisor whether it can be adopted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::survey::Survey;
use crate::conf::config::{
    Bind, Config, Group, GroupKind, HttpServer, InetServer, Process, UnixServer,
};
use crate::core::effect::OutputStream;
use crate::core::state::ProcessState;
use crate::core::takeover::Reported;
use crate::core::takeover::pipes::{Child, Doubt, Streams};
use crate::os::processes;
use crate::rpc::config::configured;
use crate::rpc::value::Value;

/// What Supervisor has reported.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Such as `4.3.0`.
    pub version: String,
    pub reported: Vec<Reported>,
    /// The answer of `getAllConfigInfo`.
    pub configured: Vec<Value>,
    /// The children that there were before.
    pub children: BTreeSet<i32>,
}

/// What happens to all programs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order in which they are started.
    pub programs: Vec<Planned>,
    /// What the operator should know beside that.
    pub notes: Vec<String>,
    /// How many clients lose their connection.
    pub connections: usize,
    /// The listening sockets, by section.
    pub(super) servers: BTreeMap<String, i32>,
}

#[derive(Clone, Debug)]
pub struct Planned {
    pub reported: Reported,
    pub fate: Fate,
    /// What is not as it would be without a takeover.
    pub notes: Vec<&'static str>,
    pub(super) streams: Streams,
    /// Of the group, then of the process: the lower value starts first.
    priority: (i64, i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It runs on.
    Adopted,
    /// It runs on and is restarted after the switch, for this reason.
    Restarted(String),
    /// It does not run, and stays as it is.
    Idle,
}

impl Plan {
    /// An error names what has to be done before.
    pub fn make(config: &Config, facts: &Facts, survey: &Survey) -> Result<Self, String> {
        check_names(config, &facts.reported)?;
        let members: Vec<(&Reported, &Group, &Process)> =
            facts.reported.iter().filter_map(|it| find(config, it)).collect();
        let children: Vec<Child> = members
            .iter()
            .filter_map(|(reported, _, process)| {
                Some(Child { pid: reported.pid?.0, has_stderr: !process.redirect_stderr })
            })
            .collect();
        let assigned = survey.pipes.assign(&children);
        let mut programs: Vec<Planned> = members
            .iter()
            .map(|(reported, group, process)| {
                let streams = reported.pid.and_then(|pid| assigned.get(&pid.0)).cloned();
                let streams = streams.unwrap_or_default();
                let change = changes(group, process, facts);
                let fate = fate(reported, group, survey, &streams, &change);
                let notes = notes(reported, process, &fate);
                let priority = (group.priority, process.priority);
                Planned { reported: (*reported).clone(), fate, notes, streams, priority }
            })
            .collect();
        programs.sort_by_key(|program| program.priority);
        let servers: BTreeMap<String, i32> = config
            .servers
            .iter()
            .filter_map(|server| Some((server.section.clone(), listening(server, survey)?)))
            .collect();
        let connections = survey.connections(&servers.values().copied().collect());
        let mut notes = Vec::new();
        for server in config.servers.iter().filter(|it| !servers.contains_key(&it.section)) {
            let section = &server.section;
            notes.push(format!("[{section}] is opened by the next restart of the daemon"));
        }
        match survey.pipes.strays(&assigned).len() {
            0 => {}
            count => notes.push(format!(
                "{count} pipes for output are held by processes of no program, and are closed"
            )),
        }
        Ok(Self { programs, notes, connections, servers })
    }

    /// The programs that are restarted, with the reasons.
    pub fn restarted(&self) -> impl Iterator<Item = (&Planned, &str)> {
        self.programs.iter().filter_map(|program| match &program.fate {
            Fate::Restarted(why) => Some((program, why.as_str())),
            Fate::Adopted | Fate::Idle => None,
        })
    }

    pub fn of_fate<'p>(&'p self, fate: &'p Fate) -> impl Iterator<Item = &'p Planned> {
        self.programs.iter().filter(move |program| program.fate == *fate)
    }
}

fn find<'a, 'c>(
    config: &'c Config,
    reported: &'a Reported,
) -> Option<(&'a Reported, &'c Group, &'c Process)> {
    let group = config.groups.iter().find(|group| group.name == reported.group)?;
    let process = group.members().filter(|process| process.name == reported.name).last()?;
    Some((reported, group, process))
}

/// The active groups must be those of the file: what runs without a configuration could not be
/// supervised.
fn check_names(config: &Config, reported: &[Reported]) -> Result<(), String> {
    let gone = reported.iter().filter(|it| find(config, it).is_none()).map(Reported::full_name);
    let active =
        config.groups.iter().filter(|group| reported.iter().any(|it| it.group == group.name));
    let is_missing = |group: &&Group, process: &&Process| {
        !reported.iter().any(|it| it.group == group.name && it.name == process.name)
    };
    let added = active.flat_map(|group| {
        let missing = group.members().filter(move |process| is_missing(&group, process));
        missing.map(|process| crate::core::group::full_name(&group.name, &process.name))
    });
    let (gone, added) = (gone.collect::<Vec<_>>().join(", "), added.collect::<Vec<_>>().join(", "));
    let problem = match (gone.as_str(), added.as_str()) {
        ("", "") => return Ok(()),
        (gone, "") => format!("the daemon has processes that the file has not: {gone}"),
        (_, added) => format!("the file has processes that the daemon has not: {added}"),
    };
    Err(format!("{problem}\nrun `supervisorctl update` before, or restore the file"))
}

fn fate(
    reported: &Reported,
    group: &Group,
    survey: &Survey,
    streams: &Streams,
    changes: &[String],
) -> Fate {
    if reported.pid.is_none() {
        return Fate::Idle;
    }
    // What is being stopped is not started again.
    if !reported.state.is_running() {
        return Fate::Adopted;
    }
    let is_listener = matches!(group.kind, GroupKind::EventListener(_));
    let reason = if is_listener {
        "only Supervisor knows whether this event listener has an event".to_owned()
    } else if !changes.is_empty() {
        format!("the file has other options than it runs with: {}", changes.join(", "))
    } else if streams.stdin.is_some_and(|stdin| survey.is_pending(stdin)) {
        "Supervisor holds bytes that it has not read from its stdin".to_owned()
    } else {
        match streams.doubt {
            None => return Fate::Adopted,
            Some(Doubt::OneOutput) => {
                "it has one pipe for its output, and it is not certain whether that is stdout or \
                 stderr"
                    .to_owned()
            }
            Some(Doubt::TooMany) => {
                "it holds more pipes of the daemon than a program has".to_owned()
            }
            Some(Doubt::Shared) => "another program holds the same pipe".to_owned(),
        }
    };
    Fate::Restarted(reason)
}

fn notes(reported: &Reported, process: &Process, fate: &Fate) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let captures = process.stdout_capture_maxbytes != 0 || process.stderr_capture_maxbytes != 0;
    if captures && *fate != Fate::Idle {
        notes.push("the part of its last output that Supervisor holds back is lost (capture mode)");
    }
    match reported.state {
        ProcessState::Starting => notes.push("its failed starts are counted anew"),
        ProcessState::Backoff => {
            notes.push("its start is tried again at once, and failed starts are counted anew");
        }
        ProcessState::Stopping => notes.push("its stopwaitsecs begin anew"),
        _ => {}
    }
    notes
}

/// The options by which Supervisor's configuration of a process differs from that of the file.
fn changes(group: &Group, process: &Process, facts: &Facts) -> Vec<String> {
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let is_it =
        |value: &&Value| text(value, "group") == group.name && text(value, "name") == process.name;
    let Some(theirs) = facts.configured.iter().rfind(is_it) else { return Vec::new() };
    let automatic = |stream: OutputStream| {
        let prefix = format!("{}-{}---", process.name, stream.name());
        let path = match stream {
            OutputStream::Stdout => {
                text(theirs, crate::conf::sections::program::STDOUT_LOGFILE.name)
            }
            OutputStream::Stderr => {
                text(theirs, crate::conf::sections::program::STDERR_LOGFILE.name)
            }
        };
        let name = Path::new(&path).file_name()?.to_str()?;
        name.starts_with(&prefix).then(|| path.clone())
    };
    let Value::Struct(ours) = configured(group, process, true, &automatic) else {
        return Vec::new();
    };
    let differs = |name: &str, value: &Value| {
        // Whether the group is active is no option.
        name != "inuse" && theirs.get(name).is_some_and(|other| other != value)
    };
    ours.iter()
        .filter(|(name, value)| differs(name, value))
        .map(|(name, _)| name.to_string())
        .collect()
}

/// The descriptor with which the daemon listens for a server.
fn listening(server: &HttpServer, survey: &Survey) -> Option<i32> {
    let inodes = match &server.bind {
        Bind::Unix(UnixServer { path, .. }) => processes::unix_inodes(Path::new(path)),
        Bind::Inet(InetServer { address: (host, port), .. }) => processes::tcp_inodes(host, *port),
    };
    survey.socket(&inodes)
}
