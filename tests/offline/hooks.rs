//! The commands that run beside the programs of a real daemon.

use std::process::Stdio;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words).stdin(Stdio::null());
    printed(&command.output().expect("it runs"))
}

/// A program with a script for each hook, which prints what it gets.
fn conf(sandbox: &Sandbox, options: &str) -> String {
    let hook = "#!/bin/sh\necho $SUPERVISOR_HOOK of $SUPERVISOR_PROCESS_NAME $OWN: \
                ${SUPERVISOR_PID:-no pid} ${SUPERVISOR_EXIT_STATUS:-no status} $SUPERVISOR_EXIT_SIGNAL\n";
    sandbox.script("hook", hook);
    sandbox.script("quit", &format!("{hook}kill -USR1 $SUPERVISOR_PID\n"));
    let main = sandbox
        .script("main", "#!/bin/sh\ntrap 'exit 7' USR1\necho main\nwhile :; do sleep 0.1; done\n");
    format!(
        "{SERVER}[program:x]\ncommand={}\nenvironment=OWN=own\nstdout_logfile={{here}}/x.log\n\
         redirect_stderr=true\n{options}\n",
        main.display()
    )
}

#[test]
fn hooks_run_in_order_with_the_environment_of_the_program() {
    let sandbox = Sandbox::new();
    let conf = conf(
        &sandbox,
        "prestart={here}/hook\nstop_command={here}/quit\npoststop={here}/hook\nstopwaitsecs=30\n",
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("success: x entered RUNNING");
    let pid = daemon.pid_of("x");
    assert_eq!(ctl(&sandbox, &["stop", "x"]), "x: stopped\n");
    daemon.wait_for_log("stopped: x (exit status 7)");
    let expected = format!(
        "prestart of x own: no pid no status\nmain\n\
         stop_command of x own: {pid} no status\npoststop of x own: {pid} 7\n"
    );
    wait_until("all hooks have run", || sandbox.read("x.log") == expected);
    assert_eq!(ctl(&sandbox, &["start", "x"]), "x: started\n");
    assert!(daemon.stop().success(), "{}", daemon.log());
    assert_eq!(sandbox.read("x.log").matches("poststop of x").count(), 2, "the end waits");
}

#[test]
fn a_prestart_that_fails_or_hangs_is_a_failed_start() {
    let sandbox = Sandbox::new();
    let prestart = "prestart=/bin/sh -c 'echo disk full >&2; exit 1'\nstartretries=0\n";
    let fails = conf(&sandbox, prestart);
    let hangs = "[program:y]\ncommand=/bin/cat\nprestart=/bin/sh -c \"sleep 100 & sleep 100\"\n\
                 prestart_timeout=0.2\nstartretries=0\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{fails}{hangs}"));
    daemon.wait_for_log("spawnerr: prestart failed: exit status 1");
    daemon.wait_for_log("gave up: x entered FATAL state");
    daemon.wait_for_log("spawnerr: prestart failed: it did not end within 0.2 seconds");
    daemon.wait_for_log("gave up: y entered FATAL state");
    assert!(ctl(&sandbox, &["status", "x"]).contains("FATAL     prestart failed: exit status 1"));
    // Its output is the reason, so `why` has it.
    let why = ctl(&sandbox, &["why", "x"]);
    let reason = "  it could not be started: prestart failed: exit status 1\n  last lines of stdout:\n    disk full\n";
    assert!(why.contains(reason), "{why}");
    wait_until("the group of the hook is gone", || sandbox.processes().len() == 1);
    assert!(daemon.stop().success());
}

#[test]
fn a_stop_command_that_fails_is_followed_by_the_signal() {
    let sandbox = Sandbox::new();
    let conf = conf(&sandbox, "stop_command=/nonexistent/quit\nstopsignal=USR1\n");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("success: x entered RUNNING");
    assert_eq!(ctl(&sandbox, &["stop", "x"]), "x: stopped\n");
    daemon.wait_for_log("x: stop_command failed: can't find command '/nonexistent/quit'");
    daemon.wait_for_log("stopped: x (exit status 7)");
    assert!(daemon.stop().success());
}
