//! Features of supkit's `supervisorctl` that the original does not have: JSON, patterns in names,
//! plans and minimal updates.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};
use serde_json::Value;

const PROGRAMS: &str = "[program:web-1]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:web-2]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:db]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:idle]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n\
    [program:pair]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=%(program_name)s-%(process_num)d\n\
    startsecs=0\n\
    [program:one]\ncommand=/bin/cat\nstartsecs=0\n[program:two]\ncommand=/bin/cat\nstartsecs=0\n\
    [group:g]\nprograms=one,two\n";

const BOTH: [Subject; 2] = [Subject::Ours, Subject::Original];

struct CtlOutput {
    out: String,
    err: String,
    status: Option<i32>,
}

impl CtlOutput {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {:?}", self.out))
    }
}

fn ctl(sandbox: &Sandbox, words: &str) -> CtlOutput {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words.split(' ')).stdin(Stdio::null());
    let output = command.output().expect("it runs");
    CtlOutput {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code(),
    }
}

fn start(subject: Subject, sandbox: &Sandbox) -> Daemon<'_> {
    let daemon = Daemon::start(subject, sandbox, &format!("{SERVER}{PROGRAMS}"));
    daemon.wait_for_count("entered RUNNING state", 7);
    daemon
}

fn names(value: &Value) -> Vec<String> {
    let name = |info: &Value| format!("{}:{}", as_str(&info["group"]), as_str(&info["name"]));
    value.as_array().expect("a list").iter().map(name).collect()
}

fn as_str(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn the_last_exit_of_a_process_is_part_of_its_status() {
    let sandbox = Sandbox::new();
    let rest = "[program:job]\ncommand=/bin/sh -c 'exit 3'\nstartsecs=0\nautorestart=false\n\
                [program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{rest}"));
    daemon.wait_for_log("exited: job");
    let status = ctl(&sandbox, "status job cat --json").json();
    let exit = &status[0]["last_exit"];
    assert_eq!((&exit["exitstatus"], &exit["expected"]), (&3.into(), &false.into()));
    assert_eq!((as_str(&exit["signal"]), as_str(&exit["description"])), ("", "exit status 3"));
    assert!(exit["time"].as_i64().is_some_and(|time| time > 0) && exit.get("name").is_none());
    assert!(status[1].get("last_exit").is_none(), "{status}");
}

#[test]
fn answers_come_as_json() {
    for subject in BOTH {
        let sandbox = Sandbox::new();
        let daemon = start(subject, &sandbox);
        let status = ctl(&sandbox, "status --json");
        assert_eq!((status.json().as_array().map(Vec::len), status.status), (Some(8), Some(3)));
        let one = ctl(&sandbox, "status db --json");
        let (info, pid) = (&one.json()[0], daemon.pid_of("db"));
        assert_eq!((one.status, as_str(&info["statename"])), (Some(0), "RUNNING"));
        assert_eq!((&info["pid"], &info["state"]), (&pid.into(), &20.into()));
        let none = ctl(&sandbox, "status --json nope");
        assert_eq!((none.json(), none.status), (serde_json::json!([]), Some(4)));
        assert_eq!(none.err, "nope: ERROR (no such process)\n");

        let own = serde_json::json!([{ "name": "supervisord", "pid": daemon.pid() }]);
        assert_eq!(ctl(&sandbox, "pid --json").json(), own);
        let some = ctl(&sandbox, "pid db idle --json");
        let pids = serde_json::json!([{ "name": "db", "pid": pid }, { "name": "idle", "pid": 0 }]);
        assert_eq!((some.json(), some.status), (pids, Some(7)));

        let version = ctl(&sandbox, "version --json").json();
        assert_eq!(as_str(&version["supervisor"]), "4.3.0");
        assert_eq!(version["supkit"].is_string(), subject == Subject::Ours);
        let avail = ctl(&sandbox, "avail --json").json();
        assert_eq!(avail.as_array().map(Vec::len), Some(8));
        assert_eq!(avail[0]["command"], "/bin/cat");
    }
}

#[test]
fn the_wide_status_needs_a_daemon_that_measures() {
    let sandbox = Sandbox::new();
    let _daemon = start(Subject::Original, &sandbox);
    let status = ctl(&sandbox, "status --wide");
    let message = "Error: --wide needs supkit's daemon; that of Supervisor does not measure\n";
    assert_eq!(status.out, message);
    assert_ne!(status.status, Some(0));
    assert!(ctl(&sandbox, "status db --json").json()[0].get("resources").is_none());
}

#[test]
fn changes_come_as_json() {
    for subject in BOTH {
        let sandbox = Sandbox::new();
        let _daemon = start(subject, &sandbox);
        let changed = PROGRAMS.replace("[program:db]", "[program:cache]");
        let changed = changed.replace("[program:web-1]\n", "[program:web-1]\npriority=9\n");
        sandbox.write("d.conf", &conf(&format!("{SERVER}{changed}")));
        let expected = serde_json::json!(
            { "added": ["cache"], "changed": ["web-1"], "removed": ["db"] }
        );
        assert_eq!(ctl(&sandbox, "reread --json").json(), expected);
        let update = ctl(&sandbox, "update --json");
        let mut done = expected;
        done["failed"] = serde_json::json!([]);
        assert_eq!((update.json(), update.status), (done, Some(0)));
        assert!(update.err.contains("web-1: updated process group\n"), "{}", update.err);
    }
}

