//! Signals to the daemon, and its end.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn ended_by(subject: Subject, signal: Signal) -> (Option<i32>, Vec<String>, Vec<String>) {
    let sandbox = Sandbox::new();
    let rest = format!("{SERVER}[program:a]\ncommand=/bin/sleep 1000\n");
    let mut daemon = Daemon::start(subject, &sandbox, &rest);
    daemon.wait_for_log("success: a");
    assert_eq!(sandbox.read("d.pid"), format!("{}\n", daemon.pid()));
    daemon.signal(signal);
    let code = daemon.wait().code();
    let story = daemon.story();
    let tail = story.lines().skip_while(|line| !line.contains("received")).map(str::to_owned);
    let left = sandbox.names().into_iter().filter(|name| !name.contains("---"));
    (code, tail.collect(), left.collect())
}

#[test]
fn term_int_and_quit_end_the_daemon_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        let ours = ended_by(Subject::Ours, signal);
        assert_eq!(ours, ended_by(Subject::Original, signal));
        assert_eq!(ours.0, Some(0));
        assert_eq!(ours.2, ["d.conf", "d.log", "err", "out"]);
    }
}

fn reloaded(subject: Subject) -> Vec<String> {
    let sandbox = Sandbox::new();
    let rest = format!("{SERVER}[program:before]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    let mut daemon = Daemon::start(subject, &sandbox, &rest);
    daemon.wait_for_log("success: before");
    let pid = daemon.pid();
    let conf = sandbox.read("d.conf").replace("program:before", "program:after");
    fs::write(sandbox.path("d.conf"), conf).unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_log("success: after");
    assert_eq!(sandbox.read("d.pid"), format!("{pid}\n"));
    assert!(fs::exists(sandbox.path("d.sock")).unwrap());
    daemon.stop();
    // The original may reap a child only in its next second; the order is not compared.
    let mut lines: Vec<String> = daemon.story().lines().map(str::to_owned).collect();
    lines.retain(|line| !line.contains("waiting for"));
    lines
}

#[test]
fn hup_reads_the_configuration_again_under_the_same_pid() {
    assert_eq!(reloaded(Subject::Ours), reloaded(Subject::Original));
}

#[test]
fn a_broken_file_on_reload_ends_the_original_with_2_and_is_refused_here() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Original, &sandbox, SERVER);
    sandbox.write("d.conf", "[nothing]\n");
    daemon.signal(Signal::SIGHUP);
    assert_eq!(daemon.wait().code(), Some(2));
    let reason = ".ini file does not include supervisord section";
    assert_eq!(sandbox.read("err").lines().next(), Some(format!("Error: {reason}").as_str()));

    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, SERVER);
    sandbox.write("d.conf", "[nothing]\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_log("CRIT the restart is refused");
    assert!(daemon.log().contains(reason), "{}", daemon.log());
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn usr1_is_not_caught() {
    use std::os::unix::process::ExitStatusExt;
    for subject in [Subject::Ours, Subject::Original] {
        let sandbox = Sandbox::new();
        let mut daemon = Daemon::start(subject, &sandbox, SERVER);
        daemon.signal(Signal::SIGUSR1);
        assert_eq!(daemon.wait().signal(), Some(Signal::SIGUSR1 as i32), "{subject:?}");
        assert!(sandbox.names().contains(&"d.sock".to_owned()), "{subject:?}");
    }
}

#[test]
fn a_grandchild_that_keeps_the_pipe_does_not_keep_its_parent() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let rest = "[program:a]\ncommand=/bin/bash -c '(while :; do echo noise; sleep 0.02; done) & echo done'\n\
                    startsecs=0\nautorestart=false\nstdout_logfile={here}/o\n";
        let mut daemon = Daemon::start(subject, &sandbox, rest);
        daemon.wait_for_log("exited: a (exit status 0; expected)");
        assert!(sandbox.read("o").contains("done\n"), "{subject:?}");
        daemon.stop().code()
    };
    assert_eq!(run(Subject::Ours), run(Subject::Original));
}

#[test]
fn a_signal_to_a_child_from_outside_is_an_unexpected_end() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let rest = "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\nautorestart=false\n";
        let mut daemon = Daemon::start(subject, &sandbox, rest);
        daemon.wait_for_log("success: a");
        kill(Pid::from_raw(daemon.pid_of("a")), Signal::SIGUSR1).unwrap();
        daemon.wait_for_log("exited: a");
        daemon.stop();
        daemon.story().lines().find(|line| line.contains("exited")).unwrap().to_owned()
    };
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
    assert_eq!(ours, "WARN exited: a (terminated by SIGUSR1; not expected)");
}

#[test]
fn a_reload_that_comes_during_the_end_is_ignored() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let rest = "[program:slow]\ncommand=/bin/bash -c 'trap \"touch {here}/asked; while [ ! -e {here}/go ]; \
                    do sleep 0.05; done; exit 0\" TERM; touch {here}/ready; while :; do sleep 0.05; done'\n\
                    stopwaitsecs=60\nstartsecs=0\n";
        let mut daemon = Daemon::start(subject, &sandbox, rest);
        wait_until("it traps TERM", || fs::exists(sandbox.path("ready")).unwrap());
        daemon.signal(Signal::SIGTERM);
        wait_until("it receives the stop signal", || fs::exists(sandbox.path("asked")).unwrap());
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_log("SIGHUP");
        sandbox.write("go", "");
        let code = daemon.wait().code();
        let story = daemon.story();
        let lines: Vec<String> =
            story.lines().filter(|line| line.starts_with("WARN")).map(str::to_owned).collect();
        (code, lines, story.lines().filter(|line| line.contains("stopped:")).count())
    };
    assert_eq!(run(Subject::Ours), run(Subject::Original));
}

#[test]
fn it_prints_the_version_that_it_equals() {
    for option in ["-v", "--version", "--vers"] {
        let run = |subject: Subject| {
            let sandbox = Sandbox::new();
            let output = subject.program(&sandbox, "supervisord").arg(option).output().unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let ours = run(Subject::Ours);
        assert_eq!(ours, run(Subject::Original));
        assert_eq!(ours.1, "4.3.0\n");
    }
}
