//! What the daemon does when the machine has no descriptors, no processes or no room left, or when it was
//! suspended: what runs is supervised, requests are answered, nothing spins, and no loss is silent.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::{SERVER, conf};
use crate::support::follower::ctl_of;
use crate::support::wait::is_asleep;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

/// Prints numbered lines.
const WRITER: &str =
    "#!/bin/sh\ni=0\nwhile :; do i=$((i+1)); echo \"line $i\"; sleep 0.005; done\n";

/// For programs that are killed often.
const STEADY: &str = "startsecs=0\nautorestart=true\nstartretries=1000\n";

/// Sets a soft limit of the daemon, such as `nofile`.
fn limit(daemon: &Daemon<'_>, what: &str, limit: &str) {
    set_limit(Command::new("prlimit"), daemon, what, limit);
}

fn set_limit(mut prlimit: Command, daemon: &Daemon<'_>, what: &str, limit: &str) {
    prlimit.args(["--pid", &daemon.pid().to_string(), &format!("--{what}={limit}:")]);
    assert!(prlimit.status().expect("prlimit runs").success());
}

fn open_files(daemon: &Daemon<'_>) -> usize {
    fs::read_dir(format!("/proc/{}/fd", daemon.pid())).expect("it runs").count()
}

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    printed(&ctl_of(Subject::Ours, sandbox, words).stdin(Stdio::null()).output().expect("it runs"))
}

fn end(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
}

/// Calls a method without parameters; `None` if the connection ends without a reply.
fn call(sandbox: &Sandbox, method: &str) -> Option<String> {
    let mut stream = UnixStream::connect(sandbox.path("d.sock")).ok()?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).ok()?;
    let body = format!("<methodCall><methodName>{method}</methodName></methodCall>");
    let head = format!("POST /RPC2 HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    (!reply.is_empty()).then_some(reply)
}

#[track_caller]
fn answers(sandbox: &Sandbox) {
    let reply = call(sandbox, "supervisor.getState");
    assert!(reply.as_ref().is_some_and(|reply| reply.contains("RUNNING")), "{reply:?}");
}

/// How often a process has waited for something.
fn waits(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|line| line.trim().parse().ok()).expect("a number")
}

/// It waits for most of the time, and wakes up rarely. A busy machine may need several looks.
#[track_caller]
fn is_idle(daemon: &Daemon<'_>) {
    wait_until("the daemon is idle", || {
        let before = waits(daemon.pid());
        let looks = (0..20).filter(|_| {
            Command::new("/bin/sleep").arg("0.1").status().expect("it runs");
            is_asleep(daemon.pid())
        });
        looks.count() >= 18 && waits(daemon.pid()) - before <= 20
    });
}

/// All lines once and in order.
#[track_caller]
fn check_lines(log: &str) -> usize {
    let lines: Vec<&str> = log.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(*line, format!("line {}", at + 1));
    }
    lines.len()
}

/// A whole log with its backups, the oldest first.
fn with_backups(sandbox: &Sandbox, name: &str) -> String {
    let backups = (1..1000).rev().map(|number| sandbox.read(format!("{name}.{number}")));
    backups.chain([sandbox.read(name)]).collect()
}

