//! `supkit generate` and the real zc.buildout in one directory, in any order: the scripts of `bin`
//! are complete and work, whichever of the two wrote them last.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::port::Port;
use crate::support::terminal::Terminal;
use crate::support::{Sandbox, oracle, wait_until};

/// The part for Supervisor is the seed's.
const PROJECT: &str = "\
[buildout]
parts =
    web
    supervisor
offline = true

[web]
recipe = zc.recipe.egg:eggs
eggs = zc.recipe.egg
supervisor-command = /bin/sleep 1000
supervisor-startsecs = 0

[supervisor]
recipe = zc.recipe.egg
eggs = supervisor
";

/// The same with the recipe that writes a configuration.
const WITH_CONFIGURATION: &str = "\
[buildout]
parts = supervisor
offline = true

[supervisor]
recipe = collective.recipe.supervisor
http-socket = unix
file = ${buildout:directory}/var/supervisor.sock
supervisord-conf = ${buildout:directory}/etc/supervisord.conf
programs =
    10 (startsecs=0) web /bin/sleep [1000]
";

/// The expected output of each script.
const SCRIPTS: [(&str, &str, &str); 4] = [
    ("supervisord", "--version", "4.3.0"),
    ("supervisorctl", "--help", "Usage:"),
    ("echo_supervisord_conf", "--plain", "[supervisord]"),
    ("pidproxy", "--help", "Usage:"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Supkit,
    Buildout,
    Neither,
}

struct Site {
    sandbox: Sandbox,
    dir: PathBuf,
    runs: usize,
}

impl Site {
    fn new(cfg: &str) -> Self {
        Self::named("site", cfg)
    }

    fn named(name: &str, cfg: &str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write(format!("{name}/buildout.cfg").as_str(), cfg);
        // The recipe of the second project does not make it.
        fs::create_dir(sandbox.path(name).join("etc")).expect("a directory");
        let dir = sandbox.path(name);
        Self { sandbox, dir, runs: 0 }
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.sandbox.command(self.dir.join(program.as_ref()));
        command.current_dir(&self.dir).env("HOME", self.sandbox.dir()).stdin(Stdio::null());
        command
    }

    fn call(&self, program: impl AsRef<Path>, args: &[&str]) -> Output {
        self.command(program).args(args).output().expect("it runs")
    }

    fn works(&self, program: impl AsRef<Path>, args: &[&str]) -> String {
        let output = self.call(program.as_ref(), args);
        let printed = text(&output);
        assert!(output.status.success(), "{} {args:?}: {printed}", program.as_ref().display());
        printed
    }

    fn generate(&self) -> String {
        self.works(env!("CARGO_BIN_EXE_supkit"), &["generate"])
    }

    fn buildout(&self, args: &[&str]) -> String {
        self.works(oracle::bin("buildout"), &[&["-N"], args].concat())
    }

    fn exists(&self, path: &str) -> bool {
        self.dir.join(path).exists()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.join(path)).unwrap_or_default()
    }

    /// One run of one of the two programs, by its letter.
    fn step(&mut self, step: char) {
        match step {
            'G' => drop(self.generate()),
            'B' => drop(self.buildout(&[])),
            // With other options the part is uninstalled and installed.
            'N' => {
                self.runs += 1;
                self.buildout(&[&format!("supervisor:changed={}", self.runs)]);
            }
            // Without scripts, and without their part.
            'S' => drop(self.buildout(&["supervisor:scripts="])),
            'R' => drop(self.buildout(&["buildout:parts="])),
            'F' => {
                let output = self.call(oracle::bin("buildout"), &["-N", "supervisor:eggs=gone"]);
                assert!(!output.status.success(), "{}", text(&output));
            }
            'D' => fs::remove_file(self.dir.join(".installed.cfg")).expect("buildout has run"),
            _ => panic!("no step {step}"),
        }
    }

    /// Which program wrote the scripts; all of them work.
    fn owner(&self, names: &[&str]) -> Owner {
        let owner_of = |name: &str| {
            let script = self.read(&format!("bin/{name}"));
            match script.lines().next() {
                Some("#!/bin/sh") => Owner::Supkit,
                Some(line) if line.contains("python") => Owner::Buildout,
                None => Owner::Neither,
                Some(line) => panic!("bin/{name} begins with {line}"),
            }
        };
        let owners: Vec<Owner> = names.iter().map(|name| owner_of(name)).collect();
        assert!(owners.iter().all(|owner| *owner == owners[0]), "{names:?}: {owners:?}");
        for (name, arg, answer) in SCRIPTS {
            if owners[0] != Owner::Neither && names.contains(&name) {
                let printed = text(&self.call(format!("bin/{name}"), &[arg]));
                assert!(printed.contains(answer), "bin/{name}: {printed}");
            }
        }
        owners[0]
    }
}

