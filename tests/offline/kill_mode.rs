//! `killmode` of a real daemon's programs: nothing of a stopped program is left, and nothing else is
//! touched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words).stdin(Stdio::null());
    printed(&command.output().expect("it runs"))
}

/// The processes whose command line names this script of the sandbox.
fn running(sandbox: &Sandbox, script: &str) -> Vec<i32> {
    let path = sandbox.path(script).display().to_string();
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_it = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&path)
    };
    pids.filter(is_it).collect()
}

/// A program that ends at TERM, and a script that its descendants run, which ignore it.
fn scripts(sandbox: &Sandbox, descendants: &str) {
    sandbox.script("linger", "#!/bin/sh\ntrap '' TERM HUP INT\nwhile :; do sleep 1; done\n");
    // Each round starts a process in a session of its own and ends.
    sandbox.script("loop", "#!/bin/sh\ntrap '' TERM\nsleep 0.02\nsetsid /bin/sh {here}/loop &\n");
    let main = format!(
        "#!/bin/sh\ntrap 'exit 0' TERM\n{descendants}\necho ready\nwhile :; do sleep 0.1; done\n"
    );
    sandbox.script("main", &main);
}

fn conf(mode: &str) -> String {
    format!(
        "{SERVER}[program:x]\ncommand={{here}}/main\nkillmode={mode}\nready_log=ready\n\
         [program:y]\ncommand=/bin/cat\nstartsecs=0\n"
    )
}

const TREE: &str = "/bin/sh {here}/linger &\n\
    (setsid /bin/sh {here}/linger &)\n\
    (setsid /bin/sh -c '/bin/sh {here}/linger & exec sleep 1000' &)\n\
    (setsid /bin/sh {here}/loop &)\n";

/// Stops a program, and checks that nothing of it is left and that everything else is.
fn stop(sandbox: &Sandbox, daemon: &mut Daemon<'_>, count: usize) {
    daemon.wait_for_log("ready: x");
    wait_until("the descendants run", || running(sandbox, "linger").len() >= count);
    let other = daemon.pid_of("y");
    let mut stranger = sandbox.command("/bin/sleep").arg("1000").spawn().expect("it runs");
    assert_eq!(ctl(sandbox, &["stop", "x"]), "x: stopped\n");
    assert_eq!(running(sandbox, "linger"), [0; 0]);
    assert_eq!(running(sandbox, "loop"), [0; 0]);
    assert_eq!(daemon.pid_of("y"), other);
    assert!(ctl(sandbox, &["status", "y"]).contains(&format!("RUNNING   pid {other},")));
    assert!(stranger.try_wait().expect("it is ours").is_none(), "a stranger was killed");
    stranger.kill().expect("it is ours");
    stranger.wait().expect("it is ours");
}

#[test]
fn nothing_of_a_tree_is_left_in_a_cgroup() {
    let sandbox = Sandbox::new();
    scripts(&sandbox, &format!("{TREE}(env -i setsid /bin/sh {{here}}/linger &)\n"));
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf("tree"));
    daemon.wait_for_log("ready: x");
    if daemon.log().contains("there is no cgroup for them") {
        // What has cleared its environment is reported, and killed by this test.
        ctl(&sandbox, &["stop", "x"]);
        daemon.wait_for_log("may be left of x; it is not killed");
        for pid in running(&sandbox, "linger") {
            kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
        }
    } else {
        stop(&sandbox, &mut daemon, 4);
    }
    assert!(daemon.stop().success());
}

#[test]
fn nothing_of_a_tree_is_left_without_a_cgroup() {
    let sandbox = Sandbox::new();
    scripts(&sandbox, TREE);
    let mut conf = conf("tree");
    if Uid::effective().is_root() {
        // This user may make no cgroup.
        fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        conf = conf.replacen("[program:x]", "[supervisord]\nuser=nobody\n[program:x]", 1);
    }
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    stop(&sandbox, &mut daemon, 3);
    assert!(daemon.stop().success());
}

#[test]
fn what_is_left_of_a_group_is_killed_before_a_restart() {
    let sandbox = Sandbox::new();
    scripts(&sandbox, "/bin/sh {here}/linger &\n");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf("group"));
    daemon.wait_for_log("ready: x");
    wait_until("a child runs", || running(&sandbox, "linger").len() == 1);
    let first = running(&sandbox, "linger");
    let main = daemon.pid_of("x");
    kill(Pid::from_raw(main), Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("ready: x", 2);
    wait_until("the new child runs", || running(&sandbox, "linger").len() == 1);
    assert_ne!(running(&sandbox, "linger"), first);
    assert!(daemon.stop().success());
    assert_eq!(running(&sandbox, "linger"), [0; 0]);
}

/// A hook that leaves a process of its own session behind which ignores signals.
fn leaving(sandbox: &Sandbox, name: &str, end: &str) {
    let text = format!(
        "#!/bin/sh\n(setsid /bin/sh {{here}}/linger {name} &)\n\
         until pgrep -f '{{here}}/linger {name}$' >/dev/null; do sleep 0.02; done\n{end}\n"
    );
    sandbox.script(name, &text);
}

/// Those that a hook has left behind.
fn left_by(sandbox: &Sandbox, hook: &str) -> usize {
    let marker = format!("linger\0{hook}\0");
    let is_it = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&marker)
    };
    running(sandbox, "linger").into_iter().filter(is_it).count()
}

fn hooks_leave_nothing(user: Option<&str>) {
    let sandbox = Sandbox::new();
    scripts(&sandbox, "");
    leaving(&sandbox, "before", "");
    leaving(&sandbox, "quit", "kill $SUPERVISOR_PID\nsleep 0.3\necho has quit");
    leaving(&sandbox, "after", "");
    leaving(&sandbox, "fails", "exit 3");
    let mut conf = format!(
        "{}prestart={{here}}/before\nstop_command={{here}}/quit\npoststop={{here}}/after\n\
         [program:z]\ncommand={{here}}/main\nkillmode=tree\nprestart={{here}}/fails\n\
         startretries=0\n",
        conf("tree").replace("[program:y]\ncommand=/bin/cat\nstartsecs=0\n", "")
    );
    if let Some(user) = user {
        fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        conf = conf.replacen("[program:x]", &format!("[supervisord]\nuser={user}\n[program:x]"), 1);
    }
    conf = conf.replace("ready_log=ready\n", "ready_log=ready\nstdout_logfile={here}/x.log\n");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("gave up: z entered FATAL state");
    assert_eq!(left_by(&sandbox, "fails"), 0, "its start has failed");
    daemon.wait_for_log("ready: x");
    assert_eq!(left_by(&sandbox, "before"), 1, "it belongs to the program, which runs");
    assert_eq!(ctl(&sandbox, &["stop", "x"]), "x: stopped\n");
    assert_eq!((left_by(&sandbox, "before"), left_by(&sandbox, "quit")), (0, 0));
    assert!(sandbox.read("x.log").ends_with("has quit\n"), "the command itself is not killed");
    assert!(daemon.stop().success());
    assert_eq!(running(&sandbox, "linger"), [0; 0], "nor is anything left by poststop");
}

#[test]
fn nothing_of_the_hooks_is_left_in_a_cgroup() {
    hooks_leave_nothing(None);
}

#[test]
fn nothing_of_the_hooks_is_left_without_a_cgroup() {
    // This user may make no cgroup.
    hooks_leave_nothing(Uid::effective().is_root().then_some("nobody"));
}
