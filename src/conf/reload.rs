//! Whether a group that was read again is still the same, by Supervisor's own notion of it.

use super::config::{Group, GroupKind, LogTarget, Process, StreamLog};

/// Whether `new` asks for nothing that `old` does not have. A log that is now `AUTO` is whatever
/// it was before; the order of variables and events, and all of a FastCGI socket but its url,
/// make no difference.
pub fn same(old: &Group, new: &Group) -> bool {
    let fellows = old.processes.iter().zip(&new.processes);
    (&old.name, old.priority) == (&new.name, new.priority)
        && same_kind(&old.kind, &new.kind)
        && old.processes.len() == new.processes.len()
        && fellows.into_iter().all(|(old, new)| same_process(old, new))
}

fn same_kind(old: &GroupKind, new: &GroupKind) -> bool {
    match (old, new) {
        (GroupKind::Programs, GroupKind::Programs) => true,
        (GroupKind::FastCgi(old), GroupKind::FastCgi(new)) => old.url == new.url,
        (GroupKind::EventListener(old), GroupKind::EventListener(new)) => {
            old.buffer_size == new.buffer_size
                && old.result_handler == new.result_handler
                && sorted(&old.events) == sorted(&new.events)
        }
        _ => false,
    }
}

fn same_process(old: &Process, new: &Process) -> bool {
    let mut new = new.clone();
    new.program.clone_from(&old.program);
    keep_auto(&old.stdout, &mut new.stdout);
    keep_auto(&old.stderr, &mut new.stderr);
    if old.user.as_ref().map(|user| user.uid) == new.user.as_ref().map(|user| user.uid) {
        new.user.clone_from(&old.user);
    }
    if sorted(&old.environment) == sorted(&new.environment) {
        new.environment.clone_from(&old.environment);
    }
    *old == new
}

fn keep_auto(old: &StreamLog, new: &mut StreamLog) {
    if new.target == LogTarget::Auto {
        new.target = old.target.clone();
    }
}

fn sorted<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort();
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{CommandLine, paper::Paper, read};

    fn group(body: &str) -> Group {
        let text = format!("[supervisord]\n[program:a]\ncommand=a\n{body}");
        let world = Paper::default().file("/s.conf", text);
        let config = read("/s.conf", &CommandLine::default(), &world);
        config.expect("it is read").groups.remove(0)
    }

    #[test]
    fn a_group_is_the_same_if_supervisor_would_say_so() {
        let plain = group("");
        for (old, new, want) in [
            ("", "", true),
            ("", "startsecs=1", true),
            ("", "startsecs=2", false),
            ("", "stdout_logfile=/tmp/x", false),
            ("stdout_logfile=/tmp/x", "", true),
            ("stdout_logfile=/tmp/x", "stdout_logfile=NONE", false),
            ("environment=A=1,B=2", "environment=B=2,A=1", true),
            ("environment=A=1", "environment=A=2", false),
            ("priority=4", "priority=5", false),
        ] {
            assert_eq!(same(&group(old), &group(new)), want, "{old} -> {new}");
        }
        let named = group("[group:g]\nprograms=a\n");
        assert!(!same(&plain, &named));
    }
}
