//! `why` on a real daemon: what the kernel reports about children, and the history across restarts.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn ctl(sandbox: &Sandbox, words: &str) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words.split(' ')).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().expect("it runs").stdout).into_owned()
}

/// The answer for one program.
fn why(sandbox: &Sandbox, name: &str) -> Value {
    let answer = ctl(sandbox, &format!("why {name} --json"));
    let all: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
    all[0].clone()
}

fn program(name: &str, command: &str, options: &str) -> String {
    format!("[program:{name}]\ncommand=/bin/sh -c '{command}'\n{options}\n")
}

/// A task that fails after it has printed and worked.
fn task() -> String {
    let work =
        "echo first; echo last >&2; i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; exit 3";
    program("task", work, "startsecs=0\nautorestart=false")
}

#[test]
fn a_failure_is_explained_with_its_resources_and_output() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{}", task()));
    daemon.wait_for_log("exited: task");
    let text = ctl(&sandbox, "why task");
    let start = "task is EXITED: exit status 3 (not expected; exitcodes 0); it is not restarted";
    assert!(text.starts_with(start), "{text}");
    let shown = "  last lines of stdout:\n    first\n  last lines of stderr:\n    last\n";
    assert!(text.contains(shown), "{text}");
    let ending = &why(&sandbox, "task")["endings"][0];
    assert_eq!((&ending["kind"], &ending["exitstatus"]), (&"unexpected".into(), &3.into()));
    assert_eq!(ending["output"]["stderr"][0], "last");
    assert!(ending["usage"]["peak_memory_kib"].as_i64().unwrap() > 100, "{ending}");
    let cpu = ending["usage"]["cpu_user"].as_f64().unwrap();
    assert!(cpu > 0.0 && cpu <= ending["lasted"].as_f64().unwrap() + 0.1, "{ending}");
    assert!(daemon.stop().success());
}

#[test]
fn a_signal_has_a_sender_or_is_foreign() {
    let sandbox = Sandbox::new();
    let rest = program("web", "echo up; exec cat", "startsecs=0\nautorestart=false");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{rest}"));
    daemon.wait_for_log("success: web");
    let running = why(&sandbox, "web");
    assert_eq!(running["state"], "RUNNING");
    assert!(running["child"]["usage"]["peak_memory_kib"].as_i64().unwrap() > 100, "{running}");
    ctl(&sandbox, "signal KILL web");
    daemon.wait_for_log("exited: web (terminated by SIGKILL");
    let text = ctl(&sandbox, "why web");
    assert!(text.contains("SIGKILL was sent on request through unix_http_server"), "{text}");
    assert!(!text.contains("memory was short"), "{text}");
    ctl(&sandbox, "start web");
    let pid = nix::unistd::Pid::from_raw(daemon.pid_of("web"));
    nix::sys::signal::kill(pid, Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("exited: web (terminated by SIGKILL", 2);
    let text = ctl(&sandbox, "why web");
    assert!(text.contains("supervisord did not send SIGKILL"), "{text}");
    let oom = why(&sandbox, "web")["endings"][0]["oom_kill"].clone();
    assert!(["excluded", "unknown"].iter().any(|it| oom == *it), "{oom}");
    ctl(&sandbox, "start web");
    ctl(&sandbox, "stop web");
    let stopped = why(&sandbox, "web");
    assert_eq!(stopped["endings"][0]["stop"]["signal"], "SIGTERM");
    let text = stopped["text"].as_str().unwrap();
    let by = "(stop of web, requested through unix_http_server)";
    assert!(text.starts_with("web is STOPPED: stopped by job ") && text.contains(by), "{text}");
    assert!(daemon.stop().success());
}

#[test]
fn options_that_changed_on_disk_are_named_with_their_place() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(
        Subject::Ours,
        &sandbox,
        &format!("{SERVER}{}", program("web", "exec cat", "startsecs=0")),
    );
    daemon.wait_for_log("success: web");
    assert!(!ctl(&sandbox, "why web").contains("changed on disk"));
    let conf = sandbox.read("d.conf");
    sandbox.write("d.conf", &format!("{conf}stopwaitsecs=77\n"));
    let line = conf.lines().count() + 1;
    let text = ctl(&sandbox, "why web");
    let want = format!("  stopwaitsecs: 10 -> 77 ({}:{line})", sandbox.path("d.conf").display());
    assert!(text.contains(&want), "{text}");
    assert!(daemon.stop().success());
}

#[test]
fn unknown_names_and_no_names_are_errors() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{}", task()));
    assert_eq!(ctl(&sandbox, "why nothing"), "nothing: ERROR (no such process)\n");
    assert!(ctl(&sandbox, "why").contains("Error: why requires a process name"));
    assert!(ctl(&sandbox, "why all").starts_with("task is "));
    assert!(daemon.stop().success());
}

/// The files of the history in the directory of a test.
fn histories(sandbox: &Sandbox) -> Vec<String> {
    // One that is being written has a name with a dot in front.
    let is_one = |name: &String| name.contains("-history-") && !name.starts_with('.');
    sandbox.names().into_iter().filter(is_one).collect()
}

#[test]
fn the_history_survives_a_killed_daemon_but_not_another_configuration() {
    let sandbox = Sandbox::new();
    let rest = format!("{SERVER}{}", task());
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("exited: task");
    wait_until("the history is kept", || histories(&sandbox).len() == 1);
    let name = histories(&sandbox).remove(0);
    let mode = std::fs::metadata(sandbox.path(&name)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    daemon.signal(Signal::SIGKILL);
    daemon.wait();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_count("exited: task", 2);
    let endings = why(&sandbox, "task")["endings"].clone();
    assert_eq!(endings.as_array().unwrap().len(), 2, "{endings}");
    assert!(daemon.stop().success());
    // No other user may write what is read.
    std::fs::set_permissions(sandbox.path(&name), PermissionsExt::from_mode(0o666)).unwrap();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("is ignored: other users may write to it");
    daemon.wait_for_count("exited: task", 3);
    assert_eq!(why(&sandbox, "task")["endings"].as_array().unwrap().len(), 1);
    assert!(daemon.stop().success());
    let moved = sandbox.read(&name).replace("d.conf", "other.conf");
    sandbox.write(&name, &moved);
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("is ignored: it is that of");
    daemon.wait_for_count("exited: task", 4);
    assert!(daemon.stop().success());
}

#[test]
fn a_daemon_whose_programs_do_not_fail_leaves_no_history() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}{}{}",
        program("web", "exec cat", "startsecs=0"),
        program("done", "exit 0", "startsecs=0\nautorestart=false"),
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("exited: done");
    ctl(&sandbox, "restart web");
    assert!(histories(&sandbox).is_empty());
    assert!(daemon.stop().success());
    assert!(histories(&sandbox).is_empty());
}

#[test]
fn a_restart_within_the_process_keeps_the_history() {
    let sandbox = Sandbox::new();
    let rest = format!("history_file=NONE\n{SERVER}{}", task());
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("exited: task");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count("exited: task", 2);
    assert_eq!(why(&sandbox, "task")["endings"].as_array().unwrap().len(), 2);
    assert!(histories(&sandbox).is_empty());
    assert!(daemon.stop().success());
}