#[test]
fn without_descriptors_requests_are_answered_and_programs_are_started_later() {
    let sandbox = Sandbox::new();
    sandbox.script("writer", WRITER);
    sandbox.script("family", "#!/bin/sh\nsleep 1000 &\necho $! > {here}/descendant\nwait\n");
    let mut daemon = Daemon::start(
        Subject::Ours,
        &sandbox,
        &format!(
            "{SERVER}[program:writer]\ncommand={{here}}/writer\n{STEADY}\
             stdout_logfile={{here}}/writer.log\nstdout_logfile_maxbytes=500\n\
             stdout_logfile_backups=999\n\
             [program:ends]\ncommand=/bin/sleep 1000\n{STEADY}\
             [program:family]\ncommand={{here}}/family\nkillmode=group\n{STEADY}"
        ),
    );
    daemon.wait_for_count("entered RUNNING state", 3);
    wait_until("it has descendants", || sandbox.read("descendant").ends_with('\n'));
    let descendant: i32 = sandbox.read("descendant").trim().parse().expect("a pid");
    // What the programs have open becomes free with them; so there are fewer than none.
    limit(&daemon, "nofile", &(open_files(&daemon) - 10).to_string());
    for _ in 0..3 {
        answers(&sandbox);
    }
    let silent: Vec<UnixStream> = (0..5).map(|_| connect(&sandbox)).collect();
    answers(&sandbox);
    drop(silent);
    end(daemon.pid_of("ends"));
    end(daemon.pid_of("family"));
    daemon.wait_for_log("spawnerr: too many open files to spawn 'ends'");
    daemon.wait_for_log(
        "family is down, but these could not be killed: whatever is left of it, because",
    );
    end(descendant);
    answers(&sandbox);
    let shown = ctl(&sandbox, &["status", "ends"]);
    assert!(shown.contains("BACKOFF") && shown.contains("too many open files"), "{shown}");
    let writer = daemon.pid_of("writer");
    kill(Pid::from_raw(writer), Signal::SIGSTOP).expect("it runs");
    is_idle(&daemon);
    kill(Pid::from_raw(writer), Signal::SIGCONT).expect("it runs");
    limit(&daemon, "nofile", "1024");
    daemon.wait_for_count("success: ends", 2);
    daemon.wait_for_count("success: family", 2);
    assert_eq!(daemon.pid_of("writer"), writer, "it was left alone");
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(check_lines(&with_backups(&sandbox, "writer.log")) > 100);
}

fn connect(sandbox: &Sandbox) -> UnixStream {
    UnixStream::connect(sandbox.path("d.sock")).expect("the daemon listens")
}

/// Wherever the descriptors run out, the daemon is upgraded or stays as it is.
#[test]
fn an_upgrade_without_descriptors_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.script("writer", WRITER);
    let programs = format!(
        "{SERVER}[program:writer]\ncommand={{here}}/writer\n{STEADY}\
         stdout_logfile={{here}}/writer.log\nstdout_logfile_maxbytes=0\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &programs);
    daemon.wait_for_log("success: writer");
    let writer = daemon.pid_of("writer");
    let mut shown = Vec::new();
    for spare in 0..14 {
        limit(&daemon, "nofile", &(open_files(&daemon) + spare).to_string());
        shown.push(ctl(&sandbox, &["upgrade"]));
        limit(&daemon, "nofile", "1024");
        assert!(!daemon.has_ended(), "with {spare} descriptors: {shown:?}");
        wait_until("it answers", || call(&sandbox, "supervisor.getPID").is_some());
        assert_eq!(daemon.pid_of("writer"), writer);
    }
    let upgraded = shown.iter().filter(|shown| shown.starts_with("Upgraded")).count();
    assert!((1..14).contains(&upgraded), "{shown:?}");
    assert_eq!(daemon.stop().code(), Some(0));
    check_lines(&sandbox.read("writer.log"));
}

/// Root may fork beyond the limit, so it starts the daemon as another user.
#[test]
fn without_processes_programs_are_started_later() {
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o777)).unwrap();
    let programs = format!(
        "{SERVER}[program:ends]\ncommand=/bin/sleep 1000\n{STEADY}\
         [program:web]\ncommand=/bin/sleep 1000\nlive_exec=/bin/true\nlive_interval=1\n\
         live_failures=1\nready_exec=/bin/true\nready_interval=1\n{STEADY}"
    );
    let is_root = nix::unistd::getuid().is_root();
    let text = conf(&programs);
    sandbox.write("d.conf", &if is_root { text.replace("user=root\n", "") } else { text });
    // The other user can read the binary.
    let as_user = |program: &str| {
        let mut command = sandbox.command(if is_root { "setpriv" } else { program });
        if is_root {
            command.args(["--reuid", "54321", "--regid", "54321", "--clear-groups"]);
            command.args(["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]);
            command.arg(program);
        }
        command
    };
    let mut command = as_user(env!("CARGO_BIN_EXE_supkit"));
    command.arg("supervisord");
    let mut daemon = Daemon::launch_by(command, &sandbox, &[]);
    daemon.wait_for_log("ready: web");
    let web = daemon.pid_of("web");
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).expect("it runs");
    let before = limits.lines().find_map(|line| line.strip_prefix("Max processes"));
    let before = before.and_then(|line| line.split_whitespace().next()).expect("a limit");
    let limit = |limit: &str| set_limit(as_user("prlimit"), &daemon, "nproc", limit);
    limit("1");
    end(daemon.pid_of("ends"));
    daemon.wait_for_count("spawnerr: Too many processes in process table to spawn 'ends'", 2);
    answers(&sandbox);
    let shown = ctl(&sandbox, &["upgrade"]);
    assert!(shown.contains("Too many processes"), "{shown}");
    daemon.wait_for_log("live_exec of web is not made: Too many processes in process table");
    is_idle(&daemon);
    limit(before);
    daemon.wait_for_count("success: ends", 2);
    assert_eq!(daemon.pid_of("web"), web, "that it could not be examined is no failure");
    assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded"));
    assert_eq!(daemon.stop().code(), Some(0));
}

