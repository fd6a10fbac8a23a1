//! What is killed with a program.

use serde::{Deserialize, Serialize};

use super::python::repr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KillMode {
    /// The process, or what `stopasgroup` and `killasgroup` say.
    #[default]
    Process,
    /// Its process group.
    Group,
    /// All its descendants.
    Tree,
}

impl KillMode {
    pub(super) const ALL: [Self; 3] = [Self::Process, Self::Group, Self::Tree];

    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Group => "group",
            Self::Tree => "tree",
        }
    }
}

pub(super) fn parse(text: &str) -> Result<KillMode, String> {
    let found = KillMode::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("not a kill mode: {}", repr(text)))
}
