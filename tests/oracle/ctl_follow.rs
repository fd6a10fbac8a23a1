//! `tail -f` and `fg`: either client with either daemon.

use std::io::Read;
use std::process::Stdio;

use crate::support::follower::{Follower, append, conf, ctl_of, start_of};
use crate::support::terminal::Terminal;
use crate::support::wait::comes_true;
use crate::support::{Sandbox, Subject};

/// Client and daemon, for what both can do.
const PAIRS: [(Subject, Subject); 3] = [
    (Subject::Ours, Subject::Ours),
    (Subject::Ours, Subject::Original),
    (Subject::Original, Subject::Ours),
];

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
fn the_foreground_ends_with_its_process() {
    for (client, daemon) in PAIRS {
        let sandbox = Sandbox::new();
        let _daemon = start_of(daemon, &sandbox, &conf());
        let mut foreground = Terminal::run(&ctl_of(client, &sandbox, &["fg", "web"]));
        foreground.expect("==> Press Ctrl-C to exit <==");
        foreground.press("hello\r");
        // Echoed by the terminal, and written by the process.
        foreground.expect("hello");
        foreground.expect("hello");
        let stopped = ctl_of(Subject::Ours, &sandbox, &["stop", "web"]).output().expect("it runs");
        assert!(stopped.status.success());
        foreground.press("anybody?\r");
        foreground.expect("Process got killed");
        foreground.expect("Exiting foreground");
        if client == Subject::Ours {
            assert_eq!(foreground.ends().code(), Some(0));
        }
    }
}

#[test]
fn a_follower_ends_when_its_reader_has_read_enough() {
    for (client, daemon) in PAIRS {
        let sandbox = Sandbox::new();
        let _daemon = start_of(daemon, &sandbox, &conf());
        let mut command = ctl_of(client, &sandbox, &["tail", "-f", "web"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut reader = child.stdout.take().expect("stdout is piped");
        reader.read_exact(&mut [0; 10]).expect("it writes");
        drop(reader);
        // The original detects it with its next write only.
        let ended = comes_true(|| {
            append(&sandbox, "web.log", "more\n");
            child.try_wait().expect("it is our child").is_some()
        });
        let _ = child.kill();
        let status = child.wait().expect("it is our child");
        assert!(ended, "{client:?} on {daemon:?}");
        assert_eq!(status.code(), Some(0), "{client:?} on {daemon:?}");
    }
}

#[test]
fn a_full_disk_is_an_error_of_every_action() {
    let sandbox = Sandbox::new();
    let _daemon = start_of(Subject::Original, &sandbox, &conf());
    for words in ["help", "version", "status", "avail", "pid web", "tail web", "maintail", "reread"]
    {
        let words: Vec<&str> = words.split(' ').collect();
        let status = |client| {
            let device = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux");
            let mut command = ctl_of(client, &sandbox, &words);
            command.stdout(device).stderr(Stdio::null()).status().expect("it runs").code()
        };
        assert_eq!(status(Subject::Ours), status(Subject::Original), "{words:?}");
        assert_eq!(status(Subject::Ours), Some(1), "{words:?}");
    }
}
