//! `supkit top` with a person before it: keys are typed in a terminal, and what it displays is read.

use std::fs;
use std::process::{Command, Output};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::SERVER;
use crate::support::follower::append;
use crate::support::terminal::Terminal;
use crate::support::tls::{TlsSite, fixture};
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

const SMALL: (u16, u16) = (24, 80);
const LARGE: (u16, u16) = (60, 200);

const PROGRAMS: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
    stdout_logfile={here}/web.log\nstderr_logfile={here}/web.err\n\
    [program:broken]\ncommand=/no/such/command\nstartretries=0\n\
    [program:pool]\ncommand=/bin/cat\nstartsecs=0\nnumprocs=3\n\
    process_name=%(program_name)s-%(process_num)d\ndepends_on=web:running\n";

fn start(sandbox: &Sandbox) -> Daemon<'_> {
    let daemon = Daemon::start(Subject::Ours, sandbox, &format!("{SERVER}{PROGRAMS}"));
    daemon.wait_for_count("entered RUNNING state", 4);
    daemon.wait_for_log("gave up: broken");
    daemon
}

fn top(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["top", "-c", "d.conf"]).args(words);
    command.env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR");
    command
}

fn at_terminal(sandbox: &Sandbox, size: (u16, u16)) -> Terminal {
    let terminal = Terminal::run_sized(&top(sandbox, &[]), size);
    terminal.shows("connected");
    terminal
}

/// The line of a process.
fn row(terminal: &Terminal, name: &str) -> String {
    let (lines, _) = terminal.lines();
    let row = lines.iter().skip(2).find(|line| line.split_whitespace().any(|word| word == name));
    row.cloned().unwrap_or_default()
}

#[track_caller]
fn wait_for_row(terminal: &Terminal, name: &str, text: &str) {
    wait_until(&format!("{text:?} is in the row of {name}: {}", row(terminal, name)), || {
        row(terminal, name).contains(text)
    });
}

/// The pid of the interface: the only process of the sandbox with that command line.
fn pid_of_top(sandbox: &Sandbox) -> i32 {
    let is_top = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.first().is_some_and(|it| it.ends_with(b"/supkit")) && words.contains(&&b"top"[..])
    };
    sandbox.processes().into_iter().find(is_top).expect("it runs")
}

fn state_of(pid: i32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?')
}

/// Whether the screen before it and the settings of the terminal are back.
#[track_caller]
fn assert_restored(terminal: &Terminal, settings: &str) {
    assert_eq!(terminal.stty(&["-a"]), settings);
    // What was written may still be on its way.
    wait_until("the screen and the cursor are back", || {
        let output = terminal.screen();
        let count = |sequence| output.matches(sequence).count();
        count("\u{1b}[?1049h") == count("\u{1b}[?1049l")
            && output.rfind("\u{1b}[?25h") > output.rfind("\u{1b}[?25l")
    });
}

#[test]
fn processes_are_stopped_and_started_by_keys() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, SMALL);
    for (name, text) in [
        ("broken", "FATAL"),
        ("broken", "can't find command"),
        ("pool", "3/3 up"),
        ("pool-1", "RUNNING"),
        ("web", &daemon.pid_of("web").to_string()),
    ] {
        wait_for_row(&terminal, name, text);
    }
    terminal.shows("5 processes: 1 FATAL, 4 RUNNING");
    terminal.press("\u{1b}[Fx");
    terminal.shows("stop web? y/N");
    terminal.press("n");
    terminal.shows("nothing was done");
    terminal.press("xy");
    terminal.shows("stop web: done");
    wait_for_row(&terminal, "web", "STOPPED");
    terminal.press("s");
    terminal.shows("start web: done");
    wait_for_row(&terminal, "web", "RUNNING");
    // The first row.
    terminal.press("\u{1b}[Hs");
    terminal.shows("start broken: can't find command '/no/such/command'");
    wait_for_row(&terminal, "broken", "start broken:");
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn a_group_is_restarted_collapsed_and_filtered() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, LARGE);
    let before = daemon.pid_of("pool-2");
    terminal.press("jR");
    terminal.shows("restart the group pool? y/N");
    terminal.press("y");
    terminal.shows("restart the group pool: done");
    let after = daemon.pid_of("pool-2");
    assert_ne!(before, after);
    wait_for_row(&terminal, "pool-2", &after.to_string());
    terminal.press("\r");
    terminal.hides("pool-2");
    terminal.press("/pool-2\r");
    terminal.shows("filter: pool-2");
    wait_for_row(&terminal, "pool-2", "RUNNING");
    terminal.hides("broken");
    terminal.press("\u{1b}");
    terminal.shows("broken");
    terminal.press(">!");
    terminal.shows("STATE▲");
    terminal.press("?");
    terminal.shows("rolling restart: each when");
    terminal.press("qg");
    terminal.shows("critical path of the last start: pool:pool-");
    terminal.press("qq");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn a_log_is_followed_and_cannot_control_the_terminal() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    append(&sandbox, "web.log", &"filler\n".repeat(3000));
    append(&sandbox, "web.log", "first \u{1b}]0;pwned\u{7}\u{1b}[2J \u{1b}[31mred\u{1b}[0m\n");
    let mut terminal = at_terminal(&sandbox, SMALL);
    terminal.press("\u{1b}[Fl");
    terminal.shows("first \\x1b]0;pwned\\x07\\x1b[2J red");
    terminal.shows("3001 lines, following");
    append(&sandbox, "web.log", "second needle\nthird\n");
    terminal.shows("third");
    terminal.press("/needle\r");
    terminal.shows("`needle` in 1 line");
    terminal.press("\u{1b}[H");
    terminal.shows("line 1 of 3003, paused");
    append(&sandbox, "web.log", "fourth\n");
    terminal.shows("line 1 of 3004, paused");
    terminal.press("n");
    terminal.shows("second needle");
    terminal.press("f");
    terminal.shows("fourth");
    append(&sandbox, "web.err", "an error\n");
    terminal.press("\t");
    terminal.shows("web stderr");
    terminal.shows("an error");
    terminal.press("qq");
    assert_eq!(terminal.ends().code(), Some(0));
    assert!(!terminal.screen().contains("\u{1b}]0;"), "{:?}", terminal.screen());
}

