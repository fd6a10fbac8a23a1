//! Accounts in a configuration: their roles, and the processes that one may control.

use serde::{Deserialize, Serialize};

use crate::pattern;

/// What an account may do; each role includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Sees states and reads the logs of its programs.
    #[default]
    Viewer,
    /// Controls its programs.
    Operator,
    /// Changes the configuration and ends the daemon.
    Admin,
}

impl Role {
    pub const ALL: &[Self] = &[Self::Viewer, Self::Operator, Self::Admin];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }
}

/// Patterns of `group:name`; none means all processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programs(pub Vec<String>);

impl Programs {
    /// Whether all processes are included, present and future ones.
    pub fn are_all(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern == "*" || pattern == "*:*")
    }

    /// Whether a process is included. A process that has the name of its group may be written with
    /// one word, as in `supervisorctl status`.
    pub fn include(&self, group: &str, name: &str) -> bool {
        let full = format!("{group}:{name}");
        let is_alone = group == name;
        let matches =
            |it: &String| pattern::matches(it, &full) || is_alone && pattern::matches(it, name);
        self.are_all() || self.0.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_chosen_by_group_and_name() {
        let programs = |all: &[&str]| Programs(all.iter().map(|it| (*it).to_owned()).collect());
        let zope = programs(&["zope:*", "zeo", "web-?:worker"]);
        for (group, name, want) in [
            ("zope", "instance1", true),
            ("zope", "zope", true),
            ("zeo", "zeo", true),
            ("zeo", "other", false),
            ("db", "zeo", false),
            ("web-1", "worker", true),
            ("web-10", "worker", false),
            ("zope2", "instance1", false),
        ] {
            assert_eq!(zope.include(group, name), want, "{group}:{name}");
        }
        assert!(programs(&[]).are_all() && programs(&["a", "*"]).are_all() && !zope.are_all());
        assert!(programs(&["*"]).include("any", "thing"));
    }

    #[test]
    fn a_role_includes_those_before_it() {
        assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(*role));
        }
    }
}
