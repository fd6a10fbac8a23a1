//! A restart that could not succeed: SIGHUP, `reload` and the method `restart` check the
//! configuration before anything is stopped. Supervisor stops everything and terminates.

use std::fs;
use std::process::{Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject};

const PROGRAM: &str = "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

const REFUSED: &str = "CRIT the restart is refused because the daemon could not start again; \
                       everything keeps running";

fn reload(sandbox: &Sandbox) -> Output {
    let mut ctl = Subject::Ours.program(sandbox, "supervisorctl");
    ctl.args(["-c", "ctl.conf", "reload"]).stdin(Stdio::null()).output().unwrap()
}

fn start<'a>(sandbox: &'a Sandbox, rest: &str) -> Daemon<'a> {
    sandbox.write("ctl.conf", "[supervisorctl]\nserverurl=unix://{here}/d.sock\n");
    let daemon = Daemon::start(Subject::Ours, sandbox, rest);
    daemon.wait_for_log("success: a");
    daemon
}

/// Restarts with `text` as configuration, by signal and by client; both are refused for `reason`.
#[track_caller]
fn assert_refused(daemon: &mut Daemon<'_>, text: &str, reason: &str) {
    let sandbox = daemon.sandbox;
    let reason = reason.replace("{here}", sandbox.dir().to_str().unwrap());
    let good = sandbox.read("d.conf");
    let (pid, names) = (daemon.pid_of("a"), sandbox.names());
    let refusals = daemon.log().matches(REFUSED).count();
    sandbox.write("d.conf", text);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count(REFUSED, refusals + 1);
    let output = reload(sandbox);
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{answer}");
    assert!(answer.starts_with("ERROR: CANT_REREAD: nothing was restarted: "), "{answer}");
    assert!(answer.contains(&reason), "{answer}");
    daemon.wait_for_count(REFUSED, refusals + 2);
    assert!(daemon.log().contains(&format!("CRIT {reason}")), "{}", daemon.log());
    // Nothing was stopped, created or removed.
    kill(Pid::from_raw(pid), None).unwrap();
    assert_eq!(daemon.log().matches("spawned: 'a'").count(), 1);
    assert_eq!(sandbox.names(), names);
    sandbox.write("d.conf", &good);
}

#[test]
fn an_invalid_file_is_reported_with_its_place() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, &format!("{SERVER}{PROGRAM}"));
    let lines = conf("").lines().count();
    let text = conf("nodaemon=perhaps\n");
    assert_refused(&mut daemon, &text, &format!("{{here}}/d.conf:{}:10: ", lines + 1));
    assert_refused(
        &mut daemon,
        "no section\n",
        "{here}/d.conf:1:1: File contains no section headers.",
    );
    let text = conf(&format!("{SERVER}[program:b]\ncommand=/bin/cat\nuser=nobody-here\n"));
    let line = lines + SERVER.lines().count() + 3;
    let reason = format!("{{here}}/d.conf:{line}:6: Invalid user name nobody-here");
    assert_refused(&mut daemon, &text, &reason);
    fs::remove_file(sandbox.path("ctl.conf")).unwrap();
    daemon.stop();
}

#[test]
fn what_the_next_start_could_not_open_is_reported_with_its_place() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, &format!("{SERVER}{PROGRAM}"));
    let line = conf("").lines().count() + 2;
    let text = conf(&SERVER.replace("d.sock", "nowhere/d.sock"));
    let reason = format!(
        "{{here}}/d.conf:{line}:6: there is no directory `{{here}}/nowhere` for the unix socket; create it"
    );
    assert_refused(&mut daemon, &text, &reason);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = conf(&format!("[inet_http_server]\nport=127.0.0.1:{port}\n{PROGRAM}"));
    let reason =
        format!("{{here}}/d.conf:{line}:6: another process listens at 127.0.0.1:{port}; end it");
    assert_refused(&mut daemon, &text, &reason);

    let text = conf("[fcgi-program:f]\ncommand=/bin/cat\nsocket=unix://{here}/nowhere/f.sock\n");
    let reason = format!(
        "{{here}}/d.conf:{}:8: there is no directory `{{here}}/nowhere` for the unix socket",
        line + 1
    );
    assert_refused(&mut daemon, &text, &reason);

    let text = conf("minfds=9999999999999\n");
    let minfds = line - 1;
    let reason =
        format!("{{here}}/d.conf:{minfds}:8: this host does not allow as many as `minfds`");
    assert_refused(&mut daemon, &text, &reason);

    fs::create_dir(sandbox.path("logs")).unwrap();
    let text = conf("").replace("{here}/d.log", "{here}/logs");
    assert_refused(
        &mut daemon,
        &text,
        "{here}/d.conf:2:9: `{here}/logs` is a directory, not a log; name a file",
    );
    daemon.stop();
}

#[test]
fn a_restart_with_the_same_servers_succeeds() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let fastcgi = "[fcgi-program:f]\ncommand=/bin/sleep 1000\nsocket=unix://{here}/f.sock\n";
    let inet = format!("[inet_http_server]\nport=127.0.0.1:{port}\n");
    let mut daemon = start(&sandbox, &format!("{SERVER}{inet}{PROGRAM}{fastcgi}"));
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count("success: a", 2);
    // All interfaces include the one that is in use now.
    let text = sandbox.read("d.conf").replace("127.0.0.1:", "*:");
    sandbox.write("d.conf", &text);
    let output = reload(&sandbox);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Restarted supervisord\n");
    daemon.wait_for_count("success: a", 3);
    assert!(!daemon.log().contains("refused"), "{}", daemon.log());
    daemon.stop();
}

#[test]
fn a_file_that_breaks_while_the_programs_stop_is_not_used() {
    let sandbox = Sandbox::new();
    let slow = "[program:a]\ncommand={here}/slow\nstartsecs=0\nstopwaitsecs=1000\n";
    sandbox.script(
        "slow",
        "#!/bin/sh\ntrap 'touch {here}/asked' TERM\n: > {here}/ready\n\
         while [ ! -e {here}/go ]; do sleep 0.05; done\n",
    );
    let mut daemon = start(&sandbox, &format!("{SERVER}{slow}"));
    let exists = |name: &str| fs::exists(sandbox.path(name)).unwrap();
    crate::support::wait_until("the trap is set", || exists("ready"));
    daemon.signal(Signal::SIGHUP);
    crate::support::wait_until("it stops", || exists("asked"));
    sandbox.write("d.conf", "no section\n");
    sandbox.write("go", "");
    daemon.wait_for_log("WARN the configuration became invalid during the restart");
    daemon.wait_for_count("spawned: 'a'", 2);
    daemon.stop();
}
