//! Multi-step work on the real daemon: a job is finished without its client, a second job is refused,
//! and a stop takes precedence.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Ignores TERM, so that its stop takes `stopwaitsecs`.
const STUBBORN: &str = "[program:a]\ncommand=/bin/sh -c 'trap : TERM; while :; do sleep 1; done'\n\
                        startsecs=0\nstopwaitsecs=4\n";
const PLAIN: &str = "[program:b]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
const GROUP: &str = "[group:g]\nprograms=a,b\n";

fn pair(options_of_a: &str) -> String {
    format!("{SERVER}{STUBBORN}{options_of_a}{PLAIN}{GROUP}")
}

fn ctl(sandbox: &Sandbox, args: &[&str]) -> (String, Option<i32>) {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    let output = command.arg("-c").arg(sandbox.path("d.conf")).args(args);
    let output = output.stdin(Stdio::null()).output().expect("supervisorctl runs");
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

fn json_of(sandbox: &Sandbox, args: &[&str]) -> Value {
    let (out, _) = ctl(sandbox, args);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}"))
}

fn processes(sandbox: &Sandbox) -> Vec<Value> {
    json_of(sandbox, &["status", "--json"]).as_array().expect("an array").clone()
}

fn state(sandbox: &Sandbox, name: &str) -> String {
    let all = processes(sandbox);
    let info = all.iter().find(|info| info["name"] == name);
    info.map_or(String::new(), |info| info["statename"].as_str().unwrap_or_default().to_owned())
}

fn jobs(sandbox: &Sandbox) -> Vec<Value> {
    json_of(sandbox, &["jobs", "--json"]).as_array().expect("an array").clone()
}

/// Starts a client and kills it once the daemon has begun to stop `a`.
fn killed_update(sandbox: &Sandbox) {
    let mut client = Subject::Ours.program(sandbox, "supervisorctl");
    client.arg("-c").arg(sandbox.path("d.conf")).args(["update", "--minimal"]);
    let mut client = client.stdout(Stdio::null()).spawn().expect("supervisorctl runs");
    wait_until("a is being stopped", || state(sandbox, "a") == "STOPPING");
    client.kill().expect("the client can be killed");
    client.wait().expect("the client is our child");
}

#[test]
fn an_update_whose_client_is_killed_is_finished() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Ours, &sandbox, &pair(""));
    let first = daemon.pid_of("a");
    sandbox.write("d.conf", &conf(&pair("environment=X=1\n")));
    killed_update(&sandbox);
    wait_until("a runs again", || state(&sandbox, "a") == "RUNNING");
    assert_ne!(daemon.pid_of("a"), first);
    assert_eq!(jobs(&sandbox).last().expect("a job")["state"], "done");
    let (out, status) = ctl(&sandbox, &["update", "--minimal"]);
    assert_eq!((out.as_str(), status), ("No config updates to processes\n", Some(0)));
}

#[test]
fn a_second_update_is_refused_and_nothing_happens_later() {
    let sandbox = Sandbox::new();
    let _daemon = Daemon::start(Subject::Ours, &sandbox, &pair(""));
    sandbox.write("d.conf", &conf(&pair("environment=X=1\n")));
    killed_update(&sandbox);
    let (out, status) = ctl(&sandbox, &["update", "--minimal"]);
    assert_eq!(status, Some(1));
    assert!(out.starts_with("ERROR: ") && out.contains("g is being changed by job 1 "), "{out}");
    wait_until("a runs again", || state(&sandbox, "a") == "RUNNING");
    assert_eq!(ctl(&sandbox, &["stop", "g:*"]).1, Some(0));
    let jobs = jobs(&sandbox);
    assert!(jobs.iter().all(|job| job["state"] == "done"), "{jobs:?}");
    assert_eq!((state(&sandbox, "a"), state(&sandbox, "b")), ("STOPPED".into(), "STOPPED".into()));
}

#[test]
fn a_removed_group_is_gone_though_a_member_was_about_to_restart() {
    let sandbox = Sandbox::new();
    let short = "[program:b]\ncommand=/bin/true\nstartsecs=0\nautorestart=true\n";
    let daemon =
        Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{STUBBORN}{short}{GROUP}"));
    wait_until("b has ended", || state(&sandbox, "b") == "EXITED");
    sandbox.write("d.conf", &conf(SERVER));
    let (out, status) = ctl(&sandbox, &["update", "--minimal"]);
    assert_eq!((out.as_str(), status), ("g: removed\n", Some(0)));
    assert!(processes(&sandbox).is_empty());
    let starts = daemon.log().matches("spawned: 'b'").count();
    wait_until("an unrelated call is answered", || ctl(&sandbox, &["pid"]).1 == Some(0));
    assert_eq!(daemon.log().matches("spawned: 'b'").count(), starts);
}

#[test]
fn a_removal_that_was_prevented_is_an_error() {
    let sandbox = Sandbox::new();
    let _daemon = Daemon::start(Subject::Ours, &sandbox, &pair(""));
    sandbox.write("d.conf", &conf(SERVER));
    let mut client = Subject::Ours.program(&sandbox, "supervisorctl");
    client.arg("-c").arg(sandbox.path("d.conf")).args(["update", "--minimal"]);
    let client = client.stdout(Stdio::piped()).spawn().expect("supervisorctl runs");
    wait_until("b is stopped", || state(&sandbox, "b") == "STOPPED");
    assert_eq!(ctl(&sandbox, &["start", "g:b"]).1, Some(0));
    let output = client.wait_with_output().expect("the client ends");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("g: ERROR (g:b is RUNNING: job 2 decided about it)"), "{out}");
    assert_eq!(state(&sandbox, "b"), "RUNNING");
}

