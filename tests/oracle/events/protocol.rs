//! The protocol, and listeners that violate it.

use super::daemon_fixture::{DaemonFixture, until_true};
use super::recording::{Delivery, deliveries, listener, same};

/// What a listener does with its first event, and the last line of the log about it.
const MANNERS: &[(&str, &str)] = &[
    ("ok", "event was processed"),
    ("fail", "event was processed"),
    ("empty", "event was processed"),
    ("lower", "event was processed"),
    ("word", "event was processed"),
    ("bad", "UNKNOWN"),
    ("undecodable", "UNKNOWN"),
    ("chatter", "UNKNOWN"),
    ("impatient", "UNKNOWN"),
    ("pieces", "event was processed"),
    ("die", "event was processed"),
    ("half", "event was processed"),
    ("hang", "ACKNOWLEDGED -> READY"),
    ("close-stdout", "ACKNOWLEDGED -> READY"),
    ("close-stdin", "event was processed"),
];

/// The lines of the activity log about one listener, without the time.
fn lines_about(fixture: &DaemonFixture, name: &str) -> Vec<String> {
    let about = format!(" {name}: ");
    let log = fixture.log();
    log.lines()
        .filter_map(|line| line.splitn(3, ' ').nth(2).filter(|_| line.contains(&about)))
        .map(str::to_owned)
        .collect()
}

fn played(fixture: &mut DaemonFixture) -> Vec<String> {
    for (manner, _) in MANNERS {
        fixture.daemon.wait_for_log(&format!(" {manner}: ACKNOWLEDGED -> READY"));
    }
    fixture.remote("first");
    for (manner, quiet) in MANNERS {
        let file = format!("{manner}.rec");
        until_true(&format!("an event for {manner}"), || !deliveries(fixture, &file).is_empty());
        until_true(&format!("{manner}: {quiet}"), || {
            lines_about(fixture, manner).iter().any(|line| line.contains(quiet))
        });
    }
    fixture.remote("second");
    for (manner, quiet) in MANNERS.iter().filter(|it| it.1.ends_with("processed")) {
        until_true(&format!("two for {manner}"), || {
            *manner == "close-stdin"
                || lines_about(fixture, manner).iter().filter(|it| it.contains(quiet)).count() == 2
        });
    }
    let observed = MANNERS.iter().flat_map(|(manner, _)| {
        let all = deliveries(fixture, &format!("{manner}.rec"));
        let all = all.iter().map(Delivery::shown).collect::<Vec<_>>();
        let state = format!("{manner} is {}", fixture.state(manner));
        let file = |kind| fixture.read(&format!("{manner}.{kind}"));
        let err = format!("{manner} wrote {:?} and {:?}", file("out"), file("err"));
        [all, lines_about(fixture, manner), vec![state, err]].concat()
    });
    observed.collect()
}

#[test]
fn good_and_bad_manners_have_the_same_consequences() {
    let sections: String = MANNERS
        .iter()
        .zip(1..)
        .map(|((manner, _), number)| {
            // The original sends what one pool rejects to every pool of the same priority.
            let steps = format!(
                "{manner}\nstdout_logfile={{here}}/{manner}.out\nautorestart=true\n\
                 priority=-{number}"
            );
            listener(manner, "REMOTE_COMMUNICATION", &steps)
        })
        .collect();
    same(&sections, played);
}
