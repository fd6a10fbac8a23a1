//! The sentences of the activity log that scripts look for: Supervisor's own, word for word.

use super::effect::{Pid, WaitStatus};
use super::process::{EndKind, Ending};
use crate::conf::signals::Signal;

pub(super) const EXITED_TOO_QUICKLY: &str = "Exited too quickly (process log may have details)";

pub(super) fn killing(name: &str, pid: Pid, group: bool, signal: Signal) -> String {
    let whom = if group { "process group " } else { "" };
    format!("killing {name} (pid {}) {whom}with signal {signal}", pid.0)
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

/// How a process ended, without a judgement.
pub(super) fn ending(status: WaitStatus) -> String {
    match status {
        WaitStatus::Exited(code) => format!("exit status {code}"),
        WaitStatus::Signaled { signal, core_dumped } => {
            let core = if core_dumped { " (core dumped)" } else { "" };
            format!("terminated by {}{core}", Signal(signal))
        }
    }
}

pub(super) fn ended(name: &str, ended: Ending) -> String {
    let how = ending(ended.status);
    match (ended.kind, ended.expected) {
        (EndKind::Stopped, _) => format!("stopped: {name} ({how})"),
        (EndKind::Exited, true) => format!("exited: {name} ({how}; expected)"),
        (EndKind::Exited | EndKind::TooQuick, _) => format!("exited: {name} ({how}; not expected)"),
    }
}
