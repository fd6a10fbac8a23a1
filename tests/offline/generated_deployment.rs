//! A deployment lives: `bin/run` and `bin/stop`, moving house, applying changes, and what is said
//! when something fails. Small programs stand for the big ones.

use std::fs;
use std::process::{Output, Stdio};

use crate::support::{Sandbox, wait_until};

/// Two programs in order, and the place for a third.
const PROJECT: &str = "\
[buildout]
parts = store site more

[store]
recipe = a.b
supervisor-command = /bin/sleep 1000
supervisor-priority = 100

[site]
recipe = a.b
supervisor-command = /bin/sleep 1000
supervisor-priority = 500
supervisor-startsecs = 0

[more]
";

const QUIET: &str = "recipe = a.b\nsupervisor = false\n";

/// Generates in `site` of a sandbox.
fn deployment(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("site/buildout.cfg", &format!("{PROJECT}{more}"));
    let output = supkit(&sandbox, &["generate"]);
    assert!(output.status.success(), "{}", text(&output));
    sandbox
}

fn supkit(sandbox: &Sandbox, args: &[&str]) -> Output {
    call(sandbox, env!("CARGO_BIN_EXE_supkit"), args)
}

fn call(sandbox: &Sandbox, program: &str, args: &[&str]) -> Output {
    let site = sandbox.path("site");
    let mut command = sandbox.command(site.join(program));
    let command = command.args(args).current_dir(&site).env("HOME", sandbox.dir());
    command.stdin(Stdio::null()).output().expect("it runs")
}

/// Both streams, for messages.
fn text(output: &Output) -> String {
    let streams = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&streams).into_owned()
}

fn works(sandbox: &Sandbox, program: &str, args: &[&str]) -> String {
    let output = call(sandbox, program, args);
    let log = sandbox.read("site/var/log/supervisord.log");
    assert!(output.status.success(), "{program} {args:?}: {}\n{log}", text(&output));
    text(&output)
}

