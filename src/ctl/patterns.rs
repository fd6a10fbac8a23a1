//! Shell patterns among the names that an action was given: the daemon tells whom they describe.

use super::names::{self, Name};
use super::server::Info;
use super::session::{Session, Trouble};

/// What becomes of `group:*`, which Supervisor knows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Groups {
    Keep,
    /// It is a pattern too, for what can only be asked of one process.
    Unfold,
}

/// Puts the processes that a pattern describes in its place; one that describes nobody stays, and
/// will be told as a name that does not exist.
pub(super) fn expand(
    session: &mut Session,
    names: &[&str],
    groups: Groups,
) -> Result<Vec<String>, Trouble> {
    if !names.iter().any(|name| is_pattern(name, groups)) {
        return Ok(names.iter().map(|name| (*name).to_owned()).collect());
    }
    let infos = session.server().all_info()?;
    Ok(unfold(&infos, names, groups))
}

fn is_pattern(name: &str, groups: Groups) -> bool {
    names::is_pattern(name) || groups == Groups::Unfold && Name::parse(name).process.is_none()
}

fn unfold(infos: &[Info], names: &[&str], groups: Groups) -> Vec<String> {
    let mut unfolded: Vec<String> = Vec::new();
    for &name in names {
        let parsed = Name::parse(name);
        // A process may bear the letters of a pattern in its very name.
        let is_literal = parsed.process.is_some() && infos.iter().any(|info| parsed.is_of(info));
        let meant: Vec<String> = infos
            .iter()
            .filter(|info| is_pattern(name, groups) && !is_literal && names::matches(name, info))
            .map(|info| names::join(&info.group, &info.name))
            .collect();
        if meant.is_empty() {
            unfolded.push(name.to_owned());
        }
        for process in meant {
            // Two patterns may describe the same process.
            if !unfolded.contains(&process) {
                unfolded.push(process);
            }
        }
    }
    unfolded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(names: &str, groups: Groups) -> String {
        let info = |group: &str, name: &str| Info {
            group: group.to_owned(),
            name: name.to_owned(),
            ..Info::default()
        };
        let infos = [info("g", "a"), info("g", "b*"), info("web", "web"), info("web2", "web2")];
        unfold(&infos, &names.split(' ').collect::<Vec<_>>(), groups).join(" ")
    }

    #[test]
    fn patterns_give_way_to_names_and_names_stay() {
        assert_eq!(unfolded("x w* web web?", Groups::Keep), "x web web2 web");
        assert_eq!(unfolded("g:?* nobody*", Groups::Keep), "g:a g:b* nobody*");
        assert_eq!(unfolded("g:b*", Groups::Keep), "g:b*");
    }

    #[test]
    fn groups_are_unfolded_where_nobody_else_does() {
        assert_eq!(unfolded("g:*", Groups::Keep), "g:*");
        assert_eq!(unfolded("g:* web:", Groups::Unfold), "g:a g:b* web");
        assert_eq!(unfolded("none:*", Groups::Unfold), "none:*");
    }
}
