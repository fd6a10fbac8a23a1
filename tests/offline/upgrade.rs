//! `supervisorctl upgrade` with a real daemon: the program is replaced while everything runs on.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::Signal;
use sha1::{Digest, Sha1};

use crate::support::daemon::SERVER;
use crate::support::follower::{Follower, ctl_of};
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

/// Prints numbered lines.
const WRITER: &str =
    "#!/bin/sh\ni=0\nwhile :; do i=$((i+1)); echo \"line $i\"; sleep 0.005; done\n";

const PROGRAMS: &str = "[program:writer]\ncommand={here}/writer\nstartsecs=0\n\
    stdout_logfile={here}/writer.log\n\
    [program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=600\n\
    [program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
    [eventlistener:watch]\ncommand={here}/watch\nevents=PROCESS_STATE\nstdout_logfile=NONE\n\
    stderr_logfile={here}/watch.log\nstartsecs=0\n";

/// Writes the serial of each event to its log.
const WATCH: &str = "#!/bin/sh\nwhile :; do printf 'READY\\n'; read -r head || exit 0\n\
    length=${head##*len:}\ndd bs=1 count=$length 2>/dev/null >/dev/null\n\
    serial=${head#*serial:}; echo \"event ${serial%% *}\" >&2; printf 'RESULT 2\\nOK'; done\n";

fn start(sandbox: &Sandbox) -> Daemon<'_> {
    sandbox.script("writer", WRITER);
    sandbox.script("watch", WATCH);
    let daemon = Daemon::start(Subject::Ours, sandbox, &format!("{SERVER}{PROGRAMS}"));
    daemon.wait_for_count("entered RUNNING state", 3);
    wait_until("the writer writes", || sandbox.read("writer.log").contains("line 3\n"));
    daemon
}

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    printed(&ctl_of(Subject::Ours, sandbox, words).stdin(Stdio::null()).output().expect("it runs"))
}

fn supkit() -> &'static str {
    env!("CARGO_BIN_EXE_supkit")
}

fn connect(sandbox: &Sandbox) -> UnixStream {
    let stream = UnixStream::connect(sandbox.path("d.sock")).expect("the daemon accepts");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a limit");
    stream
}

