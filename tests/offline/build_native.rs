//! `supkit build` without zc.buildout: what it installs, writes and removes, and when zc.buildout is
//! needed. pip is a script that makes one egg; the real thing is in `tests/deployment`, and what parts
//! are made of in `tests/oracle/parts.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::build::Project;
use crate::support::printed;

const TOOL: &str = "\
[buildout]
parts = tool made

[tool]
recipe = zc.recipe.egg
eggs = tool
supervisor-command = ${buildout:directory}/bin/tool --port 1

[made]
recipe = z3c.recipe.mkdir
paths = var/a

[versions]
tool = 1.0
";

const VENV: &str = "python -m venv .supkit/venv";
const PIP: &str = "python -m pip install --disable-pip-version-check --requirement .supkit/eggs.txt \
                   --constraint .supkit/constraints.txt";

fn project(text: &str) -> Project {
    let project = Project::new();
    project.sandbox.write("buildout.cfg", text);
    project
}

fn text(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    assert!(output.status.success(), "{}", printed(&output));
    printed(&output)
}

fn failure(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    printed(&output)
}

#[test]
fn known_recipes_are_built_without_buildout_and_once() {
    let project = project(TOOL);
    let planned = text(&project, &["--dry-run"]);
    assert!(planned.starts_with("would install the eggs of the project (1 with"), "{planned}");
    assert_eq!(project.calls(&[]), [VENV, PIP]);
    assert_eq!(project.sandbox.read(".supkit/eggs.txt"), "tool\n");
    assert!(project.sandbox.read(".supkit/constraints.txt").contains("tool==1.0\n"));
    let script = project.sandbox.read("bin/tool");
    assert!(script.contains("sys.exit(tool.cli.main())"), "{script}");
    assert!(
        script.starts_with(&format!(
            "#!{}",
            project.sandbox.path(".supkit/venv/bin/python").display()
        ))
    );
    assert!(project.sandbox.path("bin/other").exists());
    assert!(project.sandbox.path("var/a").is_dir());
    assert!(project.sandbox.read("etc/supervisord.conf").contains("[program:tool]"));
    assert!(
        !project.sandbox.path("venv").exists() && !project.sandbox.path(".installed.cfg").exists()
    );

    let _ = fs::remove_file(project.sandbox.path("calls"));
    let before = project.changes();
    assert!(printed(&project.command(&[]).output().expect("it runs")).contains("nothing changed"));
    assert_eq!(project.changes(), before);
    assert_eq!(text(&project, &["--dry-run"]), "");
}

#[test]
fn a_change_is_built_and_what_is_gone_or_was_edited_is_made_again() {
    let project = project(TOOL);
    project.calls(&[]);
    let script = project.sandbox.read("bin/tool");
    project.sandbox.write("bin/tool", "edited");
    fs::remove_file(project.sandbox.path("bin/other")).expect("it was made");
    assert!(text(&project, &[]).contains("build the parts: 2 files"));
    assert_eq!(project.sandbox.read("bin/tool"), script);
    // Another version is installed; another name of a script is not.
    project.sandbox.write("buildout.cfg", &TOOL.replace("tool = 1.0", "tool = 1.1"));
    assert_eq!(project.calls(&[]), [VENV, PIP]);
    let renamed = TOOL.replace("eggs = tool\n", "eggs = tool\nscripts = tool=mine\n");
    project.sandbox.write("buildout.cfg", &renamed.replace("tool = 1.0", "tool = 1.1"));
    assert_eq!(project.calls(&[]), [""; 0]);
    assert!(project.sandbox.path("bin/mine").exists());
    assert!(
        !project.sandbox.path("bin/tool").exists() && !project.sandbox.path("bin/other").exists()
    );
    // Directories of data stay.
    let without = renamed.replace("parts = tool made", "parts = tool");
    project.sandbox.write("buildout.cfg", &without.replace("tool = 1.0", "tool = 1.1"));
    project.calls(&[]);
    assert!(project.sandbox.path("var/a").is_dir());
    assert_eq!(project.calls(&["-n"]), [VENV.to_owned(), format!("{PIP} --upgrade")]);
    assert_eq!(project.calls(&["--force"]), [VENV, PIP]);
}

#[test]
fn an_installation_that_failed_is_repeated() {
    let project = project(TOOL);
    project.sandbox.write("pip-fails", "");
    let printed = failure(&project, &[]);
    assert!(printed.contains("ERROR: no such distribution"), "{printed}");
    assert!(!project.sandbox.path("bin/tool").exists());
    fs::remove_file(project.sandbox.path("pip-fails")).expect("it is there");
    assert_eq!(project.calls(&[]), [VENV, PIP]);
    assert!(project.sandbox.path("bin/tool").exists());
}

