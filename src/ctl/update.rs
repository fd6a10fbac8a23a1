//! `update` as Supervisor does it: groups that are gone are stopped and removed, those that changed
//! stop and start as a whole, new ones are added. Its options are the business of [`super::plan`].

use std::collections::BTreeSet;

use super::error::ClientError;
use super::server::{Changes, Verb};
use super::session::{Flow, Outcome, Session, Trouble};
use super::{exit, plan};
use crate::rpc::fault::Code;

pub(super) fn update(session: &mut Session, rest: &str) -> Outcome {
    let (options, groups): (Vec<&str>, Vec<&str>) =
        rest.split_whitespace().partition(|word| plan::OPTIONS.contains(word));
    // `all` is the same as nothing.
    let groups = if groups.contains(&"all") { Vec::new() } else { groups };
    match options.as_slice() {
        [] => update_groups(session, &groups),
        options => plan::update(session, options, &groups),
    }
}

fn update_groups(session: &mut Session, groups: &[&str]) -> Outcome {
    let changes = match session.server().reload_config() {
        Ok(changes) => changes,
        Err(ClientError::Fault(fault)) if fault.code == Code::ShutdownState.number() => {
            session.fail(exit::GENERIC, "ERROR: already shutting down");
            return Ok(Flow::Continue);
        }
        Err(error) => return Err(error.into()),
    };
    say_unknown(session, groups, &changes.added)?;
    let changes = changes.among(groups);
    let mut kept = Vec::new();
    for name in &changes.removed {
        if !remove(session, name)? {
            kept.push(name.clone());
        }
    }
    for name in &changes.changed {
        replace(session, name)?;
    }
    for name in &changes.added {
        session.server().add_group(name)?;
        session.say(format_args!("{name}: added process group"));
    }
    if session.json {
        let removed = changes.removed.iter().filter(|name| !kept.contains(name)).cloned().collect();
        let mut done = Changes { removed, ..changes }.json();
        done["failed"] = kept.into();
        Session::say_json(&done);
    }
    Ok(Flow::Continue)
}

/// Names that are neither active nor new are told; the others are still updated.
pub(super) fn say_unknown(
    session: &mut Session,
    groups: &[&str],
    added: &[String],
) -> Result<(), Trouble> {
    if groups.is_empty() {
        return Ok(());
    }
    let infos = session.server().all_info()?;
    let known: BTreeSet<&str> = infos
        .iter()
        .map(|info| info.group.as_str())
        .chain(added.iter().map(String::as_str))
        .collect();
    let mut told = BTreeSet::new();
    for name in groups {
        if !known.contains(name) && told.insert(name) {
            session.fail(exit::GENERIC, format_args!("ERROR: no such group: {name}"));
        }
    }
    Ok(())
}

/// Whether the group could be stopped and is gone.
fn remove(session: &mut Session, name: &str) -> Result<bool, Trouble> {
    let verdicts = session.server().group(Verb::Stop, name, &[])?;
    session.say(format_args!("{name}: stopped"));
    if verdicts.iter().any(|verdict| verdict.code == Code::Failed.number()) {
        session.fail(exit::GENERIC, format_args!("{name}: has problems; not removing"));
        return Ok(false);
    }
    session.server().remove_group(name)?;
    session.say(format_args!("{name}: removed process group"));
    Ok(true)
}

fn replace(session: &mut Session, name: &str) -> Result<(), Trouble> {
    session.server().group(Verb::Stop, name, &[])?;
    session.say(format_args!("{name}: stopped"));
    session.server().remove_group(name)?;
    session.server().add_group(name)?;
    session.say(format_args!("{name}: updated process group"));
    Ok(())
}

impl Changes {
    /// Those of some groups only; of all, if none is named.
    fn among(self, groups: &[&str]) -> Self {
        let keep = |names: Vec<String>| {
            let wanted = |name: &String| groups.is_empty() || groups.contains(&name.as_str());
            names.into_iter().filter(wanted).collect()
        };
        Self { added: keep(self.added), changed: keep(self.changed), removed: keep(self.removed) }
    }
}