fn call(stream: &mut UnixStream, method: &str, params: &str) {
    let body = format!(
        "<?xml version='1.0'?><methodCall><methodName>{method}</methodName>\
         <params>{params}</params></methodCall>"
    );
    let head =
        format!("POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).expect("it is sent");
}

fn reply(stream: &mut UnixStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains("</methodResponse>") {
        let count = stream.read(&mut buffer).expect("there is a reply");
        assert!(count > 0, "the connection ended: {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

/// All lines once and in order.
fn check_lines(log: &str) -> usize {
    let lines: Vec<&str> = log.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(*line, format!("line {}", at + 1));
    }
    lines.len()
}

/// The numbers of events that were delivered.
fn serials(sandbox: &Sandbox) -> Vec<u64> {
    let log = sandbox.read("watch.log");
    log.lines().filter_map(|line| line.strip_prefix("event ")?.parse().ok()).collect()
}

#[test]
fn everything_continues() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let pids = ["writer", "cat", "watch"].map(|name| daemon.pid_of(name));
    let (before, started) = (sandbox.read("d.pid"), ctl(&sandbox, &["status", "--json", "cat"]));
    let follower = Follower::start(Subject::Ours, &sandbox, &["tail", "-f", "writer"]);
    follower.shows("line");
    let mut waiting = connect(&sandbox);
    call(
        &mut waiting,
        "supervisor.startProcess",
        "<param><value><string>slow</string></value></param>",
    );
    daemon.wait_for_log("spawned: 'slow'");
    let mut half = connect(&sandbox);
    half.write_all(b"POST /RPC2 HTTP/1.1\r\nHost: loc").expect("it is sent");
    let mut events = connect(&sandbox);
    events.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is sent");
    let mut events = BufReader::new(events);
    read_until(&mut events, "\r\n\r\n");

    let has_ended = AtomicBool::new(false);
    let path = sandbox.path("d.sock");
    let shown = thread::scope(|scope| {
        let knocking = scope.spawn(|| {
            let mut count = 0;
            while !has_ended.load(Ordering::SeqCst) {
                UnixStream::connect(&path).expect("no connection is refused");
                count += 1;
            }
            count
        });
        let shown = ctl(&sandbox, &["upgrade"]);
        has_ended.store(true, Ordering::SeqCst);
        assert!(knocking.join().expect("every connection was accepted") > 0);
        shown
    });
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(shown, format!("Upgraded supervisord: supkit {version}, as before\n"));
    let line = format!("INFO supkit {version} continues, before: supkit {version}");
    daemon.wait_for_log(&line);

    assert_eq!(["writer", "cat", "watch"].map(|name| daemon.pid_of(name)), pids);
    assert_eq!(sandbox.read("d.pid"), before);
    let start_of = |text: &str| {
        let status: serde_json::Value = serde_json::from_str(text).expect("JSON");
        status[0]["start"].as_i64().expect("a time")
    };
    assert_eq!(start_of(&ctl(&sandbox, &["status", "--json", "cat"])), start_of(&started));
    half.write_all(b"alhost\r\nContent-Length: 1\r\n\r\nx").expect("it is sent");
    let mut answer = [0; 12];
    half.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 400");

    let written = check_lines(&sandbox.read("writer.log"));
    let shown = format!("line {}\n", written + 20);
    follower.shows(&shown);
    let first = serials(&sandbox);
    assert!(ctl(&sandbox, &["stop", "slow"]).contains("slow: stopped"));
    assert!(reply(&mut waiting).contains("<int>40</int>"), "the start was ended by the stop");
    let text = read_until(&mut events, "event: PROCESS_STATE_STOPPED");
    assert!(text.contains("event: PROCESS_STATE_STOPPING"), "{text}");
    wait_until("the listener gets the next events", || serials(&sandbox).len() >= first.len() + 2);
    let all = serials(&sandbox);
    assert!(all.windows(2).all(|pair| pair[1] == pair[0] + 1), "{all:?}");

    // It restarts what has ended, and ends as before.
    daemon.sandbox.read("d.log");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pids[1]), Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("spawned: 'cat'", 2);
    assert!(daemon.stop().success());
    check_lines(&sandbox.read("writer.log"));
    assert!(!sandbox.path("d.sock").exists() && !sandbox.path("d.pid").exists());
}

fn read_until(from: &mut BufReader<UnixStream>, end: &str) -> String {
    let mut text = Vec::new();
    loop {
        let count = from.read_until(b'\n', &mut text).expect("the stream goes on");
        assert!(count > 0, "it ended: {:?}", String::from_utf8_lossy(&text));
        let text = String::from_utf8_lossy(&text);
        if text.contains(end) {
            return text.into_owned();
        }
    }
}

#[test]
fn a_program_that_cannot_continue_changes_nothing() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let pid = daemon.pid_of("writer");
    sandbox.script("older", "#!/bin/sh\necho 'error: unrecognized subcommand' >&2\nexit 2\n");
    sandbox.script("other", "#!/bin/sh\necho 'supkit 9 cannot read the state: too old'\nexit 1\n");
    sandbox.write("text", "no program");
    let path = |name: &str| sandbox.path(name).display().to_string();
    for (program, why) in [
        ("/bin/true".to_owned(), "cannot continue a daemon: it is no supkit with `upgrade`"),
        (path("older"), "it is no supkit with `upgrade` (exit status 2)"),
        (path("other"), "other: supkit 9 cannot read the state: too old"),
        (path("text"), "text is not executable"),
        ("/nowhere".to_owned(), "/nowhere cannot be used: ENOENT"),
        ("supkit".to_owned(), "supkit is not an absolute path"),
    ] {
        let shown = ctl(&sandbox, &["upgrade", &program]);
        assert!(shown.starts_with("ERROR: ") && shown.contains(why), "{program}: {shown}");
        assert!(shown.ends_with("status 1\n") || shown.contains('\n'), "{shown}");
    }
    assert!(ctl(&sandbox, &["jobs"]).contains("upgrade"));
    assert_eq!(daemon.pid_of("writer"), pid);
    assert!(daemon.stop().success());
    check_lines(&sandbox.read("writer.log"));
}

