//! `supervisorctl` with a person before it: the shell at a terminal, logs that are followed, and the
//! foreground.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::support::daemon::SERVER;
use crate::support::terminal::Terminal;
use crate::support::wait::is_asleep;
use crate::support::{Daemon, Sandbox, Subject, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Client and daemon, for what both can do.
const PAIRS: [(Subject, Subject); 3] = [
    (Subject::Ours, Subject::Ours),
    (Subject::Ours, Subject::Original),
    (Subject::Original, Subject::Ours),
];

const PROGRAMS: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
    stdout_logfile={here}/web.log\nstderr_logfile={here}/web.err\n\
    [program:worker]\ncommand=/bin/cat\nstartsecs=0\nnumprocs=2\n\
    process_name=%(program_name)s-%(process_num)d\nstdout_logfile={here}/%(process_num)d.log\n\
    [program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=600\n";

fn conf() -> String {
    format!("{SERVER}{PROGRAMS}[supervisorctl]\nhistory_file={{here}}/history\n")
}

fn start<'a>(sandbox: &'a Sandbox, conf: &str) -> Daemon<'a> {
    start_of(Subject::Ours, sandbox, conf)
}

fn start_of<'a>(subject: Subject, sandbox: &'a Sandbox, conf: &str) -> Daemon<'a> {
    let daemon = Daemon::start(subject, sandbox, conf);
    daemon.wait_for_count("entered RUNNING state", 3);
    daemon
}

fn ctl(sandbox: &Sandbox, words: &[&str]) -> Command {
    ctl_of(Subject::Ours, sandbox, words)
}

fn ctl_of(client: Subject, sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = client.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words);
    command
}

fn at_terminal(sandbox: &Sandbox, words: &[&str]) -> Terminal {
    Terminal::run(&ctl(sandbox, words))
}

#[test]
fn the_shell_completes_names_and_keeps_a_history() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox, &conf());
    sandbox.write("history", "pid worker:worker-1\n");
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("web  ");
    shell.expect("supervisor> ");
    shell.press("sig\tCONT wor\tw\t\t\t");
    shell.expect("worker:worker-0");
    shell.expect("worker:worker-1");
    shell.press("1\r");
    shell.expect("worker:worker-1: signalled");
    shell.press("\x1b[A\x1b[A\r");
    shell.expect(&sandbox_pid(&sandbox, "worker-1"));
    shell.press("help upd\t\r");
    shell.expect("--minimal");
    shell.press("\x04");
    assert_eq!(shell.ends().code(), Some(0));
    let history =
        "pid worker:worker-1\nsignal CONT worker:worker-1\npid worker:worker-1\nhelp update \n";
    assert_eq!(sandbox.read("history"), history);
}

/// The pid that the activity log tells.
fn sandbox_pid(sandbox: &Sandbox, name: &str) -> String {
    let log = sandbox.read("d.log");
    let start = format!("spawned: '{name}' with pid ");
    let told = log.lines().rev().find_map(|line| line.split_once(&start)).expect("it was spawned");
    told.1.to_owned()
}

#[test]
fn ctrl_c_ends_what_is_going_on() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox, &conf());
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("supervisor> ");
    shell.press("tail -f web\r");
    shell.expect("==> Press Ctrl-C to exit <==");
    shell.press("\x03");
    shell.expect("supervisor> ");
    shell.press("fg web\r");
    shell.expect("==> Press Ctrl-C to exit <==");
    shell.press("echo, please\r");
    // Once by the terminal, once by the process.
    shell.expect("echo, please");
    shell.expect("echo, please");
    shell.press("\x03");
    shell.expect("Exiting foreground");
    shell.expect("supervisor> ");
    shell.press("fg web\r");
    shell.expect("==> Press Ctrl-C to exit <==");
    shell.press("\x04");
    shell.expect("Exiting foreground");
    shell.expect("supervisor> ");
    shell.press("reload\r");
    shell.expect("y/N? ");
    shell.press("n\r");
    shell.expect("supervisor> ");
    shell.press("start slow\r");
    wait_until("it has begun", || sandbox.read("d.log").contains("spawned: 'slow'"));
    shell.press("\x03");
    assert_eq!(shell.ends().code(), Some(0));
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("supervisor> ");
    shell.press("half a li\x03");
    assert_eq!(shell.ends().code(), Some(0));
}

