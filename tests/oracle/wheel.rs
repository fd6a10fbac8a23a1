//! The wheel, made from the program under test: installed by pip, and as an egg and recipe of the real
//! zc.buildout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::{Sandbox, oracle, printed, wait_until};

const NAMES: [&str; 5] =
    ["supkit", "supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy"];

/// A directory with the wheel in `dist`.
struct Site {
    sandbox: Sandbox,
}

impl Site {
    fn new() -> Self {
        let site = Self { sandbox: Sandbox::new() };
        let stripped = site.path("dist/program");
        fs::create_dir_all(site.path("dist")).expect("a directory");
        let strip = ["-o", stripped.to_str().expect("UTF-8"), env!("CARGO_BIN_EXE_supkit")];
        site.works("strip", &strip);
        let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/wheel/build.py");
        let args =
            [build.to_str(), stripped.to_str(), Some(env!("CARGO_PKG_VERSION")), Some("dist")];
        let args = args.map(|arg| arg.expect("UTF-8"));
        site.works(oracle::bin("python"), &args);
        fs::remove_file(stripped).expect("it is there");
        site
    }

    /// With a project that buildout has nothing to download for.
    fn with_project(parts: &str) -> Self {
        let site = Self::new();
        fs::create_dir(site.path("index")).expect("a directory");
        site.write_project("buildout.cfg", parts);
        site
    }

    fn write_project(&self, name: &str, parts: &str) {
        let head = "[buildout]\nnewest = false\nindex = file://{here}/index\n\
                    find-links = {here}/dist\nparts =\n    web\n    supervisor\n\n\
                    [web]\nrecipe = zc.recipe.egg:eggs\neggs = zc.recipe.egg\n\
                    supervisor-command = /bin/sleep 1000\nsupervisor-startsecs = 0\n\n";
        self.sandbox.write(name, &format!("{head}{parts}"));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        // A relative program is one of this directory.
        let program = program.as_ref();
        let own = self.sandbox.dir().join(program);
        let mut command = self.sandbox.command(if own.exists() { &own } else { program });
        command.env("HOME", self.sandbox.dir()).stdin(Stdio::null());
        command
    }

    fn call(&self, program: impl AsRef<Path>, args: &[&str]) -> Output {
        self.command(program).args(args).output().expect("it runs")
    }

    fn works(&self, program: impl AsRef<Path>, args: &[&str]) -> String {
        let output = self.call(program.as_ref(), args);
        assert!(
            output.status.success(),
            "{} {args:?}: {}",
            program.as_ref().display(),
            printed(&output)
        );
        printed(&output)
    }

    fn buildout(&self, args: &[&str]) -> String {
        self.works(oracle::bin("buildout"), args)
    }

    fn buildout_fails(&self, args: &[&str]) -> String {
        let output = self.call(oracle::bin("buildout"), args);
        assert!(!output.status.success(), "{}", printed(&output));
        printed(&output)
    }

    fn scripts(&self) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| self.path("bin").join(name).exists()).collect()
    }

    /// The wheel of a package.
    fn wheel(&self, package: &str) -> String {
        let files = fs::read_dir(self.path("dist")).expect("it was made").flatten();
        let mut names = files.filter_map(|file| file.path().to_str().map(str::to_owned));
        let start = format!("/dist/{package}-");
        names.find(|name| name.contains(&start)).expect("a wheel")
    }

    /// A virtual environment with the wheels of these packages.
    fn venv(&self, packages: &[&str]) {
        self.works(oracle::bin("python"), &["-m", "venv", "--without-pip", "venv"]);
        let install = ["--python", "venv/bin/python", "install", "--quiet", "--no-index"];
        let wheels: Vec<String> = packages.iter().map(|package| self.wheel(package)).collect();
        let wheels: Vec<&str> = wheels.iter().map(String::as_str).collect();
        self.works(oracle::bin("pip"), &[&install[..], &wheels].concat());
    }

    /// `./bin/supervisord`, and what follows in the seed.
    fn daemon_works(&self) {
        self.works("bin/supervisord", &[]);
        let status = || printed(&self.call("bin/supervisorctl", &["status"]));
        wait_until("the program runs", || status().contains("RUNNING"));
        self.works("bin/supervisorctl", &["stop", "all"]);
        assert!(status().contains("STOPPED"), "{}", status());
        self.works("bin/supervisorctl", &["start", "all"]);
        self.works("bin/supervisorctl", &["shutdown"]);
        wait_until("the daemon has gone", || !self.path("var/supervisord.pid").exists());
    }
}