fn text(output: &Output) -> String {
    let streams = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&streams).into_owned()
}

/// Walks through the steps, and compares the owner after each with the letter below it.
fn walk(cfg: &str, names: &[&str], steps: &str, owners: &str) {
    let mut site = Site::new(cfg);
    let mut has_generated = false;
    for (place, (step, letter)) in steps.chars().zip(owners.chars()).enumerate() {
        site.step(step);
        has_generated |= step == 'G';
        let expected = match letter {
            's' => Owner::Supkit,
            'b' => Owner::Buildout,
            _ => Owner::Neither,
        };
        let after = &steps[..=place];
        assert_eq!(site.owner(names), expected, "after {after}");
        for name in ["supkit", "run", "stop"] {
            assert_eq!(site.exists(&format!("bin/{name}")), has_generated, "{name} after {after}");
        }
        if has_generated {
            assert!(site.works("bin/supkit", &["--version"]).starts_with("supkit"), "{after}");
            assert!(site.exists("libexec/supkit"), "{after}");
        }
    }
}

const ALL: [&str; 4] = ["supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy"];

#[test]
fn the_scripts_are_complete_whichever_came_last() {
    walk(PROJECT, &ALL, "BGBBGGB", "bsbbssb");
}

#[test]
fn with_changed_options_buildout_installs_anew() {
    walk(PROJECT, &ALL, "GBNGNNG", "sbbsbbs");
}

#[test]
fn scripts_that_supkit_took_over_survive_the_end_of_their_part() {
    walk(PROJECT, &ALL, "BGRGBGSSG", "bsssbssss");
    // buildout uninstalls the part, and fails to install it again.
    walk(PROJECT, &ALL, "BGFG", "bsss");
}

#[test]
fn without_its_notes_buildout_installs_anew() {
    walk(PROJECT, &ALL, "BGDBDG", "bssbbs");
}

#[test]
fn scripts_that_buildout_deletes_with_their_part_come_back() {
    walk(PROJECT, &ALL, "GBRG", "sb-s");
}

#[test]
fn a_configuration_that_a_recipe_writes_changes_hands_as_well() {
    let names = ["supervisord", "supervisorctl"];
    walk(WITH_CONFIGURATION, &names, "BGBGNGDBG", "bsbsbssbs");
    let site = Site::new(WITH_CONFIGURATION);
    site.buildout(&[]);
    assert!(!site.read("etc/supervisord.conf").contains("supkit"));
    site.generate();
    assert!(site.read("etc/supervisord.conf").contains("supkit"));
    site.buildout(&["supervisor:loglevel=warn"]);
    assert!(!site.read("etc/supervisord.conf").contains("supkit"));
    site.generate();
    site.buildout(&["supervisor:loglevel=warn", "buildout:parts="]);
    assert!(site.exists("etc/supervisord.conf"), "buildout deletes what is its own only");
}

#[test]
fn buildouts_notes_stay_as_they_are_but_for_the_scripts() {
    let site = Site::new(PROJECT);
    site.buildout(&[]);
    let before = site.read(".installed.cfg");
    site.generate();
    let after = site.read(".installed.cfg");
    let is_script = |line: &str| line.starts_with('\t') && line.contains("/bin/");
    let expected: Vec<&str> = before.lines().filter(|line| !is_script(line)).collect();
    let first = |line: &str| line.split(site.dir.to_str().expect("UTF-8")).next() == Some(line);
    let got: Vec<&str> = after.lines().collect();
    assert_eq!(got.len(), expected.len(), "{before}\n---\n{after}");
    let changed = got.iter().zip(&expected).filter(|(new, old)| new != old && first(new));
    assert_eq!(changed.count(), 1, "{before}\n---\n{after}");
    assert!(site.generate().contains("nothing changed"));
}

/// The seed's monitoring server: the client uses its URL and prompts for the password.
#[test]
fn the_client_of_a_monitoring_server_prompts_for_the_password() {
    let reserved = Port::reserve();
    let port = reserved.number();
    let site = Site::new(&format!(
        "{PROJECT}supervisor-port = 127.0.0.1:{port}\nsupervisor-username = admin\n\
         supervisor-password = secret\nsupervisorctl-serverurl = http://localhost:{port}\n"
    ));
    site.generate();
    site.works("bin/supervisord", &[]);
    let printed = text(&site.call("bin/supervisorctl", &["status"]));
    assert!(printed.contains("Server requires authentication"), "{printed}");
    let mut shell = Terminal::run(&site.command("bin/supervisorctl"));
    shell.expect("Server requires authentication");
    shell.expect("Username:");
    shell.press("admin\r");
    shell.expect("Password:");
    shell.press("secret\r");
    shell.expect("web ");
    shell.expect("supervisor> ");
    shell.press("shutdown\r");
    shell.expect("Really shut the remote supervisord process down y/N? ");
    shell.press("y\r");
    shell.expect("Shut down");
    // Before the prompt, the terminal itself would take the key.
    shell.expect("supervisor> ");
    shell.press("\u{4}");
    assert!(shell.ends().success());
    wait_until("the daemon has gone", || !site.exists("var/supervisord.pid"));
}

