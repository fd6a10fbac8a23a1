//! What keys and reports do, without a terminal and a daemon.

use std::time::Duration;

use super::key::Key;
use super::log::Stream;
use super::methods::CallError;
use super::request::{Query, Report, Request};
use super::row::{Column, Target};
use super::samples::{process, processes, snapshot};
use super::snapshot::{Job, Snapshot};
use super::state::{Dialog, Link, Model, TextKind, View};
use super::task::Task;
use super::update::Plan;
use crate::core::state::ProcessState;
use crate::ctl::Channel;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

fn model() -> Model {
    let mut model = Model::new("unix:///run/s.sock");
    model.on_report(Report::Snapshot(snapshot()));
    model
}

/// Types keys: letters, and `\r` for Enter, `\x1b` for Escape, `\x7f` for Backspace.
fn press(model: &mut Model, keys: &str) -> Vec<Request> {
    let key = |character: char| match character {
        '\r' => Key::Enter,
        '\x1b' => Key::Escape,
        '\x7f' => Key::Backspace,
        other => Key::Char(other),
    };
    keys.chars().flat_map(|it| model.on_key(key(it))).collect()
}

fn selected(model: &Model) -> String {
    model.selected.as_ref().map(Target::full_name).unwrap_or_default()
}

fn message(model: &Model) -> &str {
    model.message.as_ref().map_or("", |note| &note.text)
}

fn task(requests: &[Request]) -> Task {
    match requests {
        [Request::Run(task), Request::Refresh] => task.clone(),
        other => panic!("{other:?}"),
    }
}

fn error(text: &str) -> CallError {
    CallError { code: Some(Code::Failed.number()), text: text.to_owned() }
}

#[test]
fn the_cursor_stays_at_its_process_when_the_list_changes() {
    let mut model = model();
    press(&mut model, "jjj");
    assert_eq!(selected(&model), "pool:pool-0");
    let mut all = processes();
    all.insert(0, process("aaa", "aaa", ProcessState::Running));
    model.on_report(Report::Snapshot(Snapshot { processes: all, ..snapshot() }));
    assert_eq!((selected(&model).as_str(), model.cursor), ("pool:pool-0", 4));
    let gone = processes().into_iter().filter(|it| it.name != "pool-0").collect();
    model.on_report(Report::Snapshot(Snapshot { processes: gone, ..snapshot() }));
    assert_eq!(selected(&model), "pool:pool-2", "what is at its place");
    model.on_report(Report::Snapshot(Snapshot::default()));
    assert_eq!(selected(&model), "");
    assert_eq!(press(&mut model, "jkwlsx \r"), []);
}

#[test]
fn what_interrupts_a_service_is_asked_first() {
    let mut model = model();
    press(&mut model, "j");
    for (keys, question) in [
        ("x", "stop db?"),
        ("r", "restart db?"),
        ("R", "restart the group db?"),
        ("o", "rolling restart of db?"),
        ("c", "clear the logs of db?"),
        ("d", "disable db?"),
    ] {
        assert_eq!(press(&mut model, keys), [], "{keys}");
        assert!(
            matches!(&model.dialog, Some(Dialog::Confirm { question: it, .. }) if it == question),
            "{:?}",
            model.dialog
        );
        assert_eq!(press(&mut model, "n"), []);
        assert_eq!(message(&model), "nothing was done");
    }
    assert_eq!(task(&press(&mut model, "s")).title, "start db");
    assert_eq!(task(&press(&mut model, "e")).title, "enable db");
    assert_eq!(task(&press(&mut model, "xy")).title, "stop db");
}

#[test]
fn results_are_shown_in_place() {
    let mut model = model();
    press(&mut model, "j");
    let target = model.selected.clone().unwrap();
    let task = task(&press(&mut model, "xy"));
    assert_eq!(model.notes[&target].text, "stop db ...");
    let refused = error("not permitted: user eva has the role viewer");
    model.on_report(Report::PartDone { task: task.id, part: 0, result: Err(refused) });
    assert!(model.notes[&target].is_error);
    assert_eq!(message(&model), "stop db: not permitted: user eva has the role viewer");
    press(&mut model, "\x1b");
    assert!(model.notes.is_empty());
    let again = super::tests::task(&press(&mut model, "xy"));
    model.on_report(Report::PartDone { task: again.id, part: 0, result: Ok(()) });
    assert_eq!(message(&model), "stop db: done");
    assert!(model.notes.is_empty() && model.running.is_empty());
    assert_eq!(model.on_report(Report::PartDone { task: 99, part: 0, result: Ok(()) }), []);
}

