//! `group:process` names: reading, finding, ordering.

use super::fault::{Code, Fault};
use super::world::World;
use crate::core::effect::ProcId;
use crate::core::{Group, Process, Supervisor};

/// A whole group, or one process of it.
pub enum Found {
    Group(String),
    Process(ProcId),
}

/// `group:process` as Supervisor splits it; `group:*` and `group:` have no process.
pub fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once(':') {
        Some((group, "" | "*")) => (group, None),
        Some((group, process)) => (group, Some(process)),
        None => (name, Some(name)),
    }
}

/// The shortest name that means a process.
pub fn join(group: &str, process: &str) -> String {
    if group == process { process.to_owned() } else { format!("{group}:{process}") }
}

/// What a name stands for.
pub fn find(supervisor: &Supervisor, name: &str) -> Result<Found, Fault> {
    let bad_name = || Fault::new(Code::BadName, name);
    let (group, process) = split(name);
    let group = supervisor.group(group).ok_or_else(bad_name)?;
    match process {
        None => Ok(Found::Group(group.name().to_owned())),
        Some(process) => {
            supervisor.find(group.name(), process).map(Found::Process).ok_or_else(bad_name)
        }
    }
}

/// The one process that a name stands for; a whole group is a bad name here.
pub fn find_process<'a>(world: &'a World<'_>, name: &str) -> Result<&'a Process, Fault> {
    let found = match find(world.supervisor, name)? {
        Found::Process(id) => world.supervisor.process(id),
        Found::Group(_) => None,
    };
    found.ok_or_else(|| Fault::new(Code::BadName, name))
}

/// The processes of a group, lowest priority first.
pub fn of_group(supervisor: &Supervisor, group: &Group) -> Vec<ProcId> {
    let mut members: Vec<&Process> = supervisor.members(group).collect();
    members.sort_by_key(|process| process.config().priority);
    members.into_iter().map(Process::id).collect()
}

/// All processes: groups by priority, then the processes of each by priority.
pub fn by_priority(supervisor: &Supervisor) -> Vec<ProcId> {
    let mut groups: Vec<&Group> = supervisor.groups().iter().collect();
    groups.sort_by_key(|group| group.config().priority);
    groups.into_iter().flat_map(|group| of_group(supervisor, group)).collect()
}

/// All processes by the name of the group, then their own.
pub fn by_name(supervisor: &Supervisor) -> Vec<&Process> {
    let mut processes: Vec<&Process> = supervisor.processes().collect();
    processes.sort_by(|a, b| (a.group(), a.name()).cmp(&(b.group(), b.name())));
    processes
}
