//! `depends_on` of real programs: order, reasons and errors. The original accepts the same file and
//! starts everything at once.

use std::process::{Output, Stdio};

use crate::support::daemon::{SERVER, both, conf};
use crate::support::{Daemon, Sandbox, Subject};

fn ctl(sandbox: &Sandbox, subject: Subject, words: &str) -> (String, Option<i32>) {
    let mut command = subject.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words.split(' ')).stdin(Stdio::null());
    let Output { status, stdout, .. } = command.output().expect("it runs");
    (String::from_utf8_lossy(&stdout).into_owned(), status.code())
}

/// The names in the order in which the log shows them with `what`.
fn order(log: &str, what: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| Some(line.split_once(what)?.1));
    lines.map(|rest| rest.split(['\'', ' ']).next().unwrap_or_default().to_owned()).collect()
}

/// The last one would start first by its priority.
const CHAIN: &str = "[program:zeo]\ncommand=/bin/cat\npriority=900\n\
    [program:initdb]\ncommand=/bin/sh -c 'read line; exit 0'\nstartsecs=0\npriority=901\n\
    [program:instance]\ncommand=/bin/cat\nstartsecs=0\npriority=500\n\
    depends_on=zeo, initdb:completed\ndepends_restart=true\n\
    [program:varnish]\ncommand=/bin/cat\nstartsecs=0\npriority=1\n\
    [group:cache]\nprograms=varnish\ndepends_on=instance:running\n";

