//! The formats of the logs of a real daemon's programs.

use std::process::Stdio;

use serde_json::Value;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, printed};

/// Prints a torn line, bytes that are no text, a colour, a captured message, and a line without end.
const PROGRAM: &str = "#!/bin/sh\nprintf 'one\\ntw'\nsleep 0.2\nprintf 'o \\377 \\033[1mbold\\033[0m\\n'\n\
    printf '<!--XSUPERVISOR:BEGIN-->hidden<!--XSUPERVISOR:END-->'\n\
    printf 'error\\n' >&2\nprintf 'last'\n";

fn conf(sandbox: &Sandbox, format: &str, options: &str) -> String {
    let main = sandbox.script("main", PROGRAM);
    format!(
        "{SERVER}[group:g]\nprograms=x\n[program:x]\ncommand={}\nstartsecs=0\nautorestart=false\n\
         stdout_logfile={{here}}/x.log\nredirect_stderr=true\nlog_format={format}\n\
         stdout_capture_maxbytes=1MB\nprestart=/bin/echo before\n{options}\n",
        main.display()
    )
}

#[test]
fn each_line_is_an_object_of_json_with_its_origin() {
    let sandbox = Sandbox::new();
    let conf =
        conf(&sandbox, "json", "").replace("[supervisord]\n", "[supervisord]\nstrip_ansi=true\n");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("exited: x (exit status 0; expected)");
    let log = sandbox.read("x.log");
    let records: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let messages: Vec<&str> = records.iter().filter_map(|it| it["message"].as_str()).collect();
    assert_eq!(messages, ["before", "one", "two \u{fffd} \u{1b}[1mbold\u{1b}[0m", "error", "last"]);
    for record in &records {
        assert_eq!((&record["program"], &record["stream"]), (&"g:x".into(), &"stdout".into()));
        let time = record["time"].as_str().expect("a time");
        assert!(time.len() == "2026-11-28T00:15:02.123456Z".len() && time.ends_with('Z'), "{time}");
    }
    let pids: Vec<i64> = records.iter().filter_map(|it| it["pid"].as_i64()).collect();
    assert!(pids[0] != pids[1] && pids[1..].iter().all(|pid| *pid == pids[1]), "{pids:?}");
    let mut tail = Subject::Ours.program(&sandbox, "supervisorctl");
    tail.args(["-c", "d.conf", "tail", "g:x"]).stdin(Stdio::null());
    assert!(printed(&tail.output().expect("it runs")).contains("\"message\":\"last\"}"));
    assert!(daemon.stop().success());
}

#[test]
fn a_log_is_rotated_between_two_lines() {
    let sandbox = Sandbox::new();
    let main = sandbox.script(
        "many",
        "#!/bin/sh\ni=0\nwhile [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done\n",
    );
    let conf = format!(
        "{SERVER}[program:x]\ncommand={}\nstartsecs=0\nautorestart=false\nlog_format=text\n\
         stdout_logfile={{here}}/x.log\nstdout_logfile_maxbytes=1KB\nstdout_logfile_backups=400\n",
        main.display()
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("exited: x (exit status 0; expected)");
    let logs = sandbox.names().into_iter().filter(|name| name.starts_with("x.log"));
    let mut numbers = Vec::new();
    for name in logs {
        let log = sandbox.read(&name);
        assert!(log.is_empty() || log.ends_with('\n'), "{name} ends within a line");
        for line in log.lines() {
            let (_, message) = line.split_once("] stdout: line ").expect("a whole line");
            numbers.push(message.parse::<u32>().expect("a number"));
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..300).collect::<Vec<u32>>());
    assert!(daemon.stop().success());
}
