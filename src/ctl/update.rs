//! Supervisor's `update`: removed groups are stopped and removed, changed groups are restarted as a
//! whole, and new groups are added. The options are implemented in [`super::plan`].

use super::error::ClientError;
use super::groups::report_unknown_groups;
use super::server::{ConfigChanges, Verb};
use super::session::{ActionError, Flow, Outcome, Session};
use super::{exit, plan, rolling};
use crate::rpc::fault::Code;

pub(super) fn update(session: &mut Session, rest: &str) -> Outcome {
    if let Some(options) = rolling::options(rest) {
        return plan::update_rolling(session, options);
    }
    let (options, groups): (Vec<&str>, Vec<&str>) =
        rest.split_whitespace().partition(|word| plan::OPTIONS.contains(word));
    // `all` means all groups.
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
    report_unknown_groups(session, groups, &changes.added)?;
    let changes = changes.filtered(groups);
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
        session.print_line(format_args!("{name}: added process group"));
    }
    if session.json {
        let removed = changes.removed.iter().filter(|name| !kept.contains(name)).cloned().collect();
        let mut done = ConfigChanges { removed, ..changes }.json();
        done["failed"] = kept.into();
        Session::print_json(&done);
    }
    Ok(Flow::Continue)
}

/// Stops and removes a group; false if it could not be stopped.
fn remove(session: &mut Session, name: &str) -> Result<bool, ActionError> {
    let results = session.server().group(Verb::Stop, name, &[])?;
    session.print_line(format_args!("{name}: stopped"));
    if results.iter().any(|result| result.code == Code::Failed.number()) {
        session.fail(exit::GENERIC, format_args!("{name}: has problems; not removing"));
        return Ok(false);
    }
    session.server().remove_group(name)?;
    session.print_line(format_args!("{name}: removed process group"));
    Ok(true)
}

fn replace(session: &mut Session, name: &str) -> Result<(), ActionError> {
    session.server().group(Verb::Stop, name, &[])?;
    session.print_line(format_args!("{name}: stopped"));
    session.server().remove_group(name)?;
    session.server().add_group(name)?;
    session.print_line(format_args!("{name}: updated process group"));
    Ok(())
}

impl ConfigChanges {
    /// The changes of the named groups, or of all groups if none is named.
    fn filtered(self, groups: &[&str]) -> Self {
        let keep = |names: Vec<String>| {
            let wanted = |name: &String| groups.is_empty() || groups.contains(&name.as_str());
            names.into_iter().filter(wanted).collect()
        };
        Self { added: keep(self.added), changed: keep(self.changed), removed: keep(self.removed) }
    }
}
