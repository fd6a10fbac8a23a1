//! Programs that outlived a killed daemon: the next daemon, and `supkit stop`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use crate::support::daemon::{SERVER, conf};
use crate::support::orphans::{is_running, orphaned, pid_of};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const SLEEPER: &str = "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

fn prepare(rest: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(rest));
    sandbox
}

fn stop(sandbox: &Sandbox) -> String {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.args(["stop", "-c", "d.conf"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Starts the next daemon in the foreground; the log of the first is moved away.
fn next(sandbox: &Sandbox) -> Daemon<'_> {
    fs::rename(sandbox.path("d.log"), sandbox.path("first.log")).unwrap();
    Daemon::launch(Subject::Ours, sandbox, &[])
}

#[test]
fn orphans_are_ended_before_their_programs_are_started() {
    let family = "[program:family]\ncommand={here}/family\nstartsecs=0\n";
    let stubborn = "[program:stubborn]\ncommand={here}/stubborn\nstartsecs=0\nstopwaitsecs=1\n";
    let sandbox = prepare(&format!("{SERVER}{SLEEPER}{family}{stubborn}"));
    // The child is in the process group of its parent, which does not end it.
    sandbox.script("family", "#!/bin/sh\nsleep 1000 & echo $! > {here}/child\nwait\n");
    sandbox
        .script("stubborn", "#!/bin/sh\ntrap '' TERM\n: > {here}/set\nwhile :; do sleep 1; done\n");
    let old = orphaned(Subject::Ours, &sandbox, &["a", "family", "stubborn"]);
    wait_until("all is ready", || {
        fs::exists(sandbox.path("set")).unwrap() && sandbox.read("child").ends_with('\n')
    });
    let child: i32 = sandbox.read("child").trim().parse().unwrap();
    fs::remove_file(sandbox.path("set")).unwrap();
    let mut daemon = next(&sandbox);
    let fresh: Vec<i32> =
        ["a", "family", "stubborn"].iter().map(|name| pid_of(&sandbox, name)).collect();
    assert!(old.iter().chain([&child]).all(|pid| !is_running(*pid)));
    assert!(fresh.iter().all(|pid| is_running(*pid)));
    let log = daemon.log();
    for (name, pid) in ["a", "family", "stubborn"].iter().zip(&old) {
        let found = format!(
            "CRIT {name} (pid {pid}) still runs although its supervisord is dead; it is stopped first"
        );
        let ended = format!("INFO {name} (pid {pid}) of the dead supervisord has ended");
        let place = |text: &str| log.find(text).unwrap_or_else(|| panic!("{text}: {log}"));
        assert!(place(&found) < place(&ended));
        assert!(place(&ended) < place("spawned: "), "{log}");
    }
    assert_eq!(log.matches("with SIGKILL").count(), 1, "{log}");
    daemon.stop();
}

#[test]
fn orphans_of_a_daemon_in_the_foreground_without_its_pid_file_are_ended() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{SLEEPER}"));
    let old = pid_of(&sandbox, "a");
    drop(daemon);
    fs::remove_file(sandbox.path("d.pid")).unwrap();
    let mut daemon = next(&sandbox);
    let fresh = pid_of(&sandbox, "a");
    assert!(!is_running(old) && is_running(fresh));
    daemon.stop();
}

#[test]
fn orphans_without_a_server_are_recognised_by_the_pid_file() {
    let sandbox = prepare(SLEEPER);
    let old = orphaned(Subject::Ours, &sandbox, &["a"]);
    let mut daemon = next(&sandbox);
    let fresh = pid_of(&sandbox, "a");
    assert!(!is_running(old[0]) && is_running(fresh));
    daemon.stop();
}

#[test]
fn a_pid_file_from_before_the_last_boot_proves_nothing() {
    let sandbox = prepare(SLEEPER);
    let old = orphaned(Subject::Ours, &sandbox, &["a"]);
    let file = fs::File::options().write(true).open(sandbox.path("d.pid")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1)).unwrap();
    let mut daemon = next(&sandbox);
    pid_of(&sandbox, "a");
    assert!(is_running(old[0]));
    daemon.stop();
}

