//! Whether the account of a client may make a call.

use super::access::{Access, Scope};
use super::context::Context;
use super::fault::Fault;
use super::names::{self, Target};
use crate::core::{Process, Supervisor};

/// `what` names the call in the fault, `name` is its first parameter. A name that does not exist is
/// reported by the call itself. A name that some methods take for a group is one for all.
pub fn check(context: &Context<'_>, access: Access, what: &str, name: &str) -> Result<(), Fault> {
    let (rights, access) = (context.rights, access.of(name));
    if rights.are_all() {
        return Ok(());
    }
    if rights.role() < access.role() {
        let (role, required) = (rights.role().name(), access.role().name());
        let why = format!("has the role {role}, but {what} requires the role {required}");
        return Err(refusal(context, &why));
    }
    let supervisor = &*context.supervisor;
    let processes: Vec<&Process> = match access.scope() {
        Scope::Nothing => return Ok(()),
        Scope::Everything if rights.programs().are_all() => return Ok(()),
        Scope::Everything => {
            let why = format!("is limited to some programs, but {what} concerns all of them");
            return Err(refusal(context, &why));
        }
        Scope::Named => match names::find_or_group(supervisor, name) {
            Ok(Target::Process(id)) => supervisor.process(id).into_iter().collect(),
            Ok(Target::Group(group)) => members(supervisor, &group),
            Err(_) => return Ok(()),
        },
        Scope::Group => members(supervisor, name),
        Scope::All => supervisor.processes().collect(),
    };
    let is_excluded = |it: &&&Process| !rights.programs().include(it.group(), it.name());
    match processes.iter().find(is_excluded) {
        None => Ok(()),
        Some(process) => {
            let process = process.full_name();
            let why = format!("is limited to other programs, but {what} concerns {process}");
            Err(refusal(context, &why))
        }
    }
}

fn refusal(context: &Context<'_>, why: &str) -> Fault {
    Fault::not_permitted(context.rights.user.as_deref().unwrap_or_default(), why)
}

fn members<'s>(supervisor: &'s Supervisor, group: &str) -> Vec<&'s Process> {
    supervisor.group(group).map(|it| supervisor.members(it).collect()).unwrap_or_default()
}
