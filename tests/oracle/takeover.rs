//! `supkit takeover` of the real Supervisor: its process becomes supkit while the programs run on.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::daemon::{SERVER, conf};
use crate::support::follower::ctl_of;
use crate::support::terminal::Terminal;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

/// Prints numbered lines in bursts.
const WRITER: &str = "#!/bin/sh\ni=0\nwhile :; do i=$((i+1)); echo \"line $i\"\n\
    [ $((i % 100)) = 0 ] && sleep 0.01; done\n";

/// The same in turn on stdout and stderr.
const BOTH: &str = "#!/bin/sh\ni=0\nwhile :; do i=$((i+1)); echo \"line $i\"; echo \"line $i\" >&2\n\
    sleep 0.005; done\n";

/// The same on stderr, which is led to stdout.
const MERGED: &str = "#!/bin/sh\nexec 2>&1\ni=0\nwhile :; do i=$((i+1)); echo \"line $i\" >&2\n\
    sleep 0.005; done\n";

/// Exits with the status that it reads.
const ENDS: &str = "#!/bin/sh\nread status\nexit $status\n";

/// Writes the names of events to its log.
const WATCH: &str = "#!/bin/sh\nwhile :; do printf 'READY\\n'; read -r head || exit 0\n\
    length=${head##*len:}\ndd bs=1 count=$length 2>/dev/null >/dev/null\n\
    name=${head#*eventname:}; echo \"event ${name%% *}\" >&2; printf 'RESULT 2\\nOK'; done\n";

const PROGRAMS: &str = "[program:writer]\ncommand={here}/writer\nstdout_logfile={here}/writer.log\n\
    stdout_logfile_maxbytes=0\nstartsecs=0\n\
    [program:both]\ncommand={here}/both\nstdout_logfile={here}/both.out\nstderr_logfile={here}/both.err\n\
    startsecs=0\n\
    [program:merged]\ncommand={here}/merged\nstdout_logfile={here}/merged.out\n\
    stderr_logfile={here}/merged.err\nstartsecs=0\n\
    [program:joined]\ncommand={here}/both\nredirect_stderr=true\nstdout_logfile={here}/joined.log\n\
    startsecs=0\n\
    [program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:ends]\ncommand={here}/ends\nstartsecs=0\nexitcodes=7\n\
    [program:stopped]\ncommand=/bin/cat\nautostart=false\n\
    [program:exited]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n\
    [program:fatal]\ncommand=/bin/false\nstartretries=0\n\
    [program:worker]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n\
    startsecs=0\nstdout_capture_maxbytes=1KB\n\
    [eventlistener:watch]\ncommand={here}/watch\nevents=PROCESS_STATE\nstderr_logfile={here}/watch.log\n\
    startsecs=0\n";

/// The programs that continue, and run at the end of a test.
const RUNNING: [&str; 8] =
    ["writer", "both", "merged", "joined", "cat", "ends", "worker_0", "worker_1"];

/// Servers with a password, on a socket and a port.
fn servers(port: u16) -> String {
    let account = "username=u\npassword=p\n";
    format!(
        "[inet_http_server]\nport=127.0.0.1:{port}\n{account}{}",
        SERVER
            .replace("d.sock\n[supervisorctl]", &format!("d.sock\n{account}[supervisorctl]"))
            .replace("d.sock\n[rpc", &format!("d.sock\n{account}[rpc"))
    )
}

fn write_scripts(sandbox: &Sandbox) {
    for (name, text) in
        [("writer", WRITER), ("both", BOTH), ("merged", MERGED), ("ends", ENDS), ("watch", WATCH)]
    {
        sandbox.script(name, text);
    }
}

/// Supervisor with all programs, when each has reached its state.
fn start<'a>(sandbox: &'a Sandbox, servers: &str) -> Daemon<'a> {
    write_scripts(sandbox);
    let daemon = Daemon::start(Subject::Original, sandbox, &format!("{servers}{PROGRAMS}"));
    daemon.wait_for_count("entered RUNNING state", 9);
    daemon.wait_for_log("fatal entered FATAL state");
    daemon.wait_for_log("exited: exited (exit status 0; expected)");
    wait_until("the writers write", || {
        ["writer.log", "both.err", "merged.out", "joined.log"]
            .iter()
            .all(|name| sandbox.read(name).contains("line 3\n"))
    });
    daemon
}