#[test]
fn the_reason_for_a_state_is_explained() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, SMALL);
    terminal.press("w");
    terminal.shows("broken is FATAL: can't find command '/no/such/command'");
    terminal.press("qiNOPE\r");
    terminal.shows("signal NOPE to broken: ");
    terminal.press("\u{1b}[Fxy");
    terminal.shows("stop web: done");
    terminal.press("J");
    terminal.shows("done     stop web (through unix_http_server)");
    terminal.press("qq");
    terminal.ends();
}

#[test]
fn an_update_is_planned_and_applied() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, LARGE);
    terminal.press("u");
    terminal.shows("No config updates to processes");
    terminal.press("q");
    let more = "[program:new]\ncommand=/bin/cat\nstartsecs=0\n";
    sandbox.write("d.conf", &crate::support::daemon::conf(&format!("{SERVER}{PROGRAMS}{more}")));
    terminal.press("u");
    terminal.shows("new: added");
    terminal.press("q");
    terminal.hides("new: added");
    terminal.press("uy");
    // `y` may come before the plan.
    wait_until("the plan is applied", || {
        if terminal.picture().contains("y:apply") {
            terminal.press("y");
        }
        daemon.log().contains("spawned: 'new'")
    });
    terminal.shows("update: done");
    wait_for_row(&terminal, "new", "RUNNING");
    terminal.press("q");
    terminal.ends();
}

#[test]
fn an_account_without_the_right_sees_why_it_is_refused() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let conf = format!(
        "[inet_http_server]\nport=127.0.0.1:{port}\nusername=root\npassword=x\n\
         [http_user:vera]\npassword=v\n{SERVER}{PROGRAMS}"
    );
    let daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_count("entered RUNNING state", 4);
    let url = format!("http://127.0.0.1:{port}");
    let words = ["-s", &url, "-u", "vera", "-p", "v"];
    let mut terminal = Terminal::run_sized(&top(&sandbox, &words), LARGE);
    terminal.shows("connected");
    terminal.press("\u{1b}[Fxy");
    terminal.shows("stop web: not permitted: user vera has the role viewer");
    terminal.press("u");
    terminal.shows("not permitted: user vera has the role viewer");
    terminal.press("qq");
    terminal.ends();
    // Without an account one is asked for.
    let mut terminal = Terminal::run_sized(&top(&sandbox, &["-s", &url]), SMALL);
    terminal.expect("Username:");
    terminal.press("vera\r");
    terminal.expect("Password:");
    terminal.press("v\r");
    terminal.shows("connected");
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
    assert!(daemon.log().contains("spawned: 'web'"));
}

