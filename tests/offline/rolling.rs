//! Rolling restarts of a real daemon; the proxies are commands, or served by the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::ctl::Client;
use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Programs `a` and `b` of a group, which write to `trace` what is done with them.
fn traced(options: &str) -> String {
    let program = |name: &str| {
        format!(
            "[program:{name}]\ncommand=/bin/cat\nstartsecs=0\nready_interval=0.1\ndirectory={{here}}\n\
             drain_exec=/bin/sh -c 'echo drain $SUPERVISOR_PROCESS_NAME >> trace'\n\
             enable_exec=/bin/sh -c 'echo enable $SUPERVISOR_PROCESS_NAME >> trace'\n\
             ready_exec=/usr/bin/test ! -e {{here}}/broken-{name}\n{options}\n"
        )
    };
    format!("{SERVER}{}{}[group:web]\nprograms=a,b\n", program("a"), program("b"))
}

fn await_start(daemon: &Daemon<'_>) {
    for name in ["a", "b"] {
        daemon.wait_for_log(&format!("ready: web:{name}"));
    }
}

#[test]
fn processes_are_restarted_one_after_the_other() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &traced(""));
    await_start(&daemon);
    let before = (daemon.pid_of("a"), daemon.pid_of("b"));
    let mut client = Client::start(Subject::Ours, &sandbox);
    let answer = client.ask("restart --rolling web:*");
    assert_eq!((answer.out.as_str(), answer.status), ("web:a: restarted\nweb:b: restarted\n", 0));
    assert_eq!(sandbox.read("trace"), "drain a\nenable a\ndrain b\nenable b\n");
    let after = (daemon.pid_of("a"), daemon.pid_of("b"));
    assert!(before.0 != after.0 && before.1 != after.1);
    // Patterns, groups, and names that mean nothing.
    let answer = client.ask("restart --rolling --max-unavailable 2 [ab]");
    assert_eq!((answer.out.as_str(), answer.status), ("web:a: restarted\nweb:b: restarted\n", 0));
    assert_eq!(client.ask("restart --rolling web").out, "web:a: restarted\nweb:b: restarted\n");
    let answer = client.ask("restart --rolling nobody*");
    assert_eq!((answer.out.as_str(), answer.status), ("nobody*: ERROR (no such process)\n", 1));
    let answer = client.ask("restart --rolling --max-unavailable 0 web");
    assert!(answer.out.starts_with("Error: --max-unavailable requires a number"), "{answer:?}");
    assert_eq!(answer.status, 1);
    let jobs = client.ask("jobs").out;
    assert!(jobs.contains("rolling restart  web:*"), "{jobs}");
    assert!(daemon.stop().success());
}

#[test]
fn a_rolling_restart_is_cancelled_by_the_number_of_its_job() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &traced(""));
    await_start(&daemon);
    let b = daemon.pid_of("b");
    sandbox.write("broken-a", "");
    let mut roller = Client::start(Subject::Ours, &sandbox);
    let mut client = Client::start(Subject::Ours, &sandbox);
    let (id, answer) = std::thread::scope(|scope| {
        let rolling = scope.spawn(|| roller.ask("restart --rolling web:*"));
        daemon.wait_for_log("rolling restart: web:a is next");
        let jobs = client.ask("jobs").out;
        let job = jobs.lines().find(|line| line.contains("rolling restart")).expect("it runs");
        let id = job.split_whitespace().next().expect("a number").to_owned();
        let answer = client.ask(&format!("jobs cancel {id}"));
        let expected = format!("job {id}: ends after what it has begun\n");
        assert_eq!((answer.out.as_str(), answer.status), (expected.as_str(), 0));
        std::fs::remove_file(sandbox.path("broken-a")).expect("the file exists");
        (id, rolling.join().expect("it ends"))
    });
    assert_eq!(answer.out, "web:a: restarted\nweb:b: not restarted\n");
    assert_eq!((answer.status, daemon.pid_of("b")), (1, b));
    for (words, line) in [
        (format!("jobs cancel {id}"), format!("job {id}: ERROR (job {id} ")),
        ("jobs cancel 4711".to_owned(), "job 4711: ERROR (there is no job 4711)".to_owned()),
        ("jobs cancel x".to_owned(), "Error: x is not the number of a job".to_owned()),
        ("jobs cancel".to_owned(), "Error: jobs cancel requires the number of a job".to_owned()),
        ("jobs end 3".to_owned(), "Error: jobs: bad argument end".to_owned()),
    ] {
        let answer = client.ask(&words);
        assert!(answer.out.starts_with(&line), "{words}: {answer:?}");
        assert_eq!(answer.status, 1, "{words}");
    }
    assert!(daemon.stop().success());
}

