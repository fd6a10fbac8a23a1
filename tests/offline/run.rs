//! `supkit run`: fails as soon as waiting longer would change nothing, and names the reason.

use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// The time limit is far longer than a test may take.
fn command(sandbox: &Sandbox) -> Command {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["run", "-c", "d.conf", "--timeout", "100000"]).stdin(Stdio::null());
    command
}

/// Whether `supkit run` succeeded, and what it printed.
fn run(sandbox: &Sandbox) -> (bool, String) {
    let output = command(sandbox).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("a text"))
}

/// Never ready.
const LATE: &str = "[program:late]\ncommand=/bin/cat\nstartsecs=0\nready_unix={here}/none\n";

#[test]
fn a_failed_dependency_fails_the_run_at_once() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}{LATE}[program:zeo]\ncommand=/bin/sh -c 'echo no disk >&2; exit 3'\nstartretries=0\n\
         [program:instance]\ncommand=/bin/cat\ndepends_on=zeo\n\
         [program:varnish]\ncommand=/bin/cat\ndepends_on=instance\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    let (is_up, text) = run(&sandbox);
    assert!(!is_up, "{text}");
    for line in [
        "zeo does not run: FATAL, Exited too quickly",
        "    no disk",
        "instance does not run: STOPPED, waits for zeo: FATAL, Exited too quickly",
        "varnish does not run: STOPPED, waits for instance: STOPPED, waits for zeo",
        "not up yet, and left to the daemon: late",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    assert!(!text.contains("the time is over"), "{text}");
    assert!(daemon.stop().success());
}

/// It is started for the other one only, so it is not one of those that are awaited.
#[test]
fn a_task_that_failed_and_is_not_repeated_fails_the_run_at_once() {
    for (options, why) in [
        ("autorestart=false\nstartsecs=0", "EXITED, exit status 4"),
        ("startretries=0", "FATAL, Exited too quickly"),
    ] {
        let sandbox = Sandbox::new();
        let rest = format!(
            "{SERVER}{LATE}[program:initdb]\ncommand=/bin/sh -c 'exit 4'\nautostart=false\n{options}\n\
             [program:app]\ncommand=/bin/cat\ndepends_on=initdb:completed\n"
        );
        let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
        let (is_up, text) = run(&sandbox);
        let wanted = format!("app does not run: STOPPED, waits for initdb: {why}");
        assert!(!is_up && text.contains(&wanted), "{text}");
        assert!(daemon.stop().success());
    }
}

#[test]
fn a_dependency_that_an_operator_has_stopped_or_disabled_fails_the_run() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}[program:zeo]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n\
         [program:app]\ncommand=/bin/cat\ndepends_on=zeo\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("success: app entered RUNNING");
    let ctl = |words: &[&str]| {
        let mut command = Subject::Ours.program(&sandbox, "supervisorctl");
        command.args(["-c", "d.conf"]).args(words).stdin(Stdio::null());
        command.output().expect("it runs");
    };
    ctl(&["stop", "app", "zeo"]);
    ctl(&["disable", "zeo"]);
    let (is_up, text) = run(&sandbox);
    let wanted = "app does not run: STOPPED, waits for zeo: STOPPED, disabled";
    assert!(!is_up && text.contains(wanted), "{text}");
    assert!(daemon.stop().success());
}

#[test]
fn the_end_of_the_daemon_is_reported() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}{LATE}[program:main]\ncommand=/bin/sh -c 'read line; exit 4'\nstartsecs=0\n\
         autorestart=false\nessential=true\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("success: main entered RUNNING");
    let output = std::fs::File::create(sandbox.path("printed")).expect("a file");
    let errors = output.try_clone().expect("a descriptor");
    let mut run = command(&sandbox).stdout(output).stderr(errors).spawn().expect("it runs");
    wait_until("it waits", || sandbox.read("printed").contains("not ready"));
    kill(Pid::from_raw(daemon.pid_of("main")), Signal::SIGKILL).expect("it runs");
    assert!(!run.wait().expect("it ends").success());
    let text = sandbox.read("printed");
    assert!(text.contains("supkit run: the daemon has ended"), "{text}");
    assert!(text.contains("the essential program main has ended"), "{text}");
    daemon.wait();
}

/// The daemon is gone before it can be asked.
#[test]
fn a_daemon_that_ends_during_its_start_is_not_awaited() {
    let sandbox = Sandbox::new();
    let main = "[program:main]\ncommand=/bin/sh -c 'exit 4'\nstartsecs=0\nautorestart=false\nessential=true\n";
    sandbox.write("d.conf", &conf(&format!("{SERVER}{LATE}{main}")));
    let (is_up, text) = run(&sandbox);
    assert!(!is_up && text.contains("the daemon has ended"), "{text}");
    let why = "the essential program main has ended (exit status 4)";
    assert!(text.contains(why), "{text}");
    wait_until("the daemon is gone", || sandbox.processes().is_empty());
}
