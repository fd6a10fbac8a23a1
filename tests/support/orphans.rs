//! A daemon in the background that is killed while its programs run.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::sandbox::Sandbox;
use super::{Subject, wait_until};

/// Whether a process runs; a zombie does not.
pub fn is_running(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// Starts a daemon with `d.conf` in the background, waits for `programs`, and kills it. Returns their
/// pids.
pub fn orphaned(subject: Subject, sandbox: &Sandbox, programs: &[&str]) -> Vec<i32> {
    let mut command = subject.program(sandbox, "supervisord");
    let output = command.args(["-c", "d.conf"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pids = programs.iter().map(|name| pid_of(sandbox, name)).collect();
    kill_daemon(sandbox);
    pids
}

/// Kills the daemon in the pid file and waits until it is gone.
pub fn kill_daemon(sandbox: &Sandbox) {
    let pid: i32 = sandbox.read("d.pid").trim().parse().expect("a pid");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    wait_until("the daemon is gone", || !is_running(pid));
}

/// The pid with which a program was last spawned, after it entered RUNNING.
pub fn pid_of(sandbox: &Sandbox, name: &str) -> i32 {
    let spawned = format!("spawned: '{name}' with pid ");
    let success = format!("success: {name} ");
    let mut pid = None;
    wait_until("the program runs", || {
        let log = sandbox.read("d.log");
        let last = log.rfind(&spawned).filter(|at| log[*at..].contains(&success));
        pid = last.and_then(|at| log[at + spawned.len()..].lines().next()?.parse().ok());
        pid.is_some()
    });
    pid.expect("it runs")
}
