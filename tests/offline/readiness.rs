//! Readiness and liveness probes of a real daemon; the test serves what is examined.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::process::Stdio;

use serde_json::Value;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn ctl(sandbox: &Sandbox, words: &str) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words.split(' ')).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().expect("it runs").stdout).into_owned()
}

/// Words of the line of a program, without its name.
fn status(sandbox: &Sandbox, name: &str) -> String {
    let status = ctl(sandbox, "status");
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

/// A program that runs until it is stopped, and one that needs it to be ready.
fn pair(options: &str) -> String {
    format!(
        "{SERVER}[program:back]\ncommand=/bin/cat\nstartsecs=0\nready_interval=0.1\n{options}\n\
         [program:front]\ncommand=/bin/cat\nstartsecs=0\ndepends_on=back:ready\n"
    )
}

#[test]
fn a_port_that_opens_starts_what_waits_for_it() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(&format!("ready_tcp={port}")));
    daemon.wait_for_log("success: back entered RUNNING");
    let start = format!("STOPPED waits for back: ready_tcp 127.0.0.1:{port}, refused for ");
    wait_until("the reason is shown", || status(&sandbox, "front").starts_with(&start));
    let back = status(&sandbox, "back");
    assert!(back.starts_with("RUNNING pid ") && back.contains(", not ready: ready_tcp"), "{back}");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is reserved");
    daemon.wait_for_log("success: front entered RUNNING");
    assert!(!status(&sandbox, "back").contains("ready"));
    let json: Value = serde_json::from_str(&ctl(&sandbox, "status back --json")).expect("JSON");
    assert_eq!(json[0]["readiness"]["is_ready"], true);
    assert_eq!(json[0]["readiness"]["probes"][0]["name"], "ready_tcp");
    drop(listener);
    daemon.wait_for_log("not ready: back");
    assert_eq!(status(&sandbox, "front").split(' ').next(), Some("RUNNING"));
    assert!(daemon.stop().success());
}

#[test]
fn a_unix_socket_a_command_and_a_line_count_too() {
    for (options, make) in [
        ("ready_unix={here}/back.sock", "socket"),
        ("ready_exec=/usr/bin/test -e {here}/flag", "flag"),
    ] {
        let sandbox = Sandbox::new();
        let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(options));
        let want = if make == "socket" { "no such socket for" } else { "exit status 1 for" };
        wait_until("the failure is shown", || status(&sandbox, "front").contains(want));
        let _listener = match make {
            "socket" => Some(UnixListener::bind(sandbox.path("back.sock")).expect("a socket")),
            _ => sandbox.write("flag", "").exists().then_some(None).flatten(),
        };
        daemon.wait_for_log("success: front entered RUNNING");
        assert!(daemon.stop().success());
    }
    let sandbox = Sandbox::new();
    let options = "ready_log=^ready \\d+$\nredirect_stderr=true";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(options));
    daemon.wait_for_log("success: back entered RUNNING");
    let mut fg = Subject::Ours.program(&sandbox, "supervisorctl");
    fg.args(["-c", "d.conf", "fg", "back"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut fg = fg.spawn().expect("it runs");
    fg.stdin.take().expect("its stdin").write_all(b"not ready\nready 12\n").expect("lines");
    daemon.wait_for_log("success: front entered RUNNING");
    fg.wait().expect("it ends");
    assert!(daemon.stop().success());
}

/// Accepts one request and answers it.
fn answer(listener: &TcpListener, reply: &str) -> String {
    let (mut stream, _) = listener.accept().expect("a probe comes");
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut buffer).expect("a request");
        request.extend(&buffer[..count]);
    }
    // In two pieces, which the daemon has to wait for.
    let (head, rest) = reply.split_at(reply.len() / 2);
    let mut send =
        |text: &str| TcpStream::write_all(&mut stream, text.as_bytes()).expect("a reply");
    send(head);
    send(rest);
    String::from_utf8(request).expect("a text")
}

