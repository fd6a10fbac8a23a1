//! Every type that can be subscribed to, the abstract ones with their subtypes.

use supkit::conf::events::EventType;

use super::daemon_fixture::{DaemonFixture, text, until_true};
use super::recording::{Delivery, await_event, deliveries, listener, program, same, speaker};

const LAST: &str = "the last";

fn pool(name: &str) -> String {
    name.to_lowercase()
}

/// Causes one event of each type, except ticks of a minute and an hour.
fn play(fixture: &mut DaemonFixture) {
    for name in ["steady", "messenger"] {
        fixture.start(name);
        fixture.stop(name);
    }
    fixture.launch("short");
    fixture.launch("flappy");
    fixture.await_state("flappy", "FATAL");
    fixture.await_state("short", "EXITED");
    for method in ["removeProcessGroup", "addProcessGroup"] {
        fixture.call(method, &[text("steady")]);
    }
    fixture.remote(LAST);
}

/// The events of a pool, without ticks and numbers, in an order that does not depend on the pace.
fn of_pool(fixture: &DaemonFixture, name: &str) -> Vec<String> {
    let all = deliveries(fixture, &format!("{name}.rec"));
    let of_stage = |it: &&Delivery| {
        let process = it.field("processname");
        !it.event().starts_with("TICK") && !process.contains('_') && process != "event"
    };
    let mut observed: Vec<String> = all.iter().filter(of_stage).map(Delivery::unnumbered).collect();
    observed.sort();
    observed
}

/// Waits until every listener has answered all that it was sent, and nothing more is sent.
fn await_quiet(fixture: &DaemonFixture, listeners: usize) {
    let mut quiet_since = None;
    until_true("all listeners to have answered", || {
        let log = fixture.log();
        let [sent, answered, ready] =
            [" sent to listener ", ": event was processed", ": ACKNOWLEDGED -> READY"]
                .map(|line| log.matches(line).count());
        let is_quiet = sent == answered && ready == answered + listeners;
        let was_quiet = quiet_since.replace(sent).filter(|_| is_quiet);
        is_quiet && was_quiet == Some(sent)
    });
}

#[test]
fn each_subscription_includes_the_subtypes_of_its_type() {
    let types: Vec<String> = EventType::all().map(|(_, name)| pool(name)).collect();
    let sections = [
        types.iter().map(|name| listener(name, name, "\nbuffer_size=1000")).collect(),
        program("steady", "sleep 3600", ""),
        program("short", "true", "startsecs=0\nautorestart=false"),
        program("flappy", "false", "startsecs=3\nstartretries=0"),
        speaker(
            "messenger",
            "'1:out and more than enough of it <!--XSUPERVISOR:BEGIN-->o<!--XSUPERVISOR:END-->' \
             '2:err and more than enough of it <!--XSUPERVISOR:BEGIN-->e<!--XSUPERVISOR:END-->' \
             stay",
            "stdout_capture_maxbytes=1KB\nstderr_capture_maxbytes=1KB\n\
             stdout_events_enabled=true\nstderr_events_enabled=true\nstartsecs=1",
        ),
    ]
    .concat();
    same(&sections, |fixture| {
        for name in &types {
            fixture.daemon.wait_for_log(&format!(" {name}: ACKNOWLEDGED -> READY"));
        }
        play(fixture);
        await_event(fixture, "event.rec", |it| it.payload.ends_with(LAST));
        for name in ["tick", "tick_5", "event"] {
            await_event(fixture, &format!("{name}.rec"), |it| it.event() == "TICK_5");
        }
        await_quiet(fixture, types.len());
        types.iter().flat_map(|name| of_pool(fixture, name)).collect()
    });
}
