//! `supkit build`: which steps it runs, what it leaves, and its errors. Python and zc.buildout are
//! scripts that record how they were called; the real ones are in `tests/deployment`.

use std::fs;
use std::process::Stdio;

use crate::support::build::Project;
use crate::support::project::SMALL;
use crate::support::{Sandbox, printed, wait_until};

const ENVIRONMENT: [&str; 2] = [
    "python -m venv venv",
    "python -m pip install --disable-pip-version-check --requirement .supkit/requirements.txt",
];
const PARTS: &str = "buildout -c buildout.cfg";

#[test]
fn a_build_makes_the_environment_the_parts_and_the_deployment_once() {
    let project = Project::new();
    assert_eq!(project.calls(&[]), [ENVIRONMENT[0], ENVIRONMENT[1], PARTS]);
    let requirements = project.sandbox.read(".supkit/requirements.txt");
    assert!(requirements.starts_with("zc.buildout==6.0.1\n"), "{requirements}");
    assert!(project.sandbox.read("etc/supervisord.conf").contains("[program:web]"));
    assert!(project.sandbox.path("bin/run").exists());
    assert!(printed(&project.run(&["--dry-run"])).is_empty());
}

#[test]
fn a_second_build_starts_no_process_and_writes_no_file() {
    let project = Project::new();
    project.calls(&[]);
    // Every program that it could find records its call.
    let record = "#!/bin/sh\necho \"$0 $*\" >>\"$CALLS\"\n";
    for name in ["tools/python3", "tools/python", "tools/buildout", "tools/uv", "tools/pip"] {
        project.sandbox.script(name, record);
    }
    for name in ["venv/bin/python", "venv/bin/buildout"] {
        project.sandbox.script(name, record);
    }
    let _ = fs::remove_file(project.sandbox.path("calls"));
    let before = project.changes();
    let mut again = project.command(&[]);
    let again = again.env("PATH", project.sandbox.path("tools")).output().expect("it runs");
    let text = printed(&again);
    assert!(again.status.success() && text.contains("nothing changed"), "{text}");
    assert_eq!(project.changes(), before);
}

#[test]
fn bin_buildout_builds_then_generates() {
    let project = Project::new();
    project.calls(&[]);
    let call = |args: &[&str]| {
        let build = project.command(&[]);
        let mut call = project.sandbox.command(project.sandbox.path("bin/buildout"));
        let set = build.get_envs().filter_map(|(name, value)| Some((name, value?)));
        call.args(args).envs(set);
        call
    };
    assert_eq!(project.calls_of(call(&[])), [""; 0]);
    let changed = SMALL.replace("--port 1", "--port 2");
    project.sandbox.write("buildout.cfg", &changed);
    assert_eq!(project.calls_of(call(&["-N", "install"])), [format!("{PARTS} -N")]);
    assert!(project.sandbox.read("etc/supervisord.conf").contains("--port 2"));
    // Some parts: zc.buildout decides, and the deployment follows.
    project.sandbox.write("buildout.cfg", &SMALL.replace("--port 1", "--port 3"));
    let one = project.calls_of(call(&["web:x=1", "install", "web"]));
    assert_eq!(one, [format!("{PARTS} web:x=1 install web")]);
    assert!(project.sandbox.read("etc/supervisord.conf").contains("--port 3"));
    // Other commands are zc.buildout's.
    assert_eq!(project.calls_of(call(&["annotate"])), [format!("{PARTS} annotate")]);
    let output = call(&["-x"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(printed(&output).contains("buildout [OPTIONS] [ASSIGNMENTS] [COMMAND]"));
    // In a directory without an environment, it is made first.
    fs::remove_dir_all(project.sandbox.path("venv")).expect("it was made");
    let calls = project.calls_of(call(&["annotate"]));
    assert_eq!(calls, [ENVIRONMENT[0], ENVIRONMENT[1], &format!("{PARTS} annotate")]);
}

#[test]
fn a_bin_buildout_of_others_is_kept_unless_zc_buildout_wrote_it() {
    let project = Project::new();
    let own = "#!/bin/sh\nexec make \"$@\"\n";
    project.sandbox.script("bin/buildout", own);
    let text = printed(&project.run(&[]));
    assert!(text.contains("kept bin/buildout, which supkit did not write"), "{text}");
    assert_eq!(project.sandbox.read("bin/buildout"), own);
    let bootstrapped = "#!/x/python\n\nimport sys\nsys.path[0:0] = [\n  '/x/eggs/a',\n  ]\n\n\
        import zc.buildout.buildout\n\nif __name__ == '__main__':\n    \
        sys.exit(zc.buildout.buildout.main())\n";
    project.sandbox.script("bin/buildout", bootstrapped);
    let text = printed(&project.run(&[]));
    assert!(text.contains("replaced bin/buildout"), "{text}");
    assert!(project.sandbox.read("bin/buildout").contains("libexec/supkit\" buildout \"$@\""));
}

#[test]
fn a_change_builds_what_depends_on_it() {
    let project = Project::new();
    project.calls(&[]);
    project.sandbox.write("buildout.cfg", &SMALL.replace("--port 1", "--port 2"));
    let planned = project.run(&["--dry-run"]);
    let reason = "part `web` has the recipe `some.recipe` (buildout.cfg:5)";
    assert_eq!(printed(&planned), format!("would build the parts with zc.buildout: {reason}\n"));
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
    assert_eq!(project.calls(&[]), [PARTS], "the environment is kept");
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
