//! The states of programs in the activity log.

use crate::support::daemon::normalised;
use crate::support::{Daemon, Sandbox, Subject};

const PROGRAMS: &str = "
[program:steady]
command=/bin/sleep 1000
[program:zero]
command=/bin/sh -c 'sleep 0.3; exit 0'
startsecs=0
[program:three]
command=/bin/sh -c 'sleep 0.3; exit 3'
startsecs=0
autorestart=false
[program:listed]
command=/bin/sh -c 'sleep 0.3; exit 3'
startsecs=0
exitcodes=1,3
[program:slain]
command=/bin/sh -c 'sleep 0.3; kill -9 $$'
startsecs=0
autorestart=false
[program:crasher]
command=/bin/sh -c 'exit 7'
startsecs=3
startretries=1
[program:missing]
command=/nonexistent/program
startretries=0
[program:nowhere]
command=no-such-command-anywhere
startretries=0
[program:folder]
command=/tmp
startretries=0
[program:unmarked]
command={here}/unmarked
startretries=0
[program:unquoted]
command=/bin/echo 'a
startretries=0
[program:blank]
command=
startretries=0
[program:lost]
command=/bin/true
directory=/nonexistent
stderr_logfile={here}/lost.err
startsecs=3
startretries=0
[program:noexec]
command={here}/noexec
stderr_logfile={here}/noexec.err
startsecs=3
startretries=0
[program:nolog]
command=/bin/true
stdout_logfile={here}/logs
startretries=0
[program:dormant]
command=/bin/true
autostart=false
";

const NAMES: [&str; 16] = [
    "steady", "zero", "three", "listed", "slain", "crasher", "missing", "nowhere", "folder",
    "unmarked", "unquoted", "blank", "lost", "noexec", "nolog", "dormant",
];

/// The lines about each program, program by program: between programs the order is random.
fn lives(subject: Subject) -> (String, String, String) {
    let sandbox = Sandbox::new();
    sandbox.write("unmarked", "#!/bin/sh\n");
    sandbox.script("noexec", "echo no interpreter\n");
    std::fs::create_dir(sandbox.path("logs")).expect("a directory");
    let mut daemon = Daemon::start(subject, &sandbox, PROGRAMS);
    for last in ["gave up: crasher", "gave up: lost", "gave up: noexec", "success: steady"] {
        daemon.wait_for_log(last);
    }
    assert_eq!(daemon.stop().code(), Some(0));
    let story = daemon.story();
    let of = |name: &str| -> Vec<String> {
        let is_word = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()) == name;
        let own = story.lines().filter(|line| line.split([' ', '/']).any(is_word));
        own.filter(|line| !line.contains("spawnerr")).map(str::to_owned).collect()
    };
    let mut lines = Vec::new();
    for name in NAMES {
        lines.extend(of(name).into_iter().filter(|line| !line.contains("to die")));
    }
    let mut errors: Vec<String> =
        story.lines().filter(|line| line.contains("spawnerr")).map(str::to_owned).collect();
    errors.sort();
    lines.extend(errors);
    let text_of = |name: &str| normalised(&sandbox.read(name), &sandbox);
    (lines.join("\n"), text_of("lost.err"), text_of("noexec.err"))
}

#[test]
fn every_way_to_end_is_logged_with_the_same_lines() {
    let (ours, original) = (lives(Subject::Ours), lives(Subject::Original));
    assert_eq!(ours.0, original.0);
    assert_eq!(ours.1, original.1);
    assert_eq!(ours.2, original.2);
    assert!(ours.2.contains("supervisor: couldn't exec "), "{}", ours.2);
}

/// The order in which things are started and stopped.
fn order(subject: Subject) -> (Vec<String>, Vec<String>) {
    let sandbox = Sandbox::new();
    let program = |name: &str, priority: u32| {
        format!("[program:{name}]\ncommand=/bin/sleep 1000\npriority={priority}\nstartsecs=0\n")
    };
    let rest = [
        program("late", 500),
        program("early", 5),
        program("middle", 50),
        program("one", 9),
        program("two", 1),
        "[group:pair]\nprograms=one,two\npriority=70\n".to_owned(),
    ];
    let mut daemon = Daemon::start(subject, &sandbox, &rest.concat());
    for name in ["late", "early", "middle", "one", "two"] {
        daemon.wait_for_log(&format!("success: {name}"));
    }
    daemon.stop();
    let story = daemon.story();
    let words = |mark: &str| -> Vec<String> {
        let after = story.lines().filter_map(|line| line.split_once(mark));
        let names = after.map(|(_, rest)| rest.split([' ', '\'']).next().unwrap_or(""));
        // These two are stopped together and end in any order.
        names.map(|name| if name == "two" { "one" } else { name }.to_owned()).collect()
    };
    (words("spawned: '"), words("stopped: "))
}

#[test]
fn priorities_order_the_start_and_the_end() {
    let ours = order(Subject::Ours);
    assert_eq!(ours, order(Subject::Original));
    assert_eq!(ours.0, ["early", "middle", "one", "one", "late"]);
    assert_eq!(ours.1, ["late", "one", "one", "middle", "early"]);
}

fn stubborn(subject: Subject) -> String {
    let sandbox = Sandbox::new();
    let rest = "[program:stubborn]\ncommand=/bin/bash -c 'trap \"\" TERM; echo ready; \
                while :; do sleep 0.1; done'\nstopwaitsecs=1\nstdout_logfile={here}/o\nstartsecs=0\n\
                autorestart=false\n";
    let mut daemon = Daemon::start(subject, &sandbox, rest);
    crate::support::wait_until("it traps TERM", || sandbox.read("o").contains("ready"));
    daemon.wait_for_log("success: stubborn");
    daemon.stop();
    let story = daemon.story();
    let is_relevant = |line: &&str| line.contains("stubborn") && !line.contains("to die");
    story.lines().filter(is_relevant).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_program_that_does_not_stop_in_time_is_killed() {
    let ours = stubborn(Subject::Ours);
    assert_eq!(ours, stubborn(Subject::Original));
    assert!(ours.contains("WARN killing 'stubborn' (N) with SIGKILL"), "{ours}");
}
