//! Resource limits, niceness and OOM scores of the programs of a real daemon.

use std::process::Stdio;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn status(sandbox: &Sandbox) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf", "status"]).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().expect("it runs").stdout).into_owned()
}

#[test]
fn a_program_has_the_limits_of_its_options() {
    let sandbox = Sandbox::new();
    let script = sandbox.script(
        "show",
        "#!/bin/sh\ngrep -E 'Max (core file|open|stack|nice)' /proc/self/limits\n\
         cat /proc/self/oom_score_adj\ncut -d' ' -f19 /proc/self/stat\necho complete\nexec sleep 60\n",
    );
    let options = "rlimit_core=0\nrlimit_nofile=64:100\nrlimit_stack=1MB:2MB\n\
                   rlimit_nice=0\nnice=7\noom_score_adj=321\nstdout_logfile={here}/show.log\n";
    let conf = format!("{SERVER}[program:show]\ncommand={}\n{options}", script.display());
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    wait_until("all is printed", || sandbox.read("show.log").contains("complete"));
    let printed = sandbox.read("show.log");
    let lines: Vec<String> =
        printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "Max core file size 0 0 bytes",
        "Max stack size 1048576 2097152 bytes",
        "Max open files 64 100 files",
        "Max nice priority 0 0",
        "321",
        "7",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected} is not in {printed}");
    }
    assert!(daemon.stop().success());
}

#[test]
fn a_limit_that_the_kernel_refuses_is_a_failed_start_with_its_option() {
    let sandbox = Sandbox::new();
    let conf = format!(
        "{SERVER}[program:x]\ncommand=/bin/cat\nnice=3\nrlimit_nofile=unlimited\nstartretries=0\n\
         [program:y]\ncommand=/bin/cat\nstartsecs=0\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("spawnerr: can't set rlimit_nofile of 'x': EPERM");
    daemon.wait_for_log("gave up: x entered FATAL state");
    daemon.wait_for_log("success: y entered RUNNING");
    let status = status(&sandbox);
    let line = status.lines().find(|line| line.starts_with("x ")).expect("the program");
    assert!(line.ends_with("can't set rlimit_nofile of 'x': EPERM"), "{line}");
    assert!(!daemon.log().contains("reaped unknown"), "{}", daemon.log());
    assert!(daemon.stop().success());
}
