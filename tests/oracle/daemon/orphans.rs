//! Programs that outlived a killed daemon of the original, and the original with those of ours.

use crate::support::daemon::{SERVER, conf};
use crate::support::orphans::{is_running, orphaned, pid_of};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Kills a daemon and starts another one; returns whether the old process of the program still runs
/// when the new one does.
fn runs_twice(first: Subject, second: Subject) -> bool {
    let sandbox = Sandbox::new();
    let rest = format!("{SERVER}[program:a]\ncommand=/bin/sleep 1000\n");
    sandbox.write("d.conf", &conf(&rest));
    let old = orphaned(first, &sandbox, &["a"]);
    std::fs::remove_file(sandbox.path("d.log")).unwrap();
    let mut daemon = Daemon::launch(second, &sandbox, &[]);
    let fresh = pid_of(&sandbox, "a");
    wait_until("it runs", || is_running(fresh));
    let runs_twice = is_running(old[0]);
    daemon.stop();
    runs_twice
}

#[test]
fn programs_of_a_killed_daemon_run_twice_under_the_original_only() {
    for first in [Subject::Ours, Subject::Original] {
        assert!(runs_twice(first, Subject::Original), "{first:?}");
        assert!(!runs_twice(first, Subject::Ours), "{first:?}");
    }
}
