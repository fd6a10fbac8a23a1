//! `supervisorctl reload-program` and its methods, on a real daemon.

use std::process::Stdio;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words).stdin(Stdio::null());
    let output = command.output().expect("it runs");
    let status = output.status.code().expect("an exit status");
    format!("{}{status}", printed(&output))
}

#[test]
fn a_program_gets_its_reloadsignal_and_keeps_its_state() {
    let sandbox = Sandbox::new();
    let script = sandbox.script(
        "web",
        "#!/bin/sh\ntrap 'echo reloaded' USR1\necho ready\nwhile :; do sleep 0.1; done\n",
    );
    let conf = format!(
        "{SERVER}[program:web]\ncommand={}\nstartsecs=0\nreloadsignal=usr1\nready_log=ready\n\
         stdout_logfile={{here}}/web.log\n\
         [program:plain]\ncommand=/bin/cat\nstartsecs=0\n\
         [program:down]\ncommand=/bin/cat\nautostart=false\nreloadsignal=HUP\n\
         [group:g]\nprograms=web,plain\n",
        script.display()
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("ready: g:web");
    let pid = daemon.pid_of("web");
    let reloads = |count: usize| {
        wait_until("the program reloads", || {
            sandbox.read("web.log").matches("reloaded").count() >= count
        });
    };
    assert_eq!(ctl(&sandbox, &["reload-program", "g:web"]), "g:web: reloaded\n0");
    daemon.wait_for_log(&format!("reloading: web (pid {pid}) with SIGUSR1"));
    reloads(1);
    assert_eq!(ctl(&sandbox, &["reload-program", "all"]), "g:web: reloaded\n0");
    reloads(2);
    assert_eq!(ctl(&sandbox, &["reload-program", "g:w*"]), "g:web: reloaded\n0");
    reloads(3);
    let group = ctl(&sandbox, &["reload-program", "g:*"]);
    assert_eq!(group, "g:web: reloaded\ng:plain: ERROR (no reloadsignal)\n1");
    reloads(4);
    assert_eq!(ctl(&sandbox, &["reload-program", "down"]), "down: ERROR (not running)\n7");
    assert_eq!(ctl(&sandbox, &["reload-program", "nobody"]), "nobody: ERROR (no such process)\n1");
    assert!(ctl(&sandbox, &["status", "g:web"]).contains(&format!("RUNNING   pid {pid},")));
    assert!(daemon.stop().success());
}