#[test]
fn programs_start_in_order_and_stop_in_reverse() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{CHAIN}"));
    daemon.wait_for_log("success: zeo entered RUNNING");
    let (status, code) = ctl(&sandbox, Subject::Ours, "status");
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("instance"), "instance STOPPED waits for initdb: RUNNING, not completed");
    assert_eq!(
        line("cache"),
        "cache:varnish STOPPED waits for instance: STOPPED, waits for initdb"
    );
    assert_eq!(code, Some(3));
    let json = ctl(&sandbox, Subject::Ours, "status instance --json").0;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let dependencies = &json[0]["dependencies"];
    assert_eq!(dependencies["waits"], true);
    assert_eq!(dependencies["reason"], "waits for initdb: RUNNING, not completed");
    assert_eq!(dependencies["depends_on"][0]["is_met"], true, "{json}");
    assert_eq!(dependencies["depends_on"][1]["condition"], "completed");

    let graph = ctl(&sandbox, Subject::Ours, "graph").0;
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = graph.lines().map(words).collect();
    assert_eq!(
        lines[..5],
        [
            "NAME STATE READINESS NEEDS",
            "initdb RUNNING",
            "zeo RUNNING",
            "instance STOPPED zeo:running, initdb:completed (not met)",
            "cache:varnish STOPPED instance:running (not met)",
        ]
    );
    assert!(lines[5].starts_with("critical path of the last start so far: zeo 1."), "{graph}");
    assert_eq!(lines[6], "waiting: cache:varnish, instance");
    let dot = ctl(&sandbox, Subject::Ours, "graph --dot").0;
    assert!(dot.contains("\"instance\" -> \"zeo\" [label = \"running\", style = solid];"), "{dot}");

    // The task reads a line and exits with 0.
    let mut send = Subject::Ours.program(&sandbox, "supervisorctl");
    send.args(["-c", "d.conf", "fg", "initdb"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut send = send.spawn().expect("it runs");
    std::io::Write::write_all(&mut send.stdin.take().expect("its stdin"), b"go\n").expect("a line");
    daemon.wait_for_log("success: varnish entered RUNNING");
    send.wait().expect("it ends");
    assert_eq!(order(&daemon.log(), "spawned: '"), ["zeo", "initdb", "instance", "varnish"]);
    let graph = ctl(&sandbox, Subject::Ours, "graph --json").0;
    let graph: serde_json::Value = serde_json::from_str(&graph).expect("JSON");
    let path: Vec<&str> = graph["critical_path"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|step| step["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(path, ["initdb", "instance", "cache:varnish"]);
    assert!(daemon.stop().success());
    assert_eq!(order(&daemon.log(), "stopped: "), ["varnish", "instance", "zeo"]);
}

#[test]
fn one_of_several_may_suffice() {
    let sandbox = Sandbox::new();
    let programs = "[program:one]\ncommand=/bin/cat\nstartsecs=0\nready_log=never\n\
        [program:two]\ncommand=/bin/cat\nstartsecs=0\nready_interval=0.1\n\
        ready_exec=/usr/bin/test -e {here}/open\n\
        [program:cache]\ncommand=/bin/cat\nstartsecs=0\ndepends_on=any(one:ready, two:ready)\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{programs}"));
    daemon.wait_for_log("spawned: 'two'");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let status = ctl(&sandbox, Subject::Ours, "status cache").0;
    let want =
        "cache STOPPED waits for any of one (ready_log never, not seen yet), two (ready_exec";
    assert!(words(&status).starts_with(want), "{status}");
    let graph = ctl(&sandbox, Subject::Ours, "graph").0;
    let row = "cache STOPPED any(one:ready (not met), two:ready (not met))";
    assert!(graph.lines().any(|line| words(line) == row), "{graph}");
    sandbox.write("open", "");
    daemon.wait_for_log("spawned: 'cache'");
    let why = ctl(&sandbox, Subject::Ours, "why cache").0;
    assert!(why.contains("depends on any of two:ready: met\n"), "{why}");
    let json = ctl(&sandbox, Subject::Ours, "status cache --json").0;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let on = json[0]["dependencies"]["depends_on"].as_array().expect("a list");
    let on: Vec<_> = on.iter().map(|it| (it["any"].as_i64(), it["is_met"].as_bool())).collect();
    assert_eq!(on, [(Some(1), Some(false)), (Some(1), Some(true))]);
    daemon.stop();
}

#[test]
fn the_original_accepts_the_file_and_ignores_the_options() {
    let spawned = both(|subject| {
        let sandbox = Sandbox::new();
        let mut daemon = Daemon::start(subject, &sandbox, &format!("{SERVER}{CHAIN}"));
        if subject == Subject::Original {
            daemon.wait_for_count("spawned", 4);
        } else {
            daemon.wait_for_count("spawned", 2);
        }
        let errors = sandbox.read("err");
        assert!(daemon.stop().success());
        (order(&daemon.log(), "spawned: '").len(), errors.contains("Error"))
    });
    assert_eq!(spawned, [(2, false), (4, false)]);
}

#[test]
fn a_start_that_waits_in_vain_is_reported_with_the_reason() {
    let sandbox = Sandbox::new();
    let rest = "[program:zeo]\ncommand=/bin/false\nautostart=false\nstartretries=0\n\
                [program:instance]\ncommand=/bin/cat\nautostart=false\ndepends_on=zeo\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{rest}"));
    let (out, code) = ctl(&sandbox, Subject::Ours, "start instance");
    assert_eq!(out, "instance: ERROR (waits for zeo: FATAL, Exited too quickly)\n");
    assert_eq!(code, Some(7));
    // The client of the original handles the fault.
    let (out, code) = ctl(&sandbox, Subject::Original, "start instance");
    assert_eq!((out.as_str(), code), ("instance: ERROR (abnormal termination)\n", Some(7)));
    let (out, _) = ctl(&sandbox, Subject::Ours, "stop instance");
    assert_eq!(out, "instance: stopped\n");
    assert!(daemon.stop().success());
}

#[test]
fn a_circle_and_an_unknown_name_are_errors_with_file_and_line() {
    for (on, want) in [
        ("b", "depends_on is circular: a (HERE/d.conf:8) -> b (HERE/d.conf:11) -> a"),
        ("zoe", "[program:a] depends on unknown program or group zoe"),
    ] {
        let sandbox = Sandbox::new();
        let rest = format!(
            "[program:a]\ncommand=/bin/cat\ndepends_on={on}\n\
             [program:b]\ncommand=/bin/cat\ndepends_on=a\n"
        );
        sandbox.write("d.conf", &conf(&rest));
        let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
        assert_eq!(daemon.wait().code(), Some(2));
        let here = sandbox.dir().display().to_string();
        let text = sandbox.read("err").replace(&here, "HERE");
        assert!(text.contains(want) && text.contains("d.conf:8:"), "{text}");
    }
}
