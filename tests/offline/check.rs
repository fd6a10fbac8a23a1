//! `supkit check` for the configuration of the first text and for real-world configurations.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use serde_json::Value;
use tempfile::TempDir;

fn supkit(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supkit"));
    command.args(args);
    command
}

fn program(path: &Path) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, "#!/bin/sh\n").expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// The deployment of the first text, with its programs.
fn seed() -> TempDir {
    let place = tempfile::tempdir().expect("a place");
    for dir in ["etc", "var/log"] {
        fs::create_dir_all(place.path().join(dir)).expect("a directory");
    }
    fs::copy("fixtures/seed/supervisord.conf", place.path().join("etc/supervisord.conf"))
        .expect("the seed's file");
    for name in ["zeoserver", "instance", "varnish"] {
        program(&place.path().join("bin").join(name));
    }
    place
}

/// The positions and codes of all problems, from the JSON report.
fn problems(command: &mut Command) -> (i32, Vec<String>) {
    let output = command.output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let problems = report["problems"].as_array().expect("a list").iter();
    let lines = problems.map(|p| format!("{}:{} {}", p["line"], p["column"], p["code"]));
    (output.status.code().unwrap_or(-1), lines.map(|line| line.replace('"', "")).collect())
}

#[test]
fn the_known_mistakes_of_the_first_text_are_the_only_problems() {
    let place = seed();
    let file = place.path().join("etc/supervisord.conf");
    let file = file.to_str().expect("a name");
    let want = ["30:1 blank-in-name", "37:1 option-twice", "39:1 useless-section"];
    for args in [
        vec!["check", "-c", file, "--format", "json"],
        vec!["supervisord", "--check", "-c", file, "--format=json"],
    ] {
        let (code, problems_found) = problems(&mut supkit(&args));
        assert_eq!((code, problems_found.as_slice()), (1, want.map(str::to_owned).as_slice()));
    }
}

#[test]
fn without_c_the_usual_places_are_searched() {
    let place = seed();
    let mut command = supkit(&["check"]);
    command.current_dir(place.path()).assert().code(1).stdout(
        predicates::str::contains("--> etc/supervisord.conf:39:1")
            .and(predicates::str::ends_with("etc/supervisord.conf: 3 problems\n")),
    );
}

/// What is wrong everywhere is not wrong with the file: its programs, directories and limits are
/// those of another host. Servers without a password are an error of the file.
#[test]
fn files_of_the_real_world_raise_no_alarm() {
    let host = ["no-program", "no-directory", "limit-too-low"];
    let mut open = Vec::new();
    for entry in fs::read_dir("fixtures/conf").expect("fixtures") {
        let path = entry.expect("a fixture").path();
        let place = tempfile::tempdir().expect("a place");
        for dir in ["log", "run", "conf.d"] {
            fs::create_dir_all(place.path().join(dir)).expect("a directory");
        }
        let text = fs::read_to_string(&path).expect("a fixture");
        let here = place.path().to_str().expect("a name");
        let file = place.path().join("supervisord.conf");
        fs::write(&file, text.replace("{dir}", here)).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
        let mut command = supkit(&["check", "--format=json", "-c", file.to_str().expect("a name")]);
        for (key, value) in [("PORT", "80"), ("WORKERS", "4"), ("APP_ENV", "x"), ("SECRET", "s")] {
            command.env(key, value);
        }
        let (_, found) = problems(&mut command);
        let is_open = found.iter().any(|line| line.ends_with("open-server"));
        let unexpected: Vec<_> = found
            .iter()
            .filter(|line| !host.iter().chain(&["open-server"]).any(|code| line.ends_with(code)))
            .collect();
        assert!(unexpected.is_empty(), "{}: {unexpected:?}", path.display());
        if is_open {
            open.push(path.file_name().expect("a name").to_owned());
        }
    }
    open.sort();
    assert_eq!(open, ["twiddler.conf"]);
}

#[test]
fn the_exit_status_is_2_for_errors_and_0_without_problems() {
    let place = tempfile::tempdir().expect("a place");
    let file = place.path().join("s.conf");
    let name = file.to_str().expect("a name");
    for (text, code, verdict) in [
        ("[supervisord]\n", 0, "no problems"),
        ("[supervisord]\nx=1\n", 1, "1 problem\n"),
        ("[supervisord]\nx=1\nminfds=y\n", 2, "2 problems; supervisord would refuse to start"),
        ("x\n", 2, "1 problem; supervisord would refuse to start"),
    ] {
        fs::write(&file, text).expect("a file");
        let expected = predicates::str::contains(verdict);
        supkit(&["check", "-c", name]).assert().code(code).stdout(expected);
    }
    supkit(&["check", "-c", "/nope"]).assert().code(2);
}

#[test]
fn a_default_belongs_to_a_variable_with_a_name() {
    let place = tempfile::tempdir().expect("a place");
    let file = place.path().join("d.conf");
    for (key, help) in [
        ("ENV_:-x", "write the name of the variable: `%(ENV_NAME:-x)s`"),
        ("ENV_A=B:-x", "is `A=B:-x` set where supervisord is started?"),
    ] {
        let conf = format!("[supervisord]\n[program:a]\ncommand=/bin/echo %({key})s\n");
        fs::write(&file, conf).expect("a configuration");
        let file = file.to_str().expect("a name");
        let (code, found) = problems(&mut supkit(&["check", "-c", file, "--format", "json"]));
        assert_eq!((code, found), (2, vec!["3:19 unknown-name".to_owned()]));
        supkit(&["check", "-c", file]).assert().stdout(predicates::str::contains(help));
    }
}
