//! What a reread changes of a running daemon and of the programs that are started after it: each
//! option of `[supervisord]`, the interfaces and the servers.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use crate::support::daemon::{both, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// A server, and the same with its interface.
const SERVER: &str = "[unix_http_server]\nfile={here}/d.sock\n";
const ALL: &str = "[unix_http_server]\nfile={here}/d.sock\n[rpcinterface:supervisor]\n\
                   supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n";
const CTL: &str = "[supervisorctl]\nserverurl=unix://{here}/d.sock\n";

/// Prints its arguments and environment, then waits.
const PROBE: &str = "#!/bin/sh\n{ echo \"url=$SUPERVISOR_SERVER_URL\"; echo \"kept=$KEPT new=$NEW\"; \
                     pwd; umask; ulimit -n; } > {here}/seen\nprintf '\\033[1mbold\\033[0m'\n\
                     exec sleep 1000\n";

/// Options of `[supervisord]` and the other sections, at start and for the reread.
struct Case {
    name: &'static str,
    before: (&'static str, &'static str),
    after: (&'static str, &'static str),
}

fn ctl(subject: Subject, sandbox: &Sandbox, words: &[&str]) -> String {
    let mut ctl = subject.program(sandbox, "supervisorctl");
    let output = ctl.args(["-c", "ctl.conf"]).args(words).stdin(Stdio::null()).output().unwrap();
    format!("$ {}\n{}", words.join(" "), String::from_utf8_lossy(&output.stdout))
}

/// The reply to `getIdentification`.
fn identification(sandbox: &Sandbox) -> String {
    let body = "<?xml version='1.0'?><methodCall><methodName>supervisor.getIdentification\
                </methodName><params></params></methodCall>";
    let mut stream = UnixStream::connect(sandbox.path("d.sock")).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /RPC2 HTTP/1.0\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let value = reply.split("<string>").nth(1).and_then(|rest| rest.split("</string>").next());
    format!("identification {}", value.unwrap_or(&reply))
}

/// The text of the configuration: our own options come last, so they replace those of the head.
fn text(sandbox: &Sandbox, (options, servers): (&str, &str), programs: &str) -> String {
    let here = sandbox.dir().to_str().unwrap();
    let mut head = conf("").replace("{here}", here);
    for option in options.lines().filter_map(|line| line.split_once('=')) {
        let own = |line: &&str| !line.starts_with(&format!("{}=", option.0));
        head = head.lines().filter(own).fold(String::new(), |text, line| text + line + "\n");
    }
    format!("{head}{options}\n{servers}{programs}")
}

/// What can be observed of the daemon after a reread, without random parts.
fn observed(subject: Subject, case: &Case) -> Vec<String> {
    let sandbox = Sandbox::new();
    for directory in ["other", "logs"] {
        fs::create_dir(sandbox.path(directory)).unwrap();
    }
    sandbox.script("probe", PROBE);
    sandbox.write("ctl.conf", CTL);
    sandbox.write("d.conf", &text(&sandbox, case.before, ""));
    let mut daemon = Daemon::launch(subject, &sandbox, &[]);
    daemon.wait_for_log("supervisord started with pid");
    let program = "[program:probe]\ncommand={here}/probe\nstartsecs=0\n";
    sandbox.write("d.conf", &text(&sandbox, case.after, program));
    let mut lines = vec![
        ctl(subject, &sandbox, &["reread"]),
        ctl(subject, &sandbox, &["update"]),
        ctl(subject, &sandbox, &["version"]),
        identification(&sandbox),
    ];
    wait_until("the probe wrote all", || sandbox.read("seen").lines().count() == 5);
    daemon.wait_for_log("success: probe");
    lines.push(sandbox.read("seen"));
    let log = || {
        let find = |dir: &str| {
            let names = fs::read_dir(sandbox.path(dir)).unwrap().flatten();
            let mut names = names.map(|entry| entry.file_name().into_string().unwrap());
            let name = names.find(|name| name.starts_with("probe-stdout---"))?;
            Some((dir.to_owned(), name))
        };
        find(".").or_else(|| find("logs"))
    };
    wait_until("the probe has a log", || {
        log().is_some_and(|(dir, name)| sandbox.read(format!("{dir}/{name}")).contains("bold"))
    });
    let (dir, name) = log().unwrap();
    let output = sandbox.read(format!("{dir}/{name}"));
    let name = name.rsplit_once('-').unwrap().0;
    lines.push(format!("{dir}/{name} {output:?}"));
    lines.push(ctl(subject, &sandbox, &["shutdown"]));
    daemon.wait();
    lines.push(daemon.story());
    let left = sandbox.names().into_iter().filter(|name| !name.contains("---"));
    lines.push(left.collect::<Vec<_>>().join(" "));
    let here = sandbox.dir().to_str().unwrap();
    // The original may wait for another second, which it reports; descriptors and addresses vary.
    let is_stable = |line: &&str| {
        !line.starts_with("INFO waiting for") && !line.contains("closed, stopped monitoring")
    };
    let lines = lines.iter().flat_map(|text| text.lines().filter(is_stable));
    lines.map(|line| line.replace(here, "HERE")).collect()
}

