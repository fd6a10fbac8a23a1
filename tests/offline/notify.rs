//! The protocol of `sd_notify(3)` with a real daemon: keep-alive messages and main processes.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

/// What the programs have in common: `notify(text)`, and a line in `trace` for each event.
const COMMON: &str = r#"
import os, signal, socket, sys, time
here = os.path.dirname(os.path.abspath(__file__))
def notify(text):
    name = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text.encode(), name)
def trace(text):
    with open(here + "/trace", "a") as f:
        f.write(text + "\n")
def quit(number, frame):
    trace("%s got %s" % (who, signal.Signals(number).name))
    os._exit(7)
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, quit)
"#;

fn ctl(sandbox: &Sandbox, words: &[&str]) -> String {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words).stdin(Stdio::null());
    printed(&command.output().expect("it runs"))
}

fn start<'s>(sandbox: &'s Sandbox, script: &str, options: &str) -> Daemon<'s> {
    sandbox.write("web.py", &format!("{COMMON}{script}"));
    let conf =
        format!("{SERVER}[program:web]\ncommand=python3 {{here}}/web.py\nstartsecs=0\n{options}\n");
    Daemon::start(Subject::Ours, sandbox, &conf)
}

fn pid_in(sandbox: &Sandbox, file: &str) -> i32 {
    wait_until("a pid is written", || sandbox.read(file).ends_with('\n'));
    sandbox.read(file).trim().parse().expect("a pid")
}

#[test]
fn a_program_that_stops_reporting_is_restarted() {
    let sandbox = Sandbox::new();
    let script = r#"
who = "web"
assert os.environ["WATCHDOG_USEC"] == "600000" and "WATCHDOG_PID" not in os.environ
trace("begins")
notify("READY=1")
for _ in range(8):
    notify("WATCHDOG=1")
    time.sleep(0.2)
trace("hangs")
while True:
    time.sleep(1)
"#;
    let options = "ready_notify=true\nlive_notify=true\nlive_interval=0.2\nlive_failures=3";
    let mut daemon = start(&sandbox, script, options);
    daemon.wait_for_log("WARN web is restarted: live_notify, no WATCHDOG=1 within 0.6 s");
    daemon.wait_for_count("spawned: 'web'", 2);
    wait_until("it is stopped", || sandbox.read("trace").contains("got SIGTERM"));
    assert!(sandbox.read("trace").starts_with("begins\nhangs\nweb got SIGTERM\n"));
    assert!(daemon.stop().success());
}

/// The first process forks one in a session of its own, which names itself; then the first one ends.
const DAEMONIZES: &str = r#"
who = "first"
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    os.close(reader)
    who = "main"
    with open(here + "/main", "w") as f:
        f.write("%d\n" % os.getpid())
    notify("MAINPID=%d\nREADY=1" % os.getpid())
    os.close(writer)
    while True:
        time.sleep(0.05)
os.close(writer)
os.read(reader, 1)
while not os.path.exists(here + "/leave"):
    time.sleep(0.02)
os._exit(0)
"#;

#[test]
fn the_main_process_of_a_program_that_has_daemonized_is_supervised() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, DAEMONIZES, "ready_notify=true\nautorestart=false");
    daemon.wait_for_log("ready: web");
    let (first, main) = (daemon.pid_of("web"), pid_in(&sandbox, "main"));
    daemon.wait_for_log(&format!("INFO web: its main process is pid {main}"));
    sandbox.write("leave", "");
    daemon.wait_for_log(&format!(
        "INFO web: pid {first} has ended (exit status 0); its main process, pid {main}, goes on"
    ));
    let status = ctl(&sandbox, &["status"]);
    assert!(status.contains(&format!("RUNNING   pid {main},")), "{status}");
    // Its end is that of the program, with its exit status.
    kill(Pid::from_raw(main), Signal::SIGUSR1).expect("it runs");
    daemon.wait_for_log("exited: web (exit status 7; not expected)");
    // What it names in its last moment counts.
    assert_eq!(ctl(&sandbox, &["start", "web"]), "web: started\n");
    daemon.wait_for_count("goes on", 2);
    assert_eq!(ctl(&sandbox, &["stop", "web"]), "web: stopped\n");
    daemon.wait_for_log("stopped: web (exit status 7)");
    assert_eq!(sandbox.read("trace"), "main got SIGUSR1\nmain got SIGTERM\n");
    assert!(daemon.stop().success());
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn a_main_process_beside_the_first_one_gets_its_signals() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, DAEMONIZES, "ready_notify=true\nautorestart=false");
    daemon.wait_for_log("its main process is pid");
    assert_eq!(ctl(&sandbox, &["signal", "USR1", "web"]), "web: signalled\n");
    wait_until("the main process has it", || sandbox.read("trace") == "main got SIGUSR1\n");
    assert!(ctl(&sandbox, &["status"]).contains("RUNNING"), "the first one goes on");
    assert_eq!(ctl(&sandbox, &["stop", "web"]), "web: stopped\n");
    assert_eq!(ctl(&sandbox, &["start", "web"]), "web: started\n");
    daemon.wait_for_count("its main process is pid", 2);
    assert_eq!(ctl(&sandbox, &["stop", "web"]), "web: stopped\n");
    wait_until("both have it", || sandbox.read("trace").matches("SIGTERM").count() >= 3);
    assert!(daemon.stop().success());
    assert_eq!(sandbox.processes(), [0; 0]);
}

