//! Options of restarts and of the environment with a real daemon.

use std::process::Stdio;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn status(sandbox: &Sandbox) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf", "status"]).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().expect("it runs").stdout).into_owned()
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
