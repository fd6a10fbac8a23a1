//! `supkit annotate` and `supkit query` as commands: output and exit status.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const PROJECT: &str = "\
[buildout]
extends = base.cfg
parts += varnish
[ports]
zeo = 8100
[varnish]
recipe = plone.recipe.varnish:script
daemon = /usr/sbin/varnishd
bind = 127.0.0.1:80${ports:last}
";

const BASE: &str = "\
[buildout]
parts =
    zeo
[ports]
zeo = 1
last = 01
[zeo]
recipe = plone.recipe.zeoserver
zeo-address = ${ports:zeo}
";

fn project(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn supkit(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supkit"));
    command.current_dir(directory).env("HOME", directory).env_remove("BUILDOUT_HOME");
    command.env_remove("NO_COLOR").args(arguments);
    command
}

fn both() -> TempDir {
    project(&[("buildout.cfg", PROJECT), ("base.cfg", BASE)])
}

fn stdout(directory: &Path, arguments: &[&str]) -> String {
    let output = supkit(directory, arguments).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

fn stderr(directory: &Path, arguments: &[&str]) -> String {
    let assert = supkit(directory, arguments).assert().code(1).stdout("");
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn json_has_every_section_resolved() {
    let project = both();
    let text = stdout(
        project.path(),
        &["annotate", "--format", "json", "-c", "buildout.cfg", "ports:last=02", "-N"],
    );
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["varnish"]["bind"], "127.0.0.1:8002");
    assert_eq!(json["buildout"]["parts"], "zeo\nvarnish");
    assert_eq!(json["buildout"]["newest"], "false");
    assert_eq!(json["versions"]["zc.buildout"], ">=6.0.1");
    assert_eq!(json["zeo"].as_object().unwrap().len(), 2);
}

#[test]
fn options_of_recipes_are_added_on_request_and_marked() {
    let project = both();
    let text = stdout(project.path(), &["annotate", "--format", "json", "--recipes"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    let home = project.path().canonicalize().unwrap();
    assert_eq!(json["zeo"]["location"], format!("{}/parts/zeo", home.display()));
    let made = json["made by recipes"]["zeo"].as_array().unwrap();
    assert!(made.contains(&Value::from("location")));
    let text = stdout(project.path(), &["annotate", "--recipes", "zeo"]);
    assert!(text.contains("/parts/zeo\n    MADE_BY_RECIPE\n"), "{text}");
}

#[test]
fn sections_that_recipes_add_are_there_in_the_order_of_the_parts() {
    let text = "[buildout]\nparts = db app\n[deployment]\nrun-directory = /run\n\
                data-directory = /data\nlog-directory = /log\netc-directory = /etc\n\
                rc-directory = /rc\nlogrotate-directory = /l\ncrontab-directory = /c\n\
                user = zope\n\
                [db]\nrecipe = nti.recipes.zodb:zeo\nstorages = Users\n\
                [app]\nrecipe = zc.recipe.egg\nnumber = ${users_client:storage_num}\n";
    let project = project(&[("buildout.cfg", text)]);
    let text = stdout(project.path(), &["annotate", "--recipes", "app", "base_zeo"]);
    assert!(text.contains("number= 1\n    from ${users_client:storage_num}\n"), "{text}");
    assert!(text.contains("[base_zeo]\n"), "{text}");
    assert!(text.contains("clientPipe= /run/zeosocket\n    MADE_BY_RECIPE\n"), "{text}");
    let text = stdout(project.path(), &["annotate", "--recipes", "--format", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["users_storage"]["data_file"], "/data/Users.fs");
}

#[test]
fn the_text_contains_the_position_of_each_value() {
    let project = both();
    let text = stdout(project.path(), &["annotate", "ports", "zeo", "varnish"]);
    insta::assert_snapshot!(text, @"

    [ports]
    last= 01
        base.cfg:6
    zeo= 8100
        buildout.cfg:5
        (base.cfg:5: 1)

    [varnish]
    bind= 127.0.0.1:8001
        from 127.0.0.1:80${ports:last}
        buildout.cfg:9
    daemon= /usr/sbin/varnishd
        buildout.cfg:8
    recipe= plone.recipe.varnish:script
        buildout.cfg:7

    [zeo]
    recipe= plone.recipe.zeoserver
        base.cfg:8
    zeo-address= 8100
        from ${ports:zeo}
        base.cfg:9
    ");
}

#[test]
fn an_unresolvable_value_is_an_error_without_output() {
    let text = "[buildout]\nparts = a\n[a]\nrecipe = r\nx = ${b:y}\n[b]\ny = ${zeo:location}\n\
                [zeo]\nrecipe = plone.recipe.zeoserver\n[c]\nx = ${nope:y}\n";
    let project = project(&[("buildout.cfg", text)]);
    let printed = stderr(project.path(), &["annotate", "--format", "json"]);
    insta::assert_snapshot!(printed, @"
    error[made-by-recipe]: Referenced option does not exist: zeo location
     --> buildout.cfg:5:5
      |
    5 | x = ${b:y}
      |     ------ Getting option a:x.
      |
     ::: buildout.cfg:7:5
      |
    7 | y = ${zeo:location}
      |     ^^^^^^^^^^^^^^^
      |
      = help: the recipe plone.recipe.zeoserver may make it: `--recipes` adds what is known of it, or set `location` in [zeo]
    error[missing-section]: The referenced section, 'nope', was not defined.
      --> buildout.cfg:11:5
       |
    11 | x = ${nope:y}
       |     ^^^^^^^^^
       |
       = help: add a section [nope], or correct the name
    ");
}

#[test]
fn a_missing_optional_file_is_reported_on_standard_error() {
    let project = project(&[("buildout.cfg", "[buildout]\noptional-extends = local.cfg\n")]);
    let assert = supkit(project.path(), &["annotate", "--format", "json"]).assert().success();
    serde_json::from_slice::<Value>(&assert.get_output().stdout).unwrap();
    let printed = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(printed.contains("optional-extends file not found: local.cfg"), "{printed}");
}

#[test]
fn user_defaults_are_read_unless_disabled() {
    let project = both();
    fs::create_dir(project.path().join(".buildout")).unwrap();
    let defaults = "[buildout]\nparts = user\n[ports]\nuser = 7\n";
    fs::write(project.path().join(".buildout/default.cfg"), defaults).unwrap();
    assert_eq!(stdout(project.path(), &["query", "ports:user"]), "7\n");
    assert_eq!(
        stderr(project.path(), &["query", "-U", "ports:user"]),
        "Error: Key not found: user\n"
    );
}

#[test]
fn query_prints_the_unresolved_value() {
    let project = both();
    let path = project.path();
    assert_eq!(stdout(path, &["query", "zeo:zeo-address"]), "${ports:zeo}\n");
    assert_eq!(stdout(path, &["query", "--resolved", "zeo:zeo-address"]), "8100\n");
    assert_eq!(stdout(path, &["query", "ports:zeo=7", "ports:zeo"]), "7\n");
    assert_eq!(stdout(path, &["query", "-v", "ports:zeo"]), "${ports:zeo}\n8100\n");
    let bin = format!("{}/bin\n", path.canonicalize().unwrap().display());
    assert_eq!(stdout(path, &["query", "bin-directory"]), bin);
    assert_eq!(stderr(path, &["query", "ports:nope"]), "Error: Key not found: nope\n");
    assert_eq!(stderr(path, &["query", "nope:x"]), "Error: Section not found: nope\n");
    assert!(stderr(path, &["query", "a:b:c"]).starts_with("Error: Invalid option:"));
    assert!(stderr(path, &["query"]).starts_with("Error: The query command requires"));
}

#[test]
fn a_missing_file_is_reported() {
    let project = both();
    let printed = stderr(project.path(), &["annotate", "-c", "nope.cfg"]);
    assert!(printed.contains("Couldn't open") && printed.contains("nope.cfg"), "{printed}");
}
