//! The main job on the real thing: ZEO, Zope and Varnish, built by zc.buildout, deployed by supkit,
//! asked by Supervisor's own clients, killed, stopped in order.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::support::{Sandbox, oracle, wait_until};

const PROGRAMS: [&str; 3] = ["zeoserver", "instance", "varnish"];

/// A project that zc.buildout has built. The eggs are kept, so that the next time takes seconds.
pub(crate) struct Deployment {
    pub(crate) sandbox: Sandbox,
}

impl Deployment {
    /// A directory with a port for each part. Files of the demo that are written there are kept.
    pub(crate) fn prepare(parts: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        // varnishd gives up root's rights before it reads its VCL.
        fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o755)).expect("chmod");
        let ports = parts.iter().map(|name| format!("{name} = {}\n", sandbox.port()));
        sandbox.write("site/ports.cfg", &format!("[ports]\n{}", ports.collect::<String>()));
        // What scripts/demo asks for in a directory that is not empty.
        sandbox.write("site/.supkit-demo", "");
        Self { sandbox }
    }

    pub(crate) fn build(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo");
        let output = self
            .sandbox
            .command(script)
            .args(["--build", self.sandbox.path("site").to_str().expect("UTF-8")])
            .output()
            .expect("scripts/demo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        let site = self.sandbox.path("site");
        let program = site.join(program);
        let mut command: Command = self.sandbox.command(program);
        command.args(args).current_dir(site).stdin(Stdio::null()).output().expect("it runs")
    }

    /// Runs something that must work, and gives what it prints.
    pub(crate) fn works(&self, program: &str, args: &[&str]) -> String {
        let output = self.run(program, args);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {printed}{wrong}{}", self.logs());
        printed
    }

    pub(crate) fn logs(&self) -> String {
        let mut all = String::new();
        for entry in fs::read_dir(self.sandbox.path("site/var/log")).into_iter().flatten().flatten()
        {
            let text = fs::read(entry.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            all = format!("{all}\n--- {}\n{text}", entry.path().display());
        }
        all
    }

    pub(crate) fn port(&self, part: &str) -> u16 {
        let ports = self.sandbox.read("site/ports.cfg");
        let line = ports.lines().find_map(|line| line.strip_prefix(&format!("{part} = ")));
        line.expect("a port for every part").parse().expect("a number")
    }

    /// The first line of what the front door answers.
    fn status_line(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port("varnish"))).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        String::from_utf8_lossy(&answer).lines().next().map(str::to_owned)
    }

    pub(crate) fn answers(&self) {
        let ok = || self.status_line().is_some_and(|line| line.contains(" 200"));
        wait_until("the site answers 200", ok);
    }

    /// The words of a program's line in `supervisorctl status`.
    fn status(&self, name: &str) -> Vec<String> {
        let output = self.run("bin/supervisorctl", &["status"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    fn state(&self, name: &str) -> String {
        self.status(name).get(1).cloned().unwrap_or_default()
    }

    /// `RUNNING pid 4711, uptime 0:00:05`
    pub(crate) fn pid(&self, name: &str) -> Option<String> {
        let words = self.status(name);
        Some(words.get(3)?.trim_end_matches(',').to_owned())
    }

    fn await_all(&self, state: &str) {
        let all = || PROGRAMS.iter().all(|name| self.state(name) == state);
        wait_until(&format!("all are {state}"), all);
    }
}

#[test]
fn a_buildout_becomes_a_running_supervised_site() {
    let _machine = crate::machine();
    let site = Deployment::prepare(&PROGRAMS);
    site.build();
    let supkit = env!("CARGO_BIN_EXE_supkit");
    site.works(supkit, &["generate"]);
    assert!(!site.sandbox.read("site/etc/supervisord.conf").contains("/tmp/"));

    let printed = site.works("bin/run", &["--timeout", "120"]);
    assert!(printed.contains("all 3 programs run"), "{printed}");
    site.answers();
    assert!(site.works("bin/run", &[]).contains("all 3 programs run"), "run is idempotent");
    each_waited_for_the_one_before(&site);

    the_original_clients_see_it(&site);
    a_killed_instance_comes_back(&site);

    site.works("bin/supervisorctl", &["stop", "all"]);
    site.await_all("STOPPED");
    site.works("bin/supervisorctl", &["start", "all"]);
    site.await_all("RUNNING");
    site.answers();

    it_stops_in_order_and_leaves_nothing(&site);
    buildout_and_generate_take_turns(&site);
    nothing_starts_before_zeo_answers(&site);
}

/// The port of ZEO is open before the instance starts, and the instance has answered before Varnish does.
fn each_waited_for_the_one_before(site: &Deployment) {
    let log = site.sandbox.read("site/var/log/supervisord.log");
    let events = ["spawned: ", "ready: "].map(|event| PROGRAMS.map(|name| (event, name)));
    let place = |(event, name): (&str, &str)| {
        let quoted = format!("{event}'{name}'");
        let found = log.find(&quoted).or_else(|| log.find(&format!("{event}{name}")));
        found.unwrap_or_else(|| panic!("{event}{name} is missing: {log}"))
    };
    let [spawned, ready] = events.map(|of_all| of_all.map(place));
    assert!(ready[0] < spawned[1] && ready[1] < spawned[2], "{log}");
}

/// A ZEO server that runs, but does not open its port.
fn nothing_starts_before_zeo_answers(site: &Deployment) {
    let server = site.sandbox.read("site/bin/zeoserver");
    let log = site.sandbox.path("site/var/log/supervisord.log");
    fs::write(&log, "").expect("an empty log");
    site.sandbox.script("site/bin/zeoserver", "#!/bin/sh\nexec sleep 1000\n");
    let output = site.run("bin/run", &["--timeout", "15"]);
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    let reason = format!("waits for zeoserver: ready_tcp 127.0.0.1:{}", site.port("zeoserver"));
    assert!(printed.contains(&format!("instance does not run: STOPPED, {reason}")), "{printed}");
    assert!(printed.contains("varnish does not run: STOPPED, waits for instance"), "{printed}");
    assert!(printed.contains("the time is over"), "{printed}");
    assert!(site.status("instance").join(" ").contains(&reason), "{:?}", site.status("instance"));
    assert_eq!(site.state("varnish"), "STOPPED");
    let log = site.sandbox.read("site/var/log/supervisord.log");
    assert!(!log.contains("spawned: 'instance'") && !log.contains("spawned: 'varnish'"), "{log}");

    // With a server that answers, the others start by themselves.
    site.sandbox.script("site/bin/zeoserver", &server);
    site.works("bin/supervisorctl", &["restart", "zeoserver"]);
    site.await_all("RUNNING");
    site.answers();
    site.works("bin/stop", &[]);
    assert_eq!(site.sandbox.processes(), [0; 0], "no process is left");
}

/// The commands of the first text, with the scripts that either program has written.
fn buildout_and_generate_take_turns(site: &Deployment) {
    for writer in [&["bin/buildout", "-N"][..], &["bin/supkit", "generate"]] {
        site.works(writer[0], &writer[1..]);
        for name in ["supervisord", "supervisorctl", "pidproxy", "echo_supervisord_conf"] {
            assert!(
                site.sandbox.path("site/bin").join(name).exists(),
                "{writer:?}: {name} is missing"
            );
        }
        site.works("bin/supervisord", &[]);
        site.await_all("RUNNING");
        site.works("bin/supervisorctl", &["stop", "all"]);
        site.await_all("STOPPED");
        site.works("bin/supervisorctl", &["start", "all"]);
        site.await_all("RUNNING");
        site.works("bin/supervisorctl", &["shutdown"]);
        wait_until("the daemon has ended", || site.sandbox.processes().is_empty());
    }
}

fn the_original_clients_see_it(site: &Deployment) {
    let conf = site.sandbox.path("site/etc/supervisord.conf");
    let output = Command::new(oracle::bin("supervisorctl"))
        .args(["-c", conf.to_str().expect("UTF-8"), "status"])
        .output()
        .expect("the original client runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.matches("RUNNING").count(), 3, "{text}");
    let script = "\
import sys, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
url = 'unix://' + sys.stdin.read().strip()
server = xmlrpc.client.ServerProxy('http://x', SupervisorTransport(None, None, url))
print(server.supervisor.getState()['statename'])
print(*sorted(info['name'] for info in server.supervisor.getAllProcessInfo()))
";
    let socket = site.sandbox.path("site/var/supervisor.sock");
    let printed = oracle::python(script, socket.to_str().expect("UTF-8"));
    assert_eq!(printed, "RUNNING\ninstance varnish zeoserver\n");
}

fn a_killed_instance_comes_back(site: &Deployment) {
    let before = site.pid("instance").expect("a pid");
    site.works("/bin/kill", &["-KILL", &before]);
    wait_until("the instance is another process", || {
        site.state("instance") == "RUNNING" && site.pid("instance").is_some_and(|pid| pid != before)
    });
    site.answers();
}

fn it_stops_in_order_and_leaves_nothing(site: &Deployment) {
    let printed = site.works("bin/stop", &[]);
    let order = ["stopped varnish", "stopped instance", "stopped zeoserver", "stopped supervisord"];
    assert_eq!(printed.lines().collect::<Vec<_>>(), order);
    assert_eq!(site.sandbox.processes(), [0; 0], "no process is left");
    for rest in ["supervisor.sock", "supervisord.pid"] {
        assert!(!site.sandbox.path("site/var").join(rest).exists(), "{rest} is left");
    }
    let log = site.sandbox.read("site/var/log/supervisord.log");
    let last = log.rfind("spawned:").unwrap_or(0);
    let ends: Vec<&str> = log[last..]
        .lines()
        .filter_map(|line| line.split_once("stopped: ")?.1.split_whitespace().next())
        .collect();
    assert_eq!(ends, ["varnish", "instance", "zeoserver"], "{log}");
    let exit = "stopped: instance (exit status 0)";
    assert!(log.contains(exit), "the instance ends by itself on SIGINT: {log}");
    assert_eq!(site.works("bin/stop", &[]), "nothing runs\n", "stop is idempotent");
}