#[test]
fn a_server_with_tls_is_reached() {
    let site = TlsSite::new("localhost");
    let _daemon = site.start(PROGRAMS);
    let url = site.url();
    let authority = fixture("ca.pem");
    let words = ["-s", &url, "--cacert", &authority, "-u", "user", "-p", "pw"];
    let mut terminal = Terminal::run_sized(&top(&site.sandbox, &words), SMALL);
    terminal.shows("connected");
    append(&site.sandbox, "web.log", "over TLS\n");
    terminal.press("\u{1b}[Fl");
    terminal.shows("over TLS");
    terminal.press("qq");
    terminal.ends();
    let other = fixture("self-signed.pem");
    let refused = top(&site.sandbox, &["-s", &url, "--cacert", &other, "--once"]).output();
    let refused = refused.expect("it runs");
    assert_eq!(refused.status.code(), Some(1), "{}", printed(&refused));
}

#[test]
fn a_daemon_that_ends_and_returns_is_followed() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, SMALL);
    daemon.stop();
    terminal.shows("LOST for");
    terminal.press("\u{1b}[F");
    terminal.shows("web");
    let daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    terminal.shows("connected again");
    wait_until("it runs again", || daemon.log().matches("spawned: 'web'").count() == 2);
    wait_for_row(&terminal, "web", &daemon.pid_of("web").to_string());
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
}

/// A daemon that does not answer keeps no key waiting.
#[test]
fn keys_work_while_the_daemon_does_not_answer() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, SMALL);
    daemon.signal(Signal::SIGSTOP);
    terminal.press("\u{1b}[Fxy");
    terminal.shows("stop web ...");
    terminal.press("?");
    terminal.shows(" Keys\n");
    terminal.press("q");
    daemon.signal(Signal::SIGCONT);
    terminal.shows("stop web: done");
    daemon.signal(Signal::SIGSTOP);
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
    daemon.signal(Signal::SIGCONT);
}

#[test]
fn the_window_may_change_its_size() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    let mut terminal = at_terminal(&sandbox, LARGE);
    terminal.shows("1 FATAL");
    for size in [(5, 20), (24, 80), (1, 1), (3, 300), LARGE] {
        terminal.resize(size);
    }
    terminal.press("\u{c}");
    wait_for_row(&terminal, "web", "RUNNING");
    terminal.resize((6, 24));
    wait_for_row(&terminal, "broken", "FATAL");
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn the_terminal_is_restored_by_signals() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    for (signal, status) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        // A shell keeps the terminal open.
        let mut shell = sandbox.command("sh");
        let program = env!("CARGO_BIN_EXE_supkit");
        shell.args([
            "-c",
            &format!("stty -a >before; {program} top -c d.conf; echo status $?; cat"),
        ]);
        let mut terminal = Terminal::run_sized(&shell, SMALL);
        terminal.shows("connected");
        let pid = pid_of_top(&sandbox);
        kill(Pid::from_raw(pid), signal).expect("it runs");
        terminal.expect(&format!("status {status}"));
        assert_restored(&terminal, &sandbox.read("before"));
        terminal.press("\u{4}");
        terminal.ends();
    }
}

/// In the thread that draws, and in one that calls the daemon.
#[test]
fn the_terminal_is_restored_by_a_panic() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    for (place, keys) in [("picture", ""), ("action", "s")] {
        let mut shell = sandbox.command("sh");
        let program = env!("CARGO_BIN_EXE_supkit");
        let line =
            format!("stty -a >before; {program} top -c d.conf 2>errors; echo status $?; cat");
        shell.args(["-c", &line]).env("SUPKIT_TEST_PANIC", place);
        let mut terminal = Terminal::run_sized(&shell, SMALL);
        if !keys.is_empty() {
            terminal.shows("connected");
            terminal.press(keys);
        }
        terminal.expect("status 1");
        assert_restored(&terminal, &sandbox.read("before"));
        let errors = sandbox.read("errors");
        assert!(errors.contains(&format!("provoked: {place}")), "{errors}");
        // What follows is on the screen before it, where the shell goes on.
        let output = terminal.screen();
        assert!(output.rfind("\u{1b}[?1049l") < output.rfind("status 1"), "{output:?}");
        terminal.press("\u{4}");
        terminal.ends();
    }
}

