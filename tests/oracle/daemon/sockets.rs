//! Sockets and pid files: existing files, owners, and what remains after the end.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject};

#[test]
fn a_dead_socket_and_a_plain_file_give_way() {
    for subject in [Subject::Ours, Subject::Original] {
        for leftover in ["socket", "file"] {
            let sandbox = Sandbox::new();
            match leftover {
                "socket" => drop(UnixListener::bind(sandbox.path("d.sock")).unwrap()),
                _ => drop(sandbox.write("d.sock", "")),
            }
            sandbox.write("d.pid", "1\n");
            let mut daemon = Daemon::start(subject, &sandbox, SERVER);
            let path = sandbox.path("d.sock");
            assert_eq!(sandbox.read("err"), format!("Unlinking stale socket {}\n", path.display()));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o700);
            UnixStream::connect(&path).unwrap();
            daemon.stop();
            assert!(!fs::exists(&path).unwrap(), "{subject:?} leaves its socket");
        }
    }
}

#[test]
fn a_second_daemon_on_the_same_socket_leaves_the_first_alone() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let mut first = Daemon::start(subject, &sandbox, SERVER);
        let second_conf =
            sandbox.read("d.conf").replace("d.log", "e.log").replace("d.pid", "e.pid");
        sandbox.write("e.conf", &second_conf);
        let mut command = subject.program(&sandbox, "supervisord");
        let output = command.args(["-n", "-c"]).arg(sandbox.path("e.conf")).output().unwrap();
        UnixStream::connect(sandbox.path("d.sock")).expect("the first still listens");
        assert_eq!(sandbox.read("d.pid"), format!("{}\n", first.pid()));
        first.stop();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), error.lines().next().unwrap_or_default().to_owned())
    };
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
    assert_eq!(ours.0, Some(2));
    assert!(
        ours.1.starts_with("Error: Another program is already listening on a port"),
        "{}",
        ours.1
    );
}

const FACTORY: &str =
    "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface";

/// Without a server no interface is created.
#[test]
fn options_of_an_interface_matter_with_a_server_only() {
    for subject in [Subject::Ours, Subject::Original] {
        let sandbox = Sandbox::new();
        let rest = format!("[rpcinterface:supervisor]\n{FACTORY}\nretries=1\n[DEFAULT]\nx=1\n");
        Daemon::start(subject, &sandbox, &rest).stop();
    }
}

/// The first line of standard error and the exit status of a daemon that cannot start.
fn refusal(subject: Subject, rest: &str) -> (Option<i32>, String) {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(rest));
    let mut daemon = Daemon::launch(subject, &sandbox, &[]);
    let code = daemon.wait().code();
    let here = sandbox.dir().to_str().unwrap().to_owned();
    (code, sandbox.read("err").lines().next().unwrap_or_default().replace(&here, "HERE"))
}

#[test]
fn what_cannot_be_opened_is_reported_with_the_same_message() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let long = format!("[unix_http_server]\nfile={{here}}/{}\n", "x".repeat(120));
    let cases = [
        format!("[inet_http_server]\nport=127.0.0.1:{port}\n"),
        "[unix_http_server]\nfile={here}/nowhere/d.sock\n".to_owned(),
        long,
        format!("{SERVER}retries=1\n"),
        format!("{SERVER}[rpcinterface:other]\n{FACTORY}\nRetries=1\n"),
        format!("{SERVER}[DEFAULT]\nunknown=1\n"),
    ];
    for rest in cases {
        let ours = refusal(Subject::Ours, &rest);
        assert_eq!(ours, refusal(Subject::Original, &rest), "{rest}");
        assert_eq!(ours.0, Some(2), "{rest}");
    }
}

#[test]
fn mode_and_owner_of_the_socket_are_as_configured() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let owner = if nix::unistd::getuid().is_root() { "chown=daemon:nogroup\n" } else { "" };
        let rest = SERVER.replace(
            "d.sock\n[supervisorctl]",
            &format!("d.sock\nchmod=0660\n{owner}[supervisorctl]"),
        );
        let mut daemon = Daemon::start(subject, &sandbox, &rest);
        let metadata = fs::metadata(sandbox.path("d.sock")).unwrap();
        daemon.stop();
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    };
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
    assert_eq!(ours.0, 0o660);
}

#[test]
fn a_pid_file_that_cannot_be_written_is_only_logged() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.path("d.pid")).unwrap();
        sandbox.write("d.conf", &conf("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n"));
        let mut daemon = Daemon::launch(subject, &sandbox, &[]);
        daemon.wait_for_log("success: a");
        daemon.stop();
        daemon.story().lines().next().unwrap().to_owned()
    };
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
}
