//! The start in the background.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::{conf, normalised};
use crate::support::{Sandbox, Subject, wait_until};

fn stat(pid: i32) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().unwrap_or_default().split(' ').map(str::to_owned).collect()
}

fn in_background(subject: Subject) -> (String, Vec<String>, Option<i32>) {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("home")).unwrap();
    let rest = "directory={here}/home\numask=077\n[program:a]\n\
                command=/bin/sh -c 'umask > mask; exec sleep 1000'\nstartsecs=0\n";
    sandbox.write("d.conf", &conf(rest));
    let mut command = subject.program(&sandbox, "supervisord");
    let status = command.arg("-c").arg(sandbox.path("d.conf")).status().unwrap();
    wait_until("the program runs", || sandbox.read("d.log").contains("success: a"));
    wait_until("it has written its umask", || sandbox.read("home/mask").ends_with('\n'));
    let pid: i32 = sandbox.read("d.pid").trim().parse().unwrap();
    let parts = stat(pid);
    let here = sandbox.dir().to_str().unwrap().to_owned();
    let link = |name: &str| {
        let target = fs::read_link(format!("/proc/{pid}/{name}")).unwrap();
        target.to_str().unwrap().replace(&here, "HERE")
    };
    let facts = vec![
        format!("leads its session {}", parts[3] == pid.to_string()),
        format!("has a terminal {}", parts[4] != "0"),
        link("cwd"),
        link("fd/0"),
        link("fd/1"),
        link("fd/2"),
        sandbox.read("home/mask"),
    ];
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    wait_until("it ends", || !fs::exists(sandbox.path("d.pid")).unwrap());
    let story = normalised(&sandbox.read("d.log"), &sandbox);
    let is_relevant = |line: &&str| !line.contains("waiting for");
    (story.lines().filter(is_relevant).collect::<Vec<_>>().join("\n"), facts, status.code())
}

#[test]
fn the_background_is_the_same() {
    let ours = in_background(Subject::Ours);
    assert_eq!(ours, in_background(Subject::Original));
    assert_eq!(ours.1[0], "leads its session true");
    assert_eq!(ours.2, Some(0));
}
