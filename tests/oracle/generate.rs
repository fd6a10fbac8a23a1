//! The output of `supkit generate`, read by the original.

use std::fs;

use serde_json::{Value, json};

use crate::support::project::{SMALL, project};
use crate::support::{Sandbox, oracle};

const SEED: &str = include_str!("../../fixtures/seed/buildout.cfg");

/// Runs `supkit generate`, which must succeed.
fn generate(sandbox: &Sandbox) {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.arg("generate").env("HOME", sandbox.dir()).output().expect("supkit runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn conf(sandbox: &Sandbox) -> String {
    sandbox.read("etc/supervisord.conf")
}

/// How the original resolves configuration files.
fn resolved(paths: &[&str]) -> Vec<Value> {
    let answers = oracle::python(include_str!("scripts/resolve.py"), &paths.join("\n"));
    answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_seed_becomes_its_own_configuration() {
    let sandbox = project(SEED);
    sandbox.write("etc/seed.conf", include_str!("../../fixtures/seed/supervisord.conf"));
    let vcl = "vcl 4.0;\nbackend instance { .host = \"127.0.0.1\"; .port = \"8080\"; }\n";
    sandbox.write("etc/varnish.vcl", vcl);
    generate(&sandbox);
    assert_eq!(conf(&sandbox).matches("\ndepends_on = ").count(), 2, "{}", conf(&sandbox));
    let ours = sandbox.path("etc/supervisord.conf");
    let seed = sandbox.path("etc/seed.conf");
    let answers = resolved(&[seed.to_str().unwrap(), ours.to_str().unwrap()]);
    let (mut expected, got) = (answers[0].clone(), &answers[1]);
    // The improvements that change a value: docs/improvements.md.
    expected["groups"]["instance"]["processes"]["instance"]["stopsignal"] = json!(2);
    for name in ["zeoserver", "instance"] {
        expected["groups"][name]["processes"][name]["stopwaitsecs"] = json!(60);
    }
    assert_eq!(
        serde_json::to_string_pretty(&expected).ok(),
        serde_json::to_string_pretty(got).ok()
    );
    let priority = |name: &str| got["groups"][name]["priority"].as_i64();
    assert_eq!(
        ["zeoserver", "instance", "varnish"].map(priority),
        [Some(100), Some(500), Some(1000)]
    );
}

#[test]
fn additions_are_included_and_never_touched() {
    let sandbox = project(SEED);
    generate(&sandbox);
    sandbox.write("etc/supervisord.d/local.conf", "[program:mine]\ncommand=/bin/sleep 9\n");
    fs::remove_file(sandbox.path("etc/supervisord.conf")).unwrap();
    generate(&sandbox);
    assert!(sandbox.read("etc/supervisord.d/local.conf").contains("mine"));
    let ours = sandbox.path("etc/supervisord.conf");
    let answer = &resolved(&[ours.to_str().unwrap()])[0];
    assert!(answer["groups"]["mine"].is_object(), "{answer}");
}

#[test]
fn a_part_may_contain_the_configuration() {
    let sandbox = project(&format!(
        "{SMALL}supervisor-startsecs = 7\nsupervisor-redirect-stderr = true\nsupervisor-name = site\n\
         supervisor-environment =\n    A=\"1\",\n    B=\"${{:supervisor-startsecs}}\"\n"
    ));
    generate(&sandbox);
    let text = conf(&sandbox);
    let section = text.split("[program:site]\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert_eq!(
        section,
        "command = %(here)s/../bin/web --port 1\nautostart = true\nstartsecs = 7\n\
         autorestart = true\nredirect_stderr = true\nenvironment = A=\"1\",\n    B=\"7\""
    );
    assert!(
        resolved(&[sandbox.path("etc/supervisord.conf").to_str().unwrap()])[0]["groups"]["site"]
            .is_object()
    );
}