/// To the daemon, a machine or container that was suspended looks as if it had been stopped itself.
#[test]
fn a_daemon_that_was_suspended_goes_on_as_if_nothing_had_been() {
    let sandbox = Sandbox::new();
    sandbox.script("writer", WRITER);
    let programs = format!(
        "{SERVER}[program:writer]\ncommand={{here}}/writer\n{STEADY}\
         stdout_logfile={{here}}/writer.log\nstdout_logfile_maxbytes=0\n\
         [program:ends]\ncommand=/bin/sleep 1000\n{STEADY}\
         [program:stops]\ncommand={{here}}/stops\nstopwaitsecs=1\n{STEADY}\
         [program:web]\ncommand=/bin/sleep 1000\nlive_exec=/bin/sleep 0.05\nlive_interval=1\n\
         live_timeout=1\nlive_failures=1\n{STEADY}"
    );
    sandbox.script(
        "stops",
        "#!/bin/sh\ntrap 'echo ended >> {here}/ended; exit 0' TERM\nwhile :; do sleep 0.1; done\n",
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &programs);
    daemon.wait_for_count("entered RUNNING state", 4);
    let (writer, web) = (daemon.pid_of("writer"), daemon.pid_of("web"));
    let mut stop = ctl_of(Subject::Ours, &sandbox, &["stop", "stops"]);
    let mut stop = stop.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it runs");
    daemon.wait_for_log("waiting for stops to stop");
    daemon.signal(Signal::SIGSTOP);
    end(daemon.pid_of("ends"));
    let mut client = connect(&sandbox);
    client.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").expect("it is sent");
    // Longer than any limit above.
    Command::new("/bin/sleep").arg("4").status().expect("it runs");
    daemon.signal(Signal::SIGCONT);
    let mut reply = String::new();
    client.read_to_string(&mut reply).expect("a reply");
    assert!(reply.contains("200 OK"), "{reply}");
    assert!(stop.wait().expect("it ends").success());
    daemon.wait_for_count("success: ends", 2);
    daemon.wait_for_log("stopped: stops (exit status 0)");
    let log = daemon.log();
    assert!(!log.contains("killing 'stops'") && !log.contains("is restarted"), "{log}");
    assert_eq!((daemon.pid_of("writer"), daemon.pid_of("web")), (writer, web));
    assert_eq!(daemon.stop().code(), Some(0));
    check_lines(&sandbox.read("writer.log"));
}

/// The numbers of lines that the activity log reports as lost.
fn lost(log: &str) -> usize {
    let reports = log.lines().filter(|line| line.contains(" lines (") && line.ends_with(" lost"));
    let count =
        |line: &str| line.split(" lines (").next()?.rsplit(' ').next()?.parse::<usize>().ok();
    reports.filter_map(count).sum()
}

/// Prints as many lines as the file of its round requests, as soon as that exists.
const ROUNDS: &str = "#!/bin/sh\nround=$(cat {here}/round)\n\
    while ! [ -e {here}/count$round ]; do sleep 0.05; done\n\
    seq -f \"round $round line %.0f of a log that has no room left\" $(cat {here}/count$round)\n\
    echo $((round+1)) > {here}/round\n";