#[test]
fn orphans_may_be_kept() {
    let sandbox = prepare(&format!("orphans=keep\n{SERVER}{SLEEPER}"));
    let old = orphaned(Subject::Ours, &sandbox, &["a"]);
    let mut daemon = next(&sandbox);
    let fresh = pid_of(&sandbox, "a");
    assert!(is_running(old[0]) && is_running(fresh));
    daemon.wait_for_log("still runs although its supervisord is dead; it is kept");
    daemon.stop();
    assert!(is_running(old[0]));
    // The daemon is gone in good order, and its predecessor's program is still there.
    let printed = stop(&sandbox);
    assert_eq!(printed, format!("stopped a (pid {}), which outlived its daemon\n", old[0]));
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn a_daemon_that_refuses_orphans_changes_nothing() {
    let sandbox = prepare(&format!("orphans=refuse\n{SERVER}{SLEEPER}"));
    let old = orphaned(Subject::Ours, &sandbox, &["a"]);
    let before = (sandbox.read("d.log"), sandbox.read("d.pid"));
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    let output = command.args(["-n", "-c", "d.conf"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    let pid = old[0];
    assert!(
        error
            .contains(&format!("Error: programs of a killed supervisord still run: a (pid {pid})")),
        "{error}"
    );
    assert!(error.contains("`supkit stop -c d.conf` ends them"), "{error}");
    assert!(is_running(pid));
    assert_eq!((sandbox.read("d.log"), sandbox.read("d.pid")), before);
    stop(&sandbox);
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn what_left_its_program_and_other_deployments_are_spared() {
    let sandbox = prepare(&format!(
        "{SERVER}{SLEEPER}[program:leaves]\ncommand={{here}}/leaves\nstartsecs=0\n"
    ));
    // A process with a session of its own, whose starter has ended.
    sandbox.script(
        "leaves",
        "#!/bin/sh\nsetsid sh -c 'echo $$ > {here}/left; exec sleep 1000' &\nwait\n",
    );
    let other = prepare(&format!("{SERVER}{SLEEPER}"));
    let theirs = orphaned(Subject::Ours, &other, &["a"]);
    let old = orphaned(Subject::Ours, &sandbox, &["a", "leaves"]);
    wait_until("it has left", || sandbox.read("left").ends_with('\n'));
    let left: i32 = sandbox.read("left").trim().parse().unwrap();
    let mut daemon = next(&sandbox);
    pid_of(&sandbox, "a");
    assert!(old.iter().all(|pid| !is_running(*pid)));
    assert!(is_running(left) && is_running(theirs[0]));
    daemon.stop();
}

#[test]
fn stop_leaves_nothing_of_two_generations() {
    let sandbox = prepare(&format!("orphans=keep\n{SERVER}{SLEEPER}"));
    orphaned(Subject::Ours, &sandbox, &["a"]);
    fs::remove_file(sandbox.path("d.log")).unwrap();
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    assert!(command.args(["-c", "d.conf"]).status().unwrap().success());
    pid_of(&sandbox, "a");
    assert_eq!(sandbox.processes().len(), 3);
    stop(&sandbox);
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn a_daemon_can_be_ended_while_orphans_stop() {
    let stubborn = "[program:a]\ncommand={here}/stubborn\nstartsecs=0\nstopwaitsecs=1000\n";
    let sandbox = prepare(&format!("{SERVER}{stubborn}"));
    sandbox
        .script("stubborn", "#!/bin/sh\ntrap '' TERM\n: > {here}/set\nwhile :; do sleep 1; done\n");
    orphaned(Subject::Ours, &sandbox, &["a"]);
    wait_until("it is deaf", || fs::exists(sandbox.path("set")).unwrap());
    let mut daemon = next(&sandbox);
    daemon.wait_for_log("it is stopped first");
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(!daemon.log().contains("spawned"), "{}", daemon.log());
    assert!(!fs::exists(sandbox.path("d.sock")).unwrap());
}

#[test]
fn orphans_of_another_user_prevent_the_start() {
    if !nix::unistd::getuid().is_root() {
        eprintln!("only root can start a daemon as another user");
        return;
    }
    let sandbox = prepare(&format!("{SERVER}{SLEEPER}"));
    fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o777)).unwrap();
    let old = orphaned(Subject::Ours, &sandbox, &["a"]);
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    let output = command.args(["-n", "-u", "nobody", "-c", "d.conf"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    let reason = format!(
        "Error: programs of a killed supervisord still run: a program (pid {}) of root",
        old[0]
    );
    assert!(error.contains(&reason), "{error}");
    assert!(error.contains("`orphans = keep`"), "{error}");
    assert!(is_running(old[0]));
}