fn supkit(sandbox: &Sandbox, words: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(words).stdin(Stdio::null()).output().expect("it runs")
}

/// With its exit status.
fn takeover(sandbox: &Sandbox, words: &[&str]) -> (Option<i32>, String) {
    let output = supkit(sandbox, &[&["takeover", "-c", "d.conf"], words].concat());
    (output.status.code(), printed(&output))
}

fn ctl(client: Subject, sandbox: &Sandbox, words: &[&str]) -> String {
    printed(&ctl_of(client, sandbox, words).stdin(Stdio::null()).output().expect("it runs"))
}

/// All lines once and in order.
#[track_caller]
fn check_lines(sandbox: &Sandbox, name: &str, times: usize) -> usize {
    let log = sandbox.read(name);
    // The last line may not be complete yet.
    let complete = log.rfind('\n').map_or("", |end| &log[..end]);
    let lines: Vec<&str> = complete.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(*line, format!("line {}", at / times + 1), "{name}: {at}");
    }
    lines.len()
}

fn fate<'j>(report: &'j Value, name: &str) -> &'j str {
    let programs = report["programs"].as_array().expect("a list");
    let program = programs.iter().find(|it| it["name"] == name).expect("it is reported");
    program["fate"].as_str().expect("a text")
}

/// The start times and states, as a client reads them.
fn states(sandbox: &Sandbox) -> Vec<(String, String, i64, i64)> {
    let text = ctl(Subject::Ours, sandbox, &["status", "--json"]);
    let all: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    let number = |it: &Value, key: &str| it[key].as_i64().expect("a number");
    let text = |it: &Value, key: &str| it[key].as_str().expect("a text").to_owned();
    let all = all.as_array().expect("a list").iter();
    let state = |it: &Value| {
        (text(it, "name"), text(it, "statename"), number(it, "pid"), number(it, "start"))
    };
    all.filter(|it| it["name"] != "watch").map(state).collect()
}

/// Connects all the time while `act` runs.
fn while_connecting<T>(sandbox: &Sandbox, port: u16, act: impl FnOnce() -> T) -> T {
    let has_ended = AtomicBool::new(false);
    let path = sandbox.path("d.sock");
    thread::scope(|scope| {
        let knocking = scope.spawn(|| {
            let mut count = 0;
            while !has_ended.load(Ordering::SeqCst) {
                drop(UnixStream::connect(&path).expect("no connection is refused"));
                drop(TcpStream::connect(("127.0.0.1", port)).expect("no connection is refused"));
                count += 1;
            }
            count
        });
        let result = act();
        has_ended.store(true, Ordering::SeqCst);
        assert!(knocking.join().expect("every connection was accepted") > 0);
        result
    })
}

#[test]
fn ten_programs_continue() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let mut daemon = start(&sandbox, &servers(port));
    ctl(Subject::Original, &sandbox, &["stop", "stopped"]);
    let pids = RUNNING.map(|name| daemon.pid_of(name));
    let (before, pidfile) = (states(&sandbox), sandbox.read("d.pid"));
    let automatic = sandbox.names();

    let (status, shown) = while_connecting(&sandbox, port, || takeover(&sandbox, &["--json"]));
    assert_eq!(status, Some(0), "{shown}");
    let report: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(report["version"], "4.3.0");
    assert_eq!(report["switched"], true);
    for name in RUNNING {
        assert_eq!(fate(&report, name), "adopted", "{shown}");
    }
    assert_eq!(fate(&report, "watch"), "restarted");
    assert_eq!(["stopped", "exited", "fatal"].map(|name| fate(&report, name)), ["idle"; 3]);
    let line =
        format!("INFO supkit {} continues, before: Supervisor 4.3.0", env!("CARGO_PKG_VERSION"));
    daemon.wait_for_log(&line);

    assert_eq!(states(&sandbox), before);
    assert_eq!(sandbox.read("d.pid"), pidfile);
    assert_eq!(report["pid"].as_i64(), Some(i64::from(daemon.pid())));
    // The listener is the only program that was started again.
    daemon.wait_for_count("spawned: 'watch'", 2);
    assert_eq!(RUNNING.map(|name| daemon.pid_of(name)), pids);
    assert_eq!(sandbox.names(), automatic, "no log is new");

    continues(&sandbox, &daemon);
    for client in [Subject::Ours, Subject::Original] {
        let shown = ctl(client, &sandbox, &["status"]);
        assert!(
            shown.contains("fatal                            FATAL     Exited too quickly"),
            "{shown}"
        );
        let url = format!("http://127.0.0.1:{port}");
        let shown = ctl(client, &sandbox, &["-s", &url, "pid"]);
        assert_eq!(shown.trim(), daemon.pid().to_string());
    }
    assert!(ctl(Subject::Ours, &sandbox, &["update"]).trim().is_empty());

    assert!(daemon.stop().success());
    ends(&sandbox);
}

