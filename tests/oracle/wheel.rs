//! The wheel, made from the program under test: installed by pip, and as an egg and recipe of the real
//! zc.buildout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::{Sandbox, oracle, wait_until};

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
            told(&output)
        );
        told(&output)
    }

    fn buildout(&self, args: &[&str]) -> String {
        self.works(oracle::bin("buildout"), args)
    }

    fn buildout_fails(&self, args: &[&str]) -> String {
        let output = self.call(oracle::bin("buildout"), args);
        assert!(!output.status.success(), "{}", told(&output));
        told(&output)
    }

    fn scripts(&self) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| self.path("bin").join(name).exists()).collect()
    }

    fn wheel(&self) -> PathBuf {
        let mut files = fs::read_dir(self.path("dist")).expect("it was made").flatten();
        files.next().expect("a wheel").path()
    }

    /// `./bin/supervisord`, and what follows in the seed.
    fn daemon_works(&self) {
        self.works("bin/supervisord", &[]);
        let status = || told(&self.call("bin/supervisorctl", &["status"]));
        wait_until("the program runs", || status().contains("RUNNING"));
        self.works("bin/supervisorctl", &["stop", "all"]);
        assert!(status().contains("STOPPED"), "{}", status());
        self.works("bin/supervisorctl", &["start", "all"]);
        self.works("bin/supervisorctl", &["shutdown"]);
        wait_until("the daemon has gone", || !self.path("var/supervisord.pid").exists());
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
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
    site.works(oracle::bin("python"), &["-m", "venv", "--without-pip", "venv"]);
    let wheel = site.wheel();
    let install = ["--python", "venv/bin/python", "install", "--quiet", "--no-index"];
    let wheel = wheel.to_str().expect("UTF-8");
    site.works(oracle::bin("pip"), &[&install[..], &["--no-deps", wheel]].concat());
    assert_eq!(site.works("venv/bin/supervisord", &["--version"]), "4.3.0\n");
    assert!(site.works("venv/bin/supkit", &["--version"]).starts_with("supkit "));
    assert!(site.works("venv/bin/python", &["-m", "supkit", "--version"]).starts_with("supkit "));
    assert!(site.works("venv/bin/echo_supervisord_conf", &[]).contains("[supervisord]"));
    let usage = site.call("venv/bin/pidproxy", &[]);
    assert!(told(&usage).contains("Usage"), "{usage:?}");
    // Without -c the configuration is found beside the directory of the script, as it always was.
    site.sandbox.write("venv/etc/supervisord.conf", CONF);
    let mut daemon = site.command("venv/bin/supervisord");
    let daemon = daemon.arg("-n").stdout(Stdio::null()).stderr(Stdio::null());
    let mut daemon = daemon.spawn().expect("it starts");
    let pid = || site.sandbox.read("venv/supervisord.pid");
    wait_until("there is a pid file", || !pid().is_empty());
    assert_eq!(pid().trim(), daemon.id().to_string(), "no Python stays in between");
    let status = || told(&site.call("venv/bin/supervisorctl", &["status"]));
    wait_until("the program runs", || status().contains("RUNNING"));
    site.works("venv/bin/supervisorctl", &["shutdown"]);
    assert!(daemon.wait().expect("it ends").success());
}

#[test]
fn an_installer_that_loses_the_mode_of_files_does_no_harm() {
    let site = Site::new();
    let script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall('unpacked')";
    let wheel = site.wheel();
    site.works(oracle::bin("python"), &["-c", script, wheel.to_str().expect("UTF-8")]);
    let mut python = site.command(oracle::bin("python"));
    let python = python.env("PYTHONPATH", site.path("unpacked"));
    let output = python.args(["-m", "supkit", "--version"]).output().expect("it runs");
    assert!(told(&output).starts_with("supkit "), "{}", told(&output));
}

#[test]
fn as_an_egg_it_makes_the_scripts_of_supervisor() {
    let site = Site::with_project("[supervisor]\nrecipe = zc.recipe.egg\neggs = supkit\n");
    site.buildout(&[]);
    assert_eq!(site.scripts(), NAMES);
    assert_eq!(site.works("bin/supervisord", &["--version"]), "4.3.0\n");
    // The program of the egg deploys the project that it is part of, and buildout comes back.
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
    let said = site.buildout(&[]);
    assert!(said.contains("wrote etc/supervisord.conf"), "{said}");
    assert!(!said.contains("unused option(s): 'recipe'"), "{said}");
    site.daemon_works();
    // Nothing changed, by whichever way it is called.
    assert!(site.buildout(&[]).contains("nothing changed"));
    assert!(site.works("bin/supkit", &["generate"]).contains("nothing changed"));
    let said = site.buildout(&[]);
    assert!(said.contains("Updating supervisor") && said.contains("nothing changed"), "{said}");
    // Another part changed: this one is only updated.
    site.buildout(&["web:supervisor-command=/bin/sleep 2000"]);
    assert!(site.sandbox.read("etc/supervisord.conf").contains("/bin/sleep 2000"));
    site.daemon_works();
    // Its own options changed.
    let said = site.buildout(&["supervisor:supervisord-loglevel=debug"]);
    assert!(said.contains("Installing supervisor"), "{said}");
    assert!(site.sandbox.read("etc/supervisord.conf").contains("loglevel = debug"));
    // The part was removed: so are its files, but not what the daemon may read again.
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
        let said = site.buildout_fails(&[fault]);
        let (_, value) = fault.split_once('=').expect("an assignment");
        assert!(said.contains(value), "{said}");
        assert_eq!(site.scripts(), NAMES, "{said}");
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
    let said = site.buildout_fails(&[]);
    assert!(said.contains("etc/supervisord.conf` was not written by supkit"), "{said}");
    assert!(said.contains("replace = true"), "{said}");
    assert_eq!(conf(), CONF);
    site.buildout(&["supervisor:replace=true"]);
    assert!(conf().contains("[program:web]") && conf() != CONF);
    site.sandbox.write("etc/supervisord.conf", &format!("{}; mine\n", conf()));
    let said = site.buildout_fails(&[]);
    assert!(said.contains("was edited since supkit wrote it"), "{said}");
    assert!(conf().ends_with("; mine\n"));
    // The scripts are removed and made again with the part; the configuration waits.
    let said = site.buildout_fails(&["supervisor:supervisord-loglevel=debug"]);
    assert!(said.contains("was edited since") && conf().ends_with("; mine\n"), "{said}");
    assert_eq!(site.scripts(), NAMES);
}

#[test]
fn a_running_daemon_is_updated_if_the_part_wants_it() {
    let site = Site::with_project(&format!("{RECIPE}apply = true\n"));
    assert!(site.buildout(&[]).contains("no daemon runs here"));
    site.works("bin/run", &[]);
    let before = site.sandbox.read("var/supervisord.pid");
    let said = site.buildout(&["web:supervisor-command=/bin/sleep 3000"]);
    assert!(said.contains("web: "), "{said}");
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
