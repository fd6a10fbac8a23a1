//! `supkit generate` with the details of real projects: each test is a project that was once read
//! wrongly, with the configuration and the messages that it must lead to.

use crate::support::Sandbox;
use crate::support::project::project;

/// The configuration of a project and the messages about it.
struct Generated {
    conf: String,
    messages: String,
}

impl Generated {
    fn of(cfg: &str) -> Self {
        Self::in_sandbox(&project(cfg))
    }

    fn in_sandbox(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let command = command.args(["generate", "-U", "--dry-run"]).env("HOME", sandbox.dir());
        let output = command.output().expect("supkit runs");
        let messages = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success(), "{messages}");
        Self { conf: String::from_utf8(output.stdout).expect("UTF-8"), messages }
    }

    /// The lines of a section, or nothing.
    fn section(&self, name: &str) -> Option<&str> {
        let body = self.conf.split_once(&format!("\n[{name}]\n"))?.1;
        Some(body.split_once("\n\n").map_or(body, |(section, _)| section))
    }

    fn option(&self, section: &str, option: &str) -> Option<&str> {
        let start = format!("{option} = ");
        self.section(section)?.lines().find_map(|line| line.strip_prefix(start.as_str()))
    }

    fn programs(&self) -> Vec<&str> {
        self.conf.lines().filter_map(|it| it.strip_prefix("[program:")?.strip_suffix(']')).collect()
    }

    fn count(&self, text: &str) -> usize {
        self.messages.matches(text).count()
    }
}

/// The messages of a run that must fail.
fn refused(cfg: &str) -> String {
    let sandbox = project(cfg);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let command = command.args(["generate", "-U", "--dry-run"]).env("HOME", sandbox.dir());
    let output = command.output().expect("supkit runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// `supkit check`: the exit status and the report.
fn check(cfg: &str) -> (Option<i32>, String) {
    let sandbox = project(cfg);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.arg("check").env("HOME", sandbox.dir()).output().expect("supkit runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

const DAEMON: &str = "[supervisor]\nrecipe = zc.recipe.egg\neggs = supervisor\n";

#[test]
fn a_value_of_an_absent_url_is_missed_only_where_it_is_used() {
    let unused = "[buildout]\nextends = http://dist.example.org/versions.cfg\nparts = zope2 app\n\
        [zope2]\nrecipe = plone.recipe.zope2install\nurl = ${versions:zope2-url}\n\
        [app]\nrecipe = plone.recipe.zope2instance\nzope2-location = ${zope2:location}\n\
        [versions]\nx = 1\n";
    let generated = Generated::of(unused);
    assert_eq!(generated.programs(), ["app"]);
    assert_eq!(generated.count("warning[url]"), 1, "{}", generated.messages);
    let used =
        format!("{unused}[more]\n").replace("[app]\n", "[app]\nhttp-address = ${versions:port}\n");
    let messages = refused(&used);
    assert!(messages.contains("versions port"), "{messages}");
    assert!(
        messages.contains("`http://dist.example.org/versions.cfg` may define it"),
        "{messages}"
    );
}

#[test]
fn one_cause_is_reported_once() {
    let messages = refused(
        "[buildout]\nparts = app1 app2 app3\n[env]\nrecipe = who.knows\n\
         [app]\nrecipe = plone.recipe.zope2instance\neffective-user = ${env:OWNER}\n\
         [app1]\n<= app\n[app2]\n<= app\n[app3]\n<= app\n",
    );
    assert_eq!(messages.matches("error[").count(), 1, "{messages}");
    let twice = Generated::of(
        "[buildout]\nparts = run\n[run]\nrecipe = collective.recipe.supervisor\nprograms =\n    \
         10 a ${buildout:bin-directory}/pserve [a.ini] true\n    \
         10 b ${buildout:bin-directory}/pserve [b.ini] true\n",
    );
    assert_eq!(twice.count("bin/pserve"), 1, "{}", twice.messages);
}

#[test]
fn lines_of_an_environment_are_variables() {
    let generated = Generated::of(
        "[buildout]\nparts = supervisor\n[supervisor]\nrecipe = collective.recipe.supervisor\n\
         supervisord-environment =\n    TMP=var/tmp\n    NAME=a b\nprograms = 10 a /bin/cat true\n",
    );
    let section = generated.section("supervisord").expect("a section");
    assert!(section.contains("environment = TMP=var/tmp,\n    NAME=\"a b\""), "{section}");
    assert_eq!(generated.count("no-commas"), 1, "{}", generated.messages);
}

#[test]
fn every_choice_of_sections_is_written() {
    let words = ["global", "ctl", "http", "rpc", "services"];
    for choice in 0..32_usize {
        let chosen: Vec<&str> = words
            .iter()
            .enumerate()
            .filter(|(at, _)| choice >> at & 1 == 1)
            .map(|it| *it.1)
            .collect();
        let generated = Generated::of(&format!(
            "[buildout]\nparts = supervisor\n[supervisor]\nrecipe = collective.recipe.supervisor\n\
             sections = {}\nprograms = 10 a /bin/cat true\n",
            chosen.join(" ")
        ));
        let has = |word: &str| chosen.contains(&word);
        assert_eq!(generated.section("supervisord").is_some(), has("global"), "{chosen:?}");
        assert_eq!(generated.section("supervisorctl").is_some(), has("ctl"), "{chosen:?}");
        let has_server = generated.section("inet_http_server").is_some();
        assert_eq!(has_server, has("ctl") && has("http"), "{chosen:?}");
        assert_eq!(generated.section("program:a").is_some(), has("services"), "{chosen:?}");
        assert_eq!(generated.messages.contains("bin/run"), has("global"), "{chosen:?}");
    }
}

#[test]
fn a_second_part_without_the_daemon_is_a_file_that_the_first_includes() {
    let sandbox = project(
        "[buildout]\nparts = more supervisor\n[supervisor]\n\
         recipe = collective.recipe.supervisor\nprograms = 10 a /bin/cat true\n\
         include = ${more:supervisord-conf}\n[more]\nrecipe = collective.recipe.supervisor\n\
         sections = services\nprograms = 10 b /bin/cat true\n",
    );
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.args(["generate", "-U"]).env("HOME", sandbox.dir()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(sandbox.read("etc/supervisord.conf").contains("[program:a]"));
    assert!(sandbox.read("parts/more/supervisord.conf").contains("[program:b]"));
}

#[test]
fn a_directory_with_a_blank_is_quoted_where_supervisor_splits() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("my site")).unwrap();
    sandbox.write(
        "my site/buildout.cfg",
        "[buildout]\nparts = web db\n[web]\nrecipe = x.y\n\
         supervisor-command = ${buildout:bin-directory}/web -f ${buildout:directory}/x\n\
         supervisor-environment = A=${buildout:directory},B=2\n\
         [db]\nrecipe = plone.recipe.zeoserver\n",
    );
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["generate", "-U", "--dry-run"]).current_dir(sandbox.path("my site"));
    let output = command.env("HOME", sandbox.dir()).output().expect("supkit runs");
    let conf = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = [
        "command = \"%(here)s/../bin/web\" -f \"%(here)s/../x\"",
        "environment = A=\"%(here)s/..\",B=2",
        "command = \"%(here)s/../bin/db\" fg",
        "files = supervisord.d/*.conf",
    ];
    for line in lines {
        assert!(conf.lines().any(|it| it == line), "{line}\n{conf}");
    }
}