#[test]
fn people_are_asked_who_they_are_and_whether_they_mean_it() {
    let sandbox = Sandbox::new();
    let guarded = conf()
        .replace("{here}/d.sock\n[super", "{here}/d.sock\nusername=me\npassword=s3cret\n[super");
    let mut daemon = start(&sandbox, &guarded);
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("Server requires authentication");
    shell.expect("Username:");
    shell.press("me\r");
    shell.expect("Password:");
    shell.press("wrong\r");
    shell.expect("Server requires authentication");
    shell.expect("Username:");
    shell.press("me\r");
    shell.expect("Password:");
    shell.press("s3cret\r");
    shell.expect("worker:worker-0 ");
    shell.expect("supervisor> ");
    shell.press("shutdown\r");
    shell.expect("Really shut the remote supervisord process down y/N? ");
    shell.press("no\r");
    shell.expect("supervisor> ");
    shell.press("shutdown\r");
    shell.expect("y/N? ");
    shell.press("Yes\r");
    shell.expect("Shut down");
    daemon.wait();
    shell.press("exit\r");
    assert_eq!(shell.ends().code(), Some(0));
    assert!(!shell.screen().contains("s3cret"), "{}", shell.screen());
}

/// A client that goes on until it is told to stop; what it prints is in a file.
struct Follower<'a> {
    client: Subject,
    sandbox: &'a Sandbox,
    child: Child,
}

impl<'a> Follower<'a> {
    fn start(client: Subject, sandbox: &'a Sandbox, words: &[&str]) -> Self {
        let out = std::fs::File::create(sandbox.path("followed")).expect("it can be written");
        let mut command = ctl_of(client, sandbox, words);
        let child = command.stdin(Stdio::null()).stdout(out).spawn().expect("it starts");
        Self { client, sandbox, child }
    }

    #[track_caller]
    fn shows(&self, text: &str) {
        let shown = || self.sandbox.read("followed");
        wait_until(&format!("{text:?} is in {:?}", shown()), || shown().contains(text));
    }

    /// Presses Ctrl-C and gives all that was printed. Python may miss a signal that comes while it is
    /// about to wait; so the client is to wait already.
    fn interrupt(mut self) -> String {
        let pid = self.child.id() as i32;
        wait_until("the client waits for more", || is_asleep(pid));
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("it lives");
        let mut ended = None;
        wait_until(&format!("{:?} ends by Ctrl-C", self.client), || {
            ended = self.child.try_wait().expect("it is our child");
            ended.is_some()
        });
        assert_eq!(ended.and_then(|it| it.code()), Some(0), "{:?}", self.client);
        self.sandbox.read("followed")
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn append(sandbox: &Sandbox, name: &str, text: &str) {
    let mut file = OpenOptions::new().append(true).open(sandbox.path(name)).expect("it exists");
    file.write_all(text.as_bytes()).expect("it can be written");
}

#[test]
fn one_log_is_followed_as_it_is() {
    for (client, daemon) in PAIRS {
        let sandbox = Sandbox::new();
        let _daemon = start_of(daemon, &sandbox, &conf());
        append(&sandbox, "web.err", "before\n");
        let follower = Follower::start(client, &sandbox, &["tail", "-f", "web", "stderr"]);
        follower.shows("before\n");
        append(&sandbox, "web.err", "after, ");
        append(&sandbox, "web.err", "grüß dich\n");
        follower.shows("after, grüß dich\n");
        let all = "==> Press Ctrl-C to exit <==\nbefore\nafter, grüß dich\n\n";
        assert_eq!(follower.interrupt(), all, "{client:?} on {daemon:?}");
        let follower = Follower::start(client, &sandbox, &["maintail", "-f"]);
        follower.shows("entered RUNNING state");
        follower.interrupt();
    }
}

#[test]
fn several_logs_are_told_apart() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox, &conf());
    append(&sandbox, "0.log", "old zero\n");
    let follower = Follower::start(Subject::Ours, &sandbox, &["tail", "-f", "worker:*", "web"]);
    follower.shows("worker:worker-0 | old zero\n");
    append(&sandbox, "1.log", "one\ntw");
    append(&sandbox, "web.log", "web\n");
    follower.shows("worker:worker-1 | one\n");
    follower.shows("web             | web\n");
    append(&sandbox, "1.log", "o\n");
    follower.shows("worker:worker-1 | two\n");
    follower.interrupt();
    let output = ctl(&sandbox, &["tail", "-f", "nope*", "neither"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(told.matches("Cannot read, status code 404").count(), 2, "{told}");
}

#[test]
fn the_foreground_ends_with_its_process() {
    for (client, daemon) in PAIRS {
        let sandbox = Sandbox::new();
        let _daemon = start_of(daemon, &sandbox, &conf());
        let mut foreground = Terminal::run(&ctl_of(client, &sandbox, &["fg", "web"]));
        foreground.expect("==> Press Ctrl-C to exit <==");
        foreground.press("hello\r");
        // Once by the terminal, once by the process.
        foreground.expect("hello");
        foreground.expect("hello");
        let stopped = ctl(&sandbox, &["stop", "web"]).output().expect("it runs");
        assert!(stopped.status.success());
        foreground.press("anybody?\r");
        foreground.expect("Process got killed");
        foreground.expect("Exiting foreground");
        if client == Subject::Ours {
            assert_eq!(foreground.ends().code(), Some(0));
        }
    }
}
