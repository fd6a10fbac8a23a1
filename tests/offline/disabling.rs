//! `supervisorctl disable` and `enable`, `rotate` and `reopen`, and the exit status of `status`.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::ctl::{Answer, Client};
use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject};

const PROGRAMS: &str = "[program:web]\ncommand=/bin/sleep 600\nstartsecs=0\n\
    [program:api]\ncommand=/bin/sleep 600\nstartsecs=0\n\
    [program:w]\ncommand=/bin/sleep 600\nstartsecs=0\nnumprocs=2\nprocess_name=w%(process_num)d\n\
    [group:both]\nprograms=w\n";

fn start<'a>(sandbox: &'a Sandbox, rest: &str) -> Daemon<'a> {
    Daemon::start(Subject::Ours, sandbox, &format!("{SERVER}{rest}"))
}

fn ask(sandbox: &Sandbox, words: &str) -> Answer {
    Client::start(Subject::Ours, sandbox).ask(words)
}

#[track_caller]
fn assert_says(sandbox: &Sandbox, words: &str, out: &str, status: i32) {
    let answer = ask(sandbox, words);
    assert_eq!((answer.out.as_str(), answer.status), (out, status), "{answer:?}");
}

fn state(sandbox: &Sandbox, name: &str) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    let output = command.args(["-c", "d.conf", "status", name]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    out.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_disabled_program_is_not_started_until_it_is_enabled_also_after_restarts() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, PROGRAMS);
    daemon.wait_for_count("entered RUNNING state", 4);
    let runs_on = "web: disabled; it runs until it is stopped or ends\n";
    assert_says(&sandbox, "disable web", runs_on, 0);
    let json = ask(&sandbox, "status web --json").out;
    assert!(json.contains(", disabled\""), "{json}");
    assert_says(&sandbox, "stop web", "web: stopped\n", 0);
    assert_says(&sandbox, "disable web", "web: already disabled\n", 0);
    let refused = "web: ERROR (is disabled; `supervisorctl enable web` allows it to start)\n";
    assert_says(&sandbox, "start web", refused, 7);
    assert_says(
        &sandbox,
        "disable both",
        "both:w0: disabled; it runs until it is stopped or ends\n\
                both:w1: disabled; it runs until it is stopped or ends\n",
        0,
    );
    assert_says(&sandbox, "stop both:*", "both:w0: stopped\nboth:w1: stopped\n", 0);
    assert_says(&sandbox, "start all", "", 0);
    assert_says(&sandbox, "disable nope", "nope: ERROR (no such process)\n", 1);
    let json = ask(&sandbox, "status web api --json").out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json[0]["disabled"], &json[1]["disabled"]),
        (&true.into(), &serde_json::Value::Null)
    );

    // A restart of the same process, then a new one.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count("supervisord started with pid", 2);
    daemon.wait_for_count("success: api", 2);
    assert_eq!(state(&sandbox, "web"), "STOPPED Not started, disabled");
    daemon.stop();
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    daemon.wait_for_count("success: api", 3);
    assert_eq!(state(&sandbox, "both:w1"), "STOPPED Not started, disabled");
    // A changed program is restarted by an update, but not if it is disabled.
    let conf = sandbox
        .read("d.conf")
        .replace("sleep 600\nstartsecs=0\n[program:api]", "sleep 601\nstartsecs=0\n[program:api]");
    fs::write(sandbox.path("d.conf"), conf).unwrap();
    ask(&sandbox, "update");
    assert_eq!(state(&sandbox, "web"), "STOPPED Not started, disabled");

    assert_says(&sandbox, "enable both:w1", "both:w1: enabled\n", 0);
    assert_says(&sandbox, "enable web", "web: enabled\n", 0);
    assert_eq!(state(&sandbox, "web"), "STOPPED Not started");
    assert_says(&sandbox, "start web both:*", "web: started\nboth:w1: started\n", 0);
    assert_eq!(state(&sandbox, "both:w0"), "STOPPED Not started, disabled");
    let stored = sandbox.read("d.state");
    assert!(stored.contains("\"w0\"") && !stored.contains("\"w1\""), "{stored}");
    daemon.stop();
}

#[test]
fn all_programs_are_disabled_and_enabled_together() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, PROGRAMS);
    daemon.wait_for_count("entered RUNNING state", 4);
    assert_says(&sandbox, "disable web", "web: disabled; it runs until it is stopped or ends\n", 0);
    let runs_on = "disabled; it runs until it is stopped or ends";
    let all =
        format!("api: {runs_on}\nboth:w0: {runs_on}\nboth:w1: {runs_on}\nweb: already {runs_on}\n");
    assert_says(&sandbox, "disable all", &all, 0);
    daemon.wait_for_log("INFO all processes disabled by ");
    let stopped = ask(&sandbox, "stop all").out;
    assert_eq!(stopped.matches(": stopped\n").count(), 4, "{stopped}");
    assert_says(&sandbox, "start all", "", 0);
    daemon.stop();
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    daemon.wait_for_count("supervisord started with pid", 2);
    assert_eq!(state(&sandbox, "api"), "STOPPED Not started, disabled");
    // The other names do not matter, as for `stop`.
    let enabled = "api: enabled\nboth:w0: enabled\nboth:w1: enabled\nweb: enabled\n";
    assert_says(&sandbox, "enable nope all", enabled, 0);
    let already = enabled.replace(": ", ": already ");
    assert_says(&sandbox, "enable all", &already, 0);
    assert_eq!(state(&sandbox, "api"), "STOPPED Not started");
    let started = ask(&sandbox, "start all").out;
    assert_eq!(started.matches(": started\n").count(), 4, "{started}");
    daemon.stop();
}

