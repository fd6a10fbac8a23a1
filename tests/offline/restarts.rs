//! Options of restarts and of the environment with a real daemon.

use std::process::Stdio;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn ctl(sandbox: &Sandbox, words: &str) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words.split(' ')).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().expect("it runs").stdout).into_owned()
}

fn status(sandbox: &Sandbox) -> String {
    ctl(sandbox, "status")
}

/// The milliseconds of the day in a line of the activity log.
fn millis(line: &str) -> u64 {
    let clock = &line[11..23];
    let numbers: Vec<u64> =
        clock.split([':', ',']).map(|word| word.parse().expect("a number")).collect();
    ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 1000 + numbers[3]
}

/// The pauses between an end of a program and its next start.
fn pauses(log: &str, name: &str) -> Vec<u64> {
    let (end, start) = (format!("exited: {name} ("), format!("spawned: '{name}'"));
    let mut ended = None;
    let mut pauses = Vec::new();
    for line in log.lines() {
        if line.contains(&end) {
            ended = Some(millis(line));
        } else if line.contains(&start) {
            pauses
                .extend(ended.take().map(|ended| (millis(line) + 86_400_000 - ended) % 86_400_000));
        }
    }
    pauses
}

#[test]
fn a_program_is_retried_without_end_and_with_growing_pauses() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}[program:x]\ncommand=/bin/false\nstartretries=-1\nrestartdelay=0.1\n\
         restartdelaymax=0.4\n[program:y]\ncommand=/bin/sh -c 'exit 4'\nstartsecs=0\n\
         autorestart=true\nrestartdelay=0.3\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_count("spawned: 'x'", 7);
    daemon.wait_for_count("spawned: 'y'", 3);
    assert!(!status(&sandbox).contains("FATAL"));
    assert!(daemon.stop().success());
    let log = daemon.log();
    // A millisecond is lost by rounding.
    for (at, (pause, least)) in pauses(&log, "x").iter().zip([100, 200, 400, 400, 400]).enumerate()
    {
        assert!(pause + 1 >= least, "pause {at} is {pause} ms: {log}");
    }
    assert!(pauses(&log, "y").iter().all(|pause| pause + 1 >= 300), "{log}");
}

#[test]
fn a_restart_waits_while_what_the_program_depends_on_is_down() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}[program:zeo]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n\
         [program:web]\ncommand=/bin/cat\nstartsecs=0\ndepends_on=zeo\n\
         [program:slow]\ncommand=/bin/cat\nstartsecs=1000\nstartretries=0\ndepends_on=zeo\n\
         [program:retried]\ncommand=/bin/cat\nstartsecs=1000\nstartretries=1\ndepends_on=zeo\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    for name in ["web", "slow", "retried"] {
        daemon.wait_for_log(&format!("spawned: '{name}'"));
    }
    ctl(&sandbox, "signal KILL zeo");
    daemon.wait_for_log("exited: zeo (terminated by SIGKILL");
    ctl(&sandbox, "signal KILL web slow retried");
    for name in ["web", "retried"] {
        daemon.wait_for_log(&format!(
            "the restart of {name} waits for zeo: EXITED, terminated by SIGKILL"
        ));
    }
    let line = |name: &str| {
        let status = status(&sandbox);
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("web"), "EXITED waits for zeo: EXITED, terminated by SIGKILL");
    assert_eq!(line("retried"), "BACKOFF waits for zeo: EXITED, terminated by SIGKILL");
    assert_eq!(line("slow"), "FATAL Exited too quickly (process log may have details)");
    let why = ctl(&sandbox, "why web");
    let answer = "web is EXITED: terminated by SIGKILL (not expected; exitcodes 0); its restart waits for zeo: ";
    assert!(why.starts_with(answer), "{why}");
    let why = ctl(&sandbox, "why retried");
    let answer = "retried is BACKOFF: its start has failed once (startretries 1); the next attempt waits for ";
    assert!(why.starts_with(answer), "{why}");
    assert_eq!(ctl(&sandbox, "start zeo"), "zeo: started\n");
    for name in ["web", "retried"] {
        daemon.wait_for_count(&format!("spawned: '{name}'"), 2);
    }
    assert!(daemon.stop().success());
}

#[test]
fn a_variable_may_have_a_default() {
    let sandbox = Sandbox::new();
    let program = "[program:x]\ncommand=/bin/sh -c 'echo $A $B $C; exec cat'\nstartsecs=0\n\
                   environment=A=\"%(ENV_SK_SET:-one)s\",B=\"%(ENV_SK_EMPTY:-two)s\",\
                   C=\"%(ENV_SK_MISSING:-a b)s\"\nstdout_logfile={here}/x.log\n";
    sandbox.write("d.conf", &conf(&format!("{SERVER}{program}")));
    let mut supervisord = Subject::Ours.program(&sandbox, "supervisord");
    supervisord.env("SK_SET", "set").env("SK_EMPTY", "").env_remove("SK_MISSING");
    let mut daemon = Daemon::launch_by(supervisord, &sandbox, &[]);
    wait_until("it has printed", || sandbox.read("x.log") == "set two a b\n");
    assert!(daemon.stop().success());
}