#[test]
fn failures_leave_json_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(SERVER));
    for (words, status) in [("status --json", 4), ("pid --json", 7), ("reread --json", 1)] {
        let output = ctl(&sandbox, words);
        assert_eq!((output.out.as_str(), output.status), ("", Some(status)), "{words}");
        let reason = output.err.to_lowercase();
        assert!(reason.contains("no such file"), "{words}: {}", output.err);
    }
}

#[test]
fn patterns_stand_for_names() {
    for subject in BOTH {
        let sandbox = Sandbox::new();
        let _daemon = start(subject, &sandbox);
        let lines = |words: &str| {
            let output = ctl(&sandbox, words);
            (output.out.lines().map(str::to_owned).collect::<Vec<_>>(), output.status)
        };
        let owned =
            |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let stopped = owned(&["web-1: stopped", "web-2: stopped"]);
        assert_eq!(lines("stop web-*"), (stopped, Some(0)));
        let started = owned(&["web-1: started", "g:two: ERROR (already started)"]);
        assert_eq!(lines("start web-1* ?:t[a-w]o"), (started, Some(0)));
        let signalled = owned(&["pair:pair-0: signalled", "pair:pair-1: signalled"]);
        assert_eq!(lines("signal CONT pair-*"), (signalled, Some(0)));
        let cleared = owned(&["g:one: cleared", "g:two: cleared", "db: cleared"]);
        assert_eq!(lines("clear g:* db"), (cleared, Some(0)));
        let unknown = owned(&["x*: ERROR (no such process)"]);
        assert_eq!(lines("stop x*"), (unknown, Some(1)));
        let shown = ctl(&sandbox, "status --json *-[12] g:o*");
        assert_eq!(names(&shown.json()), ["pair:pair-1", "web-1:web-1", "web-2:web-2", "g:one"]);
    }
}

/// The pid of every process that runs.
fn pids(sandbox: &Sandbox) -> BTreeMap<String, i64> {
    let all = ctl(sandbox, "status --json").json();
    let pids = all.as_array().expect("a list").iter().map(|info| info["pid"].as_i64());
    let pids = names(&all).into_iter().zip(pids.map(|pid| pid.expect("a number")));
    pids.filter(|(_, pid)| *pid > 0).collect()
}

/// One member of a group and a number of processes change, a program is removed, another is added.
fn new_programs() -> String {
    let text =
        PROGRAMS.replace("[program:two]\ncommand=/bin/cat", "[program:two]\ncommand=/bin/cat -u");
    text.replace("numprocs=2", "numprocs=3").replace("[program:db]", "[program:cache]")
}

#[test]
fn a_small_update_leaves_alone_what_did_not_change() {
    let sandbox = Sandbox::new();
    let _daemon = start(Subject::Ours, &sandbox);
    let before = pids(&sandbox);
    sandbox.write("d.conf", &conf(&format!("{SERVER}{}", new_programs())));
    let update = ctl(&sandbox, "update --minimal");
    assert_eq!(update.status, Some(0), "{}{}", update.out, update.err);
    wait_until("all runs again", || pids(&sandbox).len() == 8);
    let after = pids(&sandbox);
    for kept in ["web-1:web-1", "web-2:web-2", "g:one", "pair:pair-0", "pair:pair-1"] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
    assert_ne!(before["g:two"], after["g:two"]);
    assert!(after.contains_key("pair:pair-2") && after.contains_key("cache:cache"));
    assert!(!after.contains_key("db:db"));

    sandbox.write("d.conf", &conf(&format!("{SERVER}{PROGRAMS}")));
    assert_eq!(ctl(&sandbox, "update --minimal pair").status, Some(0));
    let fewer = pids(&sandbox);
    assert!(!fewer.contains_key("pair:pair-2") && fewer.contains_key("cache:cache"));
    assert_eq!(fewer["pair:pair-0"], before["pair:pair-0"]);
}

#[test]
fn a_plan_shows_what_would_be_done_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let _daemon = start(Subject::Ours, &sandbox);
    let before = pids(&sandbox);
    let nothing = ctl(&sandbox, "update --plan");
    assert_eq!(nothing.out, "No config updates to processes\n");
    let file = sandbox.write("d.conf", &conf(&format!("{SERVER}{}", new_programs())));
    let plan = ctl(&sandbox, "update --plan");
    assert_eq!(plan.status, Some(0));
    let text = sandbox.read("d.conf");
    let line = 2 + text.lines().position(|line| line == "[program:two]").expect("it is there");
    let reason =
        format!("    g:two: command: /bin/cat -> /bin/cat -u ({}:{line})\n", file.display());
    for part in
        ["cache: added\n", "db: removed\n", "g: changed\n", &reason, "    pair:pair-2: added"]
    {
        assert!(plan.out.contains(part), "no {part:?} in\n{}", plan.out);
    }
    let some = ctl(&sandbox, "update --plan cache nope");
    assert_eq!(
        (some.out.as_str(), some.status),
        ("ERROR: no such group: nope\ncache: added\n", Some(1))
    );
    let json = ctl(&sandbox, "update --plan --json").json();
    assert_eq!(json.as_array().map(Vec::len), Some(4));
    assert_eq!(pids(&sandbox), before);
    assert_eq!(ctl(&sandbox, "avail").out.matches("cache").count(), 0);
}

#[test]
fn the_originals_daemon_can_do_neither() {
    let sandbox = Sandbox::new();
    let _daemon = start(Subject::Original, &sandbox);
    for option in ["--plan", "--minimal"] {
        let output = ctl(&sandbox, &format!("update {option}"));
        let expected =
            format!("ERROR: this daemon does not support {option}; use `update` without options\n");
        assert_eq!((output.out, output.status), (expected, Some(1)));
    }
}
