//! The logs of children and of the daemon itself.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::support::ctl::{Answer, transcript};
use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn rotated(subject: Subject) -> Vec<(String, String)> {
    let sandbox = Sandbox::new();
    // Each line is in the log before the next is written, so that no two are read together.
    sandbox.script(
        "slow",
        "#!/bin/sh\ncd {here}\nfor n in 1 2 3 4 5 6 7 8 9; do echo \"line $n\"\n\
         until grep -qs \"line $n\" o o.1 o.2; do sleep 0.02; done; done\nexec sleep 1000\n",
    );
    let rest = "[program:slow]\ncommand={here}/slow\nstdout_logfile={here}/o\n\
                stdout_logfile_maxbytes=20\nstdout_logfile_backups=2\n";
    let mut daemon = Daemon::start(subject, &sandbox, rest);
    wait_until("all is written", || {
        ["o", "o.1", "o.2"].iter().any(|name| sandbox.read(name).contains("line 9"))
    });
    daemon.stop();
    let names = sandbox.names().into_iter().filter(|name| name == "o" || name.starts_with("o."));
    names.map(|name| (name.clone(), sandbox.read(name))).collect()
}

#[test]
fn rotation_cuts_where_the_original_cuts() {
    let ours = rotated(Subject::Ours);
    assert_eq!(ours, rotated(Subject::Original));
    assert_eq!(ours.len(), 3);
}

/// The level names in the log of a daemon that rereads a configuration with another level.
fn levels_after_reread(subject: Subject, level: &str) -> BTreeSet<String> {
    let sandbox = Sandbox::new();
    let rest = format!("{SERVER}[program:a]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n");
    let mut daemon = Daemon::start(subject, &sandbox, &rest);
    sandbox.write("d.conf", &conf(&format!("loglevel={level}\n{rest}")));
    for words in [&["reread"][..], &["start", "a"], &["stop", "a"]] {
        let mut ctl = subject.program(&sandbox, "supervisorctl");
        let status = ctl.args(["-c", "d.conf"]).args(words).stdout(Stdio::null()).status();
        assert!(status.expect("it runs").success(), "{words:?}");
    }
    daemon.wait_for_log("stopped: a");
    let words = daemon.log();
    daemon.stop();
    words.lines().filter_map(|line| line.split(' ').nth(2)).map(str::to_owned).collect()
}

#[test]
fn a_reread_changes_the_log_level_of_neither() {
    for level in ["critical", "blather"] {
        let ours = levels_after_reread(Subject::Ours, level);
        assert_eq!(ours, levels_after_reread(Subject::Original, level), "{level}");
        assert!(ours.contains("INFO") && !ours.contains("DEBG"), "{ours:?}");
    }
}

fn automatic(subject: Subject) -> (Vec<String>, Vec<u32>, String) {
    let sandbox = Sandbox::new();
    for stale in ["x-stdout---supervisor-abc.log", "x-stdout---supervisor-abc.log.1"] {
        sandbox.write(stale, "old");
    }
    sandbox.write("x-stdout---other-abc.log", "kept");
    let rest = "[program:talks]\ncommand=/bin/sh -c 'echo out; echo err >&2; sleep 1000'\n\
                [program:mixed]\ncommand=/bin/sh -c 'echo out; echo err >&2; sleep 1000'\n\
                redirect_stderr=true\n\
                [program:named]\ncommand=/bin/sleep 1000\nstdout_logfile={here}/o\nstderr_logfile=NONE\n";
    let mut daemon = Daemon::start(subject, &sandbox, rest);
    for name in ["talks", "mixed", "named"] {
        daemon.wait_for_log(&format!("success: {name}"));
    }
    let mixed_log = || sandbox.names().into_iter().find(|name| name.starts_with("mixed-stdout"));
    wait_until("both streams are in one log", || {
        mixed_log().is_some_and(|name| sandbox.read(name).contains("err"))
    });
    let plain = |name: &String| {
        // The random part of a name differs.
        name.find("---supervisor-").map_or(name.clone(), |at| format!("{}RANDOM", &name[..at + 14]))
    };
    let logs: Vec<String> =
        sandbox.names().into_iter().filter(|name| name.contains("---")).collect();
    let modes = logs.iter().filter(|name| name.contains("---supervisor")).map(|name| {
        assert_eq!(name.rsplit("supervisor-").next().map(str::len), Some(12), "{name}");
        fs::metadata(sandbox.path(name)).unwrap().permissions().mode()
    });
    let modes = modes.collect();
    let mixed = logs.iter().find(|name| name.starts_with("mixed-stdout")).unwrap();
    let mixed = sandbox.read(mixed);
    let shown = logs.iter().map(plain).collect();
    daemon.stop();
    (shown, modes, mixed)
}