/// Starts the daemon, starts and stops all programs, and ends the daemon.
fn the_seeds_sequence_works(site: &Site) {
    site.works("bin/supervisord", &[]);
    let state = |state: &str| site.status().contains(state);
    wait_until("the program runs", || state("RUNNING"));
    site.works("bin/supervisorctl", &["stop", "all"]);
    assert!(state("STOPPED"), "{}", site.status());
    site.works("bin/supervisorctl", &["start", "all"]);
    wait_until("the program runs", || state("RUNNING"));
    site.works("bin/supervisorctl", &["shutdown"]);
    wait_until("the daemon has gone", || !site.exists("var/supervisord.pid"));
}

impl Site {
    fn status(&self) -> String {
        text(&self.call("bin/supervisorctl", &["status"]))
    }
}

#[test]
fn the_seeds_sequence_works_after_either() {
    let site = Site::new(PROJECT);
    // As in the seed, buildout is called as `./bin/buildout`.
    site.works(oracle::bin("buildout"), &["-N", "bootstrap"]);
    site.generate();
    site.works("bin/buildout", &["-N"]);
    assert_eq!(site.owner(&ALL), Owner::Buildout);
    the_seeds_sequence_works(&site);
    site.generate();
    assert_eq!(site.owner(&ALL), Owner::Supkit);
    the_seeds_sequence_works(&site);
    assert!(site.works("bin/run", &[]).contains("all 1 programs run"), "{}", site.status());
    site.works("bin/buildout", &["-N"]);
    assert!(site.status().contains("RUNNING"), "Supervisor's client speaks to the daemon");
    site.works("bin/supervisorctl", &["shutdown"]);
    wait_until("the daemon has gone", || !site.exists("var/supervisord.pid"));
    assert_eq!(site.sandbox.processes(), [0; 0]);
}

#[test]
fn the_scripts_work_wherever_they_are_called_from_and_moved_to() {
    let site = Site::named("my \"site\" $x `y` 'z", PROJECT);
    site.buildout(&[]);
    site.generate();
    let moved = site.sandbox.path("moved \"site\" $x");
    fs::rename(&site.dir, &moved).expect("moved");
    let link = site.sandbox.path("link");
    symlink(moved.join("bin/supervisord"), &link).expect("a link");
    let bin = moved.join("bin");
    let ways: [(&Path, &Path); 5] = [
        (&bin.join("supervisord"), Path::new("/")),
        (Path::new("bin/supervisord"), &moved),
        (Path::new("./supervisord"), &bin),
        (&link, Path::new("/")),
        (Path::new("supervisord"), Path::new("/")),
    ];
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    for (program, directory) in ways {
        // A shell finds relative names from its own directory, and so does the kernel.
        let mut command = site.sandbox.command("/bin/sh");
        let script = "\"$0\" -n & echo $!; wait";
        command.args(["-c", script]).arg(program).current_dir(directory).env("PATH", &path);
        command.env("CDPATH", "/").env("_self", "mine");
        let mut shell = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let pid = || fs::read_to_string(moved.join("var/supervisord.pid")).unwrap_or_default();
        wait_until("there is a pid file", || !pid().trim().is_empty());
        let pid = pid().trim().to_owned();
        let line = fs::read(format!("/proc/{pid}/cmdline")).expect("it runs");
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let expected = format!("{} -n", moved.join("libexec/supervisord").display());
        assert_eq!(line.trim_end(), expected, "{}", program.display());
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).expect("it runs");
        assert_eq!(name.trim(), "supervisord");
        let stop = site.sandbox.command(moved.join("bin/stop")).output().expect("it runs");
        assert!(stop.status.success(), "{}", text(&stop));
        shell.wait().expect("it ends");
        let mut printed = String::new();
        std::io::Read::read_to_string(&mut shell.stdout.take().expect("piped"), &mut printed)
            .expect("UTF-8");
        assert!(printed.starts_with(&format!("{pid}\n")), "the pid is the script's own: {printed}");
    }
    assert_eq!(site.sandbox.processes(), [0; 0]);
}
