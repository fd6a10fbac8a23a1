//! The scripts that the recipe makes in the bin directory: the daemon and the client, each with
//! the configuration built in.

use super::{Options, Surroundings};
use crate::conf::python::path::join;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub path: String,
    pub tool: Tool,
    /// The configuration that it names by `-c`: the daemon behind what the caller says, the client
    /// before it.
    pub conf: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Supervisord,
    Supervisorctl,
}

impl Tool {
    pub fn command(self) -> &'static str {
        match self {
            Self::Supervisord => "supervisord",
            Self::Supervisorctl => "supervisorctl",
        }
    }

    /// What the script's name has after that of the part.
    fn suffix(self) -> &'static str {
        match self {
            Self::Supervisord => "d",
            Self::Supervisorctl => "ctl",
        }
    }
}

pub(super) fn scripts(
    part: &str,
    options: &Options<'_>,
    around: Surroundings<'_>,
    conf: &str,
) -> Vec<Script> {
    let wanted = [("global", Tool::Supervisord), ("ctl", Tool::Supervisorctl)];
    let wanted = wanted.into_iter().filter(|(section, _)| options.has_section(section));
    wanted
        .map(|(_, tool)| Script {
            path: join(around.bin_directory, &format!("{part}{}", tool.suffix())),
            tool,
            conf: conf.to_owned(),
        })
        .collect()
}