#[test]
fn a_state_file_that_cannot_be_read_or_written_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("other.state", "no JSON");
    let options = "[supervisord]\nstate_file={here}/other.state\n";
    let mut daemon = start(&sandbox, PROGRAMS);
    daemon.stop();
    let conf = sandbox.read("d.conf").replace("[supervisord]\n", options);
    sandbox.write("d.conf", &conf);
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    daemon.wait_for_log("CRIT no program is disabled, because");
    daemon.wait_for_count("supervisord started with pid", 2);
    fs::remove_file(sandbox.path("other.state")).unwrap();
    // A directory of that name cannot be replaced, not even by root.
    fs::create_dir(sandbox.path("other.state")).unwrap();
    let answer = ask(&sandbox, "disable web");
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(
        answer.out.contains("cannot write") && answer.out.contains("`state_file`"),
        "{answer:?}"
    );
    assert!(!state(&sandbox, "web").contains("disabled"));
    daemon.stop();
}

#[test]
fn logs_are_rotated_and_reopened_on_request() {
    let sandbox = Sandbox::new();
    let program = "[program:web]\ncommand=/bin/sh -c 'echo one; exec sleep 600'\nstartsecs=0\n\
                   stdout_logfile={here}/web.log\nstdout_logfile_backups=2\nstderr_logfile=NONE\n\
                   [program:bare]\ncommand=/bin/sh -c 'echo one; exec sleep 600'\nstartsecs=0\n\
                   stdout_logfile={here}/bare.log\nstdout_logfile_backups=0\nstderr_logfile=NONE\n\
                   [program:pair]\ncommand=/bin/sleep 600\nautostart=false\nnumprocs=2\n\
                   process_name=p%(process_num)d\nstdout_logfile={here}/p%(process_num)d.log\n";
    let mut daemon = start(&sandbox, program);
    crate::support::wait_until("both have written", || {
        sandbox.read("web.log") == "one\n" && sandbox.read("bare.log") == "one\n"
    });
    let rotated = |name: &str| format!("{}: rotated\n", sandbox.path(name).display());
    let here = sandbox.dir().to_str().unwrap().to_owned();
    let said = |words: &str| ask(&sandbox, words).out.replace("HERE", &here);
    assert_eq!(said("rotate web"), rotated("web.log"));
    assert_eq!(
        (sandbox.read("web.log"), sandbox.read("web.log.1")),
        (String::new(), "one\n".into())
    );
    assert!(said("rotate web").starts_with("web: no log to rotate"));
    let refused = ask(&sandbox, "rotate bare");
    assert_eq!(refused.status, 1);
    assert!(refused.out.contains("it has no backups"), "{refused:?}");
    assert_eq!(sandbox.read("bare.log"), "one\n");
    assert_eq!(said("stop web"), "web: stopped\n");
    fs::rename(sandbox.path("web.log.1"), sandbox.path("web.log")).unwrap();
    assert_eq!(said("rotate web"), rotated("web.log"), "also of a stopped program");

    // A name that only a group has means the group, as for `disable`.
    let pair = rotated("p0.log") + &rotated("p1.log");
    for name in ["pair", "pair:*"] {
        sandbox.write("p0.log", "one\n");
        sandbox.write("p1.log", "one\n");
        assert_eq!(said(&format!("rotate {name}")), pair);
    }
    assert_eq!(ask(&sandbox, "reopen pair").status, 0);

    fs::rename(sandbox.path("d.log"), sandbox.path("moved")).unwrap();
    // What was done is reported beside what could not be done.
    sandbox.write("web.log", "one\n");
    let all = ask(&sandbox, "rotate all");
    let rest = "it has no backups, so its content would be lost; rotated: ";
    assert!(all.status == 1 && all.out.contains(rest), "{all:?}");
    assert!(all.out.contains("/web.log") && sandbox.read("web.log").is_empty(), "{all:?}");

    let reopened = said("reopen all");
    assert_eq!(reopened.matches(": reopened\n").count(), 2, "{reopened}");
    assert!(reopened.contains("/d.log: reopened") && reopened.contains("/bare.log: reopened"));
    assert!(sandbox.path("d.log").exists());
    assert_eq!(ask(&sandbox, "reopen nope").status, 1);
    daemon.stop();
}

#[test]
fn the_exit_status_of_status_counts_what_is_asked_for() {
    let sandbox = Sandbox::new();
    let programs = "[program:up]\ncommand=/bin/sleep 600\nstartsecs=0\n\
                    [program:manual]\ncommand=/bin/sleep 600\nautostart=false\n\
                    [program:done]\ncommand=/bin/true\nstartsecs=0\nautorestart=unexpected\n\
                    [program:bad]\ncommand=/bin/false\nstartsecs=0\nautorestart=false\n\
                    [program:fatal]\ncommand=/nowhere/x\nstartretries=0\n";
    let mut daemon = start(&sandbox, programs);
    daemon.wait_for_log("gave up: fatal");
    daemon.wait_for_log("exited: bad");
    daemon.wait_for_log("exited: done");
    for (words, status) in [
        ("status up", 0),
        ("status manual", 3),
        ("status --exit-code=any manual", 3),
        ("status --exit-code=errors up manual done", 0),
        ("status --exit-code=errors bad", 3),
        ("status fatal --exit-code=errors", 3),
        ("status --exit-code=none", 0),
        ("status --exit-code=none nope", 4),
        ("status --exit-code=some", 1),
    ] {
        let answer = ask(&sandbox, words);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    daemon.stop();
}