/// Output, stdin, exit statuses, restarts and events continue.
#[track_caller]
fn continues(sandbox: &Sandbox, daemon: &Daemon<'_>) {
    let times =
        [("writer.log", 1), ("both.out", 1), ("both.err", 1), ("merged.out", 1), ("joined.log", 2)];
    for (name, times) in times {
        let written = check_lines(sandbox, name, times);
        wait_until(name, || check_lines(sandbox, name, times) > written + 50);
    }
    assert_eq!(sandbox.read("merged.err"), "");
    send(sandbox, "cat", "a line\n");
    wait_until("cat answers", || {
        ctl(Subject::Original, sandbox, &["tail", "cat"]).contains("a line")
    });
    send(sandbox, "ends", "7\n");
    daemon.wait_for_log("exited: ends (exit status 7; expected)");
    let state = ctl(Subject::Original, sandbox, &["status", "ends"]);
    assert!(state.contains("EXITED"), "{state}");
    kill(Pid::from_raw(daemon.pid_of("worker_1")), Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("spawned: 'worker_1'", 2);
    wait_until("the listener gets an event", || {
        sandbox.read("watch.log").contains("event PROCESS_STATE_EXITED")
    });
    assert!(ctl(Subject::Original, sandbox, &["start", "stopped"]).contains("stopped: started"));
    assert!(ctl(Subject::Ours, sandbox, &["restart", "cat"]).contains("cat: started"));
}

fn send(sandbox: &Sandbox, name: &str, text: &str) {
    let script = "import sys, xmlrpc.client\nfrom supervisor import xmlrpc as x\n\
        url, name, text = sys.argv[1:]\n\
        proxy = xmlrpc.client.ServerProxy('http://127.0.0.1', x.SupervisorTransport('u', 'p', url))\n\
        assert proxy.supervisor.sendProcessStdin(name, text)\n";
    let url = format!("unix://{}", sandbox.path("d.sock").display());
    let mut command = sandbox.command(crate::support::oracle::bin("python"));
    let output = command.args(["-c", script, &url, name, text]).output().expect("it runs");
    assert!(output.status.success(), "{}", printed(&output));
}

/// Nothing is left of the daemon and its programs.
#[track_caller]
fn ends(sandbox: &Sandbox) {
    wait_until("all processes have ended", || sandbox.processes().is_empty());
    for (name, times) in [("writer.log", 1), ("both.err", 1), ("merged.out", 1), ("joined.log", 2)]
    {
        assert!(check_lines(sandbox, name, times) > 2);
    }
    assert!(!sandbox.path("d.sock").exists() && !sandbox.path("d.pid").exists());
}

#[test]
fn a_daemon_in_the_background_continues() {
    let sandbox = Sandbox::new();
    write_scripts(&sandbox);
    sandbox.write("d.conf", &conf(&format!("{SERVER}{PROGRAMS}")));
    let mut command = Subject::Original.program(&sandbox, "supervisord");
    assert!(command.args(["-c", "d.conf"]).status().expect("it runs").success());
    wait_until("the writers write", || sandbox.read("joined.log").contains("line 3\n"));
    let pidfile = sandbox.read("d.pid");
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("Continue without a restart (8):\n"), "{shown}");
    assert!(shown.contains(&format!("supkit continues with pid {}", pidfile.trim())), "{shown}");
    assert_eq!(sandbox.read("d.pid"), pidfile);
    // What replaces or restarts the daemon works as ever.
    assert!(ctl(Subject::Ours, &sandbox, &["upgrade"]).starts_with("Upgraded supervisord"));
    assert!(check_lines(&sandbox, "writer.log", 1) > 0);
    let reloaded = ctl(Subject::Original, &sandbox, &["reload"]);
    assert!(reloaded.contains("Restarted supervisord"), "{reloaded}");
    wait_until("everything runs again", || {
        ctl(Subject::Ours, &sandbox, &["status"]).matches("RUNNING").count() == 9
    });
    assert_eq!(sandbox.read("d.pid"), pidfile);
    assert!(ctl(Subject::Original, &sandbox, &["shutdown"]).contains("Shut down"));
    wait_until("all processes have ended", || sandbox.processes().is_empty());
    assert!(!sandbox.path("d.sock").exists() && !sandbox.path("d.pid").exists());
}