const CONF: &str = "\
[unix_http_server]
file=%(here)s/../supervisor.sock
[supervisord]
pidfile=%(here)s/../supervisord.pid
logfile=%(here)s/../supervisord.log
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(here)s/../supervisor.sock
[program:web]
command=/bin/sleep 1000
startsecs=0
";

#[test]
fn pip_installs_programs_that_are_those_of_supervisor() {
    let site = Site::new();
    site.venv(&["supkit"]);
    assert_eq!(site.works("venv/bin/supervisord", &["--version"]), "4.3.0\n");
    assert!(site.works("venv/bin/supkit", &["--version"]).starts_with("supkit "));
    assert!(site.works("venv/bin/python", &["-m", "supkit", "--version"]).starts_with("supkit "));
    assert!(site.works("venv/bin/echo_supervisord_conf", &[]).contains("[supervisord]"));
    let usage = site.call("venv/bin/pidproxy", &[]);
    assert!(printed(&usage).contains("Usage"), "{usage:?}");
    // Without -c the configuration is found beside the directory of the script, as before.
    site.sandbox.write("venv/etc/supervisord.conf", CONF);
    let mut daemon = site.command("venv/bin/supervisord");
    let daemon = daemon.arg("-n").stdout(Stdio::null()).stderr(Stdio::null());
    let mut daemon = daemon.spawn().expect("it starts");
    let pid = || site.sandbox.read("venv/supervisord.pid");
    wait_until("there is a pid file", || !pid().is_empty());
    assert_eq!(pid().trim(), daemon.id().to_string(), "no Python stays in between");
    let status = || printed(&site.call("venv/bin/supervisorctl", &["status"]));
    wait_until("the program runs", || status().contains("RUNNING"));
    site.works("venv/bin/supervisorctl", &["shutdown"]);
    assert!(daemon.wait().expect("it ends").success());
}

#[test]
fn an_installer_that_loses_the_mode_of_files_does_no_harm() {
    let site = Site::new();
    let script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall('unpacked')";
    site.works(oracle::bin("python"), &["-c", script, &site.wheel("supkit")]);
    let mut python = site.command(oracle::bin("python"));
    let python = python.env("PYTHONPATH", site.path("unpacked"));
    let output = python.args(["-m", "supkit", "--version"]).output().expect("it runs");
    assert!(printed(&output).starts_with("supkit "), "{}", printed(&output));
}

#[test]
fn as_an_egg_it_makes_the_scripts_of_supervisor() {
    let site = Site::with_project("[supervisor]\nrecipe = zc.recipe.egg\neggs = supkit\n");
    site.buildout(&[]);
    assert_eq!(site.scripts(), NAMES);
    assert_eq!(site.works("bin/supervisord", &["--version"]), "4.3.0\n");
    // The program of the egg deploys its own project, and buildout runs again.
    site.works("bin/supkit", &["generate"]);
    site.daemon_works();
    site.buildout(&[]);
    site.daemon_works();
    site.works("bin/supkit", &["generate"]);
    fs::remove_file(site.path(".installed.cfg")).expect("buildout has run");
    site.buildout(&[]);
    site.works("bin/supkit", &["generate"]);
    site.daemon_works();
}

const RECIPE: &str = "[supervisor]\nrecipe = supkit\n";

#[test]
fn as_a_recipe_it_generates_while_buildout_runs() {
    let site = Site::with_project(RECIPE);
    let printed = site.buildout(&[]);
    assert!(printed.contains("wrote etc/supervisord.conf"), "{printed}");
    assert!(!printed.contains("unused option(s): 'recipe'"), "{printed}");
    site.daemon_works();
    // Nothing changed, however it is called.
    assert!(site.buildout(&[]).contains("nothing changed"));
    assert!(site.works("bin/supkit", &["generate"]).contains("nothing changed"));
    let printed = site.buildout(&[]);
    assert!(
        printed.contains("Updating supervisor") && printed.contains("nothing changed"),
        "{printed}"
    );
    // Another part changed: this one is only updated.
    site.buildout(&["web:supervisor-command=/bin/sleep 2000"]);
    assert!(site.sandbox.read("etc/supervisord.conf").contains("/bin/sleep 2000"));
    site.daemon_works();
    // Its own options changed.
    let printed = site.buildout(&["supervisor:supervisord-loglevel=debug"]);
    assert!(printed.contains("Installing supervisor"), "{printed}");
    assert!(site.sandbox.read("etc/supervisord.conf").contains("loglevel = debug"));
    // The part was removed: so are its files, but not files that the daemon may read again.
    site.buildout(&["buildout:parts=web"]);
    assert_eq!(site.scripts(), [""; 0]);
    assert!(!site.path("libexec/supkit").exists() && site.path("etc/supervisord.conf").exists());
    site.buildout(&[]);
    site.daemon_works();
}

