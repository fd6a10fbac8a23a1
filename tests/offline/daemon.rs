//! supervisord run for real: what it promises where the original does not, or where there is nothing to
//! compare.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::{SERVER, conf};
use crate::support::wait::is_asleep;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// A whole log: the oldest backup first.
fn assembled(sandbox: &Sandbox, name: &str) -> String {
    let backups = (1..2000).rev().map(|number| sandbox.read(format!("{name}.{number}")));
    backups.chain([sandbox.read(name)]).collect()
}

#[test]
fn a_child_at_full_speed_loses_no_byte_over_many_rotations() {
    let sandbox = Sandbox::new();
    let rest = "[program:fast]\ncommand=/bin/sh -c 'seq 1 300000; echo the end'\nstartsecs=0\n\
                autorestart=false\nstdout_logfile={here}/o\nstdout_logfile_maxbytes=20KB\n\
                stdout_logfile_backups=1999\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    daemon.wait_for_log("exited: fast");
    daemon.stop();
    let expected: String =
        (1..=300_000).map(|n| format!("{n}\n")).chain(["the end\n".to_owned()]).collect();
    assert!(fs::exists(sandbox.path("o.20")).unwrap(), "it rotated");
    assert!(assembled(&sandbox, "o") == expected, "bytes are lost or out of order");
    assert!(fs::metadata(sandbox.path("o")).unwrap().len() < 20 * 1024);
}

#[test]
fn a_full_disk_is_logged_once_and_survived() {
    let sandbox = Sandbox::new();
    let rest = "[program:a]\ncommand=/bin/sh -c 'for n in 1 2 3; do echo $n; sleep 0.1; done'\n\
                stdout_logfile=/dev/full\nstdout_logfile_maxbytes=0\nstartsecs=0\nautorestart=false\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    daemon.wait_for_log("exited: a (exit status 0; expected)");
    daemon.stop();
    let story = daemon.story();
    let errors: Vec<&str> = story.lines().filter(|line| line.starts_with("ERRO")).collect();
    assert_eq!(errors, ["ERRO could not write log /dev/full: ENOSPC"]);
}

#[test]
fn a_vanished_directory_is_logged_and_survived() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("logs")).unwrap();
    let rest = "[program:a]\ncommand=/bin/sh -c 'while :; do echo line; sleep 0.02; done'\n\
                stdout_logfile={here}/logs/o\nstdout_logfile_maxbytes=20\nstdout_logfile_backups=1\n\
                startsecs=0\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    wait_until("it has rotated", || fs::exists(sandbox.path("logs/o.1")).unwrap());
    fs::rename(sandbox.path("logs"), sandbox.path("gone")).unwrap();
    daemon.wait_for_log("ERRO could not write log");
    fs::create_dir(sandbox.path("logs")).unwrap();
    wait_until("the log is back", || sandbox.read("logs/o").contains("line"));
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn a_container_that_stops_listening_does_not_stop_the_daemon() {
    let sandbox = Sandbox::new();
    let rest = "[program:a]\ncommand=/bin/sh -c 'echo line; sleep 0.1'\nstartsecs=0\nautorestart=true\n\
                stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n";
    sandbox.write("d.conf", &conf(rest));
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    command.args(["-n", "-s", "-c"]).arg(sandbox.path("d.conf"));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    wait_until("it goes on", || sandbox.read("d.log").matches("spawned: 'a'").count() >= 3);
    assert!(sandbox.read("d.log").contains("could not write log /dev/stdout: EPIPE"));
    let pid = Pid::from_raw(child.id() as i32);
    kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
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

/// A call that is answered when the program runs.
fn slow_call(host: &str, program: &str) -> String {
    let body = format!(
        "<?xml version='1.0'?><methodCall><methodName>supervisor.startProcess</methodName>\
         <params><param><value><string>{program}</string></value></param></params></methodCall>"
    );
    let length = body.len();
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/xml\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

const SLOW: &str = "[program:slow]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=1\n";

#[test]
fn a_half_closed_client_receives_the_reply_that_it_waits_for() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let other = SLOW.replace("slow", "other");
    let servers = format!("{SERVER}[inet_http_server]\nport=127.0.0.1:{port}\n{SLOW}{other}");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &servers);
    let mut unix = UnixStream::connect(sandbox.path("d.sock")).unwrap();
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    unix.write_all(slow_call("localhost", "slow").as_bytes()).unwrap();
    unix.shutdown(Shutdown::Write).unwrap();
    let mut reply = String::new();
    unix.read_to_string(&mut reply).unwrap();
    assert!(reply.contains("<boolean>1</boolean>"), "{reply}");
    tcp.write_all(slow_call(&format!("127.0.0.1:{port}"), "other").as_bytes()).unwrap();
    tcp.shutdown(Shutdown::Write).unwrap();
    let mut reply = String::new();
    tcp.read_to_string(&mut reply).unwrap();
    assert!(reply.contains("<boolean>1</boolean>"), "{reply}");
    daemon.stop();
}