/// The descriptors of a process and what they lead to.
fn descriptors(pid: i32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").flatten();
    let shown = |entry: fs::DirEntry| {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        format!("{} {}", entry.file_name().to_string_lossy(), target.display())
    };
    let mut all: Vec<String> = entries.map(shown).collect();
    all.sort();
    all
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, SERVER);
    // Connections of clients are closed a moment after their end.
    let before = descriptors(daemon.pid());
    let (log, states) = (daemon.log(), states(&sandbox));
    let (status, shown) = takeover(&sandbox, &["--dry-run"]);
    assert_eq!(status, Some(0), "{shown}");
    for line in [
        format!("supervisord (pid {}) is Supervisor 4.3.0 with ", daemon.pid()),
        "Continue without a restart (8):\n".to_owned(),
        "Are restarted after the switch, in this order (1):\n  watch ".to_owned(),
        "  only Supervisor knows whether this event listener has an event\n".to_owned(),
        "Do not run, and stay as they are (3):\n".to_owned(),
        "    the part of its last output that Supervisor holds back is lost (capture mode)\n"
            .to_owned(),
        "supervisorctl -c ".to_owned(),
        "supervisord -n -c ".to_owned(),
    ] {
        assert!(shown.contains(&line), "{line}\n{shown}");
    }
    wait_until("nothing is left open", || descriptors(daemon.pid()) == before);
    assert_eq!(self::states(&sandbox), states);
    assert_eq!(daemon.log(), log);
    assert!(daemon.stop().success());
    ends(&sandbox);
}

#[test]
fn what_runs_with_other_options_than_the_file_has_is_restarted() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, SERVER);
    let pid = daemon.pid_of("cat");
    let text = sandbox
        .read("d.conf")
        .replace("[program:cat]\ncommand=/bin/cat", "[program:cat]\ncommand=/bin/cat -u");
    sandbox.write("d.conf", &text);
    let (status, shown) = takeover(&sandbox, &["--dry-run"]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("the file has other options than it runs with: command\n"), "{shown}");
    let (status, shown) = takeover(&sandbox, &["--yes"]);
    assert_eq!(status, Some(0), "{shown}");
    daemon.wait_for_count("spawned: 'cat'", 2);
    wait_until("the new command runs", || {
        let command = fs::read(format!("/proc/{}/cmdline", daemon.pid_of("cat")));
        command.is_ok_and(|it| it == b"/bin/cat\0-u\0")
    });
    assert_ne!(daemon.pid_of("cat"), pid);
    assert!(daemon.stop().success());
    ends(&sandbox);
}

#[test]
fn a_file_with_other_programs_is_refused() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, SERVER);
    let text = sandbox.read("d.conf");
    for (change, why) in [
        (
            text.replace("[program:cat]", "[program:dog]"),
            "the daemon has processes that the file has not: cat",
        ),
        (
            text.replace("numprocs=2", "numprocs=3"),
            "the file has processes that the daemon has not: worker:worker_2",
        ),
        (text.replace("exitcodes=7", "exitcodes=x"), "exitcodes"),
    ] {
        sandbox.write("d.conf", &change);
        let (status, shown) = takeover(&sandbox, &[]);
        assert_eq!(status, Some(1), "{shown}");
        assert!(shown.contains(why), "{shown}");
    }
    sandbox.write("d.conf", &text);
    runs_on(&sandbox, &mut daemon);
}

