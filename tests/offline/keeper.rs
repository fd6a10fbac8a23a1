//! A daemon with a keeper that is killed: another one continues, and nothing is lost.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::{SERVER, conf};
use crate::support::follower::ctl_of;
use crate::support::rng::Rng;
use crate::support::terminal::Terminal;
use crate::support::wait::comes_true;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

/// Numbered lines in small pieces.
const SLOW: &str = "#!/bin/sh\ni=0\nwhile :; do\n\
    for n in 1 2 3 4 5; do i=$((i+1)); echo \"line $i\"; done; sleep 0.5\ndone\n";

/// Numbers in pieces that end anywhere, as fast as they are read.
const FAST: &str = "#!/bin/sh\ni=0\nwhile :; do\n\
    seq -f 'line %.0f' $((i+1)) $((i+4000)); i=$((i+4000)); sleep 0.15\ndone\n";

/// Exits when it is told to.
const ENDS: &str = "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\necho the end\nexit 7\n";

/// Writes each event to its log.
const WATCH: &str = "#!/bin/sh\nwhile :; do printf 'READY\\n'; read -r head || exit 0\n\
    length=${head##*len:}\nbody=$(dd bs=1 count=$length 2>/dev/null)\n\
    serial=${head#*serial:}; echo \"event ${serial%% *} $body\" >&2; printf 'RESULT 2\\nOK'; done\n";

/// Runs for a moment, and notes if another copy of it runs.
const BRIEF: &str = "#!/bin/sh\nmkdir lock.$1 || echo \"$1 runs twice\" >> twice\necho out\n\
    sleep 0.1\nrmdir lock.$1\nexit 3\n";

const LISTENER: &str = "[eventlistener:watch]\ncommand={here}/watch\nevents=PROCESS_STATE_EXITED\n\
    stdout_logfile=NONE\nstderr_logfile={here}/watch.log\nstartsecs=0\n";

/// The daemon in the pid file.
fn pid_in_file(sandbox: &Sandbox) -> Option<i32> {
    sandbox.read("d.pid").trim().parse().ok()
}

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("it runs");
}

fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
}

fn state_of(pid: i32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('-')
}

/// Kills the daemon and waits for the next one.
#[track_caller]
fn kill_daemon(sandbox: &Sandbox, with: Signal) -> i32 {
    let before = pid_in_file(sandbox).expect("a daemon runs");
    signal(before, with);
    wait_for_other(sandbox, before)
}

#[track_caller]
fn wait_for_other(sandbox: &Sandbox, before: i32) -> i32 {
    let other = || pid_in_file(sandbox).filter(|pid| *pid != before && is_alive(*pid));
    let found = comes_true(|| other().is_some());
    assert!(
        found,
        "no other daemon continues:\n{}\n{}",
        sandbox.read("d.log"),
        sandbox.read("err")
    );
    other().unwrap_or_default()
}

fn start<'a>(sandbox: &'a Sandbox, programs: &str) -> Daemon<'a> {
    let scripts =
        [("slow", SLOW), ("fast", FAST), ("ends", ENDS), ("brief", BRIEF), ("watch", WATCH)];
    for (name, text) in scripts {
        sandbox.script(name, text);
    }
    // Behind the head, whose section it continues.
    Daemon::start(Subject::Ours, sandbox, &format!("keeper=true\n{SERVER}{programs}"))
}

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    printed(&ctl_of(Subject::Ours, sandbox, words).stdin(Stdio::null()).output().expect("it runs"))
}

/// The pid of each running process.
fn pids(sandbox: &Sandbox) -> BTreeMap<String, i64> {
    let mut text = String::new();
    let answered = comes_true(|| {
        text = ctl(sandbox, &["status", "--json"]);
        text.starts_with('[')
    });
    assert!(answered, "{text}");
    let status: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let processes = status.as_array().expect("a list").iter();
    let pid = |it: &serde_json::Value| {
        Some((it["name"].as_str()?.to_owned(), it["pid"].as_i64().filter(|pid| *pid > 0)?))
    };
    processes.filter_map(pid).collect()
}

