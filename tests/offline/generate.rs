//! `supkit generate` as a command: the files that it writes, those that it keeps, and its errors.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Output;

use crate::support::Sandbox;
use crate::support::project::{SMALL, project};

const SEED: &str = include_str!("../../fixtures/seed/buildout.cfg");

fn supkit(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(args).env("HOME", sandbox.dir()).output().expect("supkit runs")
}

/// Runs `supkit generate` successfully; returns its output.
fn generate(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = supkit(sandbox, &[&["generate"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs `supkit generate`, which must fail; returns its error messages.
fn fails(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = supkit(sandbox, &[&["generate"], args].concat());
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn conf(sandbox: &Sandbox) -> String {
    sandbox.read("etc/supervisord.conf")
}

#[test]
fn a_second_run_changes_nothing() {
    let sandbox = project(SEED);
    generate(&sandbox, &[]);
    let look = || {
        let names =
            ["etc/supervisord.conf", "libexec/supkit", "bin/run", "etc/supervisord.d/local.conf"];
        names.map(|name| {
            let meta = fs::metadata(sandbox.path(name)).expect(name);
            (meta.ino(), meta.mtime_nsec(), fs::read(sandbox.path(name)).expect(name))
        })
    };
    let before = look();
    assert!(generate(&sandbox, &[]).contains("nothing changed"));
    assert!(before == look());
}

#[test]
fn the_deployment_is_complete() {
    let sandbox = project(SEED);
    generate(&sandbox, &[]);
    for name in ["supkit", "supervisord", "supervisorctl", "pidproxy", "run", "stop"] {
        let mode = fs::metadata(sandbox.path("bin").join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "{name}");
    }
    assert!(sandbox.path("var/log").is_dir());
    let link = fs::read_link(sandbox.path("libexec/supervisord")).expect("a link");
    assert_eq!(link.to_str(), Some("supkit"), "it can be moved with its directory");
    let script = sandbox.read("bin/supervisord");
    assert!(script.starts_with("#!/bin/sh\n"), "buildout reads it as a text: {script}");
    assert!(!script.contains(sandbox.dir().to_str().unwrap()), "{script}");
    assert!(!conf(&sandbox).contains(sandbox.dir().to_str().unwrap()));
}

#[test]
fn files_that_supkit_did_not_write_are_kept() {
    let sandbox = project(SEED);
    sandbox.script("bin/supervisord", "#!/usr/bin/python\n");
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("bin/supervisord` was not written by supkit"), "{printed}");
    assert!(printed.contains("--replace"), "{printed}");
    assert!(!sandbox.path("etc").exists(), "nothing was written");
    generate(&sandbox, &["--replace"]);
    assert!(sandbox.read("bin/supervisord").starts_with("#!/bin/sh\n"));
}

/// The script of zc.buildout for the egg; `tests/oracle/real_buildout.rs` runs the real one.
const EGG_SCRIPT: &str = "#!/usr/bin/python3\n\nimport sys\nsys.path[0:0] = [\n  '/eggs/supervisor',\n  \
    ]\n\nimport supervisor.supervisord\n\nif __name__ == '__main__':\n    \
    sys.exit(supervisor.supervisord.main())\n";

#[test]
fn scripts_of_buildout_are_replaced() {
    let sandbox = project(SEED);
    sandbox.script("bin/supervisord", EGG_SCRIPT);
    sandbox.script("bin/supervisorctl", "#!/usr/bin/python3\n# with an initialization\n");
    let bin = sandbox.path("bin");
    let installed = format!(
        "[buildout]\nparts = supervisor\n\n[supervisor]\n__buildout_installed__ = {0}/supervisorctl\n\
         \t{0}/other\nrecipe = zc.recipe.egg\n",
        bin.display()
    );
    sandbox.write(".installed.cfg", &installed);
    generate(&sandbox, &[]);
    for name in ["supervisord", "supervisorctl"] {
        assert!(sandbox.read(format!("bin/{name}")).starts_with("#!/bin/sh\n"), "{name}");
    }
    let expected = installed.replace(&format!("{}/supervisorctl\n\t", bin.display()), "");
    assert_eq!(sandbox.read(".installed.cfg"), expected);
    sandbox.script("bin/supervisord", &EGG_SCRIPT.replace("import sys", "import sys, mine"));
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("bin/supervisord` was not written by supkit"), "{printed}");
}

#[test]
fn a_dry_run_prints_everything_even_if_files_would_need_replace() {
    let sandbox = project(SEED);
    sandbox.script("bin/supervisord", "#!/usr/bin/python\n");
    let names = sandbox.names();
    let output = supkit(&sandbox, &["generate", "--dry-run"]);
    let (shown, printed) = (text(&output.stdout), text(&output.stderr));
    assert!(shown.contains("[program:instance]"), "{shown}");
    assert!(printed.contains("would need --replace to overwrite"), "{printed}");
    assert!(printed.contains("would write"), "{printed}");
    assert_eq!(output.status.code(), Some(1), "like the real run");
    assert_eq!(sandbox.names(), names);
    let output = supkit(&sandbox, &["generate", "--diff"]);
    assert!(text(&output.stdout).contains("+ [program:instance]"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
    let printed = supkit(&sandbox, &["generate", "--dry-run", "--replace"]);
    assert!(
        printed.status.success() && text(&printed.stderr).contains("would replace"),
        "{printed:?}"
    );
    assert_eq!(sandbox.names(), names);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_edited_configuration_is_not_overwritten() {
    let sandbox = project(SEED);
    generate(&sandbox, &[]);
    let edited = conf(&sandbox) + "\n[program:mine]\ncommand = sleep 1\n";
    sandbox.write("etc/supervisord.conf", &edited);
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("was edited since supkit wrote it"), "{printed}");
    assert!(printed.contains("supervisord.d"), "{printed}");
    assert_eq!(conf(&sandbox), edited);
    generate(&sandbox, &["--replace"]);
    assert!(!conf(&sandbox).contains("mine"));
}

#[test]
fn a_dry_run_prints_everything_and_writes_nothing() {
    let sandbox = project(SEED);
    let shown = generate(&sandbox, &["--dry-run"]);
    assert_eq!(sandbox.names(), ["buildout.cfg"]);
    generate(&sandbox, &[]);
    assert_eq!(shown, conf(&sandbox));
}

#[test]
fn a_configuration_outside_the_project_is_written_alone() {
    let sandbox = project(SEED);
    let other = Sandbox::new();
    let path = other.path("s.conf");
    generate(&sandbox, &["--output", path.to_str().unwrap()]);
    assert_eq!(sandbox.names(), ["buildout.cfg"]);
    assert_eq!(other.names(), ["s.conf"]);
    let here = sandbox.dir().to_str().unwrap();
    assert!(other.read("s.conf").contains(&format!("command = {here}/bin/instance console")));
    assert!(generate(&sandbox, &["--output", "-"]).contains("[program:instance]"));
}

#[test]
fn scripts_contain_the_path_of_a_configuration_outside_the_default_places() {
    let sandbox = project(SEED);
    generate(&sandbox, &["--output", "conf/my.conf"]);
    assert!(sandbox.read("conf/my.conf").contains("file = %(here)s/../var/supervisor.sock"));
    assert!(sandbox.read("bin/supervisorctl").contains("-c \"${_bin%/*}/conf/my.conf\""));
}

#[test]
fn scripts_find_the_program_from_any_directory() {
    let outside = Sandbox::new();
    let elsewhere = outside.path("bin");
    for (directory, bin) in [
        ("${buildout:directory}/out/our bin", "out/our bin"),
        (elsewhere.to_str().expect("UTF-8"), elsewhere.to_str().expect("UTF-8")),
    ] {
        let sandbox =
            project(&SMALL.replace("[web]", &format!("bin-directory = {directory}\n\n[web]")));
        generate(&sandbox, &[]);
        let script = sandbox.dir().join(bin).join("supervisord");
        let output = sandbox.command(script).arg("--version").output().expect("it runs");
        assert_eq!(text(&output.stdout), "4.3.0\n", "{}", text(&output.stderr));
    }
    let sandbox = project(&SMALL.replace("[web]", "bin-directory = libexec\n\n[web]"));
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("which is reserved for the program itself"), "{printed}");
}

#[test]
fn check_and_diff_report_what_is_out_of_date_and_why() {
    let sandbox = project(SEED);
    let printed = fails(&sandbox, &["--check"]);
    assert!(printed.contains("etc/supervisord.conf is missing"), "{printed}");
    generate(&sandbox, &[]);
    generate(&sandbox, &["--check"]);
    sandbox.write("buildout.cfg", &format!("{SEED}supervisord-loglevel = debug\n"));
    let printed = fails(&sandbox, &["--check"]);
    assert!(printed.contains("etc/supervisord.conf is out of date"), "{printed}");
    let before = conf(&sandbox);
    let diff = generate(&sandbox, &["--diff"]);
    assert!(diff.contains("  [supervisord]\n-     loglevel = info\n"), "{diff}");
    let line = SEED.lines().count() + 1;
    assert!(diff.contains(&format!("+     loglevel = debug   ; buildout.cfg:{line}")), "{diff}");
    assert_eq!(conf(&sandbox), before);
}

#[test]
fn priorities_and_groups_have_defaults() {
    let instances: String = ["instance10", "instance2", "instance1"]
        .map(|name| format!("[{name}]\nrecipe = plone.recipe.zope2instance\n\n"))
        .concat();
    let sandbox = project(&format!(
        "[buildout]\nparts = varnish instance10 instance2 instance1 zeo off supervisor\n\n{instances}\
         [zeo]\nrecipe = plone.recipe.zeoserver\nsupervisor-priority = 5\n\n\
         [off]\nrecipe = plone.recipe.zope2instance\nsupervisor = false\n\n\
         [varnish]\nrecipe = plone.recipe.varnish:script\nmode = foreground\n\n\
         [supervisor]\nrecipe = zc.recipe.egg\nsupervisor-groups = instances\n\
         supervisor-port = 127.0.0.1:9001\n"
    ));
    let printed = generate(&sandbox, &[]);
    let order = "zeo (5), instance1 (500), instance2 (501), instance10 (502), varnish (1000)";
    assert!(printed.contains(order), "{printed}");
    let text = conf(&sandbox);
    let group = "[group:instances]\nprograms = instance1,instance2,instance10\npriority = 500\n";
    assert!(text.contains(group), "{text}");
    assert!(text.contains("[inet_http_server]\nport = 127.0.0.1:9001\n"), "{text}");
    assert!(text.contains("command = %(here)s/../bin/varnish\n"), "{text}");
}

/// The text of one section of the configuration, without its header.
fn section(sandbox: &Sandbox, name: &str) -> String {
    let text = conf(sandbox);
    let rest = text.split_once(&format!("[{name}]\n")).map(|(_, rest)| rest);
    let rest = rest.unwrap_or_else(|| panic!("no [{name}] in:\n{text}"));
    rest.split("\n[").next().unwrap_or(rest).trim().to_owned()
}

/// Generates a project with `parts = web` and more sections; returns standard error, too.
fn generate_with(more: &str) -> (Sandbox, String) {
    let sandbox = project(&format!("{SMALL}{more}"));
    let output = supkit(&sandbox, &["generate"]);
    let printed = text(&output.stderr);
    assert!(output.status.success(), "{printed}");
    (sandbox, printed)
}

const SERVER: &str =
    "supervisor-port = 9001\nsupervisor-username = admin\nsupervisor-password = secret\n";

#[test]
fn a_part_for_supervisor_is_used_even_if_it_is_not_listed() {
    let part = format!(
        "[supervisor]\nrecipe = zc.recipe.egg\neggs = supervisor\n{SERVER}\
         supervisord-loglevel = debug\nsupervisor-groups = all: web\n"
    );
    let (sandbox, _) = generate_with(&part);
    let server = "port = 9001\nusername = admin\npassword = secret";
    assert_eq!(section(&sandbox, "inet_http_server"), server);
    assert!(section(&sandbox, "supervisord").contains("loglevel = debug"));
    assert!(section(&sandbox, "group:all").contains("programs = web"));
    let checked = supkit(&sandbox, &["check"]);
    assert!(!text(&checked.stdout).contains("is not listed"), "{}", text(&checked.stdout));
    let (sandbox, _) = generate_with(&format!("{part}supervisor = false\n"));
    assert!(!conf(&sandbox).contains("[inet_http_server]"));
}

#[test]
fn an_unlisted_part_of_collective_recipe_supervisor_is_used() {
    let part = "[supervisor]\nrecipe = collective.recipe.supervisor\nport = 127.0.0.1:9001\n\
                user = admin\npassword = secret\n";
    let (sandbox, _) = generate_with(part);
    let server = "port = 127.0.0.1:9001\nusername = admin\npassword = secret";
    assert_eq!(section(&sandbox, "inet_http_server"), server);
    assert!(section(&sandbox, "program:web").contains("command = %(here)s/../bin/web"));
    assert!(section(&sandbox, "supervisord").contains("pidfile = %(here)s/../var/supervisord.pid"));
    let conf_file = "supervisord-conf = ${buildout:directory}/supervisord.conf\n";
    let (elsewhere, _) = generate_with(&format!("{part}{conf_file}"));
    let text = elsewhere.read("supervisord.conf");
    assert!(text.contains("command = %(here)s/bin/web"), "{text}");
    assert!(elsewhere.read("bin/supervisord").contains("-c \"${_bin%/*}/supervisord.conf\""));
    let (whole, _) = generate_with(&format!("{part}programs =\n    10 other /bin/sleep [9]\n"));
    assert!(conf(&whole).contains("[program:other]") && !conf(&whole).contains("[program:web]"));
    assert!(section(&whole, "inet_http_server").contains("port = 127.0.0.1:9001"));
}

#[test]
fn a_section_for_supervisor_that_cannot_be_used_is_reported() {
    let section_of = |name: &str| {
        format!("[{name}]\nrecipe = collective.recipe.supervisor\nport = ${{gone:port}}\n")
    };
    let (_, printed) = generate_with(&section_of("supervisor"));
    assert!(printed.contains("[supervisor] is not listed in `parts` and is ignored"), "{printed}");
    assert!(printed.contains("gone"), "{printed}");
    let two = section_of("one") + &section_of("two");
    let (sandbox, printed) = generate_with(&two.replace("${gone:port}", "9001"));
    assert!(
        printed.contains("[one] is not listed") && printed.contains("[two] is not listed"),
        "{printed}"
    );
    assert!(!conf(&sandbox).contains("[inet_http_server]"));
}

#[test]
fn the_first_part_for_supervisor_that_sets_an_option_is_used() {
    let sandbox = project(&format!(
        "{}\n[tools]\nrecipe = zc.recipe.egg\neggs =\n    supervisor\n    superlance\n\n\
         [supervisor]\nrecipe = zc.recipe.egg\n{SERVER}supervisord-loglevel = warn\n",
        SMALL.replace("parts = web", "parts = web tools supervisor")
    ));
    generate(&sandbox, &[]);
    assert!(section(&sandbox, "inet_http_server").starts_with("port = 9001"));
    assert!(section(&sandbox, "supervisord").contains("loglevel = warn"));
    let cfg = sandbox
        .read("buildout.cfg")
        .replace("superlance\n", "superlance\nsupervisor-port = 9002\n");
    sandbox.write("buildout.cfg", &cfg);
    let printed = text(&supkit(&sandbox, &["generate"]).stderr);
    let warning =
        "`supervisor-port` is set in [tools] and in [supervisor]; the value in [tools] is used";
    assert!(printed.contains(warning), "{printed}");
    assert!(section(&sandbox, "inet_http_server").starts_with("port = 9002"));
}

#[test]
fn the_client_can_use_the_server_on_a_port() {
    let socket = "serverurl = unix://%(here)s/../var/supervisor.sock";
    let egg = format!("[supervisor]\nrecipe = zc.recipe.egg\n{SERVER}");
    let (sandbox, _) = generate_with(&egg);
    assert_eq!(section(&sandbox, "supervisorctl"), socket);
    let url = "serverurl = http://localhost:9001";
    let (sandbox, printed) = generate_with(&format!("{egg}supervisorctl-{url}\n"));
    assert_eq!(section(&sandbox, "supervisorctl"), url, "it prompts for the password");
    assert!(!printed.contains("no server listens on a port"), "{printed}");
    let (_, printed) =
        generate_with(&format!("[supervisor]\nrecipe = zc.recipe.egg\nsupervisorctl-{url}\n"));
    assert!(
        printed.contains("no server listens on a port") && printed.contains("supervisor-port"),
        "{printed}"
    );
    let (sandbox, _) = generate_with(&format!(
        "{egg}supervisorctl-{url}\nsupervisorctl-username = admin\nsupervisorctl-password = secret\n"
    ));
    let known = format!("{url}\nusername = admin\npassword = secret");
    assert_eq!(section(&sandbox, "supervisorctl"), known);
    let part = format!(
        "[supervisor]\nrecipe = collective.recipe.supervisor\nport = 9001\nuser = admin\n\
         password = secret\n{url}\n"
    );
    let (sandbox, _) = generate_with(&part);
    assert_eq!(section(&sandbox, "supervisorctl"), known, "as the recipe writes it");
    let (sandbox, _) =
        generate_with(&format!("{part}supervisorctl-username =\nsupervisorctl-password =\n"));
    assert_eq!(section(&sandbox, "supervisorctl"), url);
    assert!(section(&sandbox, "inet_http_server").contains("password = secret"));
}

#[test]
fn misspelt_options_of_daemon_and_client_are_reported() {
    let egg = "[supervisor]\nrecipe = zc.recipe.egg\n";
    let (_, printed) =
        generate_with(&format!("{egg}supervisord-logfle = x\nsupervisorctl-url = y\n"));
    assert!(printed.contains("did you mean `supervisord-logfile`?"), "{printed}");
    assert!(printed.contains("is not an option of [supervisorctl]"), "{printed}");
    for (wrong, right) in [
        ("supervisor-serverurl", "supervisorctl-serverurl"),
        ("supervisor-loglevel", "supervisord-loglevel"),
        ("supervisor-prt", "supervisor-port"),
    ] {
        let sandbox = project(&format!("{SMALL}{egg}{wrong} = x\n"));
        let printed = fails(&sandbox, &[]);
        assert!(printed.contains(&format!("did you mean `{right}`?")), "{printed}");
    }
}

#[test]
fn a_project_may_have_recipes_of_its_own() {
    let sandbox = project("[buildout]\nparts = tika\n[tika]\nrecipe = our.tika\nport = 9998\n");
    let recipe = "[recipe]\ntitle = Tika\nnames = our.tika\nproduces = program\ntier = service\n\
                  reads = port\nsupervisor-command = {bin}/tika -p {port|9000}\n";
    sandbox.write("recipes.d/tika.ini", recipe);
    generate(&sandbox, &[]);
    assert!(conf(&sandbox).contains("command = %(here)s/../bin/tika -p 9998\npriority = 200\n"));
    let listed = supkit(&sandbox, &["recipes"]).stdout;
    assert!(String::from_utf8_lossy(&listed).contains("our.tika"));
    sandbox.write("recipes.d/tika.ini", &recipe.replace("tier", "teir"));
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("`teir`") && printed.contains("recipes.d/tika.ini:5"), "{printed}");
}

#[test]
fn a_configuration_with_a_password_is_readable_only_by_its_owner() {
    let sandbox = project(&format!(
        "{SEED}supervisor-port = 9001\nsupervisor-username = u\nsupervisor-password = p\n"
    ));
    generate(&sandbox, &[]);
    let mode = fs::metadata(sandbox.path("etc/supervisord.conf")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Every error has a position, a cause and a remedy, and nothing is written.
#[test]
fn errors_name_position_cause_and_remedy() {
    let head = "[buildout]\nparts = a\n[a]\n";
    let cases = [
        ("[buildout]\nparts = nobody\n", ["nobody", "buildout.cfg:2"]),
        (&format!("{head}x = 1\n"), ["recipe", "help"]),
        (
            &format!("{head}recipe = x.y\nsupervisor-priority = 3\n"),
            ["makes no program", "buildout.cfg:5"],
        ),
        (
            &format!("{head}recipe = x.y\n"),
            ["no part of the project makes a program", "supervisor-command"],
        ),
        (
            &format!("{head}recipe = x.y\nsupervisor-command = ${{nobody:home}}/x\n"),
            ["nobody", "buildout.cfg:5"],
        ),
        (
            &format!("{head}recipe = x.y\nsupervisor-command = x\nsupervisor-statsecs = 3\n"),
            ["did you mean `supervisor-startsecs`", "buildout.cfg:6"],
        ),
        (
            &format!("{head}recipe = x.y\nsupervisor-command = x ; y\n"),
            ["would be read as `x`", "buildout.cfg:5"],
        ),
        (
            &format!(
                "{head}recipe = x.y\nsupervisor-command = x\nsupervisor-autostart = perhaps\n"
            ),
            ["perhaps", "help"],
        ),
        (
            "[buildout]\nparts = a b\n[a]\nrecipe = x\nsupervisor-command = x\n\
             [b]\nrecipe = x\nsupervisor-command = x\nsupervisor-name = a\n",
            ["both make a program `a`", "supervisor-name"],
        ),
        ("parts = a\n", ["buildout.cfg", "section"]),
    ];
    for (cfg, wanted) in cases {
        let sandbox = project(cfg);
        let printed = fails(&sandbox, &[]);
        for words in wanted {
            assert!(printed.contains(words), "{cfg}\n---\n{printed}");
        }
        assert_eq!(sandbox.names(), ["buildout.cfg"], "{cfg}");
    }
}

#[test]
fn a_missing_project_is_reported_with_its_path() {
    let sandbox = Sandbox::new();
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("buildout.cfg") && printed.contains("-c"), "{printed}");
}

#[test]
fn nothing_is_written_if_a_directory_cannot_be_created() {
    let sandbox = project(SEED);
    // A file in place of a directory prevents this even for root.
    sandbox.write("var", "not a directory\n");
    let printed = fails(&sandbox, &[]);
    assert!(printed.contains("/var` is not a directory") && printed.contains("help"), "{printed}");
    assert!(!sandbox.path("bin").exists());
}

#[test]
fn the_reference_of_recipes_is_up_to_date() {
    let sandbox = Sandbox::new();
    let page = supkit(&sandbox, &["recipes", "--format", "markdown"]).stdout;
    let kept = include_str!("../../docs/reference/recipes.md");
    assert!(
        String::from_utf8(page).expect("UTF-8") == kept,
        "docs/reference/recipes.md is out of date: supkit recipes --format markdown > docs/reference/recipes.md"
    );
}