/// Supervisor was not changed.
#[track_caller]
fn runs_on(sandbox: &Sandbox, daemon: &mut Daemon<'_>) {
    let program = fs::read_link(format!("/proc/{}/exe", daemon.pid())).expect("it runs");
    assert!(program.display().to_string().contains("python"), "{}", program.display());
    let written = check_lines(sandbox, "writer.log", 1);
    wait_until("the writer writes", || check_lines(sandbox, "writer.log", 1) > written + 50);
    assert!(ctl(Subject::Original, sandbox, &["restart", "cat"]).contains("cat: started"));
    assert!(daemon.stop().success());
    ends(sandbox);
}

#[test]
fn supervisor_continues_if_supkit_cannot_be_executed() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, SERVER);
    let copy = sandbox.path("supkit");
    fs::copy(env!("CARGO_BIN_EXE_supkit"), &copy).expect("it can be copied");
    let before = descriptors(daemon.pid());
    let mut command = sandbox.command(&copy);
    command.args(["takeover", "-c", "d.conf"]);
    let mut terminal = Terminal::run(&command);
    terminal.expect("Switch now? [y/N] ");
    let mut permissions = fs::metadata(&copy).expect("it is there").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    fs::set_permissions(&copy, permissions).expect("it is ours");
    terminal.press("y\r");
    terminal.expect("supkit could not be executed by the daemon: EACCES");
    terminal.expect("nothing was changed: Supervisor runs on");
    assert!(!terminal.ends().success());
    wait_until("nothing is left open", || descriptors(daemon.pid()) == before);
    runs_on(&sandbox, &mut daemon);
}

#[test]
fn nothing_is_changed_without_consent() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, SERVER);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["takeover", "-c", "d.conf"]);
    let mut terminal = Terminal::run(&command);
    terminal.expect("Switch now? [y/N] ");
    terminal.press("\r");
    terminal.expect("nothing was changed");
    assert!(!terminal.ends().success());
    runs_on(&sandbox, &mut daemon);
}

#[test]
fn only_a_running_supervisor_is_taken_over() {
    let sandbox = Sandbox::new();
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(1));
    assert!(shown.contains("there is no ") && shown.contains("d.conf\n"), "{shown}");
    sandbox.write("d.conf", &conf(SERVER));
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(1));
    assert!(shown.contains("no daemon answers at unix://"), "{shown}");
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, SERVER);
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(1));
    assert!(shown.contains("not Python's Supervisor, so there is nothing to take over"), "{shown}");
    assert!(daemon.stop().success());
}

/// A user who may not do that.
const OTHER: u32 = 65_533;

fn is_root() -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        let _ = writeln!(std::io::stderr(), "only root can run a command as another user");
    }
    is_root
}

/// Root takes over a daemon that runs as another user.
#[test]
fn a_daemon_of_another_user_continues() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let mut permissions = fs::metadata(sandbox.dir()).expect("it is there").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o777);
    fs::set_permissions(sandbox.dir(), permissions).expect("it is ours");
    write_scripts(&sandbox);
    let programs = "[program:writer]\ncommand={here}/writer\nstdout_logfile={here}/writer.log\n\
        stdout_logfile_maxbytes=0\nstartsecs=0\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let text = conf(&format!("{SERVER}{programs}")).replace("user=root", "user=nobody");
    sandbox.write("d.conf", &text);
    let mut daemon = Daemon::launch(Subject::Original, &sandbox, &[]);
    daemon.wait_for_count("entered RUNNING state", 2);
    let pid = daemon.pid_of("writer");
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(0), "{shown}");
    let written = check_lines(&sandbox, "writer.log", 1);
    wait_until("the writer writes", || check_lines(&sandbox, "writer.log", 1) > written + 500);
    assert_eq!(daemon.pid_of("writer"), pid);
    assert!(ctl(Subject::Ours, &sandbox, &["restart", "cat"]).contains("cat: started"));
    let owner = |pid: i32| {
        let found = fs::metadata(format!("/proc/{pid}")).expect("it runs");
        std::os::unix::fs::MetadataExt::uid(&found)
    };
    assert_eq!(owner(daemon.pid_of("cat")), owner(pid));
    assert_ne!(owner(daemon.pid()), 0);
    assert!(daemon.stop().success());
    assert!(!sandbox.path("d.pid").exists());
    wait_until("all processes have ended", || sandbox.processes().is_empty());
}

