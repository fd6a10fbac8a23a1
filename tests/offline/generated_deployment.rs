//! A generated deployment at work: `bin/run` and `bin/stop`, moving it, applying changes, and error
//! messages. Small programs replace Zope and ZEO.

use std::fs;
use std::process::{Output, Stdio};

use crate::support::terminal::Terminal;
use crate::support::{Sandbox, wait_until};

/// Two programs with priorities, and the start of a third part.
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

fn succeeds(sandbox: &Sandbox, program: &str, args: &[&str]) -> String {
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

fn assert_nothing_is_left(sandbox: &Sandbox) {
    assert_eq!(sandbox.processes(), [0; 0]);
    assert!(!sandbox.path("site/var/supervisor.sock").exists());
    assert!(!sandbox.path("site/var/supervisord.pid").exists());
}

#[test]
fn run_and_stop_can_be_repeated() {
    let sandbox = deployment(QUIET);
    assert!(succeeds(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    assert!(succeeds(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    succeeds(&sandbox, "bin/supervisorctl", &["stop", "site"]);
    assert!(succeeds(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    let printed = succeeds(&sandbox, "bin/stop", &[]);
    assert_eq!(printed, "stopped site\nstopped store\nstopped supervisord\n");
    assert_nothing_is_left(&sandbox);
    assert_eq!(succeeds(&sandbox, "bin/stop", &[]), "nothing runs\n");
}

#[test]
fn a_deployment_can_be_moved_and_needs_no_other_files() {
    let sandbox = Sandbox::new();
    sandbox.write("site/buildout.cfg", &format!("{PROJECT}{QUIET}"));
    let supkit_copy = sandbox.path("supkit");
    fs::copy(env!("CARGO_BIN_EXE_supkit"), &supkit_copy).expect("a copy");
    let output = call(&sandbox, supkit_copy.to_str().expect("UTF-8"), &["generate"]);
    assert!(output.status.success(), "{}", text(&output));
    fs::remove_file(&supkit_copy).expect("gone");
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
    succeeds(&sandbox, "bin/supervisord", &[]);
    wait_until("both run", || {
        let printed = text(&call(&sandbox, "bin/supervisorctl", &["status"]));
        printed.matches("RUNNING").count() == 2
    });
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_failed_program_is_reported_with_its_state_and_output() {
    let more = "recipe = a.b\nsupervisor-command = /bin/sh -c \"echo no storage here; exit 3\"\n\
                supervisor-startretries = 0\n";
    let sandbox = deployment(more);
    let printed = fails(&sandbox, "bin/run", &[]);
    for words in ["more does not run: FATAL", "exit status 3", "no storage here", "/bin/sh -c"] {
        assert!(printed.contains(words), "{printed}");
    }
    assert!(succeeds(&sandbox, "bin/stop", &[]).starts_with("stopped site\n"));
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_missing_command_is_reported_with_a_remedy() {
    let more = "recipe = a.b\nsupervisor-command = ${buildout:directory}/bin/nothing\n\
                supervisor-startretries = 0\n";
    let sandbox = deployment(more);
    let printed = fails(&sandbox, "bin/run", &[]);
    assert!(
        printed.contains("can't find command") && printed.contains("help: build the project"),
        "{printed}"
    );
    succeeds(&sandbox, "bin/stop", &[]);
}

#[test]
fn run_has_a_timeout() {
    let more = "recipe = a.b\nsupervisor-command = /bin/sleep 1000\nsupervisor-startsecs = 600\n";
    let sandbox = deployment(more);
    let printed = fails(&sandbox, "bin/run", &["--timeout", "2"]);
    assert!(
        printed.contains("more does not run: STARTING") && printed.contains("--timeout"),
        "{printed}"
    );
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn run_waits_for_dependencies_and_reports_the_reason() {
    let sandbox = deployment(QUIET);
    sandbox.write(
        "site/etc/supervisord.d/gate.conf",
        "[program:gate]\ncommand=/bin/sleep 1000\nstartsecs=0\nready_interval=0.1\n\
         ready_exec=/usr/bin/test -e {here}/open\n\
         [program:client]\ncommand=/bin/sleep 1000\nstartsecs=0\ndepends_on=gate:ready\n",
    );
    let printed = fails(&sandbox, "bin/run", &["--timeout", "3"]);
    let want = "client does not run: STOPPED, waits for gate: ready_exec /usr/bin/test -e";
    assert!(printed.contains(want) && printed.contains("exit status 1 for"), "{printed}");
    sandbox.write("open", "");
    assert!(succeeds(&sandbox, "bin/run", &[]).contains("all 4 programs run"));
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn run_waits_until_a_program_is_ready_on_which_nothing_depends() {
    let sandbox = deployment(QUIET);
    sandbox.write(
        "site/etc/supervisord.d/gate.conf",
        "[program:gate]\ncommand=/bin/sleep 1000\nstartsecs=0\nready_interval=0.1\n\
         ready_exec=/usr/bin/test -e {here}/open\n",
    );
    let printed = fails(&sandbox, "bin/run", &["--timeout", "3"]);
    let open = sandbox.path("open");
    let want = format!("gate is not ready: ready_exec /usr/bin/test -e {}", open.display());
    assert!(printed.contains(&want), "{printed}");
    assert!(printed.contains("exit status 1 for") && printed.contains("--timeout"), "{printed}");
    let mut run = sandbox.command(sandbox.path("site/bin/run"));
    let shown = fs::File::create(sandbox.path("shown")).expect("it can be written");
    let mut run = run.stdin(Stdio::null()).stdout(shown).spawn().expect("it runs");
    wait_until("it shows what is not ready", || {
        sandbox.read("shown").contains("not ready: ready_")
    });
    sandbox.write("open", "");
    assert!(run.wait().expect("it ends").success());
    let shown = sandbox.read("shown");
    assert!(shown.ends_with("all 3 programs run\n"), "{shown}");
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn run_reports_paths_without_detours() {
    let sandbox = deployment(QUIET);
    sandbox.write(
        "site/etc/supervisord.d/absent.conf",
        "[program:absent]\ncommand=%(here)s/../../bin/absent\nstartretries=0\n\
         [program:client]\ncommand=/bin/sleep 1000\nstartsecs=0\ndepends_on=absent\n",
    );
    let printed = fails(&sandbox, "bin/run", &[]);
    let path = sandbox.path("site/bin/absent");
    let reason = format!("FATAL, can't find command '{}'", path.display());
    assert!(printed.contains(&format!("absent does not run: {reason}")), "{printed}");
    let waits = format!("client does not run: STOPPED, waits for absent: {reason}");
    assert!(printed.contains(&waits), "{printed}");
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn in_the_foreground_run_becomes_the_daemon() {
    let sandbox = deployment(QUIET);
    let site = sandbox.path("site");
    let mut command = sandbox.command(site.join("bin/run"));
    let null = Stdio::null;
    let command = command.arg("--foreground").stdin(null()).stdout(null()).stderr(null());
    let mut daemon = command.spawn().expect("it starts");
    let pid = daemon.id().to_string();
    let is_up = || sandbox.read("site/var/supervisord.pid").trim() == pid;
    wait_until("the pid file names the process", is_up);
    let printed = fails(&sandbox, "bin/run", &["--foreground"]);
    assert!(printed.contains("the daemon runs already"), "{printed}");
    succeeds(&sandbox, "bin/run", &[]);
    // This test is the parent and must wait for the process.
    let stopper = std::thread::spawn({
        let mut stop = sandbox.command(site.join("bin/stop"));
        move || stop.output().expect("it runs")
    });
    assert!(daemon.wait().expect("it ends").success());
    assert!(stopper.join().expect("no panic").status.success());
    assert_nothing_is_left(&sandbox);
}

/// Kills the daemon and waits until it is gone.
fn kill_daemon(sandbox: &Sandbox) {
    let daemon = sandbox.read("site/var/supervisord.pid").trim().to_owned();
    succeeds(sandbox, "/bin/kill", &["-KILL", &daemon]);
    let gone = || !fs::exists(format!("/proc/{daemon}")).unwrap_or(true);
    wait_until("the daemon is gone", gone);
}

#[test]
fn run_replaces_the_programs_of_a_killed_daemon() {
    let sandbox = deployment(QUIET);
    succeeds(&sandbox, "bin/run", &[]);
    let before = ["store", "site"].map(|name| pid_of(&sandbox, name));
    kill_daemon(&sandbox);
    assert!(succeeds(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    let after = ["store", "site"].map(|name| pid_of(&sandbox, name));
    assert!(before.iter().all(|pid| !after.contains(pid)));
    // The daemon and one process of each program.
    assert_eq!(sandbox.processes().len(), 3);
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn stop_cleans_up_after_a_killed_daemon() {
    let sandbox = deployment(QUIET);
    succeeds(&sandbox, "bin/run", &[]);
    kill_daemon(&sandbox);
    let printed = succeeds(&sandbox, "bin/stop", &[]);
    assert!(printed.starts_with("stopped site (pid "), "{printed}");
    assert!(printed.contains("\nstopped store (pid "), "{printed}");
    assert_eq!(sandbox.processes(), [0; 0]);
    assert!(printed.contains("removed") && printed.contains("supervisor.sock"), "{printed}");
    assert!(!sandbox.path("site/var/supervisord.pid").exists());
    assert!(succeeds(&sandbox, "bin/run", &[]).contains("all 2 programs run"));
    succeeds(&sandbox, "bin/stop", &[]);
}

#[test]
fn apply_restarts_only_what_changed() {
    let sandbox = deployment(QUIET);
    succeeds(&sandbox, "bin/run", &[]);
    let before = ["store", "site"].map(|name| pid_of(&sandbox, name));
    let changed = PROJECT.replacen("sleep 1000", "sleep 2000", 1);
    let more = "recipe = a.b\nsupervisor-command = /bin/sleep 3000\n";
    sandbox.write("site/buildout.cfg", &format!("{changed}{more}"));
    let printed = succeeds(&sandbox, "bin/supkit", &["generate", "--apply"]);
    for line in ["store: changed", "store: restarted", "more: added"] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    succeeds(&sandbox, "bin/run", &[]);
    let after = ["store", "site"].map(|name| pid_of(&sandbox, name));
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    let printed = succeeds(&sandbox, "bin/supkit", &["generate", "--apply"]);
    assert!(printed.contains("No config updates to processes"), "{printed}");
    succeeds(&sandbox, "bin/stop", &[]);
    let printed = succeeds(&sandbox, "bin/supkit", &["generate", "--apply"]);
    assert!(printed.contains("no daemon runs here"), "{printed}");
}

#[test]
fn a_running_daemon_is_to_be_updated() {
    let sandbox = deployment(QUIET);
    let printed = succeeds(&sandbox, env!("CARGO_BIN_EXE_supkit"), &["generate"]);
    assert!(printed.ends_with("start them with bin/run\n"), "{printed}");
    succeeds(&sandbox, "bin/run", &[]);
    let printed = succeeds(&sandbox, env!("CARGO_BIN_EXE_supkit"), &["generate"]);
    assert!(printed.contains("a daemon runs here: `supkit generate --apply` "), "{printed}");
    assert!(!printed.contains("bin/run"), "{printed}");
    let printed = succeeds(&sandbox, env!("CARGO_BIN_EXE_supkit"), &["generate", "--apply"]);
    assert!(!printed.contains("supkit generate --apply"), "{printed}");
    succeeds(&sandbox, "bin/stop", &[]);
}

/// More programs than the 50 rows of the terminal. One of them starts at the second attempt.
const CROWD: &str = "\
supervisor-command = /bin/cat
supervisor-numprocs = 58
supervisor-process-name = more_%(process_num)d
supervisor-startsecs = 0
recipe = a.b

[buildout]
parts += flap

[flap]
recipe = a.b
supervisor-command = /bin/sh ${buildout:directory}/flap
supervisor-startsecs = 5
";

#[test]
fn a_terminal_shows_what_is_not_up_with_a_count() {
    let sandbox = deployment(CROWD);
    let mut command = sandbox.command(sandbox.path("site/bin/run"));
    command.current_dir(sandbox.path("site"));
    sandbox.write(
        "site/flap",
        "cd {here}\ntest -e first && exec sleep 1000\n\
         touch first\nuntil test -e go; do sleep 0.1; done\nexit 1\n",
    );
    let mut terminal = Terminal::run(&command);
    terminal.expect("/61 programs run");
    sandbox.write("go", "");
    terminal.expect("flap went down and came back");
    terminal.expect("all 61 programs run");
    succeeds(&sandbox, "bin/stop", &[]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn paths_in_a_report_are_normal() {
    let sandbox = deployment(
        "recipe = a.b\nsupervisor-command = ${buildout:directory}/bin/none x\n\
         supervisor-startretries = 0\n",
    );
    let printed = fails(&sandbox, "bin/run", &[]);
    assert!(printed.contains("/site/bin/none x\n") && !printed.contains("/../"), "{printed}");
    succeeds(&sandbox, "bin/stop", &[]);
}
