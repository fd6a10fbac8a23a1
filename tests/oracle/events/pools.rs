//! Pools: which listener receives an event, what a full buffer drops, what follows a rejected event.

use super::daemon_fixture::{DaemonFixture, until_true};
use super::recording::{
    Delivery, alone, await_count, await_event, deliveries, listener, same, shown,
};
use crate::support::Subject;

const REMOTE: &str = "REMOTE_COMMUNICATION";

/// Waits until a listener has written READY so many times.
fn ready(fixture: &DaemonFixture, name: &str, times: usize) {
    let line = format!(" {name}: ACKNOWLEDGED -> READY");
    until_true(&format!("{name} READY {times} times ({:?})", fixture.subject), || {
        fixture.log().matches(&line).count() >= times
    });
}

fn observed(fixture: &DaemonFixture, files: &[&str]) -> Vec<String> {
    files.iter().flat_map(|file| shown(&deliveries(fixture, file))).collect()
}

#[test]
fn the_first_that_is_ready_gets_the_oldest_event() {
    let pool = |name: &str, priority: i32, steps: &str| {
        let pool = format!(
            "\nnumprocs=3\nprocess_name=%(program_name)s-%(process_num)d\nautorestart=true\n\
             priority={priority}"
        );
        let rec = format!("{name}.rec");
        listener(name, REMOTE, &format!("{steps}{pool}"))
            .replace(&rec, &format!("{name}-%(process_num)d.rec"))
            .replace(".err", "-%(process_num)d.err")
    };
    let sections = [pool("work", -1, "hang"), pool("refuse", -2, "fail ok fail")].concat();
    same(&sections, |fixture| {
        let members = ["work-0", "work-1", "work-2", "refuse-0", "refuse-1", "refuse-2"];
        for member in members {
            ready(fixture, member, 1);
        }
        for (at, data) in ["1", "2", "3", "4", "5"].iter().enumerate() {
            fixture.remote(data);
            // The pool that rejects it has taken it before the next event.
            until_true("an answer", || {
                let log = fixture.log();
                (0..3)
                    .map(|n| log.matches(&format!("refuse-{n}: event was processed")).count())
                    .sum::<usize>()
                    > at
            });
        }
        for at in 0..3 {
            await_count(fixture, &format!("work-{at}.rec"), 1);
        }
        fixture.kill("work:work-1");
        await_event(fixture, "work-1.rec", |it| it.payload.ends_with('5'));
        observed(
            fixture,
            &[
                "work-0.rec",
                "work-1.rec",
                "work-2.rec",
                "refuse-0.rec",
                "refuse-1.rec",
                "refuse-2.rec",
            ],
        )
    });
}

#[test]
fn events_wait_for_a_pool_that_does_not_run_and_the_oldest_are_lost() {
    let sections = [
        listener("late", REMOTE, "\nautostart=false\nbuffer_size=3"),
        listener("stuck", REMOTE, "hang\nbuffer_size=3\nautorestart=true\npriority=-2"),
        listener("plenty", REMOTE, "\nautostart=false"),
    ]
    .concat();
    same(&sections, |fixture| {
        ready(fixture, "stuck", 1);
        for number in 0..8 {
            fixture.remote(&number.to_string());
            await_event(fixture, "stuck.rec", |it| it.payload.ends_with('0'));
        }
        fixture.daemon.wait_for_log("pool late event buffer overflowed, discarding event ");
        fixture.daemon.wait_for_log("pool stuck event buffer overflowed, discarding event ");
        let is_last = |it: &Delivery| it.payload.ends_with('7');
        fixture.kill("stuck");
        await_event(fixture, "stuck.rec", is_last);
        for name in ["late", "plenty"] {
            fixture.start(name);
            await_event(fixture, &format!("{name}.rec"), is_last);
        }
        let unnumbered =
            |file| deliveries(fixture, file).iter().map(Delivery::unnumbered).collect::<Vec<_>>();
        ["stuck.rec", "late.rec", "plenty.rec"].iter().flat_map(|file| unnumbered(file)).collect()
    });
}

#[test]
fn a_listener_that_is_stopped_gives_back_what_it_was_busy_with() {
    let sections = [
        listener("busy", REMOTE, "hang\nbuffer_size=3"),
        listener("leaving", REMOTE, "leave\npriority=-2"),
    ]
    .concat();
    same(&sections, |fixture| {
        for name in ["busy", "leaving"] {
            ready(fixture, name, 1);
        }
        fixture.remote("1");
        await_count(fixture, "busy.rec", 1);
        fixture.await_state("leaving", "EXITED");
        fixture.stop("busy");
        fixture.remote("2");
        for name in ["busy", "leaving"] {
            fixture.start(name);
            await_event(fixture, &format!("{name}.rec"), |it| it.payload.ends_with('2'));
        }
        observed(fixture, &["busy.rec", "leaving.rec"])
    });
}

/// The original buffers it once for each subscription that it matches.
#[test]
fn an_event_that_two_subscriptions_name_comes_once_here() {
    let sections = listener("twice", &format!("{REMOTE},EVENT,PROCESS_GROUP_ADDED"), "");
    alone(Subject::Ours, &sections, |fixture| {
        ready(fixture, "twice", 1);
        fixture.remote("1");
        fixture.remote("2");
        let all = await_event(fixture, "twice.rec", |it| it.payload == "type:t\n2");
        assert_eq!(all.iter().filter(|it| it.event() == REMOTE).count(), 2);
    });
}
