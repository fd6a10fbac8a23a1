//! Signals to the daemon, and the end of it.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::SERVER;
use crate::support::wait::is_asleep;
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
    // The original may hear of a child only in its next second; the order is ours to choose.
    let mut lines: Vec<String> = daemon.story().lines().map(str::to_owned).collect();
    lines.retain(|line| !line.contains("waiting for"));
    lines
}

#[test]
fn hup_reads_the_configuration_again_under_the_same_pid() {
    assert_eq!(reloaded(Subject::Ours), reloaded(Subject::Original));
}

fn broken_on_reload(subject: Subject) -> (Option<i32>, Vec<String>, String) {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(subject, &sandbox, SERVER);
    sandbox.write("d.conf", "[nothing]\n");
    daemon.signal(Signal::SIGHUP);
    let code = daemon.wait().code();
    let first = sandbox.read("err").lines().next().unwrap_or_default().to_owned();
    (code, sandbox.names(), first)
}

#[test]
fn a_broken_file_on_reload_ends_the_daemon_with_2() {
    let ours = broken_on_reload(Subject::Ours);
    assert_eq!(ours, broken_on_reload(Subject::Original));
    assert_eq!(ours.0, Some(2));
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
fn a_storm_of_dying_children_is_reaped_to_the_last() {
    let sandbox = Sandbox::new();
    let rest = "[program:many]\ncommand=/bin/sh -c 'read x < {here}/gate'\nnumprocs=60\n\
                process_name=%(program_name)s_%(process_num)d\nstartsecs=0\nautorestart=false\n";
    let gate = sandbox.path("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    daemon.wait_for_count("success: many", 60);
    // Opening and closing the gate gives all of them their end of file at once.
    drop(fs::OpenOptions::new().write(true).open(&gate).unwrap());
    let log = || daemon.log().matches("exited: many").count();
    wait_until("all have ended", || {
        drop(fs::OpenOptions::new().read(true).write(true).open(&gate));
        log() == 60
    });
    daemon.stop();
    assert_eq!(daemon.log().matches("not expected").count(), 60);
}

#[test]
fn a_daemon_without_anything_to_do_sleeps() {
    let sandbox = Sandbox::new();
    let rest = format!("{SERVER}[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("success: a");
    let wakes = || {
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let line =
            status.lines().find(|line| line.starts_with("voluntary_ctxt")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    // Something that takes a while without waking the daemon: another program's life. A busy machine
    // may still be at the start of this one.
    wait_until("it sleeps for two seconds", || {
        let before = wakes();
        std::process::Command::new("/bin/sleep").arg("2").status().unwrap();
        is_asleep(daemon.pid()) && wakes() == before
    });
    daemon.stop();
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
fn what_a_child_wrote_before_its_end_is_in_its_log() {
    let sandbox = Sandbox::new();
    let rest = "[program:burst]\ncommand=/bin/sh -c 'seq 1 12000; seq 1 9000 >&2'\nnumprocs=5\n\
                process_name=b%(process_num)d\nstartsecs=0\nautorestart=false\n\
                stdout_logfile={here}/%(process_num)d.out\nstderr_logfile={here}/%(process_num)d.err\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    daemon.wait_for_count("exited: b", 5);
    let numbers =
        |last: u32| (1..=last).flat_map(|n| [n.to_string(), "\n".to_owned()]).collect::<String>();
    for number in 0..5 {
        assert!(sandbox.read(format!("{number}.out")) == numbers(12_000));
        assert!(sandbox.read(format!("{number}.err")) == numbers(9_000));
    }
    daemon.stop();
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
        wait_until("it is told to stop", || fs::exists(sandbox.path("asked")).unwrap());
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_log("SIGHUP");
        sandbox.write("go", "");
        let code = daemon.wait().code();
        let story = daemon.story();
        let told: Vec<String> =
            story.lines().filter(|line| line.starts_with("WARN")).map(str::to_owned).collect();
        (code, told, story.lines().filter(|line| line.contains("stopped:")).count())
    };
    assert_eq!(run(Subject::Ours), run(Subject::Original));
}

#[test]
fn it_says_the_version_that_it_equals() {
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
