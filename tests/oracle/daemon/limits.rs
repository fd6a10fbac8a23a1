//! `minfds`, `minprocs` and `user`.

use std::process::Command;

use crate::support::daemon::{conf, normalised};
use crate::support::{Daemon, Sandbox, Subject, oracle, wait_until};

/// Starts in a shell with a lowered limit of descriptors.
fn raised(subject: Subject) -> (Vec<String>, String) {
    let sandbox = Sandbox::new();
    let rest = "minfds=300\n[program:a]\ncommand=/bin/sh -c 'ulimit -n'\nstartsecs=0\n\
                autorestart=false\nstdout_logfile={here}/o\n";
    sandbox.write("d.conf", &conf(rest));
    let program = subject.program(&sandbox, "supervisord");
    let mut shell = sandbox.command("/bin/sh");
    shell.args(["-c", "ulimit -Sn 200; exec \"$@\"", "sh"]);
    shell.arg(program.get_program()).args(program.get_args()).args(["-n", "-s", "-c"]);
    let mut daemon = shell.arg(sandbox.path("d.conf")).spawn().expect("a shell starts");
    wait_until("the program has ended", || sandbox.read("d.log").contains("exited: a"));
    daemon.kill().expect("it runs");
    daemon.wait().expect("it ends");
    let story = normalised(&sandbox.read("d.log"), &sandbox);
    (story.lines().take(3).map(str::to_owned).collect(), sandbox.read("o"))
}

#[test]
fn limits_are_raised_and_that_is_logged() {
    let ours = raised(Subject::Ours);
    assert_eq!(ours, raised(Subject::Original));
    assert_eq!(ours.1, "300\n");
}

#[test]
fn a_limit_that_cannot_be_had_keeps_the_daemon_from_starting() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        sandbox.write("d.conf", &conf("minfds=9000000000\n"));
        let mut daemon = Daemon::launch(subject, &sandbox, &[]);
        let code = daemon.wait().code();
        (code, sandbox.read("err").lines().next().unwrap_or_default().to_owned())
    };
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
    assert_eq!(ours.0, Some(2));
}

/// A supervisord whose files every user can read, wherever the clone is: the original imports some of
/// its modules only after it has dropped root's privileges.
fn readable_by_all(subject: Subject, sandbox: &Sandbox) -> Command {
    if subject == Subject::Ours {
        return subject.program(sandbox, "supervisord");
    }
    let package = oracle::python("import supervisor; print(supervisor.__path__[0])", "");
    let mut copy = Command::new("cp");
    copy.args(["-r", package.trim()]).arg(sandbox.path("supervisor"));
    assert!(copy.status().expect("cp runs").success());
    let mut mode = Command::new("chmod");
    assert!(mode.args(["-R", "a+rX"]).arg(sandbox.dir()).status().expect("chmod runs").success());
    let mut command = sandbox.command(oracle::bin("python"));
    command.env("PYTHONPATH", sandbox.dir());
    command.args(["-c", "import supervisor.supervisord as it; it.main()"]);
    command
}

#[test]
fn root_switches_to_the_configured_user() {
    if !nix::unistd::getuid().is_root() {
        // Another user cannot switch users; its message is tested with the programs.
        return;
    }
    let run = |subject| {
        let sandbox = Sandbox::new();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(sandbox.dir(), mode).unwrap();
        let rest = "[program:a]\ncommand=/bin/sh -c 'id -u; id -g; id -G'\nstartsecs=0\nautorestart=false\n\
                    stdout_logfile={here}/o\n[program:b]\ncommand=/bin/true\nuser=nobody\nstartsecs=0\n\
                    autorestart=false\nstderr_logfile={here}/e\n";
        sandbox.write("d.conf", &conf(rest).replace("user=root", "user=daemon"));
        let mut daemon = Daemon::launch_by(readable_by_all(subject, &sandbox), &sandbox, &[]);
        daemon.wait_for_log("exited: a");
        daemon.wait_for_log("exited: b");
        daemon.stop();
        (
            // Everybody may write this directory, which only ours reports.
            daemon.story().lines().find(|it| !it.contains("other users may")).unwrap().to_owned(),
            sandbox.read("o"),
            sandbox.read("e"),
        )
    };
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
    assert!(ours.2.contains("Can't drop privilege as nonroot user"), "{}", ours.2);
}
