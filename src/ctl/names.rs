//! Process names on the command line: `name`, `group:name`, `group:*`, and shell patterns.

use super::server::ProcessInfo;
use crate::core::group::full_name;
use crate::pattern;

/// A parsed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) group: &'a str,
    /// `None` means all processes of the group.
    pub(super) process: Option<&'a str>,
}

impl<'a> Name<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (group, process) = crate::rpc::names::split(text);
        Self { group, process }
    }

    pub(super) fn is_of(self, info: &ProcessInfo) -> bool {
        info.group == self.group && self.process.is_none_or(|process| info.name == process)
    }
}

/// Whether a name contains a pattern other than Supervisor's `group:*`.
pub(super) fn is_pattern(text: &str) -> bool {
    let name = Name::parse(text);
    pattern::is_pattern(name.group) || name.process.is_some_and(pattern::is_pattern)
}

/// Whether a pattern matches a process. With a colon both sides are matched separately; without one
/// the pattern may match the name or the whole `group:name`.
pub(super) fn matches(text: &str, info: &ProcessInfo) -> bool {
    match text.split_once(':') {
        Some((group, process)) => {
            pattern::matches(group, &info.group)
                && (process.is_empty() || pattern::matches(process, &info.name))
        }
        None => {
            pattern::matches(text, &info.name)
                || pattern::matches(text, &full_name(&info.group, &info.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(group: &str, name: &str) -> ProcessInfo {
        ProcessInfo { group: group.to_owned(), name: name.to_owned(), ..ProcessInfo::default() }
    }

    #[test]
    fn a_name_without_a_group_is_its_own_group() {
        assert_eq!(Name::parse("web"), Name { group: "web", process: Some("web") });
        assert_eq!(Name::parse("a:b:c"), Name { group: "a", process: Some("b:c") });
        assert_eq!(Name::parse("a:"), Name { group: "a", process: None });
        assert_eq!(Name::parse("a:*"), Name { group: "a", process: None });
    }

    #[test]
    fn patterns_match_names_and_both_sides_of_a_colon() {
        assert!(is_pattern("web-*") && is_pattern("g*:x") && is_pattern("g:w*"));
        assert!(!is_pattern("g:*") && !is_pattern("web"));
        assert!(matches("web-*", &info("web", "web-1")));
        assert!(matches("web-*", &info("web-api", "main")));
        assert!(!matches("web-*", &info("db", "main")));
        assert!(matches("g*:w?", &info("grp", "w1")));
        assert!(!matches("g*:w?", &info("web", "w1")));
        assert!(matches("g*:", &info("grp", "w1")));
    }
}
