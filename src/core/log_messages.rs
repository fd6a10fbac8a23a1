//! Messages of the activity log that scripts parse, identical to Supervisor's.

use super::effect::{Pid, WaitStatus};
use super::process::{Termination, TerminationKind};
use crate::conf::signals::Signal;

pub(super) const EXITED_TOO_QUICKLY: &str = "Exited too quickly (process log may have details)";

pub(super) fn killing(name: &str, pid: Pid, group: bool, signal: Signal) -> String {
    let target = if group { "process group " } else { "" };
    format!("killing {name} (pid {}) {target}with signal {signal}", pid.0)
}

pub(super) fn kill_failed(name: &str, pid: Pid, error: &str) -> String {
    format!("unknown problem killing {name} ({}):{error}", pid.0)
}

pub(super) fn succeeded(name: &str, startsecs: i64) -> String {
    format!(
        "success: {name} entered RUNNING state, process has stayed up for > than {startsecs} \
         seconds (startsecs)"
    )
}

pub(super) fn gave_up(name: &str) -> String {
    format!("gave up: {name} entered FATAL state, too many start retries too quickly")
}

impl WaitStatus {
    /// `exit status 3`, `terminated by SIGKILL`
    pub fn description(self) -> String {
        match self {
            Self::Exited(code) => format!("exit status {code}"),
            Self::Signaled { signal, core_dumped } => {
                let core = if core_dumped { " (core dumped)" } else { "" };
                format!("terminated by {}{core}", Signal(signal))
            }
        }
    }
}

pub(super) fn terminated(name: &str, termination: Termination) -> String {
    let how = termination.status.description();
    match (termination.kind, termination.expected) {
        (TerminationKind::Stopped, _) => format!("stopped: {name} ({how})"),
        (TerminationKind::Exited, true) => format!("exited: {name} ({how}; expected)"),
        (TerminationKind::Exited | TerminationKind::TooQuickly, _) => {
            format!("exited: {name} ({how}; not expected)")
        }
    }
}