/// A log with its backups, oldest first.
fn whole_log(sandbox: &Sandbox, name: &str) -> String {
    let number = |file: &String| file.strip_prefix(&format!("{name}."))?.parse::<u32>().ok();
    let mut numbers: Vec<u32> = sandbox.names().iter().filter_map(number).collect();
    numbers.sort_unstable();
    let backups = numbers.iter().rev().map(|number| sandbox.read(format!("{name}.{number}")));
    backups.chain([sandbox.read(name)]).collect()
}

/// All lines once and in order. The last one may be cut by the end of the program.
#[track_caller]
fn check_lines(log: &str, what: &str) -> usize {
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for (at, line) in lines.iter().enumerate() {
        let expected = format!("line {}\n", at + 1);
        let is_cut = at + 1 == lines.len() && expected.starts_with(line);
        assert!(*line == expected || is_cut, "{what}: {line:?} is not {expected:?}");
    }
    lines.len()
}

/// Asks for the state of the daemon. A request ends unanswered if the daemon is killed meanwhile.
fn ask(path: &std::path::Path) -> bool {
    let mut stream = UnixStream::connect(path).expect("no connection is refused");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    let body = "<?xml version='1.0'?><methodCall><methodName>supervisor.getState</methodName>\
                <params/></methodCall>";
    let length = body.len();
    let head =
        format!("POST /RPC2 HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    let mut text = String::new();
    let sent = stream.write_all((head + body).as_bytes());
    sent.and_then(|()| stream.read_to_string(&mut text)).is_ok() && text.contains("RUNNING")
}

/// A seed, and what it makes.
fn random() -> (u64, Rng) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    let seed = now.as_secs();
    (seed, Rng::new(seed))
}

#[test]
fn fifty_programs_outlive_twenty_kills_of_the_daemon() {
    let sandbox = Sandbox::new();
    let mut programs = String::from(LISTENER);
    for number in 0..44 {
        programs += &format!(
            "[program:slow{number}]\ncommand={{here}}/slow\nstartsecs=0\n\
             stdout_logfile={{here}}/slow{number}.log\n"
        );
    }
    for number in 0..5 {
        // Some are rotated often.
        let maxbytes = if number < 3 { "200KB" } else { "0" };
        programs += &format!(
            "[program:fast{number}]\ncommand={{here}}/fast\nstartsecs=0\n\
             stdout_logfile={{here}}/fast{number}.log\nstdout_logfile_maxbytes={maxbytes}\n\
             stdout_logfile_backups=1000\n"
        );
    }
    let mut daemon = start(&sandbox, &programs);
    daemon.wait_for_count("entered RUNNING state", 50);
    let before = pids(&sandbox);
    let (seed, mut rng) = random();
    println!("seed {seed}");
    let has_ended = AtomicBool::new(false);
    let path = sandbox.path("d.sock");
    let answered = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut answered = 0;
            while !has_ended.load(Ordering::SeqCst) {
                answered += usize::from(ask(&path));
                thread::park_timeout(Duration::from_millis(5));
            }
            answered
        });
        for _ in 0..20 {
            // A random moment.
            thread::park_timeout(Duration::from_micros(150_000 + rng.below(500_000) as u64));
            kill_daemon(&sandbox, Signal::SIGKILL);
        }
        wait_until("the last one answers", || ask(&path));
        has_ended.store(true, Ordering::SeqCst);
        asking.join().expect("every connection was accepted")
    });
    assert!(answered >= 20, "{answered}");
    assert_eq!(pids(&sandbox), before);
    let log = daemon.log();
    assert_eq!(log.matches("spawned: ").count(), 50, "{log}");
    assert_eq!(log.matches("the daemon before was killed by SIGKILL; ").count(), 20);
    assert!(daemon.stop().success());
    for number in 0..44 {
        let name = format!("slow{number}.log");
        assert!(check_lines(&whole_log(&sandbox, &name), &name) > 50, "seed {seed}");
    }
    for number in 0..5 {
        let name = format!("fast{number}.log");
        assert!(check_lines(&whole_log(&sandbox, &name), &name) > 4000, "seed {seed}");
    }
    assert!(!sandbox.path("d.sock").exists() && !sandbox.path("d.pid").exists());
}

