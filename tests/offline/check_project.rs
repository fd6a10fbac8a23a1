//! `supkit check` for a buildout project: each problem with its position and a remedy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::Sandbox;

const GOOD: &str = "\
[buildout]
parts = zeo instance varnish-conf varnish

[zeo]
recipe = plone.recipe.zeoserver
zeo-address = 127.0.0.1:8100

[instance]
recipe = plone.recipe.zope2instance
user = admin:secret
http-address = 8080
zeo-client = on
zeo-address = ${zeo:zeo-address}

[varnish-conf]
recipe = plone.recipe.varnish:configuration
backends = /plone:127.0.0.1:8080

[varnish]
recipe = plone.recipe.varnish:script
bind = 8000
";

/// The output of `check` for a project, and its exit status.
fn check(cfg: &str, mode: u32, args: &[&str]) -> (String, Option<i32>) {
    let sandbox = Sandbox::new();
    let file = sandbox.write("buildout.cfg", cfg);
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("chmod");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.arg("check").args(args).env("HOME", sandbox.dir()).output().expect("runs");
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

#[test]
fn a_correct_project_has_no_problems() {
    assert_eq!(check(GOOD, 0o600, &[]), ("buildout.cfg: no problems\n".to_owned(), Some(0)));
}

#[test]
fn problems_have_a_position_and_a_remedy() {
    let cases = [
        ("[lost]\nrecipe = a.b\n", "", "[lost] has a recipe, but is not listed in `parts`", 1),
        ("http-address = 8080", "http-address = 8000", "both listen on port 8000", 2),
        ("${zeo:zeo-address}", "127.0.0.1:8109", "connects to 127.0.0.1:8109, but no part", 1),
        ("127.0.0.1:8080", "127.0.0.1:8089", "part `varnish-conf` connects to 127.0.0.1:8089", 1),
        ("bind = 8000", "bind = 8000\nsupervisor-priority = 1", "", 0),
        (
            "zeo-client = on",
            "zeo-client = on\nsupervisor-priority = 50",
            "`instance` (priority 50) starts before `zeo` (100)",
            1,
        ),
    ];
    for (from, to, message, code) in cases {
        let cfg = if to.is_empty() { format!("{GOOD}{from}") } else { GOOD.replace(from, to) };
        let (text, status) = check(&cfg, 0o600, &[]);
        assert!(text.contains(message), "{from}: {text}");
        assert_eq!(status, Some(code), "{text}");
        assert!(code == 0 || text.contains("buildout.cfg:") && text.contains("help: "), "{text}");
    }
}

#[test]
fn a_password_in_a_world_readable_file_is_reported_once() {
    let second = "[second]\n<= instance\nhttp-address = 8081\n";
    let cfg = GOOD.replace("instance varnish-conf", "instance second varnish-conf") + second;
    let (text, status) = check(&cfg, 0o644, &[]);
    assert_eq!(text.matches("is in a world-readable file").count(), 1, "{text}");
    assert!(text.contains("buildout.cfg:10:1") && text.contains("chmod o-r"), "{text}");
    assert_eq!(status, Some(1));
}

#[test]
fn an_error_that_prevents_deployment_has_exit_status_2() {
    let (text, status) = check("[buildout]\nparts = nobody\n", 0o600, &["-c", "buildout.cfg"]);
    assert!(text.contains("nobody") && text.contains("buildout.cfg:2"), "{text}");
    assert_eq!(status, Some(2));
}

/// A part for Supervisor beside the parts of `GOOD`.
fn with_supervisor(options: &str) -> String {
    let recipe =
        "[supervisor]\nrecipe = collective.recipe.supervisor\nprograms = 10 a /bin/cat true\n";
    GOOD.replace("parts = ", "parts = supervisor ") + recipe + options
}

#[test]
fn what_generate_refuses_is_an_error() {
    for (options, message) in [
        ("supervisord-environment =\n    A=%(nobody)s\n", "nobody"),
        ("port = 127.0.0.1:99999\n", "bad value for `port`"),
        ("groups = 10 g nope\n", "nope"),
        ("groups = 10 g p-%(process_num)s\n", "process_num"),
    ] {
        let cfg = with_supervisor(options);
        let (text, status) = check(&cfg, 0o600, &[]);
        assert!(text.contains(message) && text.contains("buildout.cfg:"), "{options}: {text}");
        assert_eq!(status, Some(2), "{text}");
    }
}

#[test]
fn a_file_that_generate_would_not_replace_is_an_error() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("buildout.cfg", GOOD);
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("chmod");
    sandbox.write("bin/supervisorctl", "#!/bin/sh\n");
    let before = sandbox.names();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.arg("check").env("HOME", sandbox.dir()).output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("bin/supervisorctl` was not written by supkit"), "{text}");
    assert_eq!((output.status.code(), sandbox.names()), (Some(2), before));
}

#[test]
fn an_open_server_is_an_error() {
    for (options, code) in [
        ("port = *:9001\n", "open-server"),
        ("port = 0.0.0.0:9001\nuser = u\n", "open-server"),
        ("port = *:9001\nuser = u\npassword = p\n", ""),
        ("port = 127.0.0.1:9001\n", ""),
    ] {
        let (text, status) = check(&with_supervisor(options), 0o600, &[]);
        assert_eq!(text.contains("error[open-server]"), !code.is_empty(), "{options}: {text}");
        assert!(code.is_empty() || text.contains("buildout.cfg:25"), "{text}");
        assert!(code.is_empty() || status == Some(2), "{text}");
    }
}

#[test]
fn a_project_that_others_may_change_is_an_error_for_root() {
    let (text, status) = check(GOOD, 0o606, &[]);
    let is_root = nix::unistd::getuid().is_root();
    assert_eq!(text.contains("error[unsafe-file]"), is_root, "{text}");
    assert_eq!(status == Some(2), is_root, "{text}");
}

#[test]
fn the_report_may_be_json() {
    let cfg = GOOD.replace("http-address = 8080", "http-address = 8000");
    let (text, _) = check(&cfg, 0o600, &["--format", "json"]);
    let got: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(got["result"], "refused");
    assert_eq!(got["problems"][0]["code"], "same-port");
    assert_eq!(got["problems"][0]["line"], 21);
}