#[test]
fn automatic_logs_are_named_made_and_cleaned_up_alike() {
    let ours = automatic(Subject::Ours);
    assert_eq!(ours, automatic(Subject::Original));
    assert_eq!(ours.2, "out\nerr\n");
}

fn reopened(subject: Subject) -> (String, String, String) {
    let sandbox = Sandbox::new();
    let rest = "[program:slow]\ncommand=/bin/sh -c 'echo one; while [ ! -e {here}/go ]; do sleep 0.05; done; \
                echo two; sleep 1000'\nstdout_logfile={here}/o\n";
    let mut daemon = Daemon::start(subject, &sandbox, rest);
    wait_until("the first line is there", || sandbox.read("o") == "one\n");
    daemon.wait_for_log("success: slow");
    fs::rename(sandbox.path("o"), sandbox.path("o.moved")).unwrap();
    fs::rename(sandbox.path("d.log"), sandbox.path("d.moved")).unwrap();
    daemon.signal(Signal::SIGUSR2);
    wait_until("the daemon has a new log", || fs::exists(sandbox.path("d.log")).unwrap());
    wait_until("the child has a new log", || fs::exists(sandbox.path("o")).unwrap());
    sandbox.write("go", "");
    wait_until("the second line is there", || sandbox.read("o") == "two\n");
    daemon.stop();
    let moved = crate::support::daemon::normalised(&sandbox.read("d.moved"), &sandbox);
    let last = moved.lines().last().unwrap_or_default().to_owned();
    (sandbox.read("o.moved"), sandbox.read("o"), last)
}

#[test]
fn usr2_opens_logs_again() {
    let ours = reopened(Subject::Ours);
    assert_eq!(ours, reopened(Subject::Original));
    assert_eq!(ours.2, "INFO supervisord logreopen");
}

fn to_stdout(subject: Subject) -> (Vec<String>, String) {
    let sandbox = Sandbox::new();
    let rest = "[program:out]\ncommand=/bin/echo to the container\nstdout_logfile=/dev/stdout\n\
                stdout_logfile_maxbytes=0\nstartsecs=0\nautorestart=false\n\
                [program:err]\ncommand=/bin/sh -c 'echo complaint >&2'\nstderr_logfile=/dev/fd/2\n\
                stderr_logfile_maxbytes=0\nstartsecs=0\nautorestart=false\n";
    let mut daemon = Daemon::start_with(subject, &sandbox, rest, &["--silent"]);
    daemon.wait_for_log("exited: out");
    daemon.wait_for_log("exited: err");
    daemon.stop();
    (sandbox.read("out").lines().map(str::to_owned).collect(), sandbox.read("err"))
}

#[test]
fn dev_stdout_is_written_through() {
    let ours = to_stdout(Subject::Ours);
    assert_eq!(ours, to_stdout(Subject::Original));
    assert_eq!(ours.0, ["to the container"]);
    assert_eq!(ours.1, "complaint\n");
}

#[test]
fn the_foreground_shows_the_activity_log_unless_it_is_silent() {
    for subject in [Subject::Ours, Subject::Original] {
        let sandbox = Sandbox::new();
        let mut daemon = Daemon::start(subject, &sandbox, "");
        daemon.stop();
        assert_eq!(sandbox.read("out"), daemon.log(), "{subject:?}");
        assert!(
            daemon.story().ends_with("WARN received SIGTERM indicating exit request"),
            "{subject:?}"
        );
        let sandbox = Sandbox::new();
        let mut daemon = Daemon::start(subject, &sandbox, "silent=true\n");
        daemon.stop();
        assert_eq!(sandbox.read("out"), "", "{subject:?}");
    }
}

#[test]
fn the_daemons_own_log_rotates() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let rest = "logfile_maxbytes=300\nlogfile_backups=2\n[program:a]\ncommand=/bin/sleep 0.3\nstartsecs=0\n\
                    autorestart=false\n[program:b]\ncommand=/bin/sleep 0.3\nstartsecs=0\nautorestart=false\n";
        sandbox.write("d.conf", &crate::support::daemon::conf(rest));
        let mut daemon = Daemon::launch(subject, &sandbox, &[]);
        wait_until("both have ended", || {
            let out = sandbox.read("out");
            out.contains("exited: a") && out.contains("exited: b")
        });
        daemon.stop();
        let whole = ["d.log.2", "d.log.1", "d.log"].map(|name| sandbox.read(name));
        assert!(sandbox.read("out").ends_with(&whole.concat()), "{whole:?}");
        assert!(whole[1].len() >= 300 && whole[1].lines().count() < 9, "{whole:?}");
        sandbox.names().into_iter().filter(|name| name.starts_with("d.log")).collect::<Vec<_>>()
    };
    assert_eq!(run(Subject::Ours), run(Subject::Original));
}

