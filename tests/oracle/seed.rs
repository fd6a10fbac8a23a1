//! The text of the mission, command by command: its supervisord.conf byte for byte, its monitoring
//! variant, and the commands with their output, in both programs.

use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use crate::support::ctl::without_times;
use crate::support::daemon::both;
use crate::support::terminal::Terminal;
use crate::support::{Sandbox, Subject, oracle, printed, wait_until};

/// Byte for byte as in the text.
const CONF: &str = include_str!("../../fixtures/seed/supervisord.conf");

/// What the text adds for monitoring, without the port.
const MONITORING: &str =
    "\n[inet_http_server]\nport=127.0.0.1:9001\nusername=admin\npassword=secret\n";

/// Programs with the arguments that they are called with.
const PROGRAMS: [(&str, &str); 3] =
    [("zeoserver", "fg"), ("instance", "console"), ("varnish", "-F")];

/// A directory as buildout creates it, with programs that do nothing until they are stopped.
fn project(subject: Subject, conf: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("etc/supervisord.conf", conf);
    std::fs::create_dir_all(sandbox.path("var/log")).expect("a directory");
    for (name, argument) in PROGRAMS {
        let text = format!("#!/bin/sh\n[ \"$*\" = {argument} ] || exit 64\nexec sleep 1000\n");
        sandbox.script(&format!("bin/{name}"), &text);
    }
    for name in ["supervisord", "supervisorctl"] {
        let program = match subject {
            Subject::Ours => env!("CARGO_BIN_EXE_supkit").into(),
            Subject::Original => oracle::bin(name),
        };
        symlink(program, sandbox.path("bin").join(name)).expect("links can be made");
    }
    sandbox
}

/// A line of the text, as it is typed there.
fn command(sandbox: &Sandbox, line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = sandbox.command(sandbox.path(words.next().expect("a program")));
    command.args(words).stdin(Stdio::null());
    command
}

fn output_of(output: &Output) -> String {
    format!("{}[{:?}]\n", printed(output), output.status.code())
}

/// Starts the daemon, which goes to the background. Its output depends on the user and is
/// not compared.
fn start(sandbox: &Sandbox) {
    // Its descendants keep the streams that they inherit.
    let mut command = command(sandbox, "./bin/supervisord");
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("it starts").success());
    for (name, _) in PROGRAMS {
        wait_until(&format!("{name} is started"), || log(sandbox).contains(&spawned(name)));
    }
}

fn log(sandbox: &Sandbox) -> String {
    sandbox.read("var/log/supervisord.log")
}

fn spawned(name: &str) -> String {
    format!("spawned: '{name}'")
}

fn started_and_stopped(subject: Subject) -> Vec<String> {
    let sandbox = project(subject, CONF);
    start(&sandbox);
    let started = command(&sandbox, "./bin/supervisorctl start all").output().expect("it runs");
    let stopped = command(&sandbox, "./bin/supervisorctl stop all").output().expect("it runs");
    let status = command(&sandbox, "./bin/supervisorctl status").output().expect("it runs");
    let pid = sandbox.read("var/supervisord.pid");
    let ended = command(&sandbox, "./bin/supervisorctl shutdown").output().expect("it runs");
    wait_until("the daemon has ended", || !sandbox.path("var/supervisord.pid").exists());
    assert!(pid.trim().parse::<i32>().is_ok_and(|pid| pid > 1), "{pid}");
    let mut stopped: Vec<String> = output_of(&stopped).lines().map(str::to_owned).collect();
    // They end in any order.
    stopped.sort();
    let status = without_times(&output_of(&status));
    let mut all = vec![output_of(&started)];
    all.extend(stopped);
    all.extend([status, output_of(&ended)]);
    all
}

#[test]
fn one_call_starts_all_and_one_call_stops_all() {
    let [ours, original] = both(started_and_stopped);
    assert_eq!(ours, original);
    // All were started by the daemon before.
    assert_eq!(ours[0], "[Some(0)]\n");
    assert_eq!(ours[1..4], ["[Some(0)]", "instance: stopped", "varnish: stopped"]);
    assert_eq!(ours[4], "zeoserver: stopped");
    assert_eq!(ours[6], "Shut down\n[Some(0)]\n");
}

/// The output of the commands on monitoring; nothing if the machine took more than the ten seconds in
/// which the text shows zeoserver STARTING.
fn watched(subject: Subject) -> Option<Vec<String>> {
    let sandbox = project(subject, "");
    let port = sandbox.port().to_string();
    let conf = CONF.replace(
        "serverurl=unix://%(here)s/../var/supervisor.sock",
        "serverurl = http://localhost:9001",
    ) + MONITORING;
    assert_eq!(conf.matches("9001").count(), 2);
    sandbox.write("etc/supervisord.conf", &conf.replace("9001", &port));
    start(&sandbox);
    wait_until("varnish runs", || log(&sandbox).contains("success: varnish"));
    let mut person = Terminal::run(&command(&sandbox, "./bin/supervisorctl"));
    person.expect("Server requires authentication");
    person.expect("Username:");
    person.press("admin\r");
    person.expect("Password:");
    person.press("secret\r");
    person.expect("zeoserver");
    person.expect("supervisor> ");
    let was_in_time = !log(&sandbox).contains("success: zeoserver");
    person.press("shutdown\r");
    person.expect("Really shut the remote supervisord process down y/N? ");
    person.press("y\r");
    person.expect("Shut down");
    person.expect("supervisor> ");
    wait_until("the daemon has ended", || !sandbox.path("var/supervisord.pid").exists());
    person.press("\x04");
    assert_eq!(person.ends().code(), Some(0));
    assert!(!person.screen().contains("secret"), "{}", person.screen());
    let (lines, cursor) = person.lines();
    let mut seen: Vec<String> = lines.iter().map(|line| without_times(line)).collect();
    seen.push(format!("(the cursor is in row {cursor})"));
    was_in_time.then_some(seen)
}

#[test]
fn a_person_watches_and_shuts_down() {
    let in_time = |subject| (0..5).find_map(|_| watched(subject)).expect("once within ten seconds");
    let ours = in_time(Subject::Ours);
    insta::assert_snapshot!(ours.join("\n"), @"
    Server requires authentication
    Username:admin
    Password:

    instance                         STARTING
    varnish                          RUNNING   pid N, uptime T
    zeoserver                        STARTING
    supervisor> shutdown
    Really shut the remote supervisord process down y/N? y
    Shut down
    supervisor>
    (the cursor is in row 11)
    ");
    assert_eq!(ours, in_time(Subject::Original));
}
