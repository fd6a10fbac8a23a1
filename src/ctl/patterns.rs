//! Expands shell patterns in process names, using the list of processes from the daemon.

use super::names::{self, Name};
use super::server::ProcessInfo;
use super::session::{ActionError, Session};
use crate::core::group::full_name;

/// How `group:*`, which Supervisor supports itself, is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Groups {
    Keep,
    /// Expanded, for methods that exist for a single process only.
    Expand,
}

/// Replaces each pattern by the matching processes. A pattern without a match is kept and reported
/// later as an unknown name.
pub(super) fn expand(
    session: &mut Session,
    names: &[&str],
    groups: Groups,
) -> Result<Vec<String>, ActionError> {
    if !names.iter().any(|name| is_pattern(name, groups)) {
        return Ok(names.iter().map(|name| (*name).to_owned()).collect());
    }
    let infos = session.server().all_info()?;
    Ok(expand_patterns(&infos, names, groups))
}

fn is_pattern(name: &str, groups: Groups) -> bool {
    names::is_pattern(name) || groups == Groups::Expand && Name::parse(name).process.is_none()
}

fn expand_patterns(infos: &[ProcessInfo], names: &[&str], groups: Groups) -> Vec<String> {
    let mut expanded: Vec<String> = Vec::new();
    for &name in names {
        let parsed = Name::parse(name);
        // The name of a process may contain pattern characters.
        let is_literal = parsed.process.is_some() && infos.iter().any(|info| parsed.is_of(info));
        let matching: Vec<String> = infos
            .iter()
            .filter(|info| is_pattern(name, groups) && !is_literal && names::matches(name, info))
            .map(|info| full_name(&info.group, &info.name))
            .collect();
        if matching.is_empty() {
            expanded.push(name.to_owned());
        }
        for process in matching {
            // Two patterns may match the same process.
            if !expanded.contains(&process) {
                expanded.push(process);
            }
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(names: &str, groups: Groups) -> String {
        let info = |group: &str, name: &str| ProcessInfo {
            group: group.to_owned(),
            name: name.to_owned(),
            ..ProcessInfo::default()
        };
        let infos = [info("g", "a"), info("g", "b*"), info("web", "web"), info("web2", "web2")];
        expand_patterns(&infos, &names.split(' ').collect::<Vec<_>>(), groups).join(" ")
    }

    #[test]
    fn patterns_are_expanded_and_names_are_kept() {
        assert_eq!(expanded("x w* web web?", Groups::Keep), "x web web2 web");
        assert_eq!(expanded("g:?* nobody*", Groups::Keep), "g:a g:b* nobody*");
        assert_eq!(expanded("g:b*", Groups::Keep), "g:b*");
    }

    #[test]
    fn groups_are_expanded_where_the_daemon_does_not() {
        assert_eq!(expanded("g:*", Groups::Keep), "g:*");
        assert_eq!(expanded("g:* web:", Groups::Expand), "g:a g:b* web");
        assert_eq!(expanded("none:*", Groups::Expand), "none:*");
    }
}