#[track_caller]
fn compare(cases: &[Case]) {
    for case in cases {
        let [ours, original] = both(|subject| observed(subject, case));
        assert_eq!(ours, original, "{}", case.name);
    }
}

#[test]
fn interfaces_and_servers_stay_as_they_were_at_start() {
    compare(&[
        Case { name: "no interface", before: ("", ALL), after: ("", SERVER) },
        Case {
            name: "another socket",
            before: ("", ALL),
            after: (
                "",
                "[unix_http_server]\nfile={here}/e.sock\nusername=a\npassword=b\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n",
            ),
        },
        Case { name: "no server", before: ("", ALL), after: ("", "") },
    ]);
}

#[test]
fn log_options_stay_as_they_were_at_start() {
    compare(&[
        Case { name: "debug", before: ("", ALL), after: ("loglevel=debug", ALL) },
        Case {
            name: "critical",
            before: ("loglevel=debug", ALL),
            after: ("loglevel=critical", ALL),
        },
        Case { name: "info", before: ("loglevel=debug", ALL), after: ("loglevel=info", ALL) },
        Case {
            name: "sizes",
            before: ("", ALL),
            after: ("logfile_maxbytes=1\nlogfile_backups=3\nsilent=true\nnodaemon=true", ALL),
        },
    ]);
}

#[test]
fn other_options_change_as_in_the_original() {
    compare(&[
        Case { name: "identifier", before: ("", ALL), after: ("identifier=other", ALL) },
        Case { name: "childlogdir", before: ("", ALL), after: ("childlogdir={here}/logs", ALL) },
        Case { name: "umask", before: ("", ALL), after: ("umask=077", ALL) },
        Case { name: "directory", before: ("", ALL), after: ("directory={here}/other", ALL) },
        Case { name: "minfds", before: ("", ALL), after: ("minfds=2000\nminprocs=100", ALL) },
        Case { name: "nocleanup", before: ("", ALL), after: ("nocleanup=true", ALL) },
        Case { name: "strip_ansi", before: ("", ALL), after: ("strip_ansi=true", ALL) },
        Case { name: "no strip_ansi", before: ("strip_ansi=true", ALL), after: ("", ALL) },
        Case {
            name: "environment",
            before: ("environment=KEPT=\"1\"", ALL),
            after: ("environment=KEPT=\"2\",NEW=\"3\"", ALL),
        },
    ]);
}

/// Which log the daemon reads and which files it leaves, after a reread with other paths.
fn with_other_paths(subject: Subject) -> (bool, Vec<String>) {
    let sandbox = Sandbox::new();
    sandbox.write("ctl.conf", CTL);
    sandbox.write("d.conf", &text(&sandbox, ("", ALL), ""));
    let mut daemon = Daemon::launch(subject, &sandbox, &[]);
    daemon.wait_for_log("supervisord started with pid");
    let other = "logfile={here}/e.log\npidfile={here}/e.pid";
    sandbox.write("d.conf", &text(&sandbox, (other, ALL), ""));
    ctl(subject, &sandbox, &["reread"]);
    let is_readable = ctl(subject, &sandbox, &["maintail"]).contains("supervisord started");
    daemon.stop();
    (is_readable, sandbox.names())
}

#[test]
fn the_log_and_the_pid_file_stay_those_of_the_start() {
    let (is_readable, left) = with_other_paths(Subject::Ours);
    assert!(is_readable);
    assert_eq!(left, ["ctl.conf", "d.conf", "d.log", "err", "out"]);
    // The original reads and removes files that it never wrote.
    let (is_readable, left) = with_other_paths(Subject::Original);
    assert!(!is_readable);
    assert_eq!(left, ["ctl.conf", "d.conf", "d.log", "d.pid", "err", "out"]);
}