/// It passes the check, but does not accept the command line of the daemon.
#[test]
fn a_program_that_fails_later_is_replaced_by_the_one_before() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let pid = daemon.pid_of("writer");
    let script = format!(
        "#!/bin/bash\n[ $# -eq 0 ] && exec -a supkit-check-state {0}\n\
         exec -a supervisord {0} --nonsense\n",
        supkit()
    );
    sandbox.script("broken", &script);
    let follower = Follower::start(Subject::Ours, &sandbox, &["tail", "-f", "writer"]);
    follower.shows("line");
    let shown = ctl(&sandbox, &["upgrade", &sandbox.path("broken").display().to_string()]);
    assert!(shown.contains("ERROR: not upgraded: ") && shown.contains("nonsense"), "{shown}");
    assert_eq!(daemon.pid_of("writer"), pid);
    let written = check_lines(&sandbox.read("writer.log"));
    follower.shows(&format!("line {}\n", written + 20));
    assert!(ctl(&sandbox, &["upgrade", supkit()]).starts_with("Upgraded supervisord"));
    assert!(daemon.stop().success());
    check_lines(&sandbox.read("writer.log"));
    assert!(!sandbox.path("d.sock").exists() && !sandbox.path("d.pid").exists());
}

/// Many times in a row, while children end and output arrives.
#[test]
fn nothing_is_lost_in_many_upgrades() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let open = || std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).expect("it runs").count();
    ctl(&sandbox, &["upgrade"]);
    let descriptors = open();
    for round in 1..=10 {
        let mut restart = ctl_of(Subject::Ours, &sandbox, &["restart", "cat"]);
        let mut restart: std::process::Child =
            restart.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it runs");
        assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded supervisord"), "round {round}");
        assert!(restart.wait().expect("it ends").success(), "round {round}");
    }
    wait_until("no descriptor is left over", || open() <= descriptors);
    assert_eq!(daemon.log().matches("spawned: 'writer'").count(), 1);
    assert!(daemon.stop().success());
    check_lines(&sandbox.read("writer.log"));
    let mut search = Command::new("pgrep");
    search.arg("-f").arg(sandbox.path("writer"));
    assert!(!search.status().expect("it runs").success(), "a writer is left");
}

/// Whether this program can continue from a state: its exit status and its answer.
fn check_state(bytes: &[u8]) -> (Option<i32>, String) {
    let mut command = Command::new(supkit());
    command.arg0("supkit-check-state").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(bytes).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A state with another JSON text.
fn with_state(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line");
    let line = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let words: Vec<&str> = line.split(' ').collect();
    let head: usize = words[2].parse().expect("a length");
    let (head, state) = bytes[end + 1..].split_at(head);
    let state = change(std::str::from_utf8(state).expect("JSON")).into_bytes();
    let digest = Sha1::new().chain_update(head).chain_update(&state).finalize();
    let sum = digest.iter().fold(String::new(), |sum, byte| format!("{sum}{byte:02x}"));
    let line = format!("{} {} {} {} {sum}\n", words[0], words[1], head.len(), state.len());
    [line.as_bytes(), head, &state].concat()
}

/// States of released versions; see `fixtures/upgrade/README.md`.
#[test]
fn states_of_earlier_and_later_versions_can_be_read() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/upgrade");
    let files = std::fs::read_dir(directory).expect("there are states").flatten();
    let mut count = 0;
    for path in
        files.map(|it| it.path()).filter(|it| it.extension().is_some_and(|it| it == "state"))
    {
        let bytes = std::fs::read(&path).expect("it can be read");
        let (status, answer) = check_state(&bytes);
        assert_eq!(status, Some(0), "{}: {answer}", path.display());
        let later =
            with_state(&bytes, |json| json.replacen('{', "{\"of_a_later_version\":[1],", 1));
        assert!(check_state(&later).1.starts_with("supkit continues from "));
        let without = with_state(&bytes, |json| json.replacen("\"core\"", "\"kernel\"", 1));
        let (status, answer) = check_state(&without);
        assert_eq!(status, Some(1));
        assert!(answer.contains("cannot read the state: missing field `core`"), "{answer}");
        count += 1;
    }
    assert!(count > 0);
}
