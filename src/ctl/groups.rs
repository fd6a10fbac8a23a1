//! Checks the names of groups in the arguments of an action.

use std::collections::BTreeSet;

use super::exit;
use super::session::{ActionError, Session};

/// Reports names that are neither active nor new; the other groups are still updated.
pub(super) fn report_unknown_groups(
    session: &mut Session,
    groups: &[&str],
    added: &[String],
) -> Result<(), ActionError> {
    if groups.is_empty() {
        return Ok(());
    }
    let infos = session.server().all_info()?;
    let known: BTreeSet<&str> = infos
        .iter()
        .map(|info| info.group.as_str())
        .chain(added.iter().map(String::as_str))
        .collect();
    let mut reported = BTreeSet::new();
    for name in groups {
        if !known.contains(name) && reported.insert(name) {
            session.fail(exit::GENERIC, format_args!("ERROR: no such group: {name}"));
        }
    }
    Ok(())
}