#[test]
fn what_a_full_disk_swallows_is_counted_across_upgrades_and_restarts_of_the_program() {
    let sandbox = Sandbox::new();
    sandbox.script("rounds", ROUNDS);
    sandbox.write("round", "1");
    let programs = format!(
        "{SERVER}[program:a]\ncommand={{here}}/rounds\n{STEADY}stdout_logfile={{here}}/o\n\
         stdout_logfile_maxbytes=0\nredirect_stderr=true\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &programs);
    let rounds = |count: usize| {
        wait_until("the round has ended", || sandbox.read("round").trim() == count.to_string());
        daemon.wait_for_count("exited: a (exit status 0; expected)", count - 1);
    };
    sandbox.write("count1", "5000");
    rounds(2);
    // Its log and that of the daemon are smaller than this; the next round is not.
    limit(&daemon, "fsize", "300000");
    sandbox.write("count2", "5000");
    rounds(3);
    daemon.wait_for_log("ERRO could not write log");
    assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded"));
    sandbox.write("count3", "5000");
    rounds(4);
    assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded"));
    limit(&daemon, "fsize", "unlimited");
    sandbox.write("count4", "5000");
    rounds(5);
    ctl(&sandbox, &["stop", "a"]);
    let (written, log) = (sandbox.read("o"), daemon.log());
    let is_whole = |line: &&str| line.starts_with("round ") && line.ends_with(" no room left");
    assert_eq!(written.lines().find(|line| !is_whole(line)), None);
    assert!(lost(&log) > 5000, "{log}");
    assert_eq!(written.lines().count() + lost(&log), 20_000, "{log}");
    daemon.stop();
}

/// What a slow reader has not accepted before an upgrade, it gets after that.
#[test]
fn what_a_reader_has_not_accepted_yet_survives_an_upgrade() {
    let sandbox = Sandbox::new();
    let fifo = sandbox.path("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let programs = format!(
        "{SERVER}[program:a]\ncommand=/bin/sh -c 'seq -f \"line %%.0f\" 30000'\nstartsecs=0\n\
         autorestart=false\nstdout_logfile={{here}}/fifo\nstdout_logfile_maxbytes=0\n\
         [program:b]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
    );
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &programs);
    daemon.wait_for_log("exited: a (exit status 0; expected)");
    for _ in 0..2 {
        assert!(ctl(&sandbox, &["upgrade"]).starts_with("Upgraded"));
    }
    let mut reader = fs::File::options().read(true).open(&fifo).unwrap();
    let mut received = Vec::new();
    while !received.ends_with(b"line 30000\n") {
        let mut chunk = [0; 4096];
        let count = reader.read(&mut chunk).unwrap();
        received.extend(&chunk[..count]);
    }
    assert_eq!(check_lines(std::str::from_utf8(&received).unwrap()), 30_000);
    assert_eq!(daemon.stop().code(), Some(0));
    assert_eq!(lost(&daemon.log()), 0);
}

/// What is never accepted is reported at the end.
#[test]
fn what_is_lost_at_the_end_is_reported() {
    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.path("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let rest = "[program:a]\ncommand=/bin/sh -c 'seq -f \"line %%.0f\" 100000'\nstartsecs=0\n\
                autorestart=false\nstdout_logfile={here}/fifo\nstdout_logfile_maxbytes=0\n\
                [program:b]\ncommand=/bin/sh -c 'echo one; echo two'\nstartsecs=0\n\
                autorestart=false\nstdout_logfile=/dev/full\nstdout_logfile_maxbytes=0\n";
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, rest);
    daemon.wait_for_count("(exit status 0; expected)", 2);
    daemon.wait_for_log("WARN writing to log /dev/full ended after 0 s, 2 lines (8 bytes) lost");
    assert_eq!(daemon.stop().code(), Some(0));
    let log = daemon.log();
    let of_fifo = format!("WARN writing to log {} ended after ", sandbox.path("fifo").display());
    let line = log.lines().find(|line| line.contains(&of_fifo)).expect("it is reported");
    // The pipe itself has taken some.
    assert!(lost(line) > 50_000, "{line}");
}
