//! As the first process of a container.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::daemon::conf;
use crate::support::{Sandbox, Subject, wait_until};

/// Whether this machine lets us have a namespace of pids.
fn can_unshare() -> bool {
    let trial = Command::new("unshare")
        .args(["-pf", "--mount-proc", "/bin/true"])
        .stderr(Stdio::null())
        .status();
    trial.is_ok_and(|status| status.success())
}

#[test]
fn strangers_are_reaped_and_the_log_goes_to_the_container() {
    assert!(can_unshare(), "this test needs `unshare -pf --mount-proc` (root, or user namespaces)");
    let sandbox = Sandbox::new();
    // The child leaves an orphan, whose new parent is the daemon.
    let rest = "[program:a]\ncommand=/bin/bash -c '(sleep 0.2; exit 5) & disown; exec sleep 0.1'\n\
                startsecs=0\nautorestart=false\n\
                [program:b]\ncommand=/bin/sh -c 'echo from b; exec sleep 1000'\nstartsecs=0\n\
                stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n";
    sandbox.write(
        "d.conf",
        &conf(rest).replace("logfile={here}/d.log", "logfile=/dev/stdout\nlogfile_maxbytes=0"),
    );
    let out = File::create(sandbox.path("out")).unwrap();
    let subject = Subject::Ours.program(&sandbox, "supervisord");
    let mut command = sandbox.command("unshare");
    command
        .args(["-pf", "--mount-proc", "--kill-child"])
        .arg(subject.get_program())
        .args(subject.get_args());
    command.args(["-n", "-s", "-c"]).arg(sandbox.path("d.conf")).stdout(out).stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait_until("the orphan is reaped", || sandbox.read("out").contains("reaped unknown pid"));
    wait_until("the child is heard", || sandbox.read("out").contains("\nfrom b\n"));
    let out = sandbox.read("out");
    assert!(out.contains("supervisord started with pid 1\n"), "{out}");
    assert!(out.contains("(exit status 5)"), "{out}");
    child.kill().unwrap();
    child.wait().unwrap();
}
