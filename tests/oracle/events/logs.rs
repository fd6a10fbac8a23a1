//! Output as events: `PROCESS_LOG` of either stream, of any bytes.

use super::recording::{alone, await_count, await_event, listener, same, shown, speaker};
use crate::support::Subject;

const EVENTS: &str = "stdout_events_enabled=true\nstderr_events_enabled=true";

#[test]
fn output_is_an_event_with_its_length_in_characters() {
    let pieces = [
        r"'1:one\n'",
        r"'2:two\n'",
        r"'1:\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e'",
        r"'1:\xff\xfe\x27\x22\\\t\r\n\x00~'",
        r"'2:half \xc3'",
        r"'1:a\nb\n\nc'",
        r"'1:  '",
    ];
    let sections = [
        listener("both", "PROCESS_LOG", ""),
        listener("out", "PROCESS_LOG_STDOUT", ""),
        listener("err", "process_log_stderr", ""),
        speaker("talk", &format!("{} stay", pieces.join(" ")), EVENTS),
        speaker("joined", "'1:o\\n' '2:e\\n' stay", &format!("redirect_stderr=true\n{EVENTS}")),
        speaker("mute", "'1:o\\n' '2:e\\n' stay", ""),
    ]
    .concat();
    same(&sections, |fixture| {
        fixture.start("mute");
        fixture.start("talk");
        await_count(fixture, "both.rec", pieces.len());
        fixture.start("joined");
        let both = await_count(fixture, "both.rec", pieces.len() + 2);
        let out = await_count(fixture, "out.rec", 7);
        let err = await_count(fixture, "err.rec", 2);
        [both, out, err].iter().flat_map(|recording| shown(recording)).collect()
    });
}

#[test]
fn escapes_are_stripped_and_the_identifier_is_in_the_header() {
    let pieces = r"'1:\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m\n' '2:\x1b[Kplain\x1b]x\n' stay";
    let sections = [
        "[supervisord]
strip_ansi=true
identifier=a-name
"
        .to_owned(),
        listener("log", "PROCESS_LOG", ""),
        speaker("talk", pieces, EVENTS),
    ]
    .concat();
    same(&sections, |fixture| {
        fixture.start("talk");
        let mut observed = shown(&await_count(fixture, "log.rec", 2));
        observed.extend([fixture.read("talk.out"), fixture.read("talk.err")]);
        observed
    });
}

/// Where a long output is cut depends on the pace, but nothing is lost.
#[test]
fn long_output_reaches_a_listener_whole() {
    let sections = [
        listener("log", "PROCESS_LOG", "\nbuffer_size=1000"),
        speaker("talk", "'1:begin' *0123456789abcdef:20000 '1:end' stay", EVENTS),
    ]
    .concat();
    alone(Subject::Ours, &sections, |fixture| {
        fixture.start("talk");
        let all = await_event(fixture, "log.rec", |it| it.payload.ends_with("end"));
        let data: String =
            all.iter().filter_map(|it| it.payload.split_once('\n')).map(|(_, data)| data).collect();
        let expected = format!("begin{}end", "0123456789abcdef".repeat(20_000));
        assert!(data == expected, "{} of {} bytes", data.len(), expected.len());
    });
}

#[test]
fn a_message_longer_than_any_pipe_or_buffer_reaches_a_listener() {
    let sections = [
        listener("comm", "PROCESS_COMMUNICATION", ""),
        speaker(
            "talk",
            "'1:<!--XSUPERVISOR:BEGIN-->' *x:20000000 '1:<!--XSUPERVISOR:END-->\\n' stay",
            "stdout_capture_maxbytes=100MB",
        ),
    ]
    .concat();
    alone(Subject::Ours, &sections, |fixture| {
        fixture.start("talk");
        let all = await_count(fixture, "comm.rec", 1);
        assert_eq!(all[0].payload.matches('x').count(), 20_000_000);
    });
}
