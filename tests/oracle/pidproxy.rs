//! `pidproxy` and the original: which signals are passed on, when it ends and with which status.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use crate::support::{Sandbox, Subject, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Writes its pid to `pid` and every signal that it receives to `got`; ends on TERM.
const TARGET: &str = "#!/bin/bash\n\
    for s in HUP INT QUIT USR1 USR2; do trap \"echo $s >> got\" $s; done\n\
    trap 'echo TERM >> got; exit 3' TERM\n\
    echo $$ > pid\n\
    while :; do sleep 0.05; done\n";

fn start(subject: Subject, sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = subject.program(sandbox, "pidproxy");
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("pidproxy starts")
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).expect("it can be signalled");
}

fn ends_by_term(subject: Subject) -> (Option<i32>, String) {
    let sandbox = Sandbox::new();
    sandbox.script("target", TARGET);
    let mut proxy = start(subject, &sandbox, &["pid", "./target"]);
    wait_until("the target is there", || !sandbox.read("pid").is_empty());
    for (number, name) in
        [(Signal::SIGHUP, "HUP"), (Signal::SIGUSR1, "USR1"), (Signal::SIGUSR2, "USR2")]
    {
        signal(&proxy, number);
        wait_until("it is passed on", || sandbox.read("got").contains(name));
    }
    signal(&proxy, Signal::SIGTERM);
    let status = proxy.wait().expect("it ends");
    wait_until("the end is passed on", || sandbox.read("got").contains("TERM"));
    (status.code(), sandbox.read("got"))
}

#[test]
fn signals_reach_the_process_that_the_pid_file_names() {
    let ours = ends_by_term(Subject::Ours);
    assert_eq!(ours, ends_by_term(Subject::Original));
    assert_eq!(ours, (Some(0), "HUP\nUSR1\nUSR2\nTERM\n".to_owned()));
}

fn without_pidfile(subject: Subject) -> (Option<i32>, String) {
    let sandbox = Sandbox::new();
    sandbox.script("target", TARGET);
    let mut proxy = start(subject, &sandbox, &["elsewhere", "./target"]);
    wait_until("the target is there", || !sandbox.read("pid").is_empty());
    signal(&proxy, Signal::SIGTERM);
    // It keeps running, so that it exits after its child.
    let target: i32 = sandbox.read("pid").trim().parse().expect("a pid");
    wait_until("the signal is handled", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.id()));
        let status = status.unwrap_or_default();
        status.contains("State:\tS") && status.contains("ShdPnd:\t0000000000000000")
    });
    assert!(proxy.try_wait().expect("it is our child").is_none());
    kill(Pid::from_raw(target), Signal::SIGKILL).expect("the target is there");
    let output = proxy.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn without_a_pid_file_it_stays_until_its_child_ends() {
    let ours = without_pidfile(Subject::Ours);
    assert_eq!(ours, without_pidfile(Subject::Original));
    assert_eq!(ours, (Some(0), "Can't read child pidfile elsewhere!\n".to_owned()));
}

/// The effect of a signal that arrives when the child ends.
fn both_at_once(subject: Subject) -> (Option<i32>, String) {
    let sandbox = Sandbox::new();
    sandbox.script("target", TARGET);
    let proxy = start(subject, &sandbox, &["elsewhere", "./target"]);
    wait_until("the target is there", || !sandbox.read("pid").is_empty());
    let target: i32 = sandbox.read("pid").trim().parse().expect("a pid");
    signal(&proxy, Signal::SIGSTOP);
    signal(&proxy, Signal::SIGTERM);
    kill(Pid::from_raw(target), Signal::SIGKILL).expect("the target is there");
    wait_until("the target has ended", || {
        let stat = std::fs::read_to_string(format!("/proc/{target}/stat")).unwrap_or_default();
        stat.contains(") Z ")
    });
    signal(&proxy, Signal::SIGCONT);
    let output = proxy.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn a_signal_is_passed_on_before_the_end_of_the_child_counts() {
    let ours = both_at_once(Subject::Ours);
    assert_eq!(ours, both_at_once(Subject::Original));
    assert_eq!(ours, (Some(0), "Can't read child pidfile elsewhere!\n".to_owned()));
}

#[test]
fn a_command_keeps_its_words_and_pidproxy_ends_with_it() {
    for args in [&["none", "/bin/echo"][..], &["none", "/bin/echo", "1", "2 3"]] {
        let run = |subject| {
            let sandbox = Sandbox::new();
            let output = start(subject, &sandbox, args).wait_with_output().expect("it ends");
            assert_eq!(output.status.signal(), None);
            (output.status.code(), String::from_utf8(output.stdout).expect("text"))
        };
        assert_eq!(run(Subject::Ours), run(Subject::Original));
    }
}

#[test]
fn called_wrongly_it_shows_how_to_call_it() {
    for args in [&[][..], &["pid"]] {
        for subject in [Subject::Ours, Subject::Original] {
            let sandbox = Sandbox::new();
            let output = start(subject, &sandbox, args).wait_with_output().expect("it ends");
            assert_eq!(output.status.code(), Some(1));
            let text = String::from_utf8(output.stdout).expect("text");
            assert!(text.contains("<pidfile name> <command> [<cmdarg1> ...]"), "{text}");
        }
    }
}
