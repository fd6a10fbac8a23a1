//! What `/proc` shows of the daemon and of the processes that it has started.

use std::collections::BTreeMap;
use std::fs;

use crate::support::Sandbox;

pub(super) struct Seen {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    pub(super) name: String,
}

/// The state letter, the parent and the process group; `None` if it does not exist.
fn stat(pid: i32) -> Option<(char, Seen)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, rest) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    let (parent, group, session) = (number(1)?, number(2)?, number(3)?);
    let seen = Seen { pid, parent, group, session, name };
    Some((fields.first()?.chars().next()?, seen))
}

/// The parent of a process that runs; a zombie does not.
pub(super) fn parent(pid: i32) -> Option<i32> {
    stat(pid).filter(|(state, _)| *state != 'Z').map(|(_, seen)| seen.parent)
}

/// The processes that run and were started in this sandbox.
pub(super) fn running(sandbox: &Sandbox) -> Vec<Seen> {
    let all = sandbox.processes().into_iter().filter_map(stat);
    all.filter(|(state, _)| *state != 'Z').map(|(_, seen)| seen).collect()
}

/// The children of a process that have ended and were not reaped.
pub(super) fn zombies(parent: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let children = children.unwrap_or_default();
    let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(state, _)| state == 'Z')).collect()
}

/// How often a process has each thing open.
pub(super) fn descriptors(pid: i32) -> BTreeMap<String, usize> {
    let mut open = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
        if let Ok(target) = fs::read_link(entry.path()) {
            let target = target.display().to_string();
            // Of pipes and sockets the kind, and the names of automatic logs, without what is random.
            let what = target.split_once(":[").map_or(target.as_str(), |(kind, _)| kind);
            let what = what.split_once("---supervisor-").map_or(what, |(name, _)| name);
            *open.entry(what.to_owned()).or_default() += 1;
        }
    }
    open
}

/// The memory that a process has now, in bytes.
pub(super) fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}