#[test]
fn a_rolling_restart_is_cancelled_in_the_list_of_jobs() {
    let sandbox = Sandbox::new();
    let programs = "[program:pool]\ncommand=/bin/cat\nstartsecs=0\nnumprocs=2\n\
        process_name=%(program_name)s-%(process_num)d\nready_interval=0.1\n\
        ready_exec=/usr/bin/test ! -e {here}/broken\n";
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{programs}"));
    daemon.wait_for_log("ready: pool:pool-0");
    daemon.wait_for_log("ready: pool:pool-1");
    let mut terminal = at_terminal(&sandbox, SMALL);
    terminal.press("Jx");
    terminal.shows("no rolling restart is running");
    sandbox.write("broken", "");
    terminal.press("q\u{1b}[Hoy");
    daemon.wait_for_log("rolling restart: pool:pool-0 is next");
    terminal.press("J");
    terminal.shows("running  rolling restart");
    terminal.press("x");
    terminal.shows("(rolling restart of pool:*)? y/N");
    terminal.press("y");
    terminal.shows(": done");
    fs::remove_file(sandbox.path("broken")).expect("it exists");
    daemon.wait_for_log("failed: ");
    terminal.shows("not restarted: pool:pool-1");
    terminal.press("qq");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn it_is_suspended_and_continued() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    let mut shell = sandbox.command("sh");
    shell.args(["-c", "stty -a >before"]);
    Terminal::run_sized(&shell, SMALL).ends();
    let mut terminal = at_terminal(&sandbox, SMALL);
    let pid = pid_of_top(&sandbox);
    let stop_by_key = |terminal: &mut Terminal| terminal.press("\u{1a}");
    let stop_by_signal = |_: &mut Terminal| {
        kill(Pid::from_raw(pid), Signal::SIGTSTP).expect("it runs");
    };
    let stops: [&dyn Fn(&mut Terminal); 2] = [&stop_by_key, &stop_by_signal];
    for stop in stops {
        stop(&mut terminal);
        wait_until("it is stopped", || state_of(pid) == 'T');
        assert_restored(&terminal, &sandbox.read("before"));
        kill(Pid::from_raw(pid), Signal::SIGCONT).expect("it runs");
        wait_until("it has entered again", || {
            let output = terminal.screen();
            output.rfind("\u{1b}[?1049h") > output.rfind("\u{1b}[?1049l")
        });
        terminal.shows("connected");
        terminal.press("?");
        terminal.shows(" Keys\n");
        terminal.press("q");
        terminal.hides(" Keys\n");
    }
    terminal.press("q");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn a_plain_terminal_gets_plain_text() {
    let sandbox = Sandbox::new();
    let _daemon = start(&sandbox);
    for environment in
        [[("TERM", "vt100"), ("LC_ALL", "C.UTF-8")], [("NO_COLOR", "1"), ("LC_ALL", "C")]]
    {
        let mut command = top(&sandbox, &[]);
        command.envs(environment);
        let mut terminal = Terminal::run_sized(&command, SMALL);
        wait_for_row(&terminal, "broken", "FATAL");
        terminal.press("q");
        terminal.ends();
        let output = terminal.screen();
        // Only bold, faint, reverse and the end of them.
        let mut styles = output.split("\u{1b}[").skip(1).filter_map(|rest| {
            let end = rest.find(|it: char| it.is_ascii_alphabetic())?;
            rest[end..].starts_with('m').then(|| &rest[..end])
        });
        assert!(styles.all(|style| style.split(';').all(|it| "0127".contains(it))), "{output:?}");
        assert_eq!(output.is_ascii(), environment[1].1 == "C", "{output:?}");
    }
}

fn output(sandbox: &Sandbox, words: &[&str]) -> Output {
    top(sandbox, words).output().expect("it runs")
}

#[test]
fn scripts_get_a_table_or_json() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let table = output(&sandbox, &["--once"]);
    assert_eq!(table.status.code(), Some(0), "{}", printed(&table));
    let lines = printed(&table);
    let lines: Vec<Vec<&str>> =
        lines.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines[0],
        ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "CPU%", "MEMORY", "FDS", "REASON"]
    );
    assert_eq!(lines[1][..3], ["broken", "FATAL", "-"]);
    assert_eq!(lines[2][..3], ["pool:pool-0", "RUNNING", &daemon.pid_of("pool-0").to_string()]);
    let json = output(&sandbox, &["--json"]);
    let list: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(list[0]["reason"], "can't find command '/no/such/command'");
    assert_eq!(list[4]["pid"], daemon.pid_of("web"));
}

#[test]
fn what_cannot_be_shown_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", SERVER);
    let nobody = output(&sandbox, &["--once"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(printed(&nobody).ends_with("d.sock: no such file\n"), "{}", printed(&nobody));
    let piped = output(&sandbox, &[]);
    assert_eq!(piped.status.code(), Some(1));
    assert!(printed(&piped).contains("use `--once`"), "{}", printed(&piped));
    let mut dumb = top(&sandbox, &[]);
    dumb.env("TERM", "dumb");
    let mut terminal = Terminal::run_sized(&dumb, SMALL);
    assert_eq!(terminal.ends().code(), Some(1));
    assert!(terminal.screen().contains("use `--once`"), "{}", terminal.screen());
    let wrong = sandbox.command(env!("CARGO_BIN_EXE_supkit")).args(["top", "-c", "no"]).output();
    assert_eq!(wrong.expect("it runs").status.code(), Some(2));
}
