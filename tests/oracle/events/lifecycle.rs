//! The states of processes and of the daemon itself.

use super::daemon_fixture::{DaemonFixture, text, until_true};
use super::recording::{Delivery, deliveries, listener, program, same};

const EVENTS: &str = "PROCESS_STATE,SUPERVISOR_STATE_CHANGE,REMOTE_COMMUNICATION";

fn sections() -> String {
    [
        listener("all", EVENTS, "\nbuffer_size=1000"),
        program("steady", "sleep 3600", ""),
        program("at-once", "sleep 3600", "startsecs=0"),
        program("done", "true", "startsecs=0\nautorestart=false"),
        program("failed", "false", "startsecs=0\nautorestart=false"),
        program("meant", "sh -c 'exit 3'", "startsecs=0\nautorestart=false\nexitcodes=3"),
        program("flappy", "false", "startsecs=3\nstartretries=1"),
        program("patient", "false", "startsecs=3\nstartretries=9"),
        program("deaf", "sh -c 'trap \"\" TERM; while :; do sleep 1; done'", "stopwaitsecs=1"),
        program("absent", "{here}/nothing", "autostart=true\nstartretries=0"),
        program("many", "sleep 3600", "numprocs=2\nprocess_name=%(process_num)s"),
        program("killed", "sleep 3600", "autorestart=false"),
        program("reborn", "sleep 3600", "startsecs=0\nautorestart=true"),
        program("slow", "sleep 3600", "startsecs=60"),
        "[group:team]\nprograms=member\n".to_owned(),
        program("member", "sleep 3600", ""),
    ]
    .concat()
}

/// The events of one process, which are in order; between processes the order varies.
fn of_process(all: &[Delivery], process: &str) -> Vec<String> {
    all.iter().filter(|it| it.field("processname") == process).map(Delivery::unnumbered).collect()
}

fn ended(fixture: &DaemonFixture, process: &str, event: &str) {
    ended_times(fixture, process, event, 1);
}

/// Waits until the listener has received so many ends of a process.
fn ended_times(fixture: &DaemonFixture, process: &str, event: &str, times: usize) {
    let event = format!("PROCESS_STATE_{event}");
    let is_end = |it: &&Delivery| it.field("processname") == process && it.event() == event;
    until_true(&format!("{process} {event} {times} times ({:?})", fixture.subject), || {
        deliveries(fixture, "all.rec").iter().filter(is_end).count() >= times
    });
}

/// The number of starts before a process is stopped depends on the pace; one failed start stands for
/// all that follow each other.
fn without_more_tries(observed: Vec<String>) -> Vec<String> {
    let of_try = |it: &String| it.contains("_STARTING") || it.contains("_BACKOFF");
    let mut kept: Vec<String> = Vec::new();
    for it in observed {
        let is_another =
            of_try(&it) && kept.len() >= 2 && kept[kept.len() - 2..].iter().all(of_try);
        if !is_another {
            kept.push(it);
        }
    }
    kept
}

/// Kills a process that is started again, and waits until it is.
fn reborn(fixture: &mut DaemonFixture) {
    let first = fixture.pid_of("reborn");
    fixture.kill("reborn");
    until_true("another life", || ![0, first].contains(&fixture.pid_of("reborn")));
    fixture.await_state("reborn", "RUNNING");
}

#[test]
fn every_change_of_state_is_the_same_event_as_in_the_original() {
    same(&sections(), |fixture| {
        ended(fixture, "absent", "FATAL");
        fixture.launch("patient");
        fixture.await_state("patient", "BACKOFF");
        fixture.stop("patient");
        for name in ["steady", "at-once", "deaf", "team:member"] {
            fixture.start(name);
            fixture.stop(name);
        }
        for name in ["done", "failed", "meant", "flappy", "killed"] {
            fixture.launch(name);
        }
        fixture.call("startProcessGroup", &[text("many")]);
        fixture.call("stopProcessGroup", &[text("many")]);
        fixture.await_state("killed", "RUNNING");
        fixture.kill("killed");
        fixture.launch("slow");
        fixture.stop("slow");
        fixture.start("reborn");
        reborn(fixture);
        reborn(fixture);
        for (name, event) in [
            ("done", "EXITED"),
            ("failed", "EXITED"),
            ("meant", "EXITED"),
            ("flappy", "FATAL"),
            ("patient", "STOPPED"),
            ("killed", "EXITED"),
            ("member", "STOPPED"),
            ("slow", "STOPPED"),
            ("0", "STOPPED"),
            ("1", "STOPPED"),
        ] {
            ended(fixture, name, event);
        }
        // Once more, from their final states.
        fixture.launch("done");
        ended_times(fixture, "done", "EXITED", 2);
        fixture.start("killed");
        fixture.stop("killed");
        ended(fixture, "killed", "STOPPED");
        fixture.launch("flappy");
        ended_times(fixture, "flappy", "FATAL", 2);
        fixture.stop("reborn");
        ended(fixture, "reborn", "STOPPED");
        let all = deliveries(fixture, "all.rec");
        assert_eq!(all[0].event(), "SUPERVISOR_STATE_CHANGE_RUNNING");
        [
            "all", "steady", "at-once", "done", "failed", "meant", "flappy", "patient", "deaf",
            "absent", "0", "1", "killed", "reborn", "slow", "member",
        ]
        .iter()
        .flat_map(|name| match *name {
            "patient" => without_more_tries(of_process(&all, name)),
            _ => of_process(&all, name),
        })
        .chain([all[0].shown()])
        .collect()
    });
}

#[test]
fn the_end_of_the_daemon_is_an_event_before_the_programs_end() {
    let sections = [
        listener("all", "SUPERVISOR_STATE_CHANGE,PROCESS_STATE_STOPPING,PROCESS_STATE_FATAL", ""),
        program("patient", "false", "startsecs=3\nstartretries=99\npriority=1"),
        program("slow", "sh -c 'trap \"sleep 1; exit\" TERM; while :; do sleep 0.1; done'", ""),
    ]
    .concat();
    same(&sections, |fixture| {
        fixture.start("slow");
        fixture.launch("patient");
        fixture.await_state("patient", "BACKOFF");
        fixture.daemon.stop();
        deliveries(fixture, "all.rec").iter().take(3).map(Delivery::shown).collect()
    });
}

#[test]
fn remote_communication_is_passed_on_as_it_is() {
    let texts =
        [("kind", "data"), ("", ""), ("t\u{fc}r", "z\u{f6}ger\n\u{1d11e}\n"), ("a b:c", "x:y z")];
    same(&listener("all", "REMOTE_COMMUNICATION", ""), |fixture| {
        for (kind, data) in texts {
            fixture.call("sendRemoteCommEvent", &[text(kind), text(data)]);
        }
        let all = super::recording::await_count(fixture, "all.rec", texts.len());
        super::recording::shown(&all)
    });
}
