//! Capture mode: what a program writes between the tokens is an event.

use super::recording::{alone, await_count, listener, same, shown, speaker};
use crate::support::Subject;

const BEGIN: &str = "<!--XSUPERVISOR:BEGIN-->";
const END: &str = "<!--XSUPERVISOR:END-->";

fn quoted(pieces: &[String]) -> String {
    pieces.iter().map(|piece| format!("'{piece}'")).collect::<Vec<_>>().join(" ")
}

#[test]
fn messages_between_the_tokens_are_events_however_they_are_cut() {
    let (begin, end) = (BEGIN, END);
    let cut: Vec<String> = vec![
        format!("1:a first line of some length\\n{begin}whole{end}and a line behind it\\n"),
        "1:and another one that is long enough <!--XSUPER".into(),
        "1:VISOR:BE".into(),
        "1:GIN-->cut in ".into(),
        "1:several pieces of text <!--XSUPERVISOR".into(),
        "1::END-->with a line behind it again\\n".into(),
        format!("2:{begin}on stderr{end}"),
        format!("1:{begin}{end}{begin}\\xc3\\xbc\\n{end}{begin}\\xff{end}"),
    ];
    let sections = [
        listener("comm", "PROCESS_COMMUNICATION", ""),
        listener("out", "PROCESS_COMMUNICATION_STDOUT", ""),
        listener("err", "PROCESS_COMMUNICATION_STDERR", ""),
        speaker(
            "talk",
            &format!("{} stay", quoted(&cut)),
            "stdout_capture_maxbytes=1MB\nstderr_capture_maxbytes=1MB",
        ),
        speaker("plain", &format!("'1:{begin}no{end}' stay"), ""),
    ]
    .concat();
    same(&sections, |fixture| {
        fixture.start("plain");
        fixture.start("talk");
        let comm = await_count(fixture, "comm.rec", 6);
        let out = await_count(fixture, "out.rec", 5);
        let err = await_count(fixture, "err.rec", 1);
        let mut observed: Vec<String> = [comm, out, err].iter().flat_map(|it| shown(it)).collect();
        fixture.await_state("talk", "RUNNING");
        observed.push(fixture.read("talk.out"));
        observed
    });
}

#[test]
fn a_message_that_is_too_long_loses_its_beginning_as_there() {
    let pieces = |lengths: &[usize]| {
        let mut pieces = vec![format!("1:{BEGIN}{}", "-".repeat(30))];
        pieces.extend(
            lengths
                .iter()
                .zip('a'..)
                .map(|(length, c)| format!("1:{}", c.to_string().repeat(*length))),
        );
        // The original searches for the end token only if it has more bytes than the token.
        pieces.push(format!("1:{END}\\n"));
        quoted(&pieces)
    };
    let options = "stdout_capture_maxbytes=100";
    let sections = [
        listener("comm", "PROCESS_COMMUNICATION", ""),
        speaker("fits", &pieces(&[40, 30]), options),
        speaker("over", &pieces(&[40, 40, 40]), options),
        speaker("huge", &pieces(&[300]), options),
        speaker("late", &pieces(&[60, 500, 30]), options),
    ]
    .concat();
    same(&sections, |fixture| {
        for (count, name) in ["fits", "over", "huge", "late"].iter().enumerate() {
            fixture.launch(name);
            await_count(fixture, "comm.rec", count + 1);
        }
        shown(&await_count(fixture, "comm.rec", 4))
    });
}

#[test]
fn captured_text_is_output_too() {
    let piece = format!("'1:before that {BEGIN}inside{END} and after that, at some length' stay");
    let sections = [
        listener("log", "PROCESS_LOG,PROCESS_COMMUNICATION", ""),
        speaker("talk", &piece, "stdout_capture_maxbytes=1KB\nstdout_events_enabled=true"),
    ]
    .concat();
    same(&sections, |fixture| {
        fixture.start("talk");
        let mut observed = shown(&await_count(fixture, "log.rec", 4));
        observed.push(fixture.read("talk.out"));
        observed
    });
}

/// The original recurses once per message and drops the rest at Python's recursion limit.
#[test]
fn a_burst_loses_nothing_here() {
    let burst = format!("'1:{}' stay", format!("{BEGIN}x{END}").repeat(1000));
    let sections = [
        listener("comm", "PROCESS_COMMUNICATION", "\nbuffer_size=2000"),
        speaker("talk", &burst, "stdout_capture_maxbytes=1KB"),
    ]
    .concat();
    let all = alone(Subject::Ours, &sections, |fixture| {
        fixture.start("talk");
        await_count(fixture, "comm.rec", 1000)
    });
    assert!(all.iter().all(|it| it.payload.ends_with("\nx")));
    let serials: Vec<String> = all.iter().map(|it| it.field("serial").into()).collect();
    assert_eq!(serials, (0..1000).map(|n| n.to_string()).collect::<Vec<_>>());
}
