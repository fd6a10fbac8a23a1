//! The programs that an operator has disabled, by name.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How the reason for a refused start begins.
pub const IS_DISABLED: &str = "is disabled";

/// The names of what is disabled. They may name groups and processes that are not active now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled(BTreeSet<Name>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Name {
    group: String,
    /// `None` for all processes of the group, also for those that it gets later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<String>,
}

impl Disabled {
    pub fn contains(&self, group: &str, process: &str) -> bool {
        let is = |name: &Name| {
            name.group == group && name.process.as_ref().is_none_or(|own| own == process)
        };
        self.0.iter().any(is)
    }

    /// Disables a process, or a whole group.
    pub fn insert(&mut self, group: &str, process: Option<&str>) {
        if process.is_none() {
            self.0.retain(|name| name.group != group);
        }
        let process = process.map(str::to_owned);
        self.0.insert(Name { group: group.to_owned(), process });
    }

    /// Enables a process, or a whole group. Of a disabled group the other `members` stay disabled.
    pub fn remove(&mut self, group: &str, process: Option<&str>, members: &[String]) {
        let Some(process) = process else { return self.0.retain(|name| name.group != group) };
        let whole = Name { group: group.to_owned(), process: None };
        if self.0.remove(&whole) {
            for member in members {
                self.insert(group, Some(member));
            }
        }
        self.0.remove(&Name { process: Some(process.to_owned()), ..whole });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_a_disabled_group_is_enabled_alone() {
        let mut disabled = Disabled::default();
        disabled.insert("web", Some("a"));
        disabled.insert("web", None);
        assert!(disabled.contains("web", "a") && disabled.contains("web", "new"));
        disabled.remove("web", Some("a"), &["a".to_owned(), "b".to_owned()]);
        assert!(!disabled.contains("web", "a") && disabled.contains("web", "b"));
        assert!(!disabled.contains("web", "new") && !disabled.contains("other", "b"));
        disabled.remove("web", None, &[]);
        assert_eq!(disabled, Disabled::default());
    }
}
