//! supervisord as the first process of a container.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::daemon::{conf, normalised};
use crate::support::{Sandbox, Subject, wait_until};

/// The command that creates a pid namespace on this machine; `None` if that is not allowed.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["-pf", "--mount-proc"], &["-Urpf", "--mount-proc"]];
    ways.into_iter().find(|way| {
        let mut trial = Command::new("unshare");
        let status = trial.args(*way).arg("/bin/true").stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    })
}

/// The child leaves an orphan, whose new parent is the daemon.
const ORPHAN: &str = "[program:a]\n\
    command=/bin/bash -c '(sleep 0.2; exit 5) & disown; exec sleep 0.1'\n\
    startsecs=0\nautorestart=false\n";

fn strangers(subject: Subject) -> Vec<String> {
    use std::os::unix::process::CommandExt;
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(ORPHAN));
    let mut command = subject.program(&sandbox, "supervisord");
    command.args(["-n", "-s", "-c"]).arg(sandbox.path("d.conf"));
    #[allow(unsafe_code, reason = "no safe function sets it for a child")]
    // SAFETY: the closure makes one system call and nothing else.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_child_subreaper(true)?));
    }
    let mut child = command.spawn().unwrap();
    let log = || sandbox.read("d.log");
    wait_until("the orphan is reaped", || log().contains("reaped unknown pid"));
    child.kill().unwrap();
    child.wait().unwrap();
    let story = normalised(&log(), &sandbox);
    story.lines().filter(|line| line.contains("reaped")).map(str::to_owned).collect()
}

#[test]
fn foreign_children_are_reaped_and_logged() {
    let ours = strangers(Subject::Ours);
    assert_eq!(ours, strangers(Subject::Original));
    assert_eq!(ours, ["INFO reaped unknown pid N (exit status 5)"]);
}

#[test]
fn the_first_process_reaps_strangers_and_logs_to_the_container() {
    // Where namespaces are forbidden, the test above covers the same with a subreaper.
    let Some(unshare) = unshare() else { return };
    let sandbox = Sandbox::new();
    let rest = "[program:b]\ncommand=/bin/sh -c 'echo from b; exec sleep 1000'\nstartsecs=0\n\
                stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n";
    let rest = &format!("{ORPHAN}{rest}");
    // The creator of the namespace is root in it.
    let log = "logfile=/dev/stdout\nlogfile_maxbytes=0\npidfile={here}/d.pid\nuser=root\n";
    sandbox.write("d.conf", &format!("[supervisord]\n{log}childlogdir={{here}}\n{rest}"));
    let out = File::create(sandbox.path("out")).unwrap();
    let subject = Subject::Ours.program(&sandbox, "supervisord");
    let mut command = sandbox.command("unshare");
    command.args(unshare).arg("--kill-child").arg(subject.get_program()).args(subject.get_args());
    command.args(["-n", "-s", "-c"]).arg(sandbox.path("d.conf")).stdout(out).stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait_until("the orphan is reaped", || sandbox.read("out").contains("reaped unknown pid"));
    wait_until("the output of the child is logged", || sandbox.read("out").contains("\nfrom b\n"));
    let out = sandbox.read("out");
    assert!(out.contains("supervisord started with pid 1\n"), "{out}");
    assert!(out.contains("(exit status 5)"), "{out}");
    child.kill().unwrap();
    child.wait().unwrap();
}
