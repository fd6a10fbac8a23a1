//! Programs that do not stop when they are asked to: what the clients show.

use std::process::Output;

use serde_json::Value;

use crate::support::daemon::{SERVER, conf};
use crate::support::follower::ctl_of;
use crate::support::terminal::Terminal;
use crate::support::{Daemon, Sandbox, Subject};

const PROGRAMS: &str = "[program:stubborn]\n\
    command=/bin/sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.1; done'\n\
    stdout_logfile={here}/stubborn.log\nstartsecs=0\nstopwaitsecs=1\n\
    [program:tame]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:failed]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=1\nstartretries=0\n";

fn start(sandbox: &Sandbox) -> Daemon<'_> {
    let daemon = Daemon::start(Subject::Ours, sandbox, &format!("{SERVER}{PROGRAMS}"));
    daemon.wait_for_log("gave up: failed");
    wait_until_ready(sandbox, 1);
    daemon
}

/// The trap is set.
fn wait_until_ready(sandbox: &Sandbox, count: usize) {
    crate::support::wait_until("the program ignores SIGTERM", || {
        sandbox.read("stubborn.log").matches("ready").count() == count
    });
}

fn ctl(sandbox: &Sandbox, words: &[&str]) -> Output {
    ctl_of(Subject::Ours, sandbox, words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const NOTE: &str =
    "stubborn: SIGKILL was needed, because it did not stop within its stopwaitsecs\n";

#[test]
fn a_stop_that_needed_sigkill_is_reported_after_the_result() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let output = ctl(&sandbox, &["stop", "tame", "stubborn"]);
    assert_eq!(text(&output.stdout), "tame: stopped\nstubborn: stopped\n");
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (NOTE, Some(0)));
    // The second start ends in time; the note is about the last end only.
    let output = ctl(&sandbox, &["start", "stubborn"]);
    assert!(output.status.success());
    wait_until_ready(&sandbox, 2);
    assert!(ctl(&sandbox, &["signal", "KILL", "stubborn"]).status.success());
    daemon.wait_for_log("WARN exited: stubborn (terminated by SIGKILL; not expected)");
    wait_until_ready(&sandbox, 3);
    let output = ctl(&sandbox, &["stop", "all"]);
    assert_eq!(text(&output.stderr), NOTE);
    daemon.stop();
}

#[test]
fn a_terminal_shows_what_is_waited_for() {
    let sandbox = Sandbox::new();
    let patient = PROGRAMS.replace("stopwaitsecs=1", "stopwaitsecs=4");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{patient}"));
    wait_until_ready(&sandbox, 1);
    let mut terminal = Terminal::run(&ctl_of(Subject::Ours, &sandbox, &["stop", "stubborn"]));
    terminal.expect("waiting for stubborn to stop (1 s)");
    terminal.expect("stubborn: stopped");
    terminal.expect("SIGKILL was needed");
    daemon.stop();
}

#[test]
fn json_contains_the_exit_status_of_a_failed_start() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let output = ctl(&sandbox, &["status", "--json", "failed", "tame"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status[0]["exitstatus"], 3, "{status}");
    assert_eq!(status[1]["exitstatus"], 0, "{status}");
    daemon.stop();
}

#[test]
fn supkit_stop_reports_sigkill() {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(&format!("{SERVER}{PROGRAMS}")));
    let mut supkit = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    assert!(supkit.args(["supervisord", "-c", "d.conf"]).status().unwrap().success());
    wait_until_ready(&sandbox, 1);
    let mut supkit = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = supkit.args(["stop", "-c", "d.conf"]).output().unwrap();
    let shown = text(&output.stdout);
    let note =
        "stopped stubborn: SIGKILL was needed, because it did not stop within stopwaitsecs = 1\n";
    assert!(shown.contains(note) && shown.contains("stopped tame\n"), "{shown}");
    assert!(output.status.success());
}