/// The output of the original client for the logs of a daemon whose activity log is `/dev/null`, with
/// another log of that kind, a missing one and none.
fn shown_logs(subject: Subject) -> Vec<Answer> {
    let sandbox = Sandbox::new();
    let program = |name: &str, log: &str| {
        format!("[program:{name}]\ncommand=/bin/cat\nstdout_logfile={log}\nstartsecs=0\n")
    };
    let programs = [
        program("null", "/dev/null\nstdout_logfile_maxbytes=0"),
        program("mute", "NONE"),
        program("gone", "{here}/gone.log"),
    ];
    let rest = format!("logfile_maxbytes=0\n{SERVER}{}", programs.concat());
    sandbox.write("d.conf", &conf(&rest).replace("logfile={here}/d.log", "logfile=/dev/null"));
    let mut daemon = Daemon::launch(subject, &sandbox, &[]);
    wait_until("the programs run", || {
        let mut ctl = subject.program(&sandbox, "supervisorctl");
        let output = ctl.args(["-c", "d.conf", "status"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).matches("RUNNING").count() == 3
    });
    fs::remove_file(sandbox.path("gone.log")).unwrap();
    let commands = "tail null; tail -5 null; tail mute; tail gone; maintail; maintail -5";
    let answers = transcript(Subject::Original, &sandbox, &[], commands);
    daemon.stop();
    answers
}

#[test]
fn a_log_at_dev_null_is_empty() {
    let ours = shown_logs(Subject::Ours);
    assert_eq!(ours, shown_logs(Subject::Original));
    assert_eq!((ours[0].out.as_str(), ours[0].status), ("\n", 0));
}

/// The fault of `readLog` when the activity log is syslog.
fn fault_without_main_log(subject: Subject) -> String {
    let sandbox = Sandbox::new();
    let text = conf(SERVER).replace("logfile={here}/d.log", "logfile=syslog");
    sandbox.write("d.conf", &text);
    let mut daemon = Daemon::launch(subject, &sandbox, &[]);
    wait_until("the server listens", || UnixStream::connect(sandbox.path("d.sock")).is_ok());
    let body = "<methodCall><methodName>supervisor.readLog</methodName><params><param><value><int>\
                0</int></value></param><param><value><int>0</int></value></param></params>\
                </methodCall>";
    let mut stream = UnixStream::connect(sandbox.path("d.sock")).unwrap();
    let head = "POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length:";
    write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    daemon.stop();
    let fault = reply.split_once("<string>").and_then(|(_, rest)| rest.split_once("</string>"));
    fault.map(|(fault, _)| fault.to_owned()).unwrap_or(reply)
}

#[test]
fn a_missing_main_log_is_named() {
    let ours = fault_without_main_log(Subject::Ours);
    assert_eq!(ours, fault_without_main_log(Subject::Original));
    assert_eq!(ours, "NO_FILE: syslog");
}

/// The directory of the automatic log of a program, for a daemon that changes its directory, and the name of
/// the log that the daemon reports.
fn relative_childlogdir(subject: Subject) -> (Vec<String>, Vec<String>, bool, u32) {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("start")).unwrap();
    fs::create_dir(sandbox.path("home")).unwrap();
    let program = "[program:a]\ncommand=/bin/sh -c 'echo hello; exec cat'\nstderr_logfile=NONE\n";
    let text = conf(&format!("directory={{here}}/home\n{SERVER}{program}"));
    sandbox.write("d.conf", &text.replace("childlogdir={here}", "childlogdir=."));
    let run = |name: &str| {
        let mut command = subject.program(&sandbox, name);
        command.current_dir(sandbox.path("start")).arg("-c").arg("../d.conf");
        command
    };
    assert!(run("supervisord").status().unwrap().success());
    let find = |dir: &str| {
        let entries = fs::read_dir(sandbox.path(dir)).unwrap().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    wait_until("the program has written", || {
        let all = [find("start"), find("home")].concat();
        all.iter().any(|path| fs::read_to_string(path).unwrap() == "hello\n")
    });
    let mode = fs::metadata(&find("start")[0]).unwrap().permissions().mode() & 0o777;
    let avail = run("supervisorctl").arg("tail").arg("a").output().unwrap();
    let is_readable = String::from_utf8_lossy(&avail.stdout).contains("hello");
    assert!(run("supervisorctl").arg("shutdown").status().unwrap().success());
    wait_until("it ends", || !fs::exists(sandbox.path("d.pid")).unwrap());
    let names = |dir: &str| {
        let name = |path: std::path::PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.split("-supervisor-").next().unwrap_or_default().to_owned()
        };
        find(dir).into_iter().map(name).collect()
    };
    (names("start"), names("home"), is_readable, mode)
}

#[test]
fn a_relative_childlogdir_is_that_of_the_start() {
    let ours = relative_childlogdir(Subject::Ours);
    assert_eq!(ours, relative_childlogdir(Subject::Original));
    assert_eq!((ours.0.len(), ours.1.len(), ours.2, ours.3), (1, 0, true, 0o600));
}