#[test]
fn the_first_that_is_not_ready_ends_it() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &traced("rolling_timeout=1"));
    await_start(&daemon);
    let b = daemon.pid_of("b");
    sandbox.write("broken-a", "");
    let mut client = Client::start(Subject::Ours, &sandbox);
    let answer = client.ask("restart --rolling all");
    assert_eq!(answer.status, 1);
    let lines: Vec<&str> = answer.out.lines().collect();
    assert!(
        lines[0].starts_with("web:a: ERROR (did not become ready within 1 s: ready_exec "),
        "{answer:?}"
    );
    assert_eq!(lines[1], "web:b: not restarted");
    assert_eq!(daemon.pid_of("b"), b);
    assert_eq!(sandbox.read("trace"), "drain a\n");
    // It is put back into service when it is ready.
    std::fs::remove_file(sandbox.path("broken-a")).expect("the file exists");
    daemon.wait_for_log("rolling restart: web:a is in service");
    assert_eq!(sandbox.read("trace"), "drain a\nenable a\n");
    assert!(daemon.stop().success());
}

#[test]
fn it_continues_without_its_client() {
    let sandbox = Sandbox::new();
    let text =
        traced("").replace("'echo drain", "'while test -e hold; do sleep 0.1; done; echo drain");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &text);
    await_start(&daemon);
    sandbox.write("hold", "");
    let mut command = Subject::Ours.program(&sandbox, "supervisorctl");
    command.args(["-c", "d.conf", "restart", "--rolling", "all"]).stdin(Stdio::null());
    let mut client = command.stdout(Stdio::null()).spawn().expect("it runs");
    daemon.wait_for_log("rolling restart: web:a is next");
    kill(Pid::from_raw(i32::try_from(client.id()).expect("a pid")), Signal::SIGKILL).expect("kill");
    client.wait().expect("it ends");
    std::fs::remove_file(sandbox.path("hold")).expect("the file exists");
    daemon.wait_for_log("rolling restart: web:b is in service");
    assert!(daemon.stop().success());
}

#[test]
fn a_command_that_hangs_is_killed_and_a_shutdown_leaves_none() {
    let sandbox = Sandbox::new();
    let text = traced("drain_timeout=0.3").replace("'echo drain", "'sleep 1000; echo drain");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &text);
    await_start(&daemon);
    let answer = Client::start(Subject::Ours, &sandbox).ask("restart --rolling web:a");
    assert_eq!((answer.out.as_str(), answer.status), ("web:a: restarted\n", 0));
    daemon.wait_for_log("the command that drains web:a has not ended within 0.3 s");
    let is_sleeping = |pid: &i32| {
        std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|it| it.contains("1000"))
    };
    wait_until("it is killed", || !sandbox.processes().iter().any(is_sleeping));
    let text = text.replace("drain_timeout=0.3", "drain_timeout=600");
    sandbox.write("d.conf", &conf(&text));
    Client::start(Subject::Ours, &sandbox).ask("update");
    let mut command = Subject::Ours.program(&sandbox, "supervisorctl");
    command.args(["-c", "d.conf", "restart", "--rolling", "web:b"]).stdin(Stdio::null());
    let client = command.stdout(Stdio::piped()).spawn().expect("it runs");
    wait_until("it is being drained", || sandbox.processes().iter().any(is_sleeping));
    assert!(daemon.stop().success());
    client.wait_with_output().expect("it ends");
    assert_eq!(sandbox.processes(), [0; 0], "no process is left");
}