/// Ignores the stop signal for longer than `stopwaitsecs`, as it has announced.
const POSTPONES: &str = r#"
who = "web"
def leave(number, frame):
    notify("STOPPING=1\nSTATUS=finishing requests\nEXTEND_TIMEOUT_USEC=60000000")
    trace("stopping")
    while not os.path.exists(here + "/leave"):
        time.sleep(0.02)
    time.sleep(1.5)
    os._exit(0)
def reload(number, frame):
    notify("RELOADING=1\nSTATUS=reading the configuration")
    trace("reloading")
    while not os.path.exists(here + "/reloaded"):
        time.sleep(0.02)
    notify("READY=1\nSTATUS=")
signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGHUP, reload)
notify("READY=1\nSTATUS=serving")
while True:
    time.sleep(0.05)
"#;

#[test]
fn a_program_ends_its_readiness_and_postpones_its_kill() {
    let sandbox = Sandbox::new();
    let options = "ready_notify=true\nautorestart=false\nstopwaitsecs=1\nreloadsignal=HUP";
    let mut daemon = start(&sandbox, POSTPONES, options);
    daemon.wait_for_log("ready: web");
    let readiness = || -> serde_json::Value {
        let json = ctl(&sandbox, &["status", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        json[0]["readiness"].clone()
    };
    wait_until("its status is known", || readiness()["status"] == "serving");
    assert_eq!(ctl(&sandbox, &["reload-program", "web"]), "web: reloaded\n");
    wait_until("it reloads", || readiness()["is_ready"] == false);
    assert_eq!(readiness()["status"], "reading the configuration");
    sandbox.write("reloaded", "");
    daemon.wait_for_count("ready: web", 3);
    assert_eq!((&readiness()["is_ready"], &readiness()["status"]), (&true.into(), &"".into()));

    std::thread::scope(|scope| {
        let stop = scope.spawn(|| ctl(&sandbox, &["stop", "web"]));
        wait_until("it is being stopped", || sandbox.read("trace").contains("stopping"));
        let status = ctl(&sandbox, &["status"]);
        assert!(status.contains("STOPPING"), "{status}");
        sandbox.write("leave", "");
        assert_eq!(stop.join().expect("it returns"), "web: stopped\n");
    });
    let log = daemon.log();
    assert!(log.contains("stopped: web (exit status 0)"), "{log}");
    assert!(!log.contains("killing 'web'"), "{log}");
    assert!(daemon.stop().success());
}

#[test]
fn a_process_of_another_program_is_refused() {
    let sandbox = Sandbox::new();
    let mut stranger = sandbox.command("/bin/sleep").arg("1000").spawn().expect("it runs");
    let script = format!(
        "who = \"web\"\nfor name in (\"{}\", \"1\", \"999999999\", \"x\"):\n    \
         notify(\"MAINPID=\" + name)\nnotify(\"MAINPID=%d\\nREADY=1\" % os.getpid())\n\
         while True:\n    time.sleep(1)\n",
        stranger.id()
    );
    let mut daemon = start(&sandbox, &script, "ready_notify=true");
    daemon.wait_for_log("ready: web");
    let log = daemon.log();
    for (pid, why) in [
        (stranger.id().to_string().as_str(), "it is no process of this program"),
        ("1", "it is no process of this program"),
        ("999999999", "there is no such process"),
        ("x", "it is no process id"),
    ] {
        assert!(log.contains(&format!("WARN web: MAINPID={pid} is refused: {why}")), "{log}");
    }
    assert!(!log.contains("its main process"), "{log}");
    assert!(daemon.stop().success());
    assert!(stranger.try_wait().expect("it is ours").is_none(), "a stranger was signalled");
    stranger.kill().expect("it is ours");
    stranger.wait().expect("it is ours");
}
