//! The states of processes and of the daemon itself.

use crate::recording::{Delivery, deliveries, heard, listener, program, same};
use crate::stage::{Stage, text, until_true};

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

/// What was told of one process, which is in order; between processes there is none.
fn of_process(all: &[Delivery], process: &str) -> Vec<String> {
    all.iter().filter(|it| it.field("processname") == process).map(Delivery::unnumbered).collect()
}

fn ended(stage: &Stage, process: &str, event: &str) {
    heard(stage, "all.rec", |it| {
        it.field("processname") == process && it.event() == format!("PROCESS_STATE_{event}")
    });
}

/// Kills a process that is started again, and waits until it is.
fn reborn(stage: &mut Stage) {
    let first = stage.pid_of("reborn");
    stage.kill("reborn");
    until_true("another life", || ![0, first].contains(&stage.pid_of("reborn")));
    stage.await_state("reborn", "RUNNING");
}

#[test]
fn every_change_of_state_is_told_as_the_original_tells_it() {
    same(&sections(), |stage| {
        ended(stage, "absent", "FATAL");
        stage.launch("patient");
        stage.await_state("patient", "BACKOFF");
        stage.stop("patient");
        for name in ["steady", "at-once", "deaf", "team:member"] {
            stage.start(name);
            stage.stop(name);
        }
        for name in ["done", "failed", "meant", "flappy", "killed"] {
            stage.launch(name);
        }
        stage.call("startProcessGroup", &[text("many")]);
        stage.call("stopProcessGroup", &[text("many")]);
        stage.await_state("killed", "RUNNING");
        stage.kill("killed");
        stage.launch("slow");
        stage.stop("slow");
        stage.start("reborn");
        reborn(stage);
        reborn(stage);
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
            ended(stage, name, event);
        }
        // From where they ended, once more.
        stage.start("done");
        stage.start("killed");
        stage.stop("killed");
        ended(stage, "killed", "STOPPED");
        stage.launch("flappy");
        stage.await_state("flappy", "BACKOFF");
        stage.stop("flappy");
        ended(stage, "flappy", "STOPPED");
        stage.stop("reborn");
        ended(stage, "reborn", "STOPPED");
        let all = deliveries(stage, "all.rec");
        assert_eq!(all[0].event(), "SUPERVISOR_STATE_CHANGE_RUNNING");
        [
            "all", "steady", "at-once", "done", "failed", "meant", "flappy", "patient", "deaf",
            "absent", "0", "1", "killed", "reborn", "slow", "member",
        ]
        .iter()
        .flat_map(|name| of_process(&all, name))
        .chain([all[0].shown()])
        .collect()
    });
}

#[test]
fn the_end_of_the_daemon_is_told_before_the_programs_end() {
    let sections = [
        listener("all", "SUPERVISOR_STATE_CHANGE,PROCESS_STATE_STOPPING,PROCESS_STATE_FATAL", ""),
        program("patient", "false", "startsecs=3\nstartretries=99\npriority=1"),
        program("slow", "sh -c 'trap \"sleep 1; exit\" TERM; while :; do sleep 0.1; done'", ""),
    ]
    .concat();
    same(&sections, |stage| {
        stage.start("slow");
        stage.launch("patient");
        stage.await_state("patient", "BACKOFF");
        stage.daemon.stop();
        deliveries(stage, "all.rec").iter().take(3).map(Delivery::shown).collect()
    });
}

#[test]
fn remote_communication_is_passed_on_as_it_is() {
    let texts =
        [("kind", "data"), ("", ""), ("t\u{fc}r", "z\u{f6}ger\n\u{1d11e}\n"), ("a b:c", "x:y z")];
    same(&listener("all", "REMOTE_COMMUNICATION", ""), |stage| {
        for (kind, data) in texts {
            stage.call("sendRemoteCommEvent", &[text(kind), text(data)]);
        }
        let all = crate::recording::heard_many(stage, "all.rec", texts.len());
        crate::recording::shown(&all)
    });
}
