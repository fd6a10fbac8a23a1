//! `supkit init`: the questions that it asks, the files that it writes and keeps, and a plain project
//! that runs. `tests/deployment` builds and runs a Zope project.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::support::terminal::Terminal;
use crate::support::{Sandbox, printed, wait_until};

fn init(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.arg("init").args(args).output().expect("it runs")
}

/// Refused with this message, and nothing was written.
fn refuses(sandbox: &Sandbox, args: &[&str], message: &str) {
    let before = sandbox.names();
    let output = init(sandbox, args);
    assert!(!output.status.success() && printed(&output).contains(message), "{}", printed(&output));
    assert_eq!(sandbox.names(), before);
}

#[test]
fn at_a_terminal_it_asks_for_missing_options() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let mut terminal = Terminal::run(command.args(["init", "shop", "--port", "8001"]));
    terminal.expect("Kind of project: zope, plone or plain? [zope]");
    terminal.press("clone\r");
    terminal.expect("`clone` does not do");
    terminal.press("plone\r");
    terminal.expect("How many instances? [2]");
    terminal.press("\r");
    terminal.expect("next: cd shop && make && make start");
    assert!(terminal.ends().success());
    let cfg = sandbox.read("shop/buildout.cfg");
    assert!(cfg.contains("    Plone\n") && cfg.contains("varnish = 8001"), "{cfg}");
    assert!(cfg.contains("[instance2]") && !cfg.contains("[instance3]"), "{cfg}");
}

#[test]
fn without_a_terminal_it_takes_the_defaults() {
    let sandbox = Sandbox::new();
    let output = init(&sandbox, &["."]);
    assert!(output.status.success(), "{}", printed(&output));
    for file in ["buildout.cfg", "versions.cfg", "etc/varnish.vcl", "Makefile", ".gitignore"] {
        assert!(sandbox.path(file).exists(), "{file}");
    }
    assert!(sandbox.read("README.md").lines().count() <= 12);
    // What cannot be known before `make`: the first administrator.
    sandbox.write("secret.cfg", "[secret]\nuser = admin:x\n");
    let mut generate = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = generate.args(["generate", "--dry-run"]).output().expect("it runs");
    let conf = printed(&output);
    assert!(output.status.success(), "{conf}");
    for program in ["zeoserver", "instance1", "instance2", "varnish"] {
        assert!(conf.contains(&format!("[program:{program}]")), "{conf}");
    }
}

/// A project in `shop`, before it is built.
fn plone_project(sandbox: &Sandbox) {
    let output = init(sandbox, &["shop", "--kind", "plone"]);
    assert!(output.status.success(), "{}", printed(&output));
    sandbox.write("shop/secret.cfg", "[secret]\nuser = admin:x\n");
    for file in ["shop", "shop/buildout.cfg", "shop/versions.cfg", "shop/secret.cfg"] {
        // Otherwise the check of a password or of root's files depends on the umask.
        let mode = if file == "shop" { 0o755 } else { 0o600 };
        fs::set_permissions(sandbox.path(file), Permissions::from_mode(mode)).expect("chmod");
    }
}

/// What supkit prints in `shop`.
fn in_shop(sandbox: &Sandbox, args: &[&str]) -> String {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let command = command.args(args).current_dir(sandbox.path("shop"));
    let output = command.env("HOME", sandbox.dir()).output().expect("it runs");
    assert!(output.status.success(), "{args:?}: {}", printed(&output));
    printed(&output)
}

