//! The type of an action of supervisorctl.

use super::session::{Outcome, Session};

/// An action of supervisorctl.
pub(super) struct Action {
    pub(super) name: &'static str,
    /// The forms of the command, with descriptions.
    pub(super) usage: &'static [(&'static str, &'static str)],
    /// How its arguments are completed.
    pub(super) arguments: Arguments,
    /// Whether `--json` is accepted among its arguments.
    pub(super) json: bool,
    /// Whether Supervisor lacks it; `help` without a topic lists only Supervisor's own actions.
    pub(super) is_extension: bool,
    pub(super) run: fn(&mut Session, &str) -> Outcome,
}

/// What the arguments of an action are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    None,
    Groups,
    Processes,
}
