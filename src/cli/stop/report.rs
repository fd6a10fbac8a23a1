//! What is printed about a stopped program.

use super::super::deployment::Deployment;
use crate::core::group::full_name;

/// The program is named by its group and its own name.
pub(super) fn stopped(
    deployment: &Deployment,
    (group, name): (&str, &str),
    was_killed: bool,
) -> String {
    let line = format!("stopped {}", full_name(group, name));
    if !was_killed {
        return line;
    }
    let seconds = deployment.process(group, name).map_or(0, |process| process.stopwaitsecs);
    format!("{line}: SIGKILL was needed, because it did not stop within stopwaitsecs = {seconds}")
}
