//! Programs that do not stop when they are asked to: what the clients show.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::daemon::{SERVER, conf};
use crate::support::follower::ctl_of;
use crate::support::terminal::Terminal;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

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

/// Starts a daemon in the background.
fn daemonize(sandbox: &Sandbox, programs: &str) {
    sandbox.write("d.conf", &conf(&format!("{SERVER}{programs}")));
    let mut supkit = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    assert!(supkit.args(["supervisord", "-c", "d.conf"]).status().unwrap().success());
    wait_until_ready(sandbox, 1);
}

fn supkit_stop(sandbox: &Sandbox) -> Command {
    let mut supkit = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    supkit.args(["stop", "-c", "d.conf"]);
    supkit
}

/// `stubborn` is stopped first, and then `tame`.
const ORDERED: &str = "[program:stubborn]\n\
    command=/bin/sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.1; done'\n\
    stdout_logfile={here}/stubborn.log\nstartsecs=0\nstopwaitsecs=2\npriority=2\n\
    [program:tame]\ncommand=/bin/cat\nstartsecs=0\npriority=1\n";

fn await_stop_of_stubborn(sandbox: &Sandbox) {
    wait_until("the job has begun", || {
        text(&ctl(sandbox, &["status"]).stdout).contains("STOPPING")
    });
}

#[test]
fn a_stop_is_finished_without_its_client() {
    let sandbox = Sandbox::new();
    daemonize(&sandbox, ORDERED);
    let mut client = supkit_stop(&sandbox).stdout(Stdio::null()).spawn().unwrap();
    await_stop_of_stubborn(&sandbox);
    client.kill().unwrap();
    client.wait().unwrap();
    let status = text(&ctl(&sandbox, &["status", "tame"]).stdout);
    assert!(status.contains("RUNNING"), "it is stopped after the other one: {status}");
    let jobs = text(&ctl(&sandbox, &["jobs"]).stdout);
    assert!(jobs.contains("stop and shutdown  all     running"), "{jobs}");
    wait_until("the daemon has gone", || sandbox.processes().is_empty());
    let log = sandbox.read("d.log");
    let at = |what: &str| log.find(what).unwrap_or_else(|| panic!("{what} is not in {log}"));
    assert!(at("stopped: stubborn") < at("stopped: tame"));
}

#[test]
fn a_second_stop_observes_the_same_job() {
    let sandbox = Sandbox::new();
    daemonize(&sandbox, ORDERED);
    let first = supkit_stop(&sandbox).stdout(Stdio::piped()).spawn().unwrap();
    await_stop_of_stubborn(&sandbox);
    let second = supkit_stop(&sandbox).output().unwrap();
    let first = first.wait_with_output().unwrap();
    let want = "stopped stubborn: SIGKILL was needed, because it did not stop within \
                stopwaitsecs = 2\nstopped tame\nstopped supervisord\n";
    for output in [first, second] {
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), (want, Some(0)));
    }
    wait_until("nothing is left", || sandbox.processes().is_empty());
}

#[test]
fn a_terminal_shows_what_a_stop_waits_for_also_during_the_shutdown() {
    let sandbox = Sandbox::new();
    daemonize(&sandbox, &ORDERED.replace("stopwaitsecs=2", "stopwaitsecs=4"));
    let mut terminal = Terminal::run(&supkit_stop(&sandbox));
    terminal.expect("waiting for stubborn to stop (1 s)");
    // From here on it is the shutdown that waits.
    assert!(ctl(&sandbox, &["shutdown"]).status.success());
    terminal.expect("waiting for tame, stubborn to stop");
    terminal.expect("stopped supervisord");
    wait_until("nothing is left", || sandbox.processes().is_empty());
}

#[test]
fn supkit_stop_reports_sigkill() {
    let sandbox = Sandbox::new();
    daemonize(&sandbox, PROGRAMS);
    let output = supkit_stop(&sandbox).output().unwrap();
    let shown = text(&output.stdout);
    let note =
        "stopped stubborn: SIGKILL was needed, because it did not stop within stopwaitsecs = 1\n";
    assert!(shown.contains(note) && shown.contains("stopped tame\n"), "{shown}");
    assert!(output.status.success());
}