#[test]
fn a_plone_project_is_checked_and_generated_before_it_is_built() {
    let sandbox = Sandbox::new();
    plone_project(&sandbox);
    assert_eq!(in_shop(&sandbox, &["check"]), "buildout.cfg: no problems\n");
    for part in ["zeoserver", "instance1", "instance2"] {
        assert_eq!(
            in_shop(&sandbox, &["query", "--resolved", &format!("{part}:eggs")]).trim(),
            "Plone"
        );
    }
    let temporary = in_shop(&sandbox, &["annotate", "instance2"]);
    assert!(!temporary.contains("zodb-temporary-storage"), "Plone has it: {temporary}");
    let conf = in_shop(&sandbox, &["generate", "--dry-run"]);
    for (program, lines) in [
        ("zeoserver", &["ready_tcp = 127.0.0.1:8100", "priority = 100"][..]),
        (
            "instance1",
            &[
                "depends_on = zeoserver:ready",
                "ready_http = http://127.0.0.1:8080/ok",
                "drain_varnish = %(here)s/../var/varnish instance1",
                "priority = 500",
            ],
        ),
        (
            "instance2",
            &[
                "depends_on = zeoserver:ready",
                "ready_http = http://127.0.0.1:8081/ok",
                "drain_varnish = %(here)s/../var/varnish instance2",
                "priority = 501",
            ],
        ),
        ("varnish", &["depends_on = any(instance1:ready, instance2:ready)", "priority = 1000"]),
        (
            "zeopack",
            &[
                "schedule = 0 3 * * sun",
                "depends_on = zeoserver:ready",
                "autostart = false",
                "autorestart = false",
                "startsecs = 0",
            ],
        ),
    ] {
        let section = conf.split(&format!("[program:{program}]\n")).nth(1).expect("a program");
        let section = section.split("\n[").next().unwrap_or_default();
        for line in lines {
            assert!(section.lines().any(|it| it == *line), "{line}: [program:{program}] {section}");
        }
    }
    assert!(sandbox.read("shop/README.md").contains("A Plone site"));
}

/// What is not pinned would be another version next month.
#[test]
fn a_plone_project_has_one_final_version_for_each_package() {
    let sandbox = Sandbox::new();
    plone_project(&sandbox);
    let text = sandbox.read("shop/versions.cfg");
    let pins: Vec<_> = text.lines().filter_map(|line| line.split_once(" = ")).collect();
    assert!(pins.len() > 200, "{}", pins.len());
    let mut names: Vec<_> =
        pins.iter().map(|(name, _)| name.to_lowercase().replace(['-', '_'], ".")).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a package is there twice");
    for (name, version) in pins {
        let is_final = version.chars().all(|c| c.is_ascii_digit() || c == '.')
            || version.split_once(".post").is_some();
        assert!(is_final, "{name} = {version}");
    }
    for name in ["plone", "products.cmfplone", "zeo", "plone.recipe.zope2instance"] {
        assert!(names.iter().any(|it| it == name), "{name}");
    }
}

#[test]
fn files_that_exist_are_kept_and_ports_must_differ() {
    let sandbox = Sandbox::new();
    sandbox.write("Makefile", "all:\n");
    refuses(&sandbox, &[], "has Makefile already; nothing was written");
    refuses(&sandbox, &["new", "--port", "8081"], "two programs on one port");
    refuses(&sandbox, &["new", "--zeo-port", "8000"], "two programs on one port");
    refuses(&sandbox, &["new", "--instances", "0"], "--instances");
    refuses(&sandbox, &["new", "--kind", "django"], "--kind");
    sandbox.write("Procfile", "web: bin/web\nnonsense\n");
    refuses(&sandbox, &["--kind", "plain"], "Procfile, line 2: expected `name: command`");
}

#[test]
fn the_programs_of_a_procfile_run() {
    let sandbox = Sandbox::new();
    let procfile = "# two\nweb: echo \"on $PORT\" > web.out; exec sleep 1000\n\
                    clock: while :; do date +%H% >clock.out ; sleep 1; done\n";
    sandbox.write("shop/Procfile", procfile);
    let output = init(&sandbox, &["shop", "--kind", "plain"]);
    assert!(printed(&output).contains("next: cd shop && make start"), "{}", printed(&output));
    let make = |target: &str| {
        let mut make = sandbox.command("make");
        let make = make.current_dir(sandbox.path("shop")).arg(target);
        let output = make.env("SUPKIT", env!("CARGO_BIN_EXE_supkit")).output().expect("make runs");
        assert!(output.status.success(), "{}", printed(&output));
        printed(&output)
    };
    assert!(make("check").contains("no problems"), "a warning would be in the way of a beginner");
    assert!(make("start").contains("all 2 programs run"));
    wait_until("both have written", || !sandbox.read("shop/clock.out").is_empty());
    assert_eq!(sandbox.read("shop/web.out"), "on 5000\n");
    assert!(sandbox.read("shop/clock.out").trim().ends_with('%'));
    assert!(make("status").contains("RUNNING"));
    make("stop");
    assert_eq!(sandbox.processes(), [0; 0]);
    assert!(!fs::exists(sandbox.path("shop/buildout.cfg")).expect("it can be looked up"));
}
