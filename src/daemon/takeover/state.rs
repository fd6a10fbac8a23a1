//! The state with which supkit continues, from what another supervisor has reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::plan::{Facts, Fate, Plan};
use super::survey::Survey;
use super::target::Target;
use crate::conf::config::{Bind, GroupKind, LogTarget, UnixServer};
use crate::core::effect::{OutputStream, ProcId};
use crate::core::resources::Resources;
use crate::core::supervisor::Supervisor;
use crate::core::takeover::Reported;
use crate::core::time::Now;
use crate::daemon::descriptors::Purpose;
use crate::daemon::fastcgi::SavedSocket;
use crate::daemon::handover::State;
use crate::daemon::logs;
use crate::daemon::logs::saving::{SavedLog, SavedLogs};
use crate::daemon::pipes::SavedStdin;
use crate::daemon::server::saving::SavedServer;
use crate::daemon::upgrade::format;
use crate::daemon::upgrade::head::{Head, Takeover, read};
use crate::os::descriptor_table::{OpenDescriptor, Target as File};
use crate::os::{descriptor_table, logfile};

/// What the new program gets.
pub(super) struct Handover {
    /// Head and state.
    pub(super) bytes: Vec<u8>,
    /// The descriptors of the old program that stay open.
    pub(super) kept: Vec<i32>,
}

/// The log file of a stream, and whether its name is automatic.
type Log = ((ProcId, OutputStream), Option<(PathBuf, bool)>, bool);

impl Handover {
    /// The new program is this one, so it can read what is written here if this one can.
    pub(super) fn make(
        target: &Target,
        facts: &Facts,
        plan: &Plan,
        survey: &Survey,
        now: Now,
    ) -> Result<Self, String> {
        let core = Supervisor::taken_over(target.config.clone(), &facts.reported, now);
        let all_logs = logs_of(&core, &facts.reported);
        let descriptors = descriptors(&core, plan, survey, &all_logs, target);
        let head = Head {
            arguments: target.arguments.iter().map(Into::into).collect(),
            takeover: Some(takeover(&core, plan, &facts.version)),
            pidfile: pidfile(target),
            sockets: socket_paths(target),
            descriptors: descriptors.iter().map(|(purpose, fd)| (purpose.clone(), *fd)).collect(),
            ..Head::new(None, &target.reader)
        };
        let state = state(&core, &descriptors, all_logs, now)?;
        let head = serde_json::to_vec(&head).map_err(|error| error.to_string())?;
        let bytes = format::encode(&head, &state);
        read(&bytes)?;
        Ok(Self { bytes, kept: descriptors.into_values().collect() })
    }
}

fn state(
    core: &Supervisor,
    descriptors: &BTreeMap<Purpose, i32>,
    all_logs: Vec<Log>,
    now: Now,
) -> Result<Vec<u8>, String> {
    let of_children = all_logs
        .into_iter()
        .map(|((id, stream), file, is_open)| SavedLog::of_another(id, stream, file, is_open));
    let stdins = descriptors.keys().filter_map(|purpose| match purpose {
        Purpose::Stdin(id) => Some(SavedStdin::empty(*id)),
        _ => None,
    });
    let config = core.config();
    let server_url = config.server_url();
    let state = State {
        core,
        logs: SavedLogs::of_another(&config.supervisord, of_children.collect()),
        stdins: stdins.collect(),
        sockets: sockets(core),
        server: SavedServer::of_another(config).map_err(|error| error.to_string())?,
        server_url: server_url.as_deref(),
        resources: &Resources::default(),
        began: now.wall,
        abandoned: Vec::new(),
    };
    serde_json::to_vec(&state).map_err(|error| error.to_string())
}

/// The processes to restart, in the order of their priorities.
fn takeover(core: &Supervisor, plan: &Plan, version: &str) -> Takeover {
    let ids = plan
        .restarted()
        .filter_map(|(program, _)| core.find(&program.reported.group, &program.reported.name));
    Takeover { before: format!("Supervisor {version}"), restarts: ids.collect() }
}

fn logs_of(core: &Supervisor, reported: &[Reported]) -> Vec<Log> {
    let mut all = Vec::new();
    for process in core.processes() {
        let report =
            reported.iter().find(|it| it.group == process.group() && it.name == process.name());
        for (stream, log) in logs::streams(process.config()) {
            let automatic = report.map(|it| match stream {
                OutputStream::Stdout => it.stdout_logfile.as_str(),
                OutputStream::Stderr => it.stderr_logfile.as_str(),
            });
            let file = match log.target {
                LogTarget::None => None,
                LogTarget::File(path) => Some((path.into(), false)),
                LogTarget::Auto => {
                    automatic.filter(|path| !path.is_empty()).map(|path| (path.into(), true))
                }
            };
            all.push(((process.id(), stream), file, process.pid().is_some()));
        }
    }
    all
}