#[test]
fn the_reason_for_buildout_names_the_part_the_option_and_the_line() {
    let reason = |text: &str, reason: &str| {
        let planned = self::text(&project(text), &["--dry-run"]);
        let wanted = format!("would build the parts with zc.buildout: {reason}\n");
        assert!(planned.ends_with(&wanted), "{planned}\n{wanted}");
    };
    let with = |line: &str| TOOL.replace("eggs = tool\n", &format!("eggs = tool\n{line}\n"));
    reason(
        &with("dependent-scripts = true"),
        "part `tool` sets `dependent-scripts` (buildout.cfg:7)",
    );
    let other = TOOL.replace("z3c.recipe.mkdir", "own.recipe");
    reason(&other, "part `made` has the recipe `own.recipe` (buildout.cfg:10)");
    let older = TOOL.replace("zc.recipe.egg\n", "repoze.recipe.egg\n");
    let only =
        "part `tool`: only zc.buildout builds the recipe `repoze.recipe.egg` (buildout.cfg:5)";
    reason(&older, only);
    let extended = TOOL.replace("[buildout]\n", "[buildout]\nextensions = mr.developer\n");
    reason(&extended, "[buildout] sets `extensions` (buildout.cfg:2)");
    let bad = with("entry-points = x");
    let why = "`entry-points` of part `tool` is not supported: `x` cannot be read (buildout.cfg:7)";
    reason(&bad, why);
    let zeo = "[buildout]\nparts = zeo\n[zeo]\nrecipe = plone.recipe.zeoserver\n[versions]\n";
    let not_pinned = "part `zeo`: plone.recipe.zeoserver is not pinned, and supkit builds what 3, 4 makes \
                      (buildout.cfg:4)";
    reason(zeo, not_pinned);
    let old = format!("{zeo}plone.recipe.zeoserver = 2.0.1\n");
    let pinned = "part `zeo`: plone.recipe.zeoserver is pinned to 2.0.1, and supkit builds what 3, 4 makes \
                  (buildout.cfg:4)";
    reason(&old, pinned);
}

#[test]
fn the_two_ways_of_building_replace_each_other() {
    let project = project(TOOL);
    project.calls(&[]);
    project.sandbox.write("var/a/data", "mine");
    let printed = text(&project, &["--zc-buildout"]);
    assert!(printed.contains("remove what was made without zc.buildout"), "{printed}");
    assert!(printed.contains("build the parts with zc.buildout: --zc-buildout"), "{printed}");
    assert!(!project.sandbox.path("bin/tool").exists() && project.sandbox.path("bin/web").exists());
    let printed = text(&project, &[]);
    assert!(printed.contains("remove what zc.buildout made"), "{printed}");
    assert!(project.sandbox.path("bin/tool").exists() && !project.sandbox.path("bin/web").exists());
    assert_eq!(project.sandbox.read("var/a/data"), "mine");
}

#[test]
fn errors_name_the_remedy() {
    let offline = failure(&project(TOOL), &["--offline"]);
    assert!(
        offline.contains("eggs have to be installed, which is not possible with --offline"),
        "{offline}"
    );
    let strict = TOOL.replace("[buildout]\n", "[buildout]\nallow-picked-versions = false\n");
    assert!(text(&project(&strict), &[]).contains("wrote bin/supkit"));
    let picked = failure(&project(&strict.replace("tool = 1.0\n", "")), &[]);
    assert!(picked.contains("these eggs are not pinned: tool"), "{picked}");
    assert!(picked.contains("pin them in [versions]"), "{picked}");
}

#[test]
fn uv_is_used_if_it_is_there() {
    let project = project(TOOL);
    let uv = "#!/bin/sh\necho \"uv $*\" >>\"$CALLS\"\n\
              [ \"$1\" != venv ] || exec \"$TOOLS/python3\" -m venv \"$5\"\n\
              shift 3; python=$1; shift; exec \"$python\" -m pip install \"$@\"\n";
    project.sandbox.script("tools/uv", uv);
    let prefer =
        TOOL.replace("[buildout]\n", "[buildout]\nprefer-final = false\nindex = http://i/s\n");
    project.sandbox.write("buildout.cfg", &prefer);
    let calls = project.calls(&[]);
    let calls: Vec<&str> =
        calls.iter().map(String::as_str).filter(|it| it.starts_with("uv")).collect();
    let make = "uv venv --allow-existing --python python3 .supkit/venv";
    let install = "uv pip install --python .supkit/venv/bin/python --requirement .supkit/eggs.txt \
                   --constraint .supkit/constraints.txt --index-url http://i/s --prerelease=allow";
    assert_eq!(calls, [make, install]);
    assert!(project.sandbox.path("bin/tool").exists());
}

#[test]
fn a_template_is_filled_with_options_of_its_part_and_of_others() {
    let template = "\
[buildout]
parts = conf

[conf]
recipe = collective.recipe.template
input = conf.in
output = etc/made/tool.conf
own = 1
supervisor-command = bin/tool
";
    let project = project(template);
    let input = project.sandbox.script("conf.in", "a ${own} ${conf:own}\n$${buildout:directory}\n");
    assert_eq!(project.calls(&[]), [""; 0]);
    let here = project.sandbox.dir().display().to_string();
    assert_eq!(project.sandbox.read("etc/made/tool.conf"), format!("a 1 1\n${here}\n"));
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode(&project.sandbox.path("etc/made/tool.conf")), mode(&input));
    // The template is an input, and so is each option that it names.
    project.sandbox.write("conf.in", "b ${own}\n");
    assert!(text(&project, &[]).contains("build the parts: 1 file\n"));
    project.sandbox.write("buildout.cfg", &template.replace("own = 1", "own = 2"));
    text(&project, &[]);
    assert_eq!(project.sandbox.read("etc/made/tool.conf"), "b 2\n");
    let unknown = "`input` of part `conf` is not supported: `${none}` is not set (buildout.cfg:6)";
    project.sandbox.write("conf.in", "${none}\n");
    assert!(text(&project, &["--dry-run"]).contains(unknown));
    project.sandbox.write("conf.in", "[program:x]\n");
    assert!(text(&project, &["--dry-run"]).contains("it is a configuration of Supervisor"));
}
