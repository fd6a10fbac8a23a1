//! A second supervisord that is started by mistake with the same configuration: it fails with the
//! pid of the first, which it leaves as it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Output;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// A program that writes to both automatic logs.
const PROGRAM: &str =
    "[program:talks]\ncommand=/bin/sh -c 'echo out; echo err >&2; exec sleep 1000'\n";

/// All files of the first daemon, by name: inode and content.
fn files(sandbox: &Sandbox) -> BTreeMap<String, (u64, String)> {
    let entry = |name: String| {
        let metadata = fs::symlink_metadata(sandbox.path(&name)).ok()?;
        let content = if metadata.is_file() { sandbox.read(&name) } else { String::new() };
        Some((name, (metadata.ino(), content)))
    };
    sandbox.names().into_iter().filter_map(entry).collect()
}

/// Starts the first daemon and waits until all of its files are complete.
fn first<'a>(sandbox: &'a Sandbox, servers: &str) -> Daemon<'a> {
    let daemon = Daemon::start(Subject::Ours, sandbox, &format!("{servers}{PROGRAM}"));
    daemon.wait_for_log("success: talks");
    for stream in ["stdout", "stderr"] {
        wait_until("its output is in the log", || {
            let mut names = sandbox.names().into_iter();
            let name = names.find(|name| name.starts_with(&format!("talks-{stream}---")));
            name.is_some_and(|name| !sandbox.read(name).is_empty())
        });
    }
    daemon
}

fn second(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = Subject::Ours.program(sandbox, "supervisord");
    command.args(["-c", "d.conf"]).args(args).output().unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, pid: i32) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("already runs"), "{error}");
    assert!(error.contains(&format!("(pid {pid})")), "{error}");
    assert!(error.contains(&format!("`kill {pid}`")), "{error}");
}

#[track_caller]
fn assert_untouched(servers: &str, args: &[&str]) {
    let sandbox = Sandbox::new();
    let port = sandbox.port().to_string();
    let mut daemon = first(&sandbox, &servers.replace("{port}", &port));
    let before = files(&sandbox);
    let output = second(&sandbox, args);
    assert_refused(&output, daemon.pid());
    assert_eq!(files(&sandbox), before);
    daemon.stop();
}

const INET: &str = "[inet_http_server]\nport=127.0.0.1:{port}\n";

#[test]
fn a_second_daemon_on_a_socket_changes_nothing() {
    for args in [&[][..], &["-n"], &["-i", "other", "-n"], &["-i", "other"]] {
        assert_untouched(SERVER, args);
    }
}

#[test]
fn a_second_daemon_on_a_port_changes_nothing() {
    for args in [&[][..], &["-n"], &["-i", "other", "-n"]] {
        assert_untouched(INET, args);
    }
    // The port is opened first; the socket must stay as well.
    assert_untouched(&format!("{INET}{SERVER}"), &[]);
}

#[test]
fn a_second_daemon_without_a_server_changes_nothing() {
    for args in [&[][..], &["-n"]] {
        assert_untouched("", args);
    }
}

#[test]
fn another_configuration_may_use_the_pid_file_of_a_running_daemon() {
    let sandbox = Sandbox::new();
    let mut daemon = first(&sandbox, "");
    let text = sandbox.read("d.conf").replace("d.log", "e.log").replace("talks", "other");
    sandbox.write("e.conf", &text);
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    let mut other = command.args(["-n", "-c", "e.conf"]).spawn().unwrap();
    wait_until("it runs", || sandbox.read("e.log").contains("success: other"));
    other.kill().unwrap();
    other.wait().unwrap();
    daemon.stop();
}

#[test]
fn a_second_daemon_finds_the_first_after_its_socket_was_deleted() {
    let sandbox = Sandbox::new();
    let mut daemon = first(&sandbox, SERVER);
    fs::remove_file(sandbox.path("d.sock")).unwrap();
    let before = files(&sandbox);
    assert_refused(&second(&sandbox, &["-n"]), daemon.pid());
    assert_eq!(files(&sandbox), before);
    daemon.stop();
}

#[test]
fn a_second_daemon_of_another_user_changes_nothing() {
    if !nix::unistd::getuid().is_root() {
        eprintln!("only root can start a daemon as another user");
        return;
    }
    let sandbox = Sandbox::new();
    // Every user may replace files here, so only the check protects the socket.
    fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut daemon = first(&sandbox, SERVER);
    let before = files(&sandbox);
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    let output = command.args(["-n", "-u", "nobody", "-c", "d.conf"]).output().unwrap();
    assert_refused(&output, daemon.pid());
    assert_eq!(files(&sandbox), before);
    daemon.stop();
}

#[test]
fn another_program_on_the_port_is_named() {
    let sandbox = Sandbox::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let servers = INET.replace("{port}", &port.to_string());
    sandbox.write("d.conf", &crate::support::daemon::conf(&servers));
    let output = second(&sandbox, &["-n"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    let pid = std::process::id();
    assert!(error.contains(&format!("is used by another program (pid {pid})")), "{error}");
    assert_eq!(sandbox.names(), ["d.conf"]);
}