#[test]
fn another_user_is_refused() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let mut permissions = fs::metadata(sandbox.dir()).expect("it is there").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(sandbox.dir(), permissions).expect("it is ours");
    let mut daemon = start(&sandbox, SERVER);
    let copy = sandbox.path("supkit");
    fs::copy(env!("CARGO_BIN_EXE_supkit"), &copy).expect("it can be copied");
    let mut command = sandbox.command(&copy);
    let output = command.args(["takeover", "-c", "d.conf"]).uid(OTHER).output().expect("it runs");
    let shown = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("this user may not change the daemon"), "{shown}");
    assert!(shown.contains("run this command as root"), "{shown}");
    runs_on(&sandbox, &mut daemon);
}

/// Programs that end and start all the time, and clients: a switch waits for a good moment.
#[test]
fn many_takeovers_at_random_moments_lose_nothing() {
    for _ in 0..5 {
        let sandbox = Sandbox::new();
        sandbox.script("writer", WRITER);
        sandbox.script("short", "#!/bin/sh\necho run\nsleep 0.3\n");
        let programs = "[program:writer]\ncommand={here}/writer\nstdout_logfile={here}/writer.log\n\
            stdout_logfile_maxbytes=0\nstartsecs=0\n\
            [program:short]\ncommand={here}/short\nstartsecs=0\nautorestart=true\n\
            stdout_logfile={here}/short.log\n";
        let mut daemon = Daemon::start(Subject::Original, &sandbox, &format!("{SERVER}{programs}"));
        wait_until("the writer writes", || sandbox.read("writer.log").contains("line 300\n"));
        let pid = daemon.pid_of("writer");
        let (status, shown) = takeover(&sandbox, &[]);
        assert_eq!(status, Some(0), "{shown}");
        daemon.wait_for_log(" continues, before: Supervisor 4.3.0");
        let count = daemon.log().matches("spawned: 'short'").count();
        daemon.wait_for_count("spawned: 'short'", count + 2);
        let written = check_lines(&sandbox, "writer.log", 1);
        wait_until("the writer writes", || check_lines(&sandbox, "writer.log", 1) > written + 500);
        assert_eq!(daemon.pid_of("writer"), pid);
        assert!(daemon.stop().success());
        let log = daemon.log();
        let runs = sandbox.read("short.log").lines().count();
        let spawned = log.matches("spawned: 'short'").count();
        assert!(spawned - runs <= 1, "{runs} of {spawned}:\n{log}");
        assert!(!log.contains("reaped unknown pid"), "{log}");
        wait_until("all processes have ended", || sandbox.processes().is_empty());
    }
}

/// A client that is connected is disconnected, and what it sends afterwards is answered.
#[test]
fn clients_are_disconnected() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, SERVER);
    let mut idle = UnixStream::connect(sandbox.path("d.sock")).expect("it accepts");
    idle.write_all(b"GET /logtail/writer HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is sent");
    let mut lines = BufReader::new(idle);
    let mut line = String::new();
    lines.read_line(&mut line).expect("it answers");
    assert!(line.contains("200"), "{line}");
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("lose their connection (1 at the moment)"), "{shown}");
    std::io::copy(&mut lines, &mut std::io::sink()).expect("it ends");
    assert!(daemon.stop().success());
    ends(&sandbox);
}