#[test]
fn the_recipe_reads_the_project_that_buildout_reads() {
    let site = Site::with_project(RECIPE);
    site.write_project("other.cfg", RECIPE);
    for args in [
        ["-c", "other.cfg", "web:supervisor-startsecs=7"].as_slice(),
        &["-vvcother.cfg", "-t", "9", "bin-directory=${buildout:directory}/scripts"],
        &["-Nc", "other.cfg", "install", "supervisor"],
    ] {
        fs::write(site.path("buildout.cfg"), "[buildout]\nparts = none\n").expect("written");
        site.buildout(args);
        let conf = site.sandbox.read("etc/supervisord.conf");
        assert!(conf.contains("other.cfg"), "{args:?}: {conf}");
        assert_eq!(conf.contains("startsecs = 7"), args.contains(&"web:supervisor-startsecs=7"));
    }
    assert!(site.path("scripts/supervisord").exists());
}

#[test]
fn an_error_of_the_project_leaves_all_files_in_place() {
    let site = Site::with_project(RECIPE);
    site.buildout(&[]);
    for fault in ["web:supervisor-startsecs=soon", "supervisor:apply=perhaps"] {
        let printed = site.buildout_fails(&[fault]);
        let (_, value) = fault.split_once('=').expect("an assignment");
        assert!(printed.contains(value), "{printed}");
        assert_eq!(site.scripts(), NAMES, "{printed}");
        assert!(site.path("libexec/supervisord").exists());
    }
    site.buildout(&[]);
    site.daemon_works();
}

#[test]
fn an_edited_configuration_is_kept_until_replace_is_set() {
    let site = Site::with_project(RECIPE);
    let conf = || site.sandbox.read("etc/supervisord.conf");
    site.sandbox.write("etc/supervisord.conf", CONF);
    let printed = site.buildout_fails(&[]);
    assert!(printed.contains("etc/supervisord.conf` was not written by supkit"), "{printed}");
    assert!(printed.contains("replace = true"), "{printed}");
    assert_eq!(conf(), CONF);
    site.buildout(&["supervisor:replace=true"]);
    assert!(conf().contains("[program:web]") && conf() != CONF);
    site.sandbox.write("etc/supervisord.conf", &format!("{}; mine\n", conf()));
    let printed = site.buildout_fails(&[]);
    assert!(printed.contains("was edited since supkit wrote it"), "{printed}");
    assert!(conf().ends_with("; mine\n"));
    // The scripts are removed and made again with the part; the configuration is kept.
    let printed = site.buildout_fails(&["supervisor:supervisord-loglevel=debug"]);
    assert!(printed.contains("was edited since") && conf().ends_with("; mine\n"), "{printed}");
    assert_eq!(site.scripts(), NAMES);
}

#[test]
fn a_running_daemon_is_updated_if_the_part_requires_it() {
    let site = Site::with_project(&format!("{RECIPE}apply = true\n"));
    assert!(site.buildout(&[]).contains("no daemon runs here"));
    site.works("bin/run", &[]);
    let before = site.sandbox.read("var/supervisord.pid");
    let printed = site.buildout(&["web:supervisor-command=/bin/sleep 3000"]);
    assert!(printed.contains("web: "), "{printed}");
    let pids = site.works("bin/supervisorctl", &["pid", "web"]);
    let line = fs::read_to_string(format!("/proc/{}/cmdline", pids.trim())).expect("it runs");
    assert_eq!(line.replace('\0', " ").trim_end(), "/bin/sleep 3000");
    assert_eq!(site.sandbox.read("var/supervisord.pid"), before);
    site.works("bin/stop", &[]);
}

#[test]
fn the_part_of_the_real_supervisor_becomes_one_of_supkit_and_back() {
    let real = "[supervisor]\nrecipe = zc.recipe.egg\neggs = supervisor\n";
    let egg = "[supervisor]\nrecipe = zc.recipe.egg\neggs = supkit\n";
    let site = Site::with_project(real);
    site.buildout(&[]);
    for (parts, by_recipe) in
        [(RECIPE, true), (real, false), (egg, false), (RECIPE, true), (egg, false)]
    {
        site.write_project("buildout.cfg", parts);
        site.buildout(&[]);
        assert_eq!(site.path("libexec/supkit").exists(), by_recipe, "{parts}");
        assert_eq!(site.path("bin/run").exists(), by_recipe, "{parts}");
        site.daemon_works();
    }
}

