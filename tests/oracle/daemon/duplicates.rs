//! Processes of one group with the same name: Supervisor keeps the last one.

use crate::support::ctl::{Answer, transcript};
use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const PROGRAMS: &str = "[program:a]\nprocess_name=w\ncommand=/bin/sleep 61\nstartsecs=0\n\
    priority=5\n[program:b]\ncommand=/bin/sleep 62\nstartsecs=0\npriority=7\n\
    [program:c]\nprocess_name=w\ncommand=/bin/sleep 63\nstartsecs=0\npriority=9\n\
    [group:g]\nprograms=a,b,c,b\n";

/// The output of the original client for either daemon, and the commands that run.
fn run(subject: Subject) -> (Vec<Answer>, Vec<String>) {
    let sandbox = Sandbox::new();
    let first = format!("{SERVER}{PROGRAMS}");
    let second = first.replace("sleep 63", "sleep 64");
    let mut daemon = Daemon::start(subject, &sandbox, &first);
    daemon.wait_for_count("entered RUNNING state", 2);
    let command = |pid: i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned()
    };
    let sleeping = || {
        let commands = sandbox.processes().into_iter().map(command);
        commands.filter(|line| line.starts_with("/bin/sleep")).collect::<Vec<String>>()
    };
    // A child that was forked has not executed its command yet.
    wait_until("two programs run", || sleeping().len() == 2);
    let mut running = sleeping();
    running.sort();
    let commands = "status; avail; reread; stop g:w; status; start g:*; pid g:b; @second; reread; \
                    update; status; reread; restart g:*; stop all";
    let answers = transcript(
        Subject::Original,
        &sandbox,
        &[("first", &first), ("second", &second)],
        commands,
    );
    daemon.stop();
    (answers, running)
}

#[test]
fn the_last_process_of_a_name_is_kept() {
    let ours = run(Subject::Ours);
    assert_eq!(ours, run(Subject::Original));
    assert_eq!(ours.1, ["/bin/sleep 62", "/bin/sleep 63"]);
}

#[test]
fn the_log_names_both_places() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, PROGRAMS);
    daemon.wait_for_count("entered RUNNING state", 2);
    daemon.stop();
    let text = sandbox.read("d.conf");
    let line = |program: &str| {
        let header = text.lines().position(|line| line == format!("[program:{program}]"));
        header.expect("it is there") + 2
    };
    let warning = format!(
        "WARN group 'g' has two processes 'w': HERE/d.conf:{}:1 is ignored, HERE/d.conf:{}:1 is used",
        line("a"),
        line("c")
    );
    assert!(daemon.story().contains(&warning), "{warning}\n{}", daemon.story());
}
