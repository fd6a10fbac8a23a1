//! `supkit top` with the daemon of Supervisor 4.3.0: what it does not have is absent, the rest works.

use crate::support::daemon::{SERVER, conf};
use crate::support::follower::append;
use crate::support::terminal::Terminal;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

const PROGRAMS: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
    stdout_logfile={here}/web.log\n\
    [program:broken]\ncommand=/no/such/command\nstartretries=0\n\
    [program:pool]\ncommand=/bin/cat\nstartsecs=0\nnumprocs=2\n\
    process_name=%(program_name)s-%(process_num)d\n";

fn start(sandbox: &Sandbox) -> Daemon<'_> {
    let daemon = Daemon::start(Subject::Original, sandbox, &format!("{SERVER}{PROGRAMS}"));
    daemon.wait_for_count("entered RUNNING state", 3);
    daemon.wait_for_log("gave up: broken");
    daemon
}

fn top(sandbox: &Sandbox, words: &[&str]) -> std::process::Command {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["top", "-c", "d.conf"]).args(words).env("LC_ALL", "C.UTF-8");
    command
}

#[test]
fn supervisors_daemon_is_controlled_as_well() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut terminal = Terminal::run_sized(&top(&sandbox, &[]), (24, 80));
    terminal.shows("4 processes: 1 FATAL, 3 RUNNING");
    terminal.shows("can't find command '/no/such/command'");
    terminal.press("\u{1b}[Fxy");
    terminal.shows("stop web: done");
    terminal.shows("1 STOPPED");
    terminal.press("s");
    terminal.shows("start web: done");
    terminal.press("w");
    terminal.shows("web is RUNNING");
    terminal.shows(&format!("pid: {}", daemon.pid_of("web")));
    terminal.press("qg");
    terminal.shows("this daemon does not support it");
    terminal.press("qd");
    terminal.press("y");
    terminal.shows("disable web: this daemon does not support it");
    terminal.press("cy");
    terminal.shows("clear the logs of web: done");
    terminal.press("l");
    append(&sandbox, "web.log", "a line\n");
    terminal.shows("a line");
    terminal.press("qk\u{1b}[D");
    terminal.press("R");
    terminal.shows("restart the group pool?");
    terminal.press("y");
    terminal.shows("restart the group pool: done");
    assert_eq!(daemon.log().matches("spawned: 'pool-1'").count(), 2);
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn an_update_of_supervisor_is_planned_and_applied() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut terminal = Terminal::run_sized(&top(&sandbox, &[]), (24, 80));
    terminal.shows("connected");
    let changed = PROGRAMS.replace("numprocs=2", "numprocs=3");
    let without = changed.split("[program:broken]").next().expect("a part");
    let pool = changed.split("startretries=0\n").nth(1).expect("the rest");
    let new = "[program:new]\ncommand=/bin/cat\nstartsecs=0\n";
    sandbox.write("d.conf", &conf(&format!("{SERVER}{without}{pool}{new}")));
    terminal.press("u");
    terminal.shows("new: added");
    terminal.shows("pool: changed; all its processes are restarted");
    terminal.shows("broken: removed");
    terminal.press("y");
    terminal.shows("update: done");
    wait_until("the new ones run", || {
        daemon.log().contains("spawned: 'pool-2'") && daemon.log().contains("spawned: 'new'")
    });
    terminal.shows("5 processes: 5 RUNNING");
    terminal.press("q");
    terminal.ends();
}

#[test]
fn the_table_has_the_same_columns() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let output = top(&sandbox, &["--once"]).output().expect("it runs");
    let text = printed(&output);
    let words: Vec<&str> = text.lines().nth(2).expect("three").split_whitespace().collect();
    let pid = daemon.pid_of("pool-0").to_string();
    assert_eq!(words[..3], ["pool:pool-0", "RUNNING", &pid], "{text}");
    assert_eq!(words[4..], ["-", "-", "-", "-", "-"], "{text}");
}