#[test]
fn what_programs_import_of_supervisor_is_there_and_the_same() {
    let site = Site::new();
    site.venv(&["supkit", "supervisor"]);
    site.sandbox.write("questions.py", QUESTIONS);
    let ours = site.works("venv/bin/python", &["questions.py"]);
    assert_eq!(ours, site.works(oracle::bin("python"), &["questions.py"]));
    for (module, argument, answer) in [
        ("supervisord", "--version", "4.3.0\n"),
        ("supervisorctl", "--help", "Usage:"),
        ("confecho", "--plain", "[supervisord]"),
    ] {
        let module = format!("supervisor.{module}");
        let printed = site.works("venv/bin/python", &["-m", &module, argument]);
        assert!(printed.contains(answer), "{printed}");
    }
    assert!(
        printed(&site.call("venv/bin/python", &["-m", "supervisor.pidproxy"])).contains("Usage")
    );
}

/// What an event listener, an XML-RPC client and superlance use.
const QUESTIONS: &str = r#"
import io, xmlrpc.client
from supervisor import childutils, datatypes, options, states, xmlrpc as rpc

def public(kind):
    return sorted((n, v) for n, v in vars(kind).items() if n.isupper())

for kind in states.ProcessStates, states.SupervisorStates, states.EventListenerStates, rpc.Faults:
    print(kind.__name__, public(kind))
print(states.STOPPED_STATES, states.RUNNING_STATES, states.SIGNALLABLE_STATES)
print([states.getProcessStateDescription(code) for code in (0, 20, 1000, 7)])
print([states.getSupervisorStateDescription(code) for code in (-1, 0, 1, 2)])
print([states.getEventListenerStateDescription(code) for code in (10, 40, None)])
print([rpc.getFaultDescription(code) for code in (1, 70, 9999)])
print(rpc.RPCError(10), rpc.RPCError(50, "web"), rpc.RPCError(30).text)
print(options.VERSION, [options.make_namespec(*names) for names in (("a", "a"), ("a", "b"))])
print([options.split_namespec(name) for name in ("a", "a:b", "a:*", "a:", "a:b:c")])
print([datatypes.byte_size(text) for text in ("7", "1kb", "2MB", "3Gb")])
print(datatypes.SuffixMultiplier({"s": 1, "m": 60}, 5)("2m"), childutils.get_asctime(0.5)[-4:])
line = "ver:3.0 server:supervisor serial:1 pool:p poolserial:1 eventname:TICK_5 len:4\n"
print(childutils.get_headers(line), childutils.eventdata("processname:a pid:1\nbody\nmore"))
out = io.StringIO()
print(childutils.listener.wait(io.StringIO(line + "when"), out))
childutils.listener.ok(out)
childutils.listener.fail(out)
childutils.listener.send("several words", out)
print(repr(out.getvalue()))
out = io.BytesIO()
childutils.pcomm.send(b"message", out)
print(out.getvalue())
try:
    rpc.SupervisorTransport(serverurl="https://x")
except ValueError as error:
    print(error)
"#;

/// A typical listener in Python below supkit's daemon.
#[test]
fn a_listener_in_python_receives_events_and_calls_the_daemon() {
    let site = Site::new();
    site.venv(&["supkit", "supervisor"]);
    let listener = r#"
import os
from supervisor import childutils
rpc = childutils.getRPCInterface(os.environ)
while True:
    headers, payload = childutils.listener.wait()
    event, _ = childutils.eventdata(payload + "\n")
    with open("received", "a") as received:
        for _ in range(2):
            state = rpc.supervisor.getProcessInfo(event["processname"])["statename"]
            received.write("%s %s %s\n" % (headers["eventname"], event["processname"], state))
    childutils.listener.ok()
"#;
    site.sandbox.write("listener.py", listener);
    let pool = "[eventlistener:ears]\ncommand=%(here)s/../bin/python %(here)s/../../listener.py\n\
                directory=%(here)s/../..\nevents=PROCESS_STATE_RUNNING\nstartsecs=0\n\
                priority=1\nstderr_logfile=%(here)s/../../ears\n";
    site.sandbox.write("venv/etc/supervisord.conf", &format!("{CONF}{pool}"));
    site.works("venv/bin/supervisord", &[]);
    let received = || site.sandbox.read("received");
    let line = "PROCESS_STATE_RUNNING web RUNNING\n";
    wait_until("the listener has received it", || {
        assert_eq!(site.sandbox.read("ears"), "");
        received().contains(&line.repeat(2))
    });
    site.works("venv/bin/supervisorctl", &["shutdown"]);
}