#[test]
fn events_are_delivered_and_programs_started_once() {
    let sandbox = Sandbox::new();
    let mut programs = LISTENER.replace("_EXITED", ",PROCESS_LOG");
    programs += "buffer_size=10000\n";
    for number in 0..4 {
        programs += &format!(
            "[program:brief{number}]\ncommand={{here}}/brief {number}\ndirectory={{here}}\n\
             startsecs=0\nautorestart=true\nstdout_events_enabled=true\n\
             stdout_logfile={{here}}/brief{number}.log\n"
        );
    }
    let mut daemon = start(&sandbox, &programs);
    let (seed, mut rng) = random();
    println!("seed {seed}");
    for _ in 0..15 {
        // A random moment.
        thread::park_timeout(Duration::from_micros(50_000 + rng.below(400_000) as u64));
        kill_daemon(&sandbox, Signal::SIGKILL);
    }
    wait_until("it answers", || ask(&sandbox.path("d.sock")));
    let starts = daemon.log().matches("spawned: 'brief0'").count();
    daemon.wait_for_count("spawned: 'brief0'", starts + 1);
    ctl(&sandbox, &["stop", "all"]);
    assert!(daemon.stop().success());
    let log = daemon.log();
    assert!(!log.contains("UNKNOWN") && !log.contains("exit status 127"), "seed {seed}: {log}");
    assert_eq!(sandbox.read("twice"), "", "seed {seed}");
    let events = sandbox.read("watch.log");
    let serial = |line: &str| line.strip_prefix("event ")?.split(' ').next()?.parse::<u64>().ok();
    let serials: Vec<u64> = events.lines().filter_map(serial).collect();
    assert!(serials.len() > 20, "seed {seed}: {events}");
    let is_next = |pair: &[u64]| pair[1] == pair[0] + 1;
    assert!(serials.windows(2).all(is_next), "seed {seed}: {serials:?}");
}

#[test]
fn an_exit_without_a_daemon_is_reported_by_the_next_one() {
    let sandbox = Sandbox::new();
    let programs = format!(
        "{LISTENER}[program:ends]\ncommand={{here}}/ends\ndirectory={{here}}\nautorestart=false\n\
         stdout_logfile={{here}}/ends.log\nstartsecs=0\n\
         [program:stays]\ncommand=/bin/cat\nstartsecs=0\n"
    );
    let mut daemon = start(&sandbox, &programs);
    daemon.wait_for_count("entered RUNNING state", 3);
    let (ends, stays) = (daemon.pid_of("ends"), daemon.pid_of("stays"));
    // A keeper that is held up starts no other daemon.
    let keeper = daemon.pid();
    signal(keeper, Signal::SIGSTOP);
    let before = pid_in_file(&sandbox).expect("a daemon");
    signal(before, Signal::SIGKILL);
    wait_until("it has ended", || state_of(before) == 'Z');
    sandbox.write("go", "");
    wait_until("the program has ended", || state_of(ends) == 'Z');
    signal(keeper, Signal::SIGCONT);
    wait_for_other(&sandbox, before);
    daemon.wait_for_log("exited: ends (exit status 7; not expected)");
    wait_until("the listener gets it", || sandbox.read("watch.log").contains("processname:ends"));
    let event = sandbox.read("watch.log");
    assert_eq!(event.matches("event ").count(), 1, "{event}");
    assert!(event.contains("expected:0") && event.contains(&format!("pid:{ends}")), "{event}");
    assert_eq!(sandbox.read("ends.log"), "the end\n");
    let info = ctl(&sandbox, &["status", "--json", "ends"]);
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info[0]["exitstatus"], 7, "{info}");
    assert_eq!((state_of(ends), daemon.pid_of("stays")), ('-', stays));
    // It can be started again, and what ends then is a child of the daemon.
    std::fs::remove_file(sandbox.path("go")).expect("it is there");
    ctl(&sandbox, &["start", "ends"]);
    sandbox.write("go", "");
    daemon.wait_for_count("exited: ends (exit status 7; not expected)", 2);
    assert!(daemon.stop().success());
}

