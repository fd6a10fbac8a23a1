//! `supkit build`: which steps it runs, what it leaves, and its errors. Python and zc.buildout are
//! scripts that record how they were called; the real ones are in `tests/deployment`.

use std::fs;
use std::process::{Output, Stdio};

use crate::support::project::{SMALL, project};
use crate::support::{Sandbox, printed, wait_until};

/// `python3 -m venv DIR` and `python -m pip install ...`, which installs a buildout.
const PYTHON: &str = "\
#!/bin/sh
echo \"python $*\" >>\"$CALLS\"
case \"$2\" in
venv) mkdir -p \"$3/bin\"; touch \"$3/pyvenv.cfg\"; cp \"$0\" \"$3/bin/python\" ;;
pip) cp \"$TOOLS/buildout\" \"${0%/*}/buildout\" ;;
esac
";

/// Builds a part of one file.
const BUILDOUT: &str = "\
#!/bin/sh
echo \"buildout $*\" >>\"$CALLS\"
echo Installing web.
[ ! -e fails ] || { echo 'Error: no such distribution' >&2; exit 1; }
for word; do case \"$word\" in buildout:extends-cache=*)
    [ -d \"${word#*=}\" ] || exit 1; printf '[web]\\nsupervisor-startsecs = 7\\n' >\"${word#*=}/0eb43ebd45c8d727376f84f1aedbc33e\" ;;
esac; done
mkdir -p bin
case \"$*\" in *bootstrap*) cp \"$0\" bin/buildout; exit 0 ;; esac
[ ! -e slow ] || { touch started; while [ -e slow ]; do sleep 0.1; done; }
printf '#!/bin/sh\\n' >bin/web; chmod +x bin/web
printf '[buildout]\\nparts = web\\n\\n[web]\\n__buildout_installed__ = %s/bin/web\\nrecipe = some.recipe\\n' \"$PWD\" >.installed.cfg
";

struct Project {
    sandbox: Sandbox,
}

impl Project {
    fn new() -> Self {
        let sandbox = project(SMALL);
        sandbox.script("tools/python3", PYTHON);
        sandbox.script("tools/buildout", BUILDOUT);
        Self { sandbox }
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let sandbox = &self.sandbox;
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let path = format!("{}:/usr/bin:/bin", sandbox.path("tools").display());
        command.args([&["build"], args].concat()).env("HOME", sandbox.dir()).env("PATH", path);
        command.env("CALLS", sandbox.path("calls")).env("TOOLS", sandbox.path("tools"));
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        let _ = fs::remove_file(self.sandbox.path("calls"));
        self.command(args).output().expect("it runs")
    }

    /// The calls of a build that succeeds.
    fn calls(&self, args: &[&str]) -> Vec<String> {
        let output = self.run(args);
        assert!(output.status.success(), "{}", printed(&output));
        let calls = fs::read_to_string(self.sandbox.path("calls")).unwrap_or_default();
        let here = format!("{}/", self.sandbox.dir().display());
        calls.lines().map(|line| line.replace(&here, "")).collect()
    }
}

const ENVIRONMENT: [&str; 2] = [
    "python -m venv venv",
    "python -m pip install --disable-pip-version-check --requirement .supkit/requirements.txt",
];
const PARTS: &str = "buildout -c buildout.cfg";

#[test]
fn a_build_makes_the_environment_the_parts_and_the_deployment_once() {
    let project = Project::new();
    let bootstrap = format!("{PARTS} bootstrap");
    let all = [ENVIRONMENT[0], ENVIRONMENT[1], &bootstrap, PARTS];
    assert_eq!(project.calls(&[]), all);
    let requirements = project.sandbox.read(".supkit/requirements.txt");
    assert!(requirements.starts_with("zc.buildout==6.0.1\n"), "{requirements}");
    assert!(project.sandbox.read("etc/supervisord.conf").contains("[program:web]"));
    assert!(project.sandbox.path("bin/run").exists());
    let names = project.sandbox.names();
    assert_eq!(project.calls(&[]), [""; 0]);
    assert_eq!(project.sandbox.names().len(), names.len() - 1, "only the calls are missing");
    assert!(printed(&project.run(&[])).contains("nothing changed"));
    assert!(printed(&project.run(&["--dry-run"])).is_empty());
}

#[test]
fn a_change_builds_what_depends_on_it() {
    let project = Project::new();
    project.calls(&[]);
    project.sandbox.write("buildout.cfg", &SMALL.replace("--port 1", "--port 2"));
    let planned = project.run(&["--dry-run"]);
    assert_eq!(printed(&planned), "would build the parts with zc.buildout\n");
    assert_eq!(project.calls(&[]), [PARTS]);
    assert!(project.sandbox.read("etc/supervisord.conf").contains("--port 2"));
    // A result that is gone, and versions of buildout itself.
    fs::remove_file(project.sandbox.path("bin/web")).expect("it was built");
    assert_eq!(project.calls(&[]), [PARTS]);
    project.sandbox.write("requirements.txt", "zc.buildout==5.0\n");
    assert_eq!(project.calls(&[]), [ENVIRONMENT[0], ENVIRONMENT[1], PARTS]);
    assert_eq!(project.calls(&["--force"]), [ENVIRONMENT[0], ENVIRONMENT[1], PARTS]);
    // Arguments of the command line are inputs, too.
    assert_eq!(project.calls(&["-N", "web:x=1"]), ["buildout -c buildout.cfg -N web:x=1"]);
}

#[test]
fn a_file_that_an_option_names_is_an_input() {
    let project = Project::new();
    project
        .sandbox
        .write("buildout.cfg", &format!("{SMALL}input = ${{buildout:directory}}/t.in\n"));
    project.sandbox.write("t.in", "one");
    project.calls(&[]);
    assert_eq!(project.calls(&[]), [""; 0]);
    project.sandbox.write("t.in", "two");
    assert_eq!(project.calls(&[]), [PARTS]);
}

#[test]
fn what_is_extended_from_the_network_is_kept_and_deployed() {
    let project = Project::new();
    let extends = "[buildout]\nextends = http://versions.invalid/versions.cfg\n";
    project.sandbox.write("buildout.cfg", &SMALL.replace("[buildout]\n", extends));
    let calls = project.calls(&[]);
    let cache = "buildout:extends-cache=.supkit/extends-cache";
    assert_eq!(calls.last(), Some(&format!("{PARTS} {cache}")));
    assert!(project.sandbox.read("etc/supervisord.conf").contains("startsecs = 7"));
    assert_eq!(project.calls(&[]), [""; 0]);
}

#[test]
fn a_failed_step_is_reported_with_its_output_and_run_again() {
    let project = Project::new();
    project.sandbox.write("fails", "");
    let output = project.run(&[]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("Error: no such distribution"), "{text}");
    assert!(text.contains("venv/bin/buildout failed: exit status: 1"), "{text}");
    assert!(text.contains("its output is in"), "{text}");
    assert!(project.sandbox.read(".supkit/build.log").contains("Error: no such distribution"));
    assert!(!project.sandbox.path("etc/supervisord.conf").exists());
    fs::remove_file(project.sandbox.path("fails")).expect("it is there");
    let bootstrap = format!("{PARTS} bootstrap");
    assert_eq!(project.calls(&[]), [bootstrap.as_str(), PARTS], "the environment is kept");
}

#[test]
fn a_second_build_is_refused_even_while_only_a_child_of_the_first_is_left() {
    let project = Project::new();
    project.sandbox.write("slow", "");
    let mut first = project.command(&[]).stdout(Stdio::null()).spawn().expect("it runs");
    wait_until("buildout runs", || project.sandbox.path("started").exists());
    let refused = format!("another build of this project is running (pid {})", first.id());
    let second = project.command(&[]).output().expect("it runs");
    assert_eq!(second.status.code(), Some(1));
    assert!(printed(&second).contains(&refused), "{}", printed(&second));
    first.kill().expect("it runs");
    first.wait().expect("it was killed");
    let third = project.command(&[]).output().expect("it runs");
    assert!(printed(&third).contains(&refused), "{}", printed(&third));
    fs::remove_file(project.sandbox.path("slow")).expect("it is there");
    wait_until("buildout has ended", || {
        project.command(&["--dry-run"]).status().is_ok() && project.sandbox.processes().is_empty()
    });
    assert_eq!(project.calls(&[]), [PARTS], "the interrupted step is run again");
}

#[test]
fn errors_name_the_remedy() {
    let project = Project::new();
    let text = |args: &[&str]| {
        let output = project.run(args);
        assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
        printed(&output)
    };
    assert!(text(&["--python", "python9"]).contains("no program `python9`"));
    assert!(
        text(&["--offline"])
            .contains("zc.buildout has to be installed, which is not possible with --offline")
    );
    project.sandbox.write("buildout.cfg", "[buildout]\nparts = ${no:no}\n");
    assert!(text(&[]).contains("buildout.cfg"));
    let sandbox = Sandbox::new();
    let output = sandbox.command(env!("CARGO_BIN_EXE_supkit")).arg("build").output();
    assert!(printed(&output.expect("it runs")).contains("there is no project in `.`"));
}
