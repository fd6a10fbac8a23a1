//! `schedule` from outside: defaults, errors with their place, and where the next run is shown.

use std::process::Stdio;

use serde_json::Value;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject};

fn ctl(sandbox: &Sandbox, words: &str) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words.split(' ')).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().expect("it runs").stdout).into_owned()
}

#[test]
fn the_next_run_is_shown_everywhere() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}[program:pack]\ncommand=/bin/true\nschedule=0 3 1 1 *\nschedule_timezone=UTC\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    let status = ctl(&sandbox, "status");
    assert!(status.contains("STOPPED   Not started, next run Jan 01 "), "{status}");
    let json: Value = serde_json::from_str(&ctl(&sandbox, "status --json")).expect("JSON");
    let schedule = &json[0]["schedule"];
    assert_eq!(
        (&schedule["expression"], &schedule["timezone"]),
        (&"0 3 1 1 *".into(), &"UTC".into())
    );
    let next = schedule["next_run"].as_i64().expect("a time");
    assert_eq!(next % 86_400, 3 * 3600, "03:00 in UTC");
    let why = ctl(&sandbox, "why pack");
    assert!(why.contains("it has not been started yet by its schedule"), "{why}");
    assert!(why.contains("schedule 0 3 1 1 * (UTC): next run "), "{why}");
    // It may end at once, and is not restarted.
    assert_eq!(ctl(&sandbox, "start pack"), "pack: started\n");
    daemon.wait_for_log("exited: pack (exit status 0; expected)");
    assert!(ctl(&sandbox, "status").contains(", next run Jan 01 "));
    assert!(daemon.stop().success());
}

/// The only test that waits for the clock: up to a minute.
#[test]
fn a_program_is_started_when_its_time_comes() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}[program:pack]\ncommand=/bin/sh -c 'date +%%M; exec cat'\nstdout_logfile={{here}}/o\n\
         schedule=* * * * *\nschedule_timezone=Europe/Berlin\n\
         [program:never]\ncommand=/bin/date\nschedule=0 0 1 1 *\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("pack is started by its schedule");
    daemon.wait_for_log("success: pack entered RUNNING");
    let status = ctl(&sandbox, "status");
    let pack = status.lines().find(|line| line.starts_with("pack")).unwrap_or_default();
    assert!(pack.contains("RUNNING") && pack.contains(", next run "), "{status}");
    assert!(status.contains("STOPPED   Not started, next run Jan 01 "), "{status}");
    assert!(daemon.stop().success());
}

#[test]
fn wrong_values_are_errors_with_their_place() {
    let sandbox = Sandbox::new();
    for (option, line, want) in [
        ("schedule=0 3 * *", 4, "has 4 of 5 fields"),
        ("schedule=0 0 31 2 *", 4, "never comes"),
        ("schedule=@daily\nschedule_timezone=Europe/Berln", 5, "no time zone 'Europe/Berln'"),
    ] {
        let conf = format!("[supervisord]\n[program:a]\ncommand=/bin/true\n{option}\n");
        sandbox.write("bad.conf", &conf);
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let output = command.args(["check", "-c", "bad.conf"]).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(want) && text.contains(&format!("bad.conf:{line}:")), "{text}");
        assert_eq!(output.status.code(), Some(2), "{text}");
    }
}