/// A browser that presses Restart and is closed.
#[test]
fn a_restart_from_the_page_is_finished_without_the_browser() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{STUBBORN}"));
    let first = daemon.pid_of("a");
    let socket = sandbox.path("d.sock");
    let ask = |text: String| {
        let mut stream = UnixStream::connect(&socket).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        stream.write_all(text.as_bytes()).expect("the request is taken");
        stream
    };
    let mut page = String::new();
    ask("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n".to_owned())
        .read_to_string(&mut page)
        .expect("the page is sent");
    let token = page.split_once("name=\"token\" value=\"").expect("a form with a token").1;
    let token = token.split('"').next().unwrap_or_default();
    let body = format!("token={token}&action=restart&processname=a");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let browser = ask(head + &body);
    wait_until("a is being stopped", || state(&sandbox, "a") == "STOPPING");
    drop(browser);
    wait_until("a runs again", || state(&sandbox, "a") == "RUNNING");
    assert_ne!(daemon.pid_of("a"), first);
    let job = jobs(&sandbox).pop().expect("a job");
    assert_eq!((&job["kind"], &job["target"]), (&json!("restart"), &json!("a")));
    assert_eq!(job["requester"], "unix_http_server");
}

#[test]
fn a_program_that_always_ends_at_once_can_be_stopped() {
    let sandbox = Sandbox::new();
    let short = "[program:b]\ncommand=/bin/true\nstartsecs=0\nautorestart=true\n";
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{short}"));
    wait_until("b has ended", || state(&sandbox, "b") == "EXITED");
    assert_eq!(ctl(&sandbox, &["stop", "b"]), ("b: stopped\n".to_owned(), Some(0)));
    assert_eq!(state(&sandbox, "b"), "STOPPED");
    // A pending restart would happen within the second after its last start.
    let starts = daemon.log().matches("spawned: 'b'").count();
    let stopped = std::time::Instant::now();
    wait_until("that second is over", || stopped.elapsed() > Duration::from_millis(1500));
    assert_eq!(daemon.log().matches("spawned: 'b'").count(), starts);
    assert_eq!(state(&sandbox, "b"), "STOPPED");
}

#[test]
fn the_order_of_variables_restarts_nothing() {
    let sandbox = Sandbox::new();
    let conf_with = |order: &str, command: &str| {
        format!(
            "{SERVER}[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\nenvironment={order}\n\
             [program:b]\ncommand=/bin/sleep {command}\nstartsecs=0\n{GROUP}"
        )
    };
    let daemon = Daemon::start(Subject::Ours, &sandbox, &conf_with("X=1,Y=2", "1000"));
    let (a, b) = (daemon.pid_of("a"), daemon.pid_of("b"));
    sandbox.write("d.conf", &conf(&conf_with("Y=2,X=1", "2000")));
    let (out, status) = ctl(&sandbox, &["update", "--minimal"]);
    assert_eq!((out.as_str(), status), ("g: changed\n    g:b: restarted\n", Some(0)));
    assert_eq!(daemon.pid_of("a"), a);
    assert_ne!(daemon.pid_of("b"), b);
}

#[test]
fn jobs_are_listed_for_people() {
    let sandbox = Sandbox::new();
    let _daemon = Daemon::start(Subject::Ours, &sandbox, &pair(""));
    assert_eq!(ctl(&sandbox, &["jobs"]), ("no jobs\n".to_owned(), Some(0)));
    ctl(&sandbox, &["stop", "g:b"]);
    let (out, status) = ctl(&sandbox, &["jobs"]);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        ["ID  KIND  TARGET  STATE  THROUGH", "1   stop  g:b     done   unix_http_server"]
    );
}

/// Plain Supervisor has no jobs: its programs are started and stopped one by one.
#[test]
fn either_daemon_is_run_and_stopped() {
    let programs = "[program:a]\ncommand=/bin/cat\nstartsecs=0\npriority=1\n\
                    [program:b]\ncommand=/bin/cat\nstartsecs=0\npriority=2\nready_log=never\n\
                    [program:c]\ncommand=/bin/cat\nautostart=false\n";
    for subject in [Subject::Original, Subject::Ours] {
        let sandbox = Sandbox::new();
        let programs = match subject {
            Subject::Original => programs.to_owned(),
            Subject::Ours => programs.replace("ready_log=never\n", ""),
        };
        let mut daemon = Daemon::start(subject, &sandbox, &format!("{SERVER}{programs}"));
        daemon.wait_for_count("entered RUNNING state", 2);
        assert_eq!(ctl(&sandbox, &["stop", "a", "b"]).1, Some(0));
        let supkit = |action: &str| {
            let mut supkit = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
            let output = supkit.args([action, "-c", "d.conf"]).output().expect("it runs");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let shown = supkit("run");
        assert!(shown.ends_with("all 2 programs run\n"), "{shown}");
        assert_eq!(supkit("stop"), "stopped b\nstopped a\nstopped supervisord\n");
        daemon.wait();
    }
}