fn fails(sandbox: &Sandbox, program: &str, args: &[&str]) -> String {
    let output = call(sandbox, program, args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    text(&output)
}

fn pid_of(sandbox: &Sandbox, program: &str) -> String {
    let output = call(sandbox, "bin/supervisorctl", &["pid", program]);
    text(&output).trim().to_owned()
}

fn nothing_is_left(sandbox: &Sandbox) {
    assert_eq!(sandbox.processes(), [0; 0]);
    assert!(!sandbox.path("site/var/supervisor.sock").exists());
    assert!(!sandbox.path("site/var/supervisord.pid").exists());
}

#[test]
fn it_runs_and_stops_as_often_as_it_is_told() {
    let sandbox = deployment(QUIET);
    assert!(works(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    assert!(works(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    works(&sandbox, "bin/supervisorctl", &["stop", "site"]);
    assert!(works(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    let said = works(&sandbox, "bin/stop", &[]);
    assert_eq!(said, "stopped site\nstopped store\nstopped supervisord\n");
    nothing_is_left(&sandbox);
    assert_eq!(works(&sandbox, "bin/stop", &[]), "nothing runs\n");
}

#[test]
fn it_can_be_moved_and_needs_nothing_from_outside() {
    let sandbox = Sandbox::new();
    sandbox.write("site/buildout.cfg", &format!("{PROJECT}{QUIET}"));
    let maker = sandbox.path("supkit");
    fs::copy(env!("CARGO_BIN_EXE_supkit"), &maker).expect("a copy");
    let output = call(&sandbox, maker.to_str().expect("UTF-8"), &["generate"]);
    assert!(output.status.success(), "{}", text(&output));
    fs::remove_file(&maker).expect("gone");
    fs::rename(sandbox.path("site"), sandbox.path("old")).expect("moved");
    fs::rename(sandbox.path("old"), sandbox.path("site")).expect("moved back under another inode");
    fs::create_dir(sandbox.path("elsewhere")).expect("a directory");
    fs::rename(sandbox.path("site"), sandbox.path("elsewhere/site")).expect("moved for good");
    let moved = |program: &str| {
        let program = sandbox.path("elsewhere/site").join(program);
        let output = sandbox.command(program).current_dir("/").output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    };
    assert!(moved("bin/run").contains("all 2 programs run"));
    assert!(sandbox.path("elsewhere/site/var/supervisord.pid").exists());
    assert!(moved("bin/stop").ends_with("stopped supervisord\n"));
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn the_daemon_and_its_client_find_the_configuration_by_themselves() {
    let sandbox = deployment(QUIET);
    works(&sandbox, "bin/supervisord", &[]);
    wait_until("both run", || {
        let said = text(&call(&sandbox, "bin/supervisorctl", &["status"]));
        said.matches("RUNNING").count() == 2
    });
    works(&sandbox, "bin/stop", &[]);
    nothing_is_left(&sandbox);
}

#[test]
fn what_fails_is_shown_with_its_state_and_its_last_words() {
    let more = "recipe = a.b\nsupervisor-command = /bin/sh -c \"echo no storage here; exit 3\"\n\
                supervisor-startretries = 0\n";
    let sandbox = deployment(more);
    let said = fails(&sandbox, "bin/run", &[]);
    for words in ["more does not run: FATAL", "exit status 3", "no storage here", "/bin/sh -c"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(works(&sandbox, "bin/stop", &[]).starts_with("stopped site\n"));
    nothing_is_left(&sandbox);
}

#[test]
fn a_command_that_does_not_exist_is_named_with_a_remedy() {
    let more = "recipe = a.b\nsupervisor-command = ${buildout:directory}/bin/nothing\n\
                supervisor-startretries = 0\n";
    let sandbox = deployment(more);
    let said = fails(&sandbox, "bin/run", &[]);
    assert!(
        said.contains("can't find command") && said.contains("help: build the project"),
        "{said}"
    );
    works(&sandbox, "bin/stop", &[]);
}

#[test]
fn waiting_has_a_limit() {
    let more = "recipe = a.b\nsupervisor-command = /bin/sleep 1000\nsupervisor-startsecs = 600\n";
    let sandbox = deployment(more);
    let said = fails(&sandbox, "bin/run", &["--timeout", "2"]);
    assert!(said.contains("more does not run: STARTING") && said.contains("--timeout"), "{said}");
    works(&sandbox, "bin/stop", &[]);
    nothing_is_left(&sandbox);
}

#[test]
fn in_the_foreground_it_is_the_daemon_itself() {
    let sandbox = deployment(QUIET);
    let site = sandbox.path("site");
    let mut command = sandbox.command(site.join("bin/run"));
    let null = Stdio::null;
    let command = command.arg("--foreground").stdin(null()).stdout(null()).stderr(null());
    let mut daemon = command.spawn().expect("it starts");
    let pid = daemon.id().to_string();
    let is_up = || sandbox.read("site/var/supervisord.pid").trim() == pid;
    wait_until("the pid file names the process", is_up);
    let said = fails(&sandbox, "bin/run", &["--foreground"]);
    assert!(said.contains("the daemon runs already"), "{said}");
    works(&sandbox, "bin/run", &[]);
    // Its parent is this test, which has to notice the end.
    let stopper = std::thread::spawn({
        let mut stop = sandbox.command(site.join("bin/stop"));
        move || stop.output().expect("it runs")
    });
    assert!(daemon.wait().expect("it ends").success());
    assert!(stopper.join().expect("no panic").status.success());
    nothing_is_left(&sandbox);
}

#[test]
fn what_a_killed_daemon_left_behind_is_no_obstacle() {
    let sandbox = deployment(QUIET);
    works(&sandbox, "bin/run", &[]);
    let daemon = sandbox.read("site/var/supervisord.pid").trim().to_owned();
    works(&sandbox, "/bin/kill", &["-KILL", &daemon]);
    let gone = || !fs::exists(format!("/proc/{daemon}")).unwrap_or(true);
    wait_until("the daemon is gone", gone);
    let said = fails(&sandbox, "bin/run", &[]);
    assert!(said.contains("outlived a daemon") && said.contains("bin/stop ends them"), "{said}");
    let said = works(&sandbox, "bin/stop", &[]);
    assert!(said.starts_with("stopped site (pid "), "{said}");
    assert!(said.contains("\nstopped store (pid "), "{said}");
    assert_eq!(sandbox.processes(), [0; 0]);
    assert!(said.contains("removed") && said.contains("supervisor.sock"), "{said}");
    assert!(!sandbox.path("site/var/supervisord.pid").exists());
    assert!(works(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    works(&sandbox, "bin/stop", &[]);
}

#[test]
fn applying_restarts_only_what_changed() {
    let sandbox = deployment(QUIET);
    works(&sandbox, "bin/run", &[]);
    let before = ["store", "site"].map(|name| pid_of(&sandbox, name));
    let changed = PROJECT.replacen("sleep 1000", "sleep 2000", 1);
    let more = "recipe = a.b\nsupervisor-command = /bin/sleep 3000\n";
    sandbox.write("site/buildout.cfg", &format!("{changed}{more}"));
    let said = works(&sandbox, "bin/supkit", &["generate", "--apply"]);
    for told in ["store: changed", "store: restarted", "more: added"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    works(&sandbox, "bin/run", &[]);
    let after = ["store", "site"].map(|name| pid_of(&sandbox, name));
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    let said = works(&sandbox, "bin/supkit", &["generate", "--apply"]);
    assert!(said.contains("No config updates to processes"), "{said}");
    works(&sandbox, "bin/stop", &[]);
    let said = works(&sandbox, "bin/supkit", &["generate", "--apply"]);
    assert!(said.contains("no daemon runs here"), "{said}");
}