#[test]
fn signals_reach_the_daemon_and_its_exit_status_is_that_of_the_keeper() {
    let sandbox = Sandbox::new();
    let program = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let mut daemon = start(&sandbox, program);
    daemon.wait_for_count("entered RUNNING state", 1);
    let pid = pid_in_file(&sandbox).expect("a daemon");
    assert_ne!(pid, daemon.pid());
    daemon.signal(Signal::SIGUSR2);
    daemon.wait_for_log("supervisord logreopen");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count("supervisord started with pid", 2);
    assert_eq!(pid_in_file(&sandbox), Some(pid), "a restart stays in the same process");
    daemon.wait_for_count("entered RUNNING state", 2);
    kill_daemon(&sandbox, Signal::SIGKILL);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count("supervisord started with pid", 3);
    assert!(daemon.stop().success());
    assert!(sandbox.processes().is_empty());

    sandbox.write("d.conf", &conf("keeper=true\nloglevel=nonsense\n"));
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    assert_eq!(daemon.wait().code(), Some(2));
    sandbox.write("d.conf", &conf("keeper=true\n[unix_http_server]\nfile=/nowhere/d.sock\n"));
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    assert_eq!(daemon.wait().code(), Some(2), "{}", sandbox.read("err"));
}

#[test]
fn ctrl_c_in_a_terminal_ends_all_in_order() {
    let sandbox = Sandbox::new();
    let program = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    sandbox.write("d.conf", &conf(&format!("keeper=true\n{SERVER}{program}")));
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    command.args(["-n", "-c", "d.conf"]);
    let mut terminal = Terminal::run(&command);
    terminal.expect("cat entered RUNNING state");
    terminal.press("\x03");
    terminal.expect("received SIGINT indicating exit request");
    terminal.expect("stopped: cat");
    assert_eq!(terminal.ends().code(), Some(0));
    assert_eq!(sandbox.read("d.log").matches("received SIGINT").count(), 1);
    assert!(sandbox.processes().is_empty());
}

#[test]
fn a_daemon_in_the_background_has_a_keeper() {
    let sandbox = Sandbox::new();
    sandbox.script("slow", SLOW);
    let program =
        "[program:slow]\ncommand={here}/slow\nstartsecs=0\nstdout_logfile={here}/slow.log\n";
    sandbox.write("d.conf", &conf(&format!("keeper=true\n{SERVER}{program}")));
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    let started = command.args(["-c", "d.conf"]).stdin(Stdio::null()).status().expect("it runs");
    assert!(started.success());
    wait_until("it runs", || sandbox.read("d.log").contains("slow entered RUNNING"));
    let before = pids(&sandbox);
    kill_daemon(&sandbox, Signal::SIGKILL);
    assert_eq!(pids(&sandbox), before);
    assert!(ctl(&sandbox, &["shutdown"]).contains("Shut down"));
    wait_until("all have ended", || sandbox.processes().is_empty());
    check_lines(&sandbox.read("slow.log"), "slow");
    // A start that fails is reported to the one who has started it.
    sandbox.write("d.conf", &conf("keeper=true\n[unix_http_server]\nfile=/nowhere/d.sock\n"));
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    let failed = command.args(["-c", "d.conf"]).output().expect("it runs");
    assert_eq!(failed.status.code(), Some(2), "{}", printed(&failed));
    wait_until("nothing is left", || sandbox.processes().is_empty());
}