#[test]
fn marked_rows_are_treated_together() {
    let mut model = model();
    press(&mut model, " j ");
    assert_eq!(model.marked.len(), 2, "{:?}", model.marked);
    let task = task(&press(&mut model, "s"));
    assert_eq!(task.title, "start the group pool and broken");
    let failed = Report::PartDone { task: task.id, part: 0, result: Err(error("no")) };
    model.on_report(failed);
    assert_eq!((model.running[0].done, message(&model)), (1, ""));
    model.on_report(Report::PartDone { task: task.id, part: 1, result: Ok(()) });
    assert_eq!(message(&model), "start the group pool and broken: no");
    // A member is not started twice.
    press(&mut model, " ");
    let both = super::tests::task(&press(&mut model, "s"));
    assert_eq!(both.parts.len(), 2, "{:?}", both.title);
}

#[test]
fn the_logs_of_a_group_are_those_of_its_processes() {
    let mut model = model();
    press(&mut model, "jj");
    assert_eq!(selected(&model), "pool:*");
    assert_eq!(task(&press(&mut model, "cy")).parts.len(), 3);
    assert_eq!(press(&mut model, "l"), []);
    assert_eq!(message(&model), "select a process of the group");
}

#[test]
fn a_signal_is_typed() {
    let mut model = model();
    assert_eq!(press(&mut model, "iUSRx\x7f2"), []);
    let task = task(&press(&mut model, "\r"));
    assert_eq!(task.title, "signal USR2 to broken");
    assert_eq!(super::tests::task(&press(&mut model, "i\r")).title, "signal HUP to broken");
    assert_eq!(press(&mut model, "iTERM\x1b"), []);
    assert_eq!((message(&model), &model.dialog), ("nothing was done", &None));
}

#[test]
fn the_filter_acts_while_it_is_typed() {
    let mut model = model();
    press(&mut model, "/po");
    assert_eq!(model.rows.len(), 4);
    // Letters are text now.
    press(&mut model, "q");
    assert_eq!(model.rows.len(), 0);
    press(&mut model, "\x7f\r");
    assert_eq!((model.rows.len(), model.arrangement.filter.as_str()), (4, "po"));
    press(&mut model, "\x1b");
    assert_eq!(model.rows.len(), 8);
    press(&mut model, "/db\x1b");
    assert_eq!(model.rows.len(), 8);
}

/// Nothing is done with what is not shown.
#[test]
fn with_a_filter_a_group_means_the_processes_that_are_shown() {
    let mut model = model();
    press(&mut model, "/pool run\r");
    assert_eq!(selected(&model), "pool:*");
    let task = task(&press(&mut model, "xy"));
    assert_eq!(task.title, "stop pool:pool-0 and pool:pool-1");
}

#[test]
fn groups_collapse_and_columns_sort() {
    let mut model = model();
    press(&mut model, "jjj");
    model.on_key(Key::Left);
    assert_eq!((selected(&model).as_str(), model.rows.len()), ("pool:*", 5));
    press(&mut model, "\r");
    assert_eq!(model.rows.len(), 8);
    press(&mut model, "-");
    assert_eq!(model.rows.len(), 4);
    press(&mut model, "+>");
    assert_eq!((model.rows.len(), model.arrangement.sort), (8, Column::State));
    press(&mut model, "<<");
    assert_eq!(model.arrangement.sort, Column::Reason);
    press(&mut model, "!");
    assert!(model.arrangement.is_reversed);
    // Without measurements these columns are not there.
    let bare = vec![process("a", "a", ProcessState::Running)];
    model.on_report(Report::Snapshot(Snapshot { processes: bare, ..snapshot() }));
    press(&mut model, "<");
    assert_eq!(model.arrangement.sort, Column::Uptime);
}

#[test]
fn a_lost_connection_is_noted_and_its_end_too() {
    let mut model = model();
    model.now = Duration::from_secs(5);
    model.on_report(Report::Lost("refused connection".to_owned()));
    model.now = Duration::from_secs(9);
    model.on_report(Report::Lost("no such file".to_owned()));
    let since = Duration::from_secs(5);
    assert_eq!(model.link, Link::Lost { since, why: "no such file".to_owned() });
    assert_eq!(model.rows.len(), 8, "the last state stays visible");
    model.on_report(Report::Snapshot(snapshot()));
    assert_eq!((&model.link, message(&model)), (&Link::Up, "connected again"));
}

#[test]
fn a_daemon_that_shuts_down_keeps_its_list() {
    let mut model = model();
    let mood = Some("is shutting down".to_owned());
    model.on_report(Report::Snapshot(Snapshot { mood, ..Snapshot::default() }));
    assert_eq!(model.rows.len(), 8);
}

