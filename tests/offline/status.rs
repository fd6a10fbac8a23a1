//! `status` with colours and with what processes use.

use std::process::Command;

use serde_json::Value;

use crate::support::daemon::SERVER;
use crate::support::terminal::Terminal;
use crate::support::{Daemon, Sandbox, Subject};

const PROGRAMS: &str = "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [program:crash]\ncommand=/bin/sh -c 'exit 3'\nstartretries=1\n\
    [program:off]\ncommand=/bin/cat\nautostart=false\n";

fn start(sandbox: &Sandbox) -> Daemon<'_> {
    let daemon = Daemon::start(Subject::Ours, sandbox, &format!("{SERVER}{PROGRAMS}"));
    daemon.wait_for_log("gave up: crash");
    daemon
}

fn command(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["supervisorctl", "-c", "d.conf", "status"]).args(words);
    command.env_remove("NO_COLOR");
    command
}

fn output(sandbox: &Sandbox, words: &[&str]) -> String {
    let output = command(sandbox, words).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn states_have_colours_on_a_terminal_only() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    let plain = output(&sandbox, &["web", "crash", "off"]);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    assert!(plain.starts_with("web                              RUNNING   pid "), "{plain:?}");
    let coloured = output(&sandbox, &["--color=always", "web", "crash", "off"]);
    assert!(coloured.contains("\x1b[32mRUNNING\x1b[0m   pid "), "{coloured:?}");
    assert!(coloured.contains("\x1b[31mFATAL\x1b[0m     Exited"), "{coloured:?}");
    assert!(coloured.contains("  STOPPED   Not started\n"), "{coloured:?}");

    let on_terminal = |words: &[&str], no_color: &str| {
        let mut command = command(&sandbox, words);
        if !no_color.is_empty() {
            command.env("NO_COLOR", no_color);
        }
        let mut terminal = Terminal::run(&command);
        terminal.expect("uptime");
        terminal.screen()
    };
    assert!(on_terminal(&[], "").contains("\x1b[32mRUNNING\x1b[0m   pid "));
    assert!(!on_terminal(&[], "1").contains('\x1b'));
    assert!(!on_terminal(&["--color=never"], "").contains('\x1b'));
    assert!(on_terminal(&["--color=always"], "1").contains("\x1b[32mRUNNING"));
    let wrong = output(&sandbox, &["--color=red"]);
    assert!(wrong.starts_with("Error: bad value for --color: red\n"), "{wrong}");
}

#[test]
fn the_wide_status_shows_what_processes_use() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    let text = output(&sandbox, &["--wide"]);
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAME", "STATE", "CPU", "MEMORY", "DESCRIPTORS", "RESTARTS", "REASON"]);
    let why = "Exited too quickly (process log may have details): exit status 3";
    let crash: Vec<&str> = ["crash", "FATAL", "1"].into_iter().chain(why.split(' ')).collect();
    assert_eq!(lines[1], crash);
    assert_eq!(lines[2], ["off", "STOPPED", "0"]);
    let web = &lines[3];
    assert_eq!((web[0], web[1], web[3], web[5]), ("web", "RUNNING", "%", "MB"), "{text}");
    assert!(web[4].parse::<f64>().is_ok_and(|mb| mb > 0.1), "{text}");
    assert!(web[6].parse::<u64>().is_ok_and(|number| number >= 3), "{text}");
    assert_eq!(web[7], "0");

    let json: Value = serde_json::from_str(&output(&sandbox, &["--json", "web"])).expect("JSON");
    let used = &json[0]["resources"];
    assert!(used["memory_kib"].as_u64().is_some_and(|kib| kib > 100), "{json}");
    assert_eq!((&used["restarts"], &used["reason"]), (&0.into(), &"".into()));
    assert!(used.get("name").is_none() && used.get("pid").is_none(), "{json}");
}