#[test]
fn a_client_that_is_gone_is_not_kept_until_its_reply() {
    let sandbox = Sandbox::new();
    let slow = SLOW.replace("startsecs=1", "startsecs=1000");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{slow}"));
    let descriptors = format!("/proc/{}/fd", daemon.pid());
    let sockets = || {
        let links = fs::read_dir(&descriptors).unwrap().flatten();
        let targets = links.filter_map(|link| fs::read_link(link.path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    };
    let before = sockets();
    let mut client = UnixStream::connect(sandbox.path("d.sock")).unwrap();
    client.write_all(slow_call("localhost", "slow").as_bytes()).unwrap();
    daemon.wait_for_log("spawned: 'slow'");
    assert_eq!(sockets(), before + 1);
    drop(client);
    wait_until("its connection is closed", || sockets() == before);
    daemon.stop();
}

/// Calls a method with the log of program `a`, and returns the response.
fn read_log(sandbox: &Sandbox, method: &str) -> String {
    let body = format!(
        "<methodCall><methodName>supervisor.{method}</methodName><params><param><value>\
         <string>a</string></value></param><param><value><int>0</int></value></param><param>\
         <value><int>0</int></value></param></params></methodCall>"
    );
    let length = body.len();
    let mut stream = UnixStream::connect(sandbox.path("d.sock")).unwrap();
    let head = "POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length:";
    stream.write_all(format!("{head} {length}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

/// The original blocks on a pipe, and reports a directory without a reason.
#[test]
fn a_log_that_is_no_file_is_reported_without_blocking() {
    for (kind, fault) in [("directory", "FAILED: HERE/log is a directory"), ("pipe", "FAILED")] {
        let sandbox = Sandbox::new();
        match kind {
            "directory" => fs::create_dir(sandbox.path("log")).unwrap(),
            _ => nix::unistd::mkfifo(&sandbox.path("log"), nix::sys::stat::Mode::S_IRWXU).unwrap(),
        }
        let rest = format!(
            "{SERVER}[program:a]\ncommand=/bin/cat\nautostart=false\nstdout_logfile={{here}}/log\n"
        );
        let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
        let reply = read_log(&sandbox, "readProcessStdoutLog");
        let reply = reply.replace(sandbox.dir().to_str().unwrap(), "HERE");
        assert!(reply.contains(&format!("<string>{fault}</string>")), "{kind}: {reply}");
        let reply = read_log(&sandbox, "tailProcessStdoutLog");
        assert!(reply.contains("<boolean>0</boolean>"), "{kind}: {reply}");
        daemon.stop();
    }
}

/// Root may give everything away, so it starts the daemon as another user, who can read the binary.
#[test]
fn a_socket_that_may_not_be_given_away_points_to_the_line() {
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o777)).unwrap();
    let rest = "[unix_http_server]\nfile={here}/d.sock\nchmod=0700\nchown=root:root\n";
    sandbox.write("d.conf", &format!("[supervisord]\nlogfile={{here}}/d.log\n{rest}"));
    let mut command = if nix::unistd::getuid().is_root() {
        let mut setpriv = sandbox.command("setpriv");
        setpriv.args(["--reuid", "54321", "--regid", "54321", "--clear-groups"]);
        setpriv.args(["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]);
        setpriv.arg(env!("CARGO_BIN_EXE_supkit"));
        setpriv
    } else {
        sandbox.command(env!("CARGO_BIN_EXE_supkit"))
    };
    let output = command.args(["supervisord", "-n", "-c", "d.conf"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.starts_with("Error: Not permitted to chown "), "{error}");
    assert!(error.contains(" --> d.conf:6:"), "{error}");
    assert!(error.contains("`chown`") && !error.contains("listens there"), "{error}");
}