#[test]
fn without_an_explanation_the_known_facts_are_shown() {
    let mut model = model();
    press(&mut model, "j");
    let requests = press(&mut model, "w");
    let [Request::Ask(query, _)] = requests.as_slice() else { panic!("{requests:?}") };
    let unknown = CallError { code: Some(Code::UnknownMethod.number()), text: String::new() };
    model.on_report(Report::Answer(query.clone(), Err(unknown)));
    let View::Text(text) = &model.view else { panic!("no text") };
    assert_eq!(text.lines[0], "db is RUNNING");
    assert!(text.lines.iter().any(|line| line == "    pid: 1234"), "{:?}", text.lines);
    press(&mut model, "q");
    assert!(matches!(model.view, View::List));
    // An answer that comes too late changes nothing.
    model.on_report(Report::Answer(query.clone(), Ok(Value::Nil)));
    assert!(matches!(model.view, View::List));
}

#[test]
fn an_update_shows_its_plan_first() {
    let mut model = model();
    assert!(matches!(press(&mut model, "u").as_slice(), [Request::Ask(Query::Plan, _)]));
    let unknown = CallError { code: Some(Code::UnknownMethod.number()), text: String::new() };
    let plain = model.on_report(Report::Answer(Query::Plan, Err(unknown)));
    assert!(matches!(plain.as_slice(), [Request::Ask(Query::PlainPlan, _)]));
    let groups = |names: &[&str]| Value::Array(names.iter().map(|it| Value::str(*it)).collect());
    let lists = Value::Array(vec![groups(&["new"]), groups(&[]), groups(&[])]);
    model.on_report(Report::Answer(Query::PlainPlan, Ok(Value::Array(vec![lists]))));
    let View::Text(text) = &model.view else { panic!("no text") };
    assert!(matches!(text.kind, TextKind::Plan(Plan::Plain { .. })));
    assert_eq!(press(&mut model, "o"), [], "Supervisor has no rolling update");
    let task = task(&press(&mut model, "y"));
    assert_eq!((task.title.as_str(), task.parts.len()), ("update", 1));
    model.on_report(Report::PartDone { task: task.id, part: 0, result: Ok(()) });
    assert_eq!(message(&model), "update: done");
}

#[test]
fn a_log_is_followed_until_one_scrolls() {
    let mut model = model();
    press(&mut model, "j");
    let requests = press(&mut model, "l");
    let [Request::Follow { id, name, channel: Channel::Stdout }] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(name, "db");
    model.on_report(Report::LogOpened(*id));
    model.on_report(Report::LogBytes(*id, b"one\ntwo\n".to_vec()));
    model.on_report(Report::LogBytes(77, b"of another log\n".to_vec()));
    let log = |model: &Model| match &model.view {
        View::Log(log) => (log.len(), log.is_following, log.stream.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(log(&model), (2, true, Stream::Open));
    press(&mut model, "/two\r");
    assert_eq!(log(&model), (2, false, Stream::Open));
    press(&mut model, "/nothing\r");
    assert_eq!(message(&model), "nothing contains `nothing`");
    press(&mut model, "f");
    assert!(log(&model).1);
    model.on_report(Report::LogFailed(*id, "there is no log".to_owned()));
    assert_eq!(log(&model).2, Stream::Failed("there is no log".to_owned()));
    let other = model.on_key(Key::Tab);
    assert!(matches!(other.as_slice(), [Request::Follow { channel: Channel::Stderr, .. }]));
    assert_eq!(press(&mut model, "q"), [Request::Unfollow]);
}

#[test]
fn jobs_are_listed_and_stay_current() {
    let mut model = model();
    press(&mut model, "J");
    let job = Job {
        id: 7,
        kind: "rolling restart".to_owned(),
        target: "pool".to_owned(),
        requester: "unix_http_server".to_owned(),
        state: "running".to_owned(),
        waits_for: vec!["pool:pool-0".to_owned()],
        failures: Vec::new(),
    };
    model.on_report(Report::Snapshot(Snapshot { jobs: vec![job], ..snapshot() }));
    let View::Text(text) = &model.view else { panic!("no text") };
    assert_eq!(
        text.lines,
        [
            "    7  running  rolling restart pool (through unix_http_server)",
            "       waits for pool:pool-0"
        ]
    );
}

#[test]
fn some_keys_mean_the_same_everywhere() {
    let mut model = model();
    assert_eq!(press(&mut model, "?"), []);
    assert!(matches!(&model.view, View::Text(text) if text.kind == TextKind::Help));
    assert_eq!(model.on_key(Key::Ctrl('z')), [Request::Suspend]);
    assert_eq!(model.on_key(Key::Ctrl('c')), [Request::Quit]);
    assert_eq!(press(&mut model, "q"), []);
    assert_eq!(press(&mut model, "q"), [Request::Quit]);
}
