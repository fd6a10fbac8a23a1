//! `supkit link`: the names of Supervisor's programs as links to supkit.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use crate::support::{Sandbox, printed};

const NAMES: [&str; 4] = ["echo_supervisord_conf", "pidproxy", "supervisorctl", "supervisord"];

fn call(sandbox: &Sandbox, program: impl AsRef<Path>, args: &[&str]) -> Output {
    sandbox.command(program.as_ref()).args(args).output().expect("it runs")
}

/// A copy of the program, as `cargo install` or a package puts it somewhere.
fn installed(sandbox: &Sandbox, path: &str) {
    let path = sandbox.path(path);
    fs::create_dir_all(path.parent().expect("a directory")).expect("it can be made");
    fs::copy(env!("CARGO_BIN_EXE_supkit"), path).expect("it can be copied");
}

#[test]
fn links_beside_the_program_are_relative_and_move_with_it() {
    let sandbox = Sandbox::new();
    installed(&sandbox, "bin/supkit");
    let output = call(&sandbox, sandbox.path("bin/supkit"), &["link", "bin"]);
    assert!(output.status.success(), "{}", printed(&output));
    fs::rename(sandbox.path("bin"), sandbox.path("moved")).expect("moved");
    for name in NAMES {
        let link = sandbox.path("moved").join(name);
        assert_eq!(fs::read_link(&link).expect("a link"), Path::new("supkit"));
    }
    let version = call(&sandbox, sandbox.path("moved/supervisord"), &["--version"]);
    assert_eq!(printed(&version), "4.3.0\n");
    assert!(printed(&call(&sandbox, sandbox.path("moved/pidproxy"), &[])).contains("pidproxy"));
}

#[test]
fn links_elsewhere_lead_to_the_program_by_all_its_names() {
    let sandbox = Sandbox::new();
    let again = || call(&sandbox, env!("CARGO_BIN_EXE_supkit"), &["link", "a/b"]);
    assert!(again().status.success());
    assert!(again().status.success(), "a second run changes nothing");
    let mut names: Vec<String> = fs::read_dir(sandbox.path("a/b"))
        .expect("it was made")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [&NAMES[..], &["supkit"]].concat());
    assert_eq!(printed(&call(&sandbox, sandbox.path("a/b/supervisord"), &["-v"])), "4.3.0\n");
    assert!(
        printed(&call(&sandbox, sandbox.path("a/b/supkit"), &["--version"])).starts_with("supkit")
    );
}

#[test]
fn another_program_is_kept_until_replace_is_given() {
    let sandbox = Sandbox::new();
    sandbox.script("bin/supervisorctl", "#!/bin/sh\n");
    let output = call(&sandbox, env!("CARGO_BIN_EXE_supkit"), &["link", "bin"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        printed(&output).contains("bin/supervisorctl belongs to another program"),
        "{output:?}"
    );
    assert_eq!(fs::read_dir(sandbox.path("bin")).expect("it is there").count(), 1);
    let output = call(&sandbox, env!("CARGO_BIN_EXE_supkit"), &["link", "bin", "--replace"]);
    assert!(output.status.success(), "{}", printed(&output));
    assert!(sandbox.path("bin/supervisorctl").is_symlink());
}

#[test]
fn the_program_itself_is_never_replaced() {
    let sandbox = Sandbox::new();
    installed(&sandbox, "bin/supervisord");
    symlink("bin/supervisord", sandbox.path("supkit")).expect("a link");
    let output = call(&sandbox, sandbox.path("supkit"), &["link", "bin", "--replace"]);
    assert!(output.status.success(), "{}", printed(&output));
    assert!(sandbox.path("bin/supervisord").symlink_metadata().expect("it is there").is_file());
    assert_eq!(fs::read_link(sandbox.path("bin/supkit")).unwrap(), Path::new("supervisord"));
}

#[test]
fn the_process_has_the_name_of_the_program() {
    let sandbox = Sandbox::new();
    sandbox.write("supervisord.conf", "[supervisord]\npidfile=d.pid\nlogfile=d.log\n");
    let command = ["supervisord", "-c", "supervisord.conf"];
    assert!(call(&sandbox, env!("CARGO_BIN_EXE_supkit"), &command).status.success());
    crate::support::wait_until("there is a pid file", || !sandbox.read("d.pid").is_empty());
    let pid = sandbox.read("d.pid");
    let name = fs::read_to_string(format!("/proc/{}/comm", pid.trim())).expect("it runs");
    assert_eq!(name, "supervisord\n");
}