#[test]
fn an_http_answer_is_examined() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let options = format!(
        "ready_http=http://localhost:{port}/Plone/@@ok?x=1\nready_http_status=200\n\
         ready_http_header=Host: plone.example.org\nready_http_body=all [a-z]+ systems"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(&options));
    let request = answer(&listener, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    assert!(request.starts_with("GET /Plone/@@ok?x=1 HTTP/1.0\r\nHost: plone.example.org\r\n"));
    let reason =
        |why: &str| format!("ready_http http://localhost:{port}/Plone/@@ok?x=1, {why} for");
    wait_until("the status is shown", || status(&sandbox, "front").contains(&reason("status 503")));
    answer(&listener, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndown");
    let why = reason("the body does not match");
    wait_until("the body is examined", || status(&sandbox, "front").contains(&why));
    answer(&listener, "HTTP/1.0 200 OK\r\n\r\nall our systems are up");
    daemon.wait_for_log("success: front entered RUNNING");
    assert!(daemon.stop().success());
}

#[test]
fn a_notification_makes_a_program_ready() {
    let sandbox = Sandbox::new();
    let rest = format!(
        "{SERVER}[program:back]\nstartsecs=0\nready_notify=true\n\
         command=/bin/sh -c 'echo $NOTIFY_SOCKET > name.new; mv name.new name; exec cat'\n\
         directory={{here}}\n\
         [program:front]\ncommand=/bin/cat\nstartsecs=0\ndepends_on=back:ready\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    wait_until("it has its environment", || sandbox.path("name").exists());
    let name = sandbox.read("name");
    let name = name.trim().strip_prefix('@').expect("an abstract name");
    let address = SocketAddr::from_abstract_name(name).expect("an address");
    let client = UnixDatagram::unbound().expect("a socket");
    client.send_to_addr(b"STATUS=warming up", &address).expect("it is received");
    let json =
        || -> Value { serde_json::from_str(&ctl(&sandbox, "status back --json")).expect("JSON") };
    wait_until("the status is shown", || json()[0]["readiness"]["status"] == "warming up");
    assert!(status(&sandbox, "front").contains("waits for back: ready_notify, not seen yet"));
    client.send_to_addr(b"READY=1\nSTATUS=serving", &address).expect("it is received");
    daemon.wait_for_log("success: front entered RUNNING");
    assert!(daemon.stop().success());
}

#[test]
fn a_program_that_does_not_answer_is_restarted() {
    let sandbox = Sandbox::new();
    sandbox.write("alive", "");
    let rest = format!(
        "{SERVER}[program:web]\ncommand=/bin/cat\nstartsecs=0\nlive_interval=0.1\n\
         live_exec=/usr/bin/test -e {{here}}/alive\nlive_failures=2\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    daemon.wait_for_log("success: web entered RUNNING");
    std::fs::remove_file(sandbox.path("alive")).expect("it is there");
    daemon.wait_for_count("spawned: 'web'", 2);
    sandbox.write("alive", "");
    let log = daemon.log();
    assert!(log.contains("WARN web is restarted: live_exec /usr/bin/test -e"), "{log}");
    assert!(log.contains("exit status 1 for"), "{log}");
    assert!(daemon.stop().success());
}

/// A command that hangs is killed, with its children, and counts as a failure.
#[test]
fn a_probe_that_hangs_is_killed() {
    let sandbox = Sandbox::new();
    let options = "ready_exec=/bin/sh -c 'echo $$ >> {here}/pids; sleep 1000; true'\n\
                   ready_timeout=0.2";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(options));
    let is_reported = || status(&sandbox, "front").contains("no answer within 0.2 s");
    wait_until("the timeout is shown", is_reported);
    assert!(daemon.stop().success());
    for pid in sandbox.read("pids").lines() {
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!command.contains("sleep 1000"), "{pid} is alive");
    }
    assert!(!daemon.log().contains("reaped unknown pid"), "{}", daemon.log());
}

#[test]
fn an_essential_program_ends_the_daemon_with_its_status() {
    let sandbox = Sandbox::new();
    let rest = "[program:main]\ncommand=/bin/sh -c 'read line; exit 7'\nstartsecs=0\n\
                autorestart=false\nessential=true\n[program:side]\ncommand=/bin/cat\nstartsecs=0\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{rest}"));
    daemon.wait_for_count("entered RUNNING", 2);
    let mut fg = Subject::Ours.program(&sandbox, "supervisorctl");
    fg.args(["-c", "d.conf", "fg", "main"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut fg = fg.spawn().expect("it runs");
    fg.stdin.take().expect("its stdin").write_all(b"go\n").expect("a line");
    assert_eq!(daemon.wait().code(), Some(7));
    fg.wait().expect("it ends");
    let log = daemon.log();
    assert!(log.contains("WARN the essential program main has ended (exit status 7)"), "{log}");
    assert!(log.contains("stopped: side"), "{log}");
}

#[test]
fn the_daemon_exits_when_its_tasks_are_done() {
    let sandbox = Sandbox::new();
    let task = |name: &str, status: u8| {
        format!(
            "[program:{name}]\ncommand=/bin/sh -c 'exit {status}'\nstartsecs=0\n\
             autorestart=false\n"
        )
    };
    let rest = format!("exit_when_done=true\n{}{}", task("a", 0), task("b", 3));
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    assert_eq!(daemon.wait().code(), Some(3));
    let why = "INFO all programs have ended; the exit status 3 is that of b (exit status 3)";
    assert!(daemon.log().contains(why), "{}", daemon.log());
}

#[test]
fn variables_come_from_files_at_each_start() {
    let sandbox = Sandbox::new();
    sandbox.write("a.env", "# secrets\nTOKEN='one two'\nSHARED=file\n");
    let rest = format!(
        "{SERVER}[program:web]\ncommand=/bin/sh -c 'echo $TOKEN/$SHARED; exec cat'\nstartsecs=0\n\
         env_file={{here}}/a.env, -{{here}}/missing.env\nenvironment=SHARED=option\n\
         stdout_logfile={{here}}/o\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    wait_until("it has printed", || sandbox.read("o") == "one two/option\n");
    sandbox.write("a.env", "TOKEN=three\n");
    ctl(&sandbox, "restart web");
    wait_until("it has printed", || sandbox.read("o") == "one two/option\nthree/option\n");
    sandbox.write("a.env", "TOKEN='secret\n");
    let out = ctl(&sandbox, "restart web");
    assert!(out.contains("web: ERROR (spawn error)"), "{out}");
    let status = status(&sandbox, "web");
    assert!(status.contains("a.env:1: a quote that is not closed"), "{status}");
    std::fs::remove_file(sandbox.path("a.env")).expect("it is there");
    ctl(&sandbox, "stop web");
    ctl(&sandbox, "start web");
    let why = ctl(&sandbox, "why web");
    assert!(why.contains("can't read the environment file"), "{why}");
    assert!(why.contains("a.env': No such file or directory"), "{why}");
    assert!(!daemon.log().contains("secret"));
    assert!(daemon.stop().success());
}

#[test]
fn a_host_may_be_named() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // The resolver reads this without a name server; for the configuration it is a name.
    let options = format!("ready_tcp=0x7f000001:{port}");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(&options));
    daemon.wait_for_log("success: front entered RUNNING");
    assert!(!daemon.log().contains("reaped unknown pid"), "{}", daemon.log());
    drop(listener);
    daemon.wait_for_log(&format!("not ready: back (ready_tcp 0x7f000001:{port}, refused for"));
    assert!(daemon.stop().success());
}

#[test]
fn a_host_that_is_unknown_is_a_reason() {
    let sandbox = Sandbox::new();
    let options = "ready_tcp=nowhere.invalid:8100\nready_timeout=0.5";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &pair(options));
    let wanted = "STOPPED waits for back: ready_tcp nowhere.invalid:8100, ";
    let is_known = |status: &str| {
        let why = status.strip_prefix(wanted).unwrap_or("not answered yet");
        !why.starts_with("not answered yet")
    };
    wait_until("the reason is shown", || is_known(&status(&sandbox, "front")));
    assert!(daemon.stop().success());
    assert_eq!(sandbox.processes(), [0; 0], "no lookup is left");
}
