//! Result handlers that are built in: they pass the output of programs on to the daemon's own
//! streams, as the packages of these names do; and handlers that are not built in.

use std::process::Output;

use super::daemon_fixture::until_true;
use super::recording::{alone, listener, program, python, same, speaker};
use crate::support::daemon::conf;
use crate::support::{Sandbox, Subject};

fn relay(name: &str, handler: &str) -> String {
    format!(
        "[eventlistener:{name}]\ncommand={}\nevents=PROCESS_LOG\nresult_handler={handler}\n\
         buffer_size=100\nstartsecs=0\n",
        python("relay.py")
    )
}

fn talkers() -> String {
    let options = "stdout_events_enabled=true\nstderr_events_enabled=true";
    [
        speaker("web", "'1:one\\ntwo\\n' '2:\\xc3\\xbcps\\n' stay", options),
        speaker("worker", "'1:three\\n' stay", options),
    ]
    .concat()
}

#[test]
fn supervisor_stdout_prefixes_lines_with_process_and_channel() {
    let sections = [relay("relay", "supervisor_stdout:event_handler"), talkers()].concat();
    alone(Subject::Ours, &sections, |fixture| {
        fixture.start("web");
        until_true("two results", || fixture.log().matches("event was processed").count() == 2);
        fixture.start("worker");
        until_true("a third", || fixture.read("out").contains("worker stdout | three\n"));
        let out = fixture.read("out");
        assert!(out.contains("web stdout | one\ntwo\n"), "{out}");
        assert!(out.contains("web stderr | \u{fc}ps\n"), "{out}");
    });
}

#[test]
fn supervisor_stdlog_colours_each_line() {
    let sections = [relay("relay", "supervisor_stdlog:log_handler"), talkers()].concat();
    alone(Subject::Ours, &sections, |fixture| {
        fixture.start("web");
        until_true("stderr", || fixture.read("err").contains("\u{fc}ps"));
        fixture.start("worker");
        until_true("stdout", || fixture.read("out").contains("mthree\x1b"));
        let (out, err) = (fixture.read("out"), fixture.read("err"));
        let line = "\x1b[36mweb | \x1b[37mone\x1b[m\n\x1b[36mweb | \x1b[37mtwo\x1b[m\n";
        assert!(out.contains(line), "{out:?}");
        assert!(out.contains("\x1b[32mworker | \x1b[37mthree\x1b[m\n"), "{out:?}");
        assert!(err.contains("\x1b[36mweb | \x1b[31m\u{fc}ps\x1b[m\n"), "{err:?}");
    });
}

fn refused(handler: &str) -> Output {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(&relay("relay", handler)));
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    command.args(["-n", "-c", "d.conf"]).output().expect("supervisord runs")
}

#[test]
fn any_other_handler_is_refused_with_the_list_of_those_there_are() {
    let output = refused("my.own:handler");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    for part in [
        "my.own:handler",
        "eventlistener:relay",
        "supervisor.dispatchers:default_handler",
        "supervisor_stdout:event_handler",
        "supervisor_stdlog:log_handler",
    ] {
        assert!(errors.contains(part), "{part} is not in {errors}");
    }
}

#[test]
fn listeners_start_first_and_stop_last() {
    let sections = [
        program("first", "sleep 3600", "priority=1").replace("autostart=false", ""),
        program("second", "sleep 3600", "").replace("autostart=false", ""),
        listener("usual", "PROCESS_STATE", ""),
        listener("late", "PROCESS_STATE", "\npriority=1000"),
    ]
    .concat();
    same(&sections, |fixture| {
        for name in ["first", "second", "usual", "late"] {
            fixture.await_state(name, "RUNNING");
        }
        fixture.daemon.stop();
        let story = fixture.daemon.story();
        let lines = story.lines().filter(|it| it.contains("spawned:") || it.contains("stopped:"));
        lines.map(str::to_owned).collect()
    });
}