#[test]
fn states_in_transition_continue() {
    let sandbox = Sandbox::new();
    sandbox.script("stubborn", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n");
    let programs = "[program:slow]\ncommand=/bin/cat\nstartsecs=600\n\
        [program:stubborn]\ncommand={here}/stubborn\nstartsecs=0\nstopwaitsecs=10\nautorestart=true\n\
        [program:retry]\ncommand=/bin/false\nstartretries=100\n";
    let mut daemon = Daemon::start(Subject::Original, &sandbox, &format!("{SERVER}{programs}"));
    daemon.wait_for_count("spawned: 'retry'", 3);
    let pids = ["slow", "stubborn"].map(|name| daemon.pid_of(name));
    let stop = ctl_of(Subject::Original, &sandbox, &["stop", "stubborn"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut stop = stop.expect("it runs");
    wait_until("it is being stopped", || {
        ctl(Subject::Ours, &sandbox, &["status", "stubborn"]).contains("STOPPING")
    });
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(0), "{shown}");
    let log = daemon.log();
    assert!(shown.contains("    its stopwaitsecs begin anew\n"), "{shown}\n{log}");
    assert!(shown.contains("    its failed starts are counted anew\n"), "{shown}");
    let count = daemon.log().matches("spawned: 'retry'").count();
    let state = ctl(Subject::Original, &sandbox, &["status", "slow"]);
    assert!(state.contains("STARTING"), "{state}");
    daemon.wait_for_log("stopped: stubborn (terminated by SIGKILL)");
    daemon.wait_for_count("spawned: 'retry'", count + 1);
    assert_eq!(["slow", "stubborn"].map(|name| daemon.pid_of(name)), pids);
    stop.wait().expect("it ends");
    assert!(daemon.stop().success());
    wait_until("all processes have ended", || sandbox.processes().is_empty());
}

/// The inode of the socket that is the stdin of a process.
fn stdin_of(pid: i32) -> String {
    let target = fs::read_link(format!("/proc/{pid}/fd/0")).expect("it runs");
    target.display().to_string()
}

#[test]
fn a_fastcgi_socket_continues() {
    let sandbox = Sandbox::new();
    let programs = "[fcgi-program:f]\ncommand=/bin/sleep 1000\nsocket=unix://{here}/f.sock\n\
        numprocs=2\nprocess_name=f_%(process_num)d\nstartsecs=0\n";
    let mut daemon = Daemon::start(Subject::Original, &sandbox, &format!("{SERVER}{programs}"));
    daemon.wait_for_count("entered RUNNING state", 2);
    let (first, second) = (daemon.pid_of("f_0"), daemon.pid_of("f_1"));
    let socket = stdin_of(first);
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(0), "{shown}");
    kill(Pid::from_raw(second), Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("spawned: 'f_1'", 2);
    wait_until("it has the same socket", || stdin_of(daemon.pid_of("f_1")) == socket);
    assert_eq!(daemon.pid_of("f_0"), first);
    assert!(daemon.stop().success());
    wait_until("all processes have ended", || sandbox.processes().is_empty());
}

/// The configuration has the meaning that it has for the daemon.
#[test]
fn variables_of_the_daemon_are_used() {
    let sandbox = Sandbox::new();
    let programs = "[program:web]\ncommand=/bin/sleep %(ENV_SK_SECONDS)s\nstartsecs=0\n";
    sandbox.write("d.conf", &conf(&format!("{SERVER}{programs}")));
    let mut command = Subject::Original.program(&sandbox, "supervisord");
    command.env("SK_SECONDS", "1000");
    let mut daemon = Daemon::launch_by(command, &sandbox, &["-e", "debug"]);
    let pid = daemon.pid_of("web");
    daemon.wait_for_log("entered RUNNING state");
    let (status, shown) = takeover(&sandbox, &[]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("Continue without a restart (1):"), "{shown}");
    daemon.wait_for_log(" continues, before: Supervisor 4.3.0");
    assert!(ctl(Subject::Ours, &sandbox, &["update"]).trim().is_empty());
    assert_eq!(daemon.pid_of("web"), pid);
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("spawned: 'web'", 2);
    wait_until("it has the same command", || {
        let command = fs::read(format!("/proc/{}/cmdline", daemon.pid_of("web")));
        command.is_ok_and(|it| it == b"/bin/sleep\x001000\0")
    });
    assert!(daemon.log().contains("DEBG"), "its command line is kept");
    assert!(daemon.stop().success());
    wait_until("all processes have ended", || sandbox.processes().is_empty());
}
