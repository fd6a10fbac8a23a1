//! `group:process` names: parsing, lookup and ordering.

use super::context::Context;
use super::fault::{Code, Fault};
use crate::core::effect::ProcId;
use crate::core::{Process, Supervisor};

/// A whole group, or one process.
pub enum Target {
    Group(String),
    Process(ProcId),
}

/// Splits `group:process` as Supervisor does; `group:*` and `group:` have no process.
pub fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once(':') {
        Some((group, "" | "*")) => (group, None),
        Some((group, process)) => (group, Some(process)),
        None => (name, Some(name)),
    }
}

/// As `split`, but a name that only a group has means the group.
pub fn split_or_group<'n>(supervisor: &Supervisor, name: &'n str) -> (&'n str, Option<&'n str>) {
    let (group, process) = split(name);
    let is_process = process.is_some_and(|process| supervisor.find(group, process).is_some());
    let is_group = !name.contains(':') && supervisor.group(name).is_some();
    if is_group && !is_process { (name, None) } else { (group, process) }
}

/// Resolves a name.
pub fn find(supervisor: &Supervisor, name: &str) -> Result<Target, Fault> {
    resolve(supervisor, name, split(name))
}

/// As `find`, but a name that only a group has means the group.
pub fn find_or_group(supervisor: &Supervisor, name: &str) -> Result<Target, Fault> {
    resolve(supervisor, name, split_or_group(supervisor, name))
}

fn resolve(
    supervisor: &Supervisor,
    name: &str,
    (group, process): (&str, Option<&str>),
) -> Result<Target, Fault> {
    let bad_name = || Fault::new(Code::BadName, name);
    let group = supervisor.group(group).ok_or_else(bad_name)?;
    match process {
        None => Ok(Target::Group(group.name().to_owned())),
        Some(process) => {
            supervisor.find(group.name(), process).map(Target::Process).ok_or_else(bad_name)
        }
    }
}

/// Resolves the name of one process; the name of a group is a bad name here.
pub fn find_process<'a>(context: &'a Context<'_>, name: &str) -> Result<&'a Process, Fault> {
    let target = match find(context.supervisor, name)? {
        Target::Process(id) => context.supervisor.process(id),
        Target::Group(_) => None,
    };
    target.ok_or_else(|| Fault::new(Code::BadName, name))
}

/// All processes by group name, then by process name.
pub fn by_name(supervisor: &Supervisor) -> Vec<&Process> {
    let mut processes: Vec<&Process> = supervisor.processes().collect();
    processes.sort_by(|a, b| (a.group(), a.name()).cmp(&(b.group(), b.name())));
    processes
}
