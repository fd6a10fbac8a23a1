//! One log that is followed, and the foreground: either client on either daemon.

use crate::support::follower::{Follower, append, conf, ctl_of, start_of};
use crate::support::terminal::Terminal;
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
        // Once by the terminal, once by the process.
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
