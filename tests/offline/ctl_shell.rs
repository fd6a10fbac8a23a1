//! `supervisorctl` with a person before it: the shell at a terminal, and several logs that are followed
//! at once.

use std::process::Command;

use crate::support::follower::{Follower, append, conf, ctl_of, start_of};
use crate::support::terminal::Terminal;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

fn start<'a>(sandbox: &'a Sandbox, conf: &str) -> Daemon<'a> {
    start_of(Subject::Ours, sandbox, conf)
}

fn ctl(sandbox: &Sandbox, words: &[&str]) -> Command {
    ctl_of(Subject::Ours, sandbox, words)
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

/// The pid in the activity log.
fn sandbox_pid(sandbox: &Sandbox, name: &str) -> String {
    let log = sandbox.read("d.log");
    let start = format!("spawned: '{name}' with pid ");
    let line = log.lines().rev().find_map(|line| line.split_once(&start)).expect("it was spawned");
    line.1.to_owned()
}

/// Lines typed while a command runs, and those of a pasted text, arrive in one read of the editor.
#[test]
fn lines_that_arrive_together_are_all_executed() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox, &conf());
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("supervisor> ");
    shell.press("pid web\rpid worker:worker-0\npid worker:worker-1\nvers");
    for name in ["web", "worker-0", "worker-1"] {
        shell.expect(&sandbox_pid(&sandbox, name));
    }
    shell.press("ion\rexit\r");
    shell.expect("4.3.0");
    assert_eq!(shell.ends().code(), Some(0));
}

#[test]
fn an_answer_that_is_typed_ahead_is_used() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, &conf());
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("supervisor> ");
    shell.press("shutdown\rno\rshutdown\rn\rpid web\rreload\ry\r");
    shell.expect(&sandbox_pid(&sandbox, "web"));
    shell.expect("Really restart the remote supervisord process y/N? ");
    shell.expect("Restarted supervisord");
    daemon.wait_for_count("supervisord started with pid", 2);
    shell.press("shutdown\ryes\rexit\r");
    shell.expect("Shut down");
    assert_eq!(shell.ends().code(), Some(0));
    daemon.wait();
    // Answers are no commands, and a repeated command is one entry.
    let history = "shutdown\npid web\nreload\nshutdown\nexit\n";
    assert_eq!(sandbox.read("history"), history);
}

#[test]
fn the_shell_does_not_ask_the_terminal_to_bracket_pasted_text() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox, &conf());
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("supervisor> ");
    shell.press("exit\r");
    assert_eq!(shell.ends().code(), Some(0));
    assert!(!shell.screen().contains("\u{1b}[?2004h"), "{:?}", shell.screen());
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
fn credentials_and_confirmations_are_requested() {
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

#[test]
fn several_logs_are_prefixed_with_their_names() {
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
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(errors.matches("Cannot read, status code 404").count(), 2, "{errors}");
}

/// A log line that paints the window's title, answers a query, moves the cursor and erases.
const EVIL: &str =
    "\u{1b}[31mred\u{1b}[0m \u{1b}]0;pwned\u{7}\u{1b}[6n\u{1b}[2J\u{9b}1A real\rfake ünï\n";
const HARMLESS: &str =
    "\u{1b}[31mred\u{1b}[0m \\x1b]0;pwned\\x07\\x1b[6n\\x1b[2J\\x9b1A real\\rfake ünï";

#[test]
fn a_terminal_gets_colours_but_no_other_control_sequences_of_a_log() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox, &conf());
    append(&sandbox, "web.log", EVIL);
    append(&sandbox, "0.log", EVIL);
    for (words, shown) in [
        (&["tail", "web"][..], HARMLESS.to_owned()),
        (&["tail", "-f", "web"], HARMLESS.to_owned()),
        (&["fg", "web"], HARMLESS.to_owned()),
        (&["tail", "-f", "worker:worker-0", "web"], format!("worker:worker-0 | {HARMLESS}")),
        (&["tail", "--raw", "web"], EVIL.trim_end().to_owned()),
        (&["tail", "-f", "--raw", "web"], EVIL.trim_end().to_owned()),
    ] {
        let mut terminal = at_terminal(&sandbox, words);
        terminal.expect(&shown);
        if words.contains(&"-f") || words[0] == "fg" {
            terminal.press("\u{3}");
        }
        assert_eq!(terminal.ends().code(), Some(0), "{words:?}");
    }
    let piped = ctl(&sandbox, &["tail", "web"]).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&piped.stdout), format!("{EVIL}\n"));
    let mut shell = at_terminal(&sandbox, &[]);
    shell.expect("supervisor> ");
    shell.press("tail web\r");
    shell.expect(HARMLESS);
    shell.press("maintail\r");
    shell.expect("entered RUNNING state");
    shell.press("exit\r");
    shell.ends();
}

#[test]
fn a_terminal_gets_no_control_sequences_of_names_and_errors() {
    let sandbox = Sandbox::new();
    let bad =
        "[program:evil]\ncommand=/no/\u{1b}]0;pwned\u{7}such\nautostart=true\nstartretries=0\n";
    let daemon = start(&sandbox, &format!("{}{bad}", conf()));
    daemon.wait_for_log("gave up: evil");
    let mut terminal = at_terminal(&sandbox, &["status", "evil"]);
    terminal.expect("evil");
    terminal.ends();
    // Only the colour of the state is left.
    let screen = terminal.screen().replacen("\u{1b}[31mFATAL\u{1b}[0m", "FATAL", 1);
    assert!(!screen.contains(['\u{1b}', '\u{7}']), "{screen:?}");
    assert!(screen.contains("FATAL") && screen.contains("pwned"), "{screen:?}");
}
