//! Pictures of states, as text.

use std::time::Duration;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier};

use super::draw;
use crate::core::state::ProcessState;
use crate::top::model::key::Key;
use crate::top::model::samples::{process, snapshot};
use crate::top::model::snapshot::{Snapshot, Usage};
use crate::top::model::{Model, Report, Request};

fn model() -> Model {
    let mut model = Model::new("unix:///run/supervisor.sock");
    model.on_report(Report::Snapshot(snapshot()));
    model
}

/// Supervisor's daemon measures nothing.
fn plain_model() -> Model {
    let mut plain = snapshot();
    plain.processes.iter_mut().for_each(|process| process.usage = Usage::default());
    let mut model = Model::new("http://127.0.0.1:9001");
    model.on_report(Report::Snapshot(plain));
    model
}

fn picture(model: &mut Model, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(model, &mut buffer);
    buffer
}

/// The lines without trailing blanks.
fn text(model: &mut Model, size: (u16, u16)) -> String {
    let buffer = picture(model, size);
    let width = usize::from(size.0.max(1));
    let line = |cells: &[ratatui_core::buffer::Cell]| {
        let line: String = cells.iter().map(ratatui_core::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    };
    buffer.content.chunks(width).map(line).collect::<Vec<_>>().join("\n")
}

fn press(model: &mut Model, keys: &str) -> Vec<Request> {
    keys.chars()
        .flat_map(|character| {
            model.on_key(if character == '\r' { Key::Enter } else { Key::Char(character) })
        })
        .collect()
}

#[test]
fn the_list_on_a_small_terminal() {
    insta::assert_snapshot!(text(&mut model(), (80, 14)), @r"
    supervisor at unix:///run/supervisor.sock                              connected
    6 processes: 1 FATAL, 1 EXITED, 1 STOPPED, 3 RUNNING       cpu 12% mem 5.0G/8.0G
     NAME▼    STATE         PID   UPTIME  RST  CPU% MEMORY   FDS REASON
     broken   FATAL                                              Exited too quickly…
     db       RUNNING      1234 26:23:38    1  12.3    90M    12
     ▾ pool   2/3 up                        1  40.0   1.4G    24
       pool-0 RUNNING      2001 42:47:57    0  20.0   150M    12
       pool-1 RUNNING      2002 42:49:14    1  20.0   1.3G    12 not ready: no repl…
       pool-2 STOPPED                                            Not started
     ▾ single 0/1 up
       other  EXITED                                             exit status 0, Nov…


    ?:help /:filter s:start x:stop r:restart l:log w:why u:update >:sort q:quit
    ");
}

#[test]
fn the_list_on_a_large_terminal() {
    let mut model = model();
    press(&mut model, "j xjj");
    insta::assert_snapshot!(text(&mut model, (140, 14)), @r"
    supervisor at unix:///run/supervisor.sock                                                                                          connected
    6 processes: 1 FATAL, 1 EXITED, 1 STOPPED, 3 RUNNING                                            cpu 12% of 2, memory 5.0G of 8.0G, load 0.52
     NAME▼    STATE         PID   UPTIME  RST  CPU% MEMORY   FDS REASON
     broken   FATAL                                              Exited too quickly (process log may have details)
    *db       RUNNING      1234 26:23:38    1  12.3    90M    12
     ▾ pool   2/3 up                        1  40.0   1.4G    24
       pool-0 RUNNING      2001 42:47:57    0  20.0   150M    12
       pool-1 RUNNING      2002 42:49:14    1  20.0   1.3G    12 not ready: no reply from 127.0.0.1:8081
       pool-2 STOPPED                                            Not started
     ▾ single 0/1 up
       other  EXITED                                             exit status 0, Nov 28 01:00 AM


    ?:help /:filter s:start x:stop r:restart l:log w:why u:update >:sort q:quit
    ");
}

#[test]
fn without_measurements_the_reasons_have_the_room() {
    insta::assert_snapshot!(text(&mut plain_model(), (80, 12)), @r"
    supervisor at http://127.0.0.1:9001                                    connected
    6 processes: 1 FATAL, 1 EXITED, 1 STOPPED, 3 RUNNING       cpu 12% mem 5.0G/8.0G
     NAME▼    STATE         PID   UPTIME REASON
     broken   FATAL                      Exited too quickly (process log may have d…
     db       RUNNING      1234 26:23:38
     ▾ pool   2/3 up
       pool-0 RUNNING      2001 42:47:57
       pool-1 RUNNING      2002 42:49:14 not ready: no reply from 127.0.0.1:8081
       pool-2 STOPPED                    Not started
     ▾ single 0/1 up

    ?:help /:filter s:start x:stop r:restart l:log w:why u:update >:sort q:quit
    ");
}

#[test]
fn on_a_tiny_terminal_names_and_states_remain() {
    insta::assert_snapshot!(text(&mut model(), (24, 6)), @r"
    supervisor a…  connected
     NAME▼    STATE     REA…
     broken   FATAL     Exi…
     db       RUNNING
     ▾ pool   2/3 up
    ");
}

/// Nothing panics, whatever the size is.
#[test]
fn every_size_can_be_drawn() {
    let mut log = model();
    let requests = press(&mut log, "jl");
    let [Request::Follow { id, .. }] = requests.as_slice() else { panic!("{requests:?}") };
    log.on_report(Report::LogOpened(*id));
    log.on_report(Report::LogBytes(*id, "日本語 tab\there\n".repeat(40).into_bytes()));
    let mut wrapped = model();
    let requests = press(&mut wrapped, "jlW");
    let [Request::Follow { id, .. }] = requests.as_slice() else { panic!("{requests:?}") };
    wrapped.on_report(Report::LogBytes(*id, "日本語 tab\there\n".repeat(40).into_bytes()));
    let mut help = model();
    press(&mut help, "?");
    let mut typing = model();
    press(&mut typing, "/日本語");
    let mut empty = Model::new("");
    for model in [&mut log, &mut wrapped, &mut help, &mut typing, &mut empty, &mut model()] {
        for width in (0..40).chain([80, 300]) {
            for height in 0..30 {
                picture(model, (width, height));
            }
        }
    }
}

#[test]
fn a_state_has_a_colour_and_a_word() {
    let mut model = model();
    let buffer = picture(&mut model, (80, 24));
    let style_of = |word: &str| {
        let width = 80;
        (3..24)
            .find_map(|y| {
                let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
                let at = line.find(word)?;
                Some(buffer[(line[..at].chars().count() as u16, y)].style())
            })
            .unwrap_or_else(|| panic!("no {word}"))
    };
    assert_eq!(style_of("RUNNING").fg, Some(Color::Green));
    assert_eq!(style_of("FATAL").fg, Some(Color::Red));
    assert_eq!(style_of("2/3 up").fg, Some(Color::Yellow));
    assert!(style_of("FATAL").add_modifier.contains(Modifier::REVERSED), "it is selected");
}

#[test]
fn the_cursor_stays_visible() {
    let many = (0..100).map(|number| {
        let name = format!("p{number:02}");
        process(&name, &name, ProcessState::Running)
    });
    let mut model = Model::new("unix:///run/s.sock");
    let processes = many.collect();
    model.on_report(Report::Snapshot(Snapshot { processes, ..Snapshot::default() }));
    picture(&mut model, (80, 24));
    model.on_key(Key::End);
    let last = text(&mut model, (80, 24));
    assert!(last.contains("p99") && !last.contains("p79"), "{last}");
    model.on_key(Key::PageUp);
    let page = text(&mut model, (80, 24));
    assert!(page.contains("p81") && !page.contains("p60"), "{page}");
    // A smaller terminal.
    let small = text(&mut model, (80, 8));
    assert!(small.contains("p81"), "{small}");
}

#[test]
fn a_lost_connection_is_shown_with_its_reason() {
    let mut model = model();
    model.on_report(Report::Lost("refused connection".to_owned()));
    model.now = Duration::from_secs(7);
    let shown = text(&mut model, (80, 24));
    assert!(shown.contains("LOST for 7 s: refused connection"), "{shown}");
    assert!(shown.contains("pool-1"), "{shown}");
}

#[test]
fn texts_of_the_daemon_cannot_control_the_terminal() {
    let mut evil = process("evil", "e\u{1b}[2Jvil", ProcessState::Fatal);
    evil.reason = "a\u{1b}]0;title\u{7}b\nc".to_owned();
    let mut model = Model::new("unix:///run/s.sock");
    model.on_report(Report::Snapshot(Snapshot { processes: vec![evil], ..Snapshot::default() }));
    let shown = text(&mut model, (80, 24));
    assert!(shown.contains("a\\x1b]0;title\\x07b\\x0ac"), "{shown}");
    assert!(shown.contains("e\\x1b[2Jvil"), "{shown}");
}

#[test]
fn a_log_shows_colours_matches_and_wide_characters() {
    let mut model = model();
    let requests = press(&mut model, "jl");
    let [Request::Follow { id, .. }] = requests.as_slice() else { panic!("{requests:?}") };
    model.on_report(Report::LogOpened(*id));
    let bytes = "plain\n\x1b[31mred\x1b[0m 日本\ta\x1b[2Jb\nERROR here\n".as_bytes().to_vec();
    model.on_report(Report::LogBytes(*id, bytes));
    press(&mut model, "/error\r");
    insta::assert_snapshot!(text(&mut model, (60, 12)), @r"
    supervisor at unix:///run/supervisor.sock          connected
    6 processes: 1 FATAL, 1 EXITED, 1 STOPPED, 3 RUNNING
     db stdout   line 3 of 3, paused   `error` in 1 line
    plain
    red 日 本         a\x1b[2Jb
    ERROR here





    q:back p:pause /:search n:next W:wrap Tab:other stream ?:he…
    ");
    let buffer = picture(&mut model, (60, 12));
    assert_eq!(buffer[(0, 4)].style().fg, Some(Color::Red));
    assert!(buffer[(0, 5)].style().add_modifier.contains(Modifier::REVERSED));
    assert!(!buffer[(5, 5)].style().add_modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_wrapped_log_shows_its_end() {
    let mut model = model();
    let requests = press(&mut model, "jl");
    let [Request::Follow { id, .. }] = requests.as_slice() else { panic!("{requests:?}") };
    model.on_report(Report::LogOpened(*id));
    let line = "0123456789".repeat(5);
    model.on_report(Report::LogBytes(*id, format!("{line}\n").repeat(20).into_bytes()));
    model.on_report(Report::LogBytes(*id, b"the end\n".to_vec()));
    press(&mut model, "W");
    let shown = text(&mut model, (20, 12));
    assert!(shown.contains("the end"), "{shown}");
}

#[test]
fn the_help_fits_into_80_columns() {
    let mut model = model();
    press(&mut model, "?");
    insta::assert_snapshot!(text(&mut model, (80, 40)), @r"
    supervisor at unix:///run/supervisor.sock                              connected
    6 processes: 1 FATAL, 1 EXITED, 1 STOPPED, 3 RUNNING       cpu 12% mem 5.0G/8.0G
     Keys
    Processes
      j k, arrows  select a row; PgUp, PgDn, Home and End move further
      Enter        collapse or expand a group; show why a process is in its state
      Left Right   collapse or expand the group; - and + collapse or expand all
      Space        mark a row: actions are then for all marked ones
      /            filter: words of the name, state or reason; Esc shows all again
      < >          sort by the previous or next column; ! reverses the order
      l L          show and follow the standard output, or the standard error
      w            why is it in this state, and how did it end
      g            graph of dependencies, and critical path of the last start
      J            the jobs of the daemon; there, x cancels a rolling restart

    Actions on the selected or marked rows
      s x r        start, stop, restart
      R            restart the whole group
      o            rolling restart: each when the one before it is ready
      i            send a signal
      c            clear the logs
      d e          disable, enable
      u            update: read the configuration again, show the plan, apply it

    Logs
      arrows       scroll, also PgUp, PgDn, Home; Left and Right for long lines
      End f        follow again
      p            pause or follow
      / n N        search; next and previous match
      W            wrap long lines
      Tab          the other stream
      q Esc        back to the list

    Everywhere
      ?            this text
      q            back, or quit; Ctrl-C quits
      Ctrl-L       draw the screen again
      Ctrl-Z       suspend

    q:back
    ");
}
