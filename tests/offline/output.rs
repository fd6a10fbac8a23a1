//! Standard output that cannot be written, and readers that end first.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use crate::support::follower::{conf, ctl_of, start_of};
use crate::support::{Sandbox, Subject, wait_until};

const FULL: &str = "cannot write to standard output: No space left on device";

fn full(command: &mut Command) -> Output {
    let device = OpenOptions::new().write(true).open("/dev/full").unwrap();
    command.stdin(Stdio::null()).stdout(device).output().unwrap()
}

#[track_caller]
fn assert_reported(command: &mut Command) {
    let output = full(command);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{command:?}\n{stderr}");
    assert_eq!(stderr.matches(FULL).count(), 1, "{command:?}\n{stderr}");
}

#[test]
fn every_applet_reports_output_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("buildout.cfg", "[buildout]\nparts = instance\n[instance]\nrecipe = plone.recipe.zope2instance\nuser = a:b\n");
    sandbox.write("d.conf", &crate::support::daemon::conf(crate::support::daemon::SERVER));
    let commands = [
        "--version",
        "--help",
        "help",
        "generate --help",
        "generate --dry-run",
        "check",
        "check -c d.conf",
        "check --format json -c d.conf",
        "annotate",
        "query buildout:parts",
        "recipes",
        "stop -c d.conf",
        "supervisord --version",
        "supervisord -h",
        "supervisorctl -h",
        "supervisorctl -c d.conf help",
        "supervisorctl -c d.conf status",
        "echo_supervisord_conf",
        "pidproxy",
    ];
    for line in commands {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        assert_reported(command.args(line.split(' ')));
    }
}

#[test]
fn every_action_reports_output_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    let _daemon = start_of(Subject::Ours, &sandbox, &conf());
    let actions = [
        "",
        "help",
        "help stop",
        "status",
        "status --json",
        "version",
        "version --json",
        "avail",
        "pid web",
        "pid all",
        "tail web",
        "maintail",
        "tail -f web",
        "tail -f worker:*",
        "maintail -f",
        "fg web",
        "reread",
        "clear web",
        "signal HUP worker:*",
        "stop web",
        "start web",
        "restart web",
    ];
    for line in actions {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        assert_reported(&mut ctl_of(Subject::Ours, &sandbox, &words));
    }
}

#[test]
fn a_silent_follower_ends_with_its_reader() {
    let sandbox = Sandbox::new();
    let _daemon = start_of(Subject::Ours, &sandbox, &conf());
    let followers =
        ["tail -f web", "tail -f web stderr", "tail -f worker:*", "maintail -f", "fg web"];
    for line in followers {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = ctl_of(Subject::Ours, &sandbox, &words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        reader.read_line(&mut first).unwrap();
        assert_eq!(first, "==> Press Ctrl-C to exit <==\n", "{line}");
        drop(reader);
        // Standard input stays open until the end.
        let stdin = child.stdin.take();
        wait_until(&format!("`{line}` ends"), || child.try_wait().unwrap().is_some());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let mut child =
        command.arg("recipes").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}