/// The descriptors of the old program that the new one needs, by purpose.
fn descriptors(
    core: &Supervisor,
    plan: &Plan,
    survey: &Survey,
    all_logs: &[Log],
    target: &Target,
) -> BTreeMap<Purpose, i32> {
    let mut kept = BTreeMap::new();
    for program in plan.programs.iter().filter(|program| program.fate != Fate::Idle) {
        let Some(id) = core.find(&program.reported.group, &program.reported.name) else { continue };
        let streams = &program.streams;
        let all = [
            (Purpose::Stdin(id), streams.stdin),
            (Purpose::Output(id, OutputStream::Stdout), streams.stdout),
            (Purpose::Output(id, OutputStream::Stderr), streams.stderr),
        ];
        // A pipe that several programs hold is read once.
        for (purpose, number) in all.into_iter().filter_map(|(it, number)| Some((it, number?))) {
            if !kept.values().any(|known| *known == number) {
                kept.insert(purpose, number);
            }
        }
    }
    for (section, number) in &plan.servers {
        kept.insert(Purpose::Server(section.clone()), *number);
    }
    keep_sockets(core, survey, &mut kept);
    let mut files: Vec<&OpenDescriptor> =
        survey.descriptors.iter().filter(|it| it.can_write).collect();
    let activity = PathBuf::from(&target.config.supervisord.logfile);
    keep_log(Purpose::ActivityLog, &activity, &mut files, &mut kept);
    for ((id, stream), file, is_open) in all_logs {
        if let (Some((path, _)), true) = (file, is_open) {
            keep_log(Purpose::ChildLog(*id, *stream), path, &mut files, &mut kept);
        }
    }
    kept
}

/// A log continues in the open file, whatever has become of its name. One that is not found is opened by
/// the next write.
fn keep_log(
    purpose: Purpose,
    path: &Path,
    files: &mut Vec<&OpenDescriptor>,
    kept: &mut BTreeMap<Purpose, i32>,
) {
    if logfile::is_special(path) {
        return;
    }
    let identity = fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let is_it = |it: &&OpenDescriptor| {
        matches!(&it.target, File::File { path: open, identity: other }
            if open == path || Some(*other) == identity)
    };
    if let Some(at) = files.iter().position(is_it) {
        kept.insert(purpose, files.remove(at).number);
    }
}

/// The sockets of `FastCGI` groups, which are the stdin of their processes.
fn keep_sockets(core: &Supervisor, survey: &Survey, kept: &mut BTreeMap<Purpose, i32>) {
    for group in core.groups() {
        if !matches!(group.config().kind, GroupKind::FastCgi(_)) {
            continue;
        }
        let pids = core.members(group).filter_map(crate::core::Process::pid);
        let socket = pids.filter_map(|pid| descriptor_table::open(pid.0, 0)).find_map(|stdin| {
            match stdin.target {
                File::Socket(inode) => survey.socket(&[inode]),
                _ => None,
            }
        });
        if let Some(number) = socket {
            kept.insert(Purpose::FastCgi(group.name().to_owned()), number);
        }
    }
}

fn sockets(core: &Supervisor) -> Vec<SavedSocket> {
    let groups =
        core.groups().iter().filter(|group| matches!(group.config().kind, GroupKind::FastCgi(_)));
    let saved = groups.map(|group| {
        let alive = core.members(group).filter(|process| process.pid().is_some());
        let holders: BTreeSet<ProcId> = alive.map(crate::core::Process::id).collect();
        SavedSocket::new(group.name().to_owned(), holders)
    });
    saved.collect()
}

/// The pid file, if the old program has written it.
fn pidfile(target: &Target) -> Option<String> {
    let path = &target.config.supervisord.pidfile;
    let text = crate::os::trusted::read_to_string(Path::new(path)).ok()?;
    (text.trim() == target.pid.to_string()).then(|| path.clone())
}

fn socket_paths(target: &Target) -> Vec<PathBuf> {
    let paths = target.config.servers.iter().filter_map(|server| match &server.bind {
        Bind::Unix(UnixServer { path, .. }) => Some(path.into()),
        Bind::Inet(_) => None,
    });
    paths.collect()
}
