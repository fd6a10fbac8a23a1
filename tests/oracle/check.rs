//! `supkit check` and both daemons: `check` rejects a configuration exactly if the daemon does not
//! start with it.

mod cases;

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::daemon::both;
use crate::support::wait::comes_true;
use crate::support::{Daemon, Subject};
use cases::Case;

/// Whether a start succeeds; otherwise the output.
fn starts(subject: Subject, case: &Case) -> Result<(), String> {
    let sandbox = case.place();
    let mut command = subject.program(&sandbox, "supervisord");
    for (name, value) in case.environment {
        command.env(name, value);
    }
    // The level at which the start is logged.
    let arguments = [case.arguments, &["-e", "info"]].concat();
    let mut daemon = Daemon::launch_by(command, &sandbox, &arguments);
    let mut is_up = false;
    let is_decided = comes_true(|| {
        let out = sandbox.read("out");
        is_up = ["supervisord started with pid", "could not write pidfile"]
            .iter()
            .any(|message| out.contains(message));
        is_up || daemon.has_ended()
    });
    let output = || sandbox.read("out") + &sandbox.read("err");
    assert!(is_decided, "{}: {subject:?} neither starts nor ends: {}", case.name, output());
    if is_up { Ok(()) } else { Err(output()) }
}

/// The report of `check`.
fn check(case: &Case) -> Value {
    let sandbox = case.place();
    let mut command = Subject::Ours.program(&sandbox, "supervisord");
    for (name, value) in case.environment {
        command.env(name, value);
    }
    let before = sandbox.names();
    let output = command
        .args(["--check", "--format=json", "-c"])
        .arg(sandbox.path("d.conf"))
        .args(case.arguments)
        .stdin(Stdio::null())
        .output()
        .expect("check runs");
    if !output.stderr.is_empty() {
        // The arguments are refused before the file is read.
        return json!({"result": "refused", "problems": []});
    }
    assert_eq!(sandbox.names(), before, "{}: check writes nothing", case.name);
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", case.name))
}

/// Compares one case, and returns what differs.
fn difference(case: &Case) -> Option<String> {
    let report = check(case);
    let [ours, original] = if case.deviates {
        let ours = starts(Subject::Ours, case);
        [ours.clone(), ours]
    } else {
        both(|subject| starts(subject, case))
    };
    let is_refused = report["result"] == "refused";
    let codes: Vec<&Value> =
        report["problems"].as_array().into_iter().flatten().map(|it| &it["code"]).collect();
    let is_expected = case.code.is_none_or(|code| codes.iter().any(|found| *found == code));
    let is_same = is_refused == ours.is_err() && ours.is_ok() == original.is_ok();
    (!is_same || !is_expected).then(|| {
        format!(
            "{}: check: {} {codes:?}, expected {:?}\nours: {ours:?}\noriginal: {original:?}\n{}",
            case.name, report["result"], case.code, case.text
        )
    })
}

fn compare(cases: &[Case]) {
    assert!(!cases.is_empty());
    let count = cases.len();
    let different: Vec<String> = cases.iter().filter_map(difference).collect();
    assert!(
        different.is_empty(),
        "{} of {count} differ:\n\n{}",
        different.len(),
        different.join("\n\n")
    );
}

#[test]
fn a_missing_directory_is_reported_where_a_start_fails() {
    compare(&cases::missing_directories());
}

#[test]
fn what_may_not_be_written_is_reported_where_a_start_fails() {
    compare(&cases::permissions());
}

#[test]
fn an_address_that_cannot_be_used_is_reported() {
    compare(&cases::addresses());
}

#[test]
fn users_limits_and_owners_are_tried() {
    compare(&cases::identities());
}

#[test]
fn includes_and_values_are_read_as_at_a_start() {
    compare(&cases::values());
}

/// As users write them: conf.d, Docker, Laravel, Celery, Django, node, ROS, Plone, with their mistakes.
#[test]
fn configurations_of_users_start_if_check_accepts_them() {
    compare(&cases::fixtures(Path::new("fixtures/check")));
}

#[test]
fn the_configurations_of_the_fixtures_start_if_check_accepts_them() {
    compare(&cases::fixtures(Path::new("fixtures/conf")));
}