#[test]
fn an_update_restarts_what_changed_one_after_the_other() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &traced(""));
    await_start(&daemon);
    sandbox.write("d.conf", &conf(&traced("environment=X=\"1\"")));
    let mut client = Client::start(Subject::Ours, &sandbox);
    let answer = client.ask("update --rolling");
    assert_eq!(answer.out, "web: changed\n    web:a: restarted\n    web:b: restarted\n");
    assert_eq!(answer.status, 0);
    assert_eq!(sandbox.read("trace"), "drain a\nenable a\ndrain b\nenable b\n");
    assert_eq!(client.ask("update --rolling").out, "No config updates to processes\n");
    // One that does not become ready leaves the other as it is.
    sandbox.write("broken-a", "");
    let b = daemon.pid_of("b");
    sandbox.write("d.conf", &conf(&traced("environment=X=\"2\"\nrolling_timeout=1")));
    let answer = client.ask("update --rolling");
    assert!(
        answer.out.starts_with("web: ERROR (web:a did not become ready within 1 s"),
        "{answer:?}"
    );
    assert_eq!((answer.status, daemon.pid_of("b")), (1, b));
    assert!(daemon.stop().success());
}

/// Serves HAProxy's runtime socket: a server has two requests when it is drained, which end one after
/// the other. Writes down the commands.
fn serve_haproxy(listener: UnixListener, seen: Arc<Mutex<Vec<String>>>) {
    std::thread::spawn(move || {
        let (mut state, mut left) = ("UP", 0);
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).expect("a command");
            let line = line.trim().to_owned();
            let reply = match line.rsplit_once(' ').expect("words").1 {
                "drain" => {
                    (state, left) = ("DRAIN", 2);
                    "\n".to_owned()
                }
                "maint" => {
                    state = "MAINT";
                    "\n".to_owned()
                }
                "ready" => {
                    state = "UP";
                    "\n".to_owned()
                }
                _ => {
                    let row = format!("# pxname,svname,scur,status,\nzope,web,{left},{state},\n\n");
                    left = (left - 1).max(0);
                    row
                }
            };
            let mut seen = seen.lock().expect("no panic");
            if seen.last() != Some(&line) {
                seen.push(line);
            }
            stream.write_all(reply.as_bytes()).expect("a reply");
        }
    });
}

#[test]
fn haproxy_is_told_and_asked_and_pages_are_fetched() {
    let sandbox = Sandbox::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = UnixListener::bind(sandbox.path("h.sock")).expect("a socket");
    serve_haproxy(listener, Arc::clone(&seen));
    let pages = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = pages.local_addr().expect("an address").port();
    let of_pages = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in pages.incoming() {
            let mut stream = stream.expect("a client");
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).expect("a request");
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
            of_pages.lock().expect("no panic").push(path);
            stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").expect("a reply");
        }
    });
    let options = format!(
        "{SERVER}[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
         drain_haproxy={{here}}/h.sock zope/web\nwarm_http=http://127.0.0.1:{port}/a, \
         http://127.0.0.1:{port}/b\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &options);
    daemon.wait_for_log("success: web entered RUNNING");
    let mut client = Client::start(Subject::Ours, &sandbox);
    let answer = client.ask("restart --rolling web");
    assert_eq!((answer.out.as_str(), answer.status), ("web: restarted\n", 0));
    let want = [
        "set server zope/web state drain",
        "show stat",
        "set server zope/web state maint",
        "/a",
        "/b",
        "set server zope/web state ready",
        "show stat",
    ];
    assert_eq!(*seen.lock().expect("no panic"), want);
    // Without a proxy nothing is restarted, because requests would fail.
    std::fs::remove_file(sandbox.path("h.sock")).expect("the socket exists");
    let pid = daemon.pid_of("web");
    let answer = client.ask("restart --rolling web");
    assert_eq!(
        (answer.out.as_str(), answer.status),
        ("web: ERROR (could not be drained: HERE/h.sock: no such socket)\n", 1)
    );
    assert_eq!(daemon.pid_of("web"), pid);
    assert!(daemon.stop().success());
}