#[test]
fn a_daemon_that_ends_by_its_own_fault_again_and_again_is_given_up() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    daemon.wait_for_count("entered RUNNING state", 1);
    let cat = daemon.pid_of("cat");
    for _ in 0..4 {
        kill_daemon(&sandbox, Signal::SIGABRT);
    }
    signal(pid_in_file(&sandbox).expect("a daemon"), Signal::SIGABRT);
    assert_eq!(daemon.wait().code(), Some(70));
    let why = "CRIT the daemon has ended too often; the keeper stops all programs and exits with";
    assert!(daemon.log().contains(why), "{}", daemon.log());
    assert!(sandbox.read("err").contains(why));
    assert!(!is_alive(cat));
}

#[test]
fn programs_see_the_end_of_their_stdin_when_daemon_and_keeper_are_gone() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    daemon.wait_for_count("entered RUNNING state", 1);
    let cat = daemon.pid_of("cat");
    let next = kill_daemon(&sandbox, Signal::SIGKILL);
    assert!(is_alive(cat));
    signal(daemon.pid(), Signal::SIGSTOP);
    signal(next, Signal::SIGKILL);
    daemon.signal(Signal::SIGKILL);
    daemon.wait();
    wait_until("it has ended", || !is_alive(cat));
}

/// The daemon becomes the keeper, and another one continues.
#[test]
fn a_keeper_that_is_killed_is_replaced() {
    let sandbox = Sandbox::new();
    let program =
        "[program:slow]\ncommand={here}/slow\nstartsecs=0\nstdout_logfile={here}/slow.log\n";
    let daemon = start(&sandbox, program);
    daemon.wait_for_count("entered RUNNING state", 1);
    let before = pids(&sandbox);
    let first = pid_in_file(&sandbox).expect("a daemon");
    daemon.signal(Signal::SIGKILL);
    let second = wait_for_other(&sandbox, first);
    assert!(is_alive(first), "it is the keeper now");
    daemon.wait_for_log("CRIT the keeper has ended; this process takes its place");
    assert_eq!(pids(&sandbox), before);
    kill_daemon(&sandbox, Signal::SIGKILL);
    assert!(is_alive(first) && !is_alive(second));
    assert_eq!(pids(&sandbox), before);
    signal(first, Signal::SIGTERM);
    wait_until("all have ended", || sandbox.processes().is_empty());
    check_lines(&sandbox.read("slow.log"), "slow");
    assert!(!sandbox.path("d.sock").exists() && !sandbox.path("d.pid").exists());
}

/// Keeper and daemon are killed at different times, so the programs are orphans in the end.
#[test]
fn programs_of_a_daemon_and_a_keeper_that_were_killed_are_supervised() {
    let sandbox = Sandbox::new();
    let program = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let daemon = start(&sandbox, program);
    daemon.wait_for_count("entered RUNNING state", 1);
    let cat = daemon.pid_of("cat");
    let first = kill_daemon(&sandbox, Signal::SIGKILL);
    daemon.signal(Signal::SIGKILL);
    wait_for_other(&sandbox, first);
    daemon.wait_for_log("WARN 1 of them became orphans when both keeper and daemon were killed");
    assert_eq!(pids(&sandbox)["cat"], i64::from(cat));
    signal(cat, Signal::SIGKILL);
    daemon.wait_for_log("exited: cat (exit status 255; not expected)");
    daemon.wait_for_count("spawned: 'cat'", 2);
    signal(first, Signal::SIGTERM);
    wait_until("all have ended", || sandbox.processes().is_empty());
}

#[test]
fn an_upgrade_keeps_the_keeper() {
    let sandbox = Sandbox::new();
    let program =
        "[program:slow]\ncommand={here}/slow\nstartsecs=0\nstdout_logfile={here}/slow.log\n";
    let mut daemon = start(&sandbox, program);
    daemon.wait_for_count("entered RUNNING state", 1);
    let before = pids(&sandbox);
    let pid = pid_in_file(&sandbox);
    assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded supervisord"));
    assert_eq!(pid_in_file(&sandbox), pid);
    kill_daemon(&sandbox, Signal::SIGKILL);
    assert_eq!(pids(&sandbox), before);
    assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded supervisord"));
    assert_eq!(pids(&sandbox), before);
    assert!(daemon.stop().success());
    check_lines(&sandbox.read("slow.log"), "slow");
}
