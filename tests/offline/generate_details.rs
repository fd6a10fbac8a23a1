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

const STORAGE: &str = "[storage]\nrecipe = plone.recipe.zeoserver\nzeo-address = 8100\n";
const CLIENT: &str = "recipe = plone.recipe.zope2instance\nzeo-client = on\n\
    zeo-address = ${storage:zeo-address}\n";

#[test]
fn a_part_that_is_only_referenced_does_not_start() {
    let cfg = format!(
        "[buildout]\nparts = storage client supervisor\n{STORAGE}eggs = ${{instance:eggs}}\n\
         [instance]\nrecipe = plone.recipe.zope2instance\neggs = Plone\n\
         [client]\n{CLIENT}http-address = 8081\neggs = ${{instance:eggs}}\n{DAEMON}"
    );
    let generated = Generated::of(&cfg);
    assert_eq!(generated.option("program:instance", "autostart"), Some("false"));
    assert_eq!(generated.option("program:client", "autostart"), Some("true"));
    assert_eq!(generated.count("warning[referenced-part]"), 1, "{}", generated.messages);
    let (status, report) = check(&cfg);
    assert_eq!(status, Some(2), "{report}");
    assert!(report.contains("both open `var/filestorage/Data.fs`"), "{report}");
    let listed = cfg.replace("= Plone", "= Plone\nsupervisor-autostart = true");
    let generated = Generated::of(&listed);
    assert_eq!(generated.option("program:instance", "autostart"), Some("true"));
    assert_eq!(generated.count("referenced-part"), 0, "{}", generated.messages);
}

#[test]
fn an_unlisted_storage_starts_if_a_client_connects_to_it() {
    let cfg = format!("[buildout]\nparts = client\n{STORAGE}[client]\n{CLIENT}");
    let generated = Generated::of(&cfg);
    assert_eq!(generated.option("program:storage", "autostart"), Some("true"));
    assert!(generated.messages.contains("since `client` connects to it"), "{}", generated.messages);
    let alone = cfg.replace("zeo-client = on", "zeo-client = off");
    let generated = Generated::of(&alone);
    assert_eq!(generated.option("program:storage", "autostart"), Some("false"));
}

#[test]
fn a_debug_instance_does_not_start_beside_another() {
    let cfg = format!(
        "[buildout]\nparts = storage app app-debug\n{STORAGE}[app]\n{CLIENT}\
         [app-debug]\n<= app\ndebug-mode = on\n"
    );
    let generated = Generated::of(&cfg);
    assert_eq!(generated.option("program:app", "autostart"), Some("true"));
    assert_eq!(generated.option("program:app-debug", "autostart"), Some("false"));
    let (status, report) = check(&cfg);
    assert_eq!((status, report.matches("same-port").count()), (Some(1), 0), "{report}");
    let alone = Generated::of(&cfg.replace("= storage app app-debug", "= storage app-debug"));
    assert_eq!(alone.option("program:app-debug", "autostart"), Some("true"));
}

#[test]
fn two_standalone_instances_share_a_database() {
    let (status, report) = check(
        "[buildout]\nparts = one two\n[one]\nrecipe = plone.recipe.zope2instance\n\
         http-address = 8081\n[two]\n<= one\nhttp-address = 8082\n",
    );
    assert_eq!(status, Some(2), "{report}");
    assert!(report.contains("parts `one` and `two` both open"), "{report}");
    let (status, report) = check(
        "[buildout]\nparts = one two\n[one]\nrecipe = plone.recipe.zope2instance\n\
         http-address = 8081\n[two]\n<= one\nhttp-address = 8082\nfile-storage = two/Data.fs\n",
    );
    assert_eq!(status, Some(0), "{report}");
}

#[test]
fn the_port_base_is_added_to_the_ports() {
    let (status, report) = check(&format!(
        "[buildout]\nparts = storage app1 app2 cache\n{STORAGE}[app]\n{CLIENT}\
         [app1]\n<= app\nport-base = 1\n[app2]\n<= app\nport-base = 2\n\
         [cache]\nrecipe = plone.recipe.varnish:configuration\nbackends = 127.0.0.1:8081\n"
    ));
    assert_eq!(status, Some(0), "{report}");
}

#[test]
fn a_section_with_a_command_is_a_program_without_a_recipe() {
    let listed = Generated::of("[buildout]\nparts = job\n[job]\nsupervisor-command = /bin/job\n");
    assert_eq!(listed.programs(), ["job"]);
    let unlisted = "[buildout]\nparts =\n[job]\nsupervisor-command = /bin/job\n";
    assert_eq!(Generated::of(unlisted).programs(), ["job"]);
    let as_macro = format!("{unlisted}[one]\n<= job\n[two]\n<= job\n");
    assert_eq!(Generated::of(&as_macro).programs(), ["one", "two"]);
}

#[test]
fn a_server_that_buildout_would_start_is_not_dropped_silently() {
    let cfg = "[buildout]\nparts = storage start\n[storage]\nrecipe = plone.recipe.zeoserver\n\
        [start]\nrecipe = plone.recipe.command\n\
        command = /usr/sbin/haproxy -f ${buildout:directory}/etc/lb.conf -D\n";
    let generated = Generated::of(cfg);
    assert!(generated.messages.contains("`start` starts haproxy"), "{}", generated.messages);
    let built = format!("{cfg}[haproxy]\nrecipe = plone.recipe.haproxy\n")
        .replace("parts = storage", "parts = storage haproxy");
    let generated = Generated::of(&built);
    let command = generated.option("program:haproxy", "command");
    assert_eq!(command, Some("%(here)s/../bin/haproxy -f %(here)s/../etc/lb.conf -db"));
    assert_eq!(generated.count("not-supervised"), 0, "{}", generated.messages);
}

#[test]
fn a_compiled_server_uses_the_file_that_another_part_renders() {
    let cfg = "[buildout]\nparts = haproxy-build haproxy-conf logs\n\
        [haproxy-build]\nrecipe = plone.recipe.haproxy\n\
        [logs]\nrecipe = collective.recipe.template\ninput = inline: x\n\
        output = ${buildout:directory}/etc/logrotate-haproxy.conf\n\
        [haproxy-conf]\nrecipe = collective.recipe.template\ninput = inline: x\n\
        output = ${buildout:directory}/etc/haproxy.conf\n";
    let generated = Generated::of(cfg);
    let command = generated.option("program:haproxy", "command");
    assert_eq!(command, Some("%(here)s/../bin/haproxy -f %(here)s/../etc/haproxy.conf -db"));
    assert_eq!(generated.count("no-configuration"), 0, "{}", generated.messages);
    let without = Generated::of(&cfg.replace("haproxy-conf logs", "logs"));
    assert!(without.messages.contains("no part creates `etc/haproxy.cfg`"), "{}", without.messages);
    let sandbox = project(&cfg.replace("haproxy-conf logs", "logs"));
    sandbox.write("etc/haproxy.cfg", "listen x\n");
    assert_eq!(Generated::in_sandbox(&sandbox).count("no-configuration"), 0);
}

#[test]
fn nginx_stays_in_the_foreground_once() {
    let cfg = |text: &str| {
        format!(
            "[buildout]\nparts = nginx-build nginx-conf\n[nginx-build]\nrecipe = zc.recipe.cmmi\n\
             [nginx-conf]\nrecipe = collective.recipe.template\ninput = inline:\n    {text}\n\
             output = ${{buildout:directory}}/etc/nginx.conf\n"
        )
    };
    let plain = Generated::of(&cfg("events {}"));
    let command = plain.option("program:nginx", "command").expect("a command");
    assert!(command.ends_with("/etc/nginx.conf -g \"daemon off;\""), "{command}");
    let off = Generated::of(&cfg("daemon off; events {}"));
    let command = off.option("program:nginx", "command").expect("a command");
    assert!(command.ends_with("/etc/nginx.conf"), "{command}");
}

#[test]
fn a_compiled_server_that_another_part_runs_makes_no_program() {
    let generated = Generated::of(
        "[buildout]\nparts = varnish-build varnish\n[varnish-build]\nrecipe = zc.recipe.cmmi\n\
         [varnish]\nrecipe = plone.recipe.varnish:script\nconfiguration-file = /etc/x.vcl\n\
         daemon = ${varnish-build:location}/sbin/varnishd\n",
    );
    assert_eq!(generated.programs(), ["varnish"]);
}

#[test]
fn a_clone_has_the_options_of_the_cloned_part() {
    let cfg = format!(
        "[buildout]\nparts = storage app app1 cache\n{STORAGE}[app]\n{CLIENT}http-address = 8080\n\
         effective-user = zope\n[app1]\nrecipe = collective.recipe.zope2cluster\n\
         instance-clone = app\nhttp-address = 8081\n\
         [cache]\nrecipe = plone.recipe.varnish:configuration\nbackends = 127.0.0.1:8081\n"
    );
    let generated = Generated::of(&cfg);
    assert_eq!(generated.programs(), ["storage", "app", "app1"]);
    assert_eq!(generated.option("program:app1", "user"), Some("zope"));
    assert_eq!(check(&cfg).0, Some(0), "{}", check(&cfg).1);
}

#[test]
fn options_of_recipes_are_known() {
    let generated = Generated::of(
        "[buildout]\nparts = run\n[old]\nrecipe = plone.recipe.varnish\ndaemon = /d\nbind = 81\n\
         [new]\nrecipe = plone.recipe.varnish:script\nconfiguration-file = x\n[run]\nrecipe = x.y\n\
         supervisor-command = /d -f ${old:config} -a ${old:bind-host}:${old:bind-port} -s \
         ${new:cache-type},${new:cache-size} -a ${new:bind-port}\n",
    );
    let command = generated.option("program:run", "command").expect("a command");
    assert_eq!(command, "/d -f %(here)s/../parts/old/varnish.vcl -a :81 -s file,256M -a 8000");
}

#[test]
fn variables_of_the_environment_are_options() {
    let sandbox = project(
        "[buildout]\nparts = app\n[env]\nrecipe = gocept.recipe.env\n[more]\n\
         recipe = collective.recipe.environment\nSITE = own\n[app]\nrecipe = x.y\n\
         supervisor-command = /bin/${env:SITE} ${more:SITE}\n",
    );
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let command = command.args(["generate", "-U", "--output", "-"]).env("HOME", sandbox.dir());
    let output = command.env("SITE", "shop").output().expect("supkit runs");
    let conf = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(conf.contains("command = /bin/shop own\n"), "{conf}");
}

#[test]
fn python_code_is_not_a_value() {
    let cfg = "[buildout]\nparts = supervisor\n[facts]\nrecipe = mr.scripty\nBASE = 9000\n\
        port =\n    ... return int(self.BASE) + 1\n[supervisor]\n\
        recipe = collective.recipe.supervisor\nport = ${facts:port}\nprograms = 10 a /bin/cat true\n";
    let messages = refused(cfg);
    assert!(messages.contains("mr.scripty computes `port` of [facts]"), "{messages}");
    let sandbox = project(cfg);
    sandbox.write(
        ".installed.cfg",
        "[buildout]\nparts = facts\n[facts]\nrecipe = mr.scripty\nBASE = 9000\nport = 9001\n",
    );
    let generated = Generated::in_sandbox(&sandbox);
    assert_eq!(generated.option("inet_http_server", "port"), Some("9001"));
    let constant = Generated::of(&cfg.replace("${facts:port}", "${facts:BASE}"));
    assert_eq!(constant.option("inet_http_server", "port"), Some("9000"));
}

#[test]
fn programs_of_a_template_that_is_not_included_are_reported() {
    let cfg = "[buildout]\nparts = zeo extra\n[zeo]\nrecipe = plone.recipe.zeoserver\n[extra]\n\
        recipe = collective.recipe.template\ninput = inline:\n    [program:job]\n    \
        command = ${zeo:location}/bin/job\noutput = ${buildout:directory}/etc/sv/job.conf\n";
    let generated = Generated::of(cfg);
    assert_eq!(generated.programs(), ["zeo"]);
    assert!(generated.messages.contains("renders the programs job"), "{}", generated.messages);
    let included = Generated::of(&cfg.replace("etc/sv/", "etc/supervisord.d/"));
    assert_eq!(included.count("not-included"), 0, "{}", included.messages);
}

#[test]
fn a_script_named_like_a_server_is_not_its_configuration() {
    let generated = Generated::of(
        "[buildout]\nparts = nginx-build nginx main\n[nginx-build]\nrecipe = zc.recipe.cmmi\n\
         [nginx]\nrecipe = collective.recipe.template\ninput = inline: exec x\nmode = 755\n\
         output = ${buildout:bin-directory}/nginx\n[main]\nrecipe = collective.recipe.template\n\
         input = inline: events {}\noutput = ${buildout:directory}/etc/nginx/main-nginx.conf\n",
    );
    let command = generated.option("program:nginx", "command").expect("a command");
    assert!(command.contains("/etc/nginx/main-nginx.conf"), "{command}");
}

#[test]
fn a_command_without_effect_is_reported() {
    let generated = Generated::of(
        "[buildout]\nparts = zeo\n[zeo]\nrecipe = plone.recipe.zeoserver\n[worker]\n\
         recipe = zc.recipe.egg\nsupervisor-command = bin/worker\n",
    );
    assert_eq!(generated.programs(), ["zeo"]);
    assert!(generated.messages.contains("no effect in [worker]"), "{}", generated.messages);
}

#[test]
fn a_configuration_is_recognised_by_its_options() {
    let sandbox = project(
        "[buildout]\nparts = haproxy-build nginx-build main balancer\n[haproxy-build]\n\
         recipe = plone.recipe.haproxy\n[nginx-build]\nrecipe = zc.recipe.cmmi\n[main]\n\
         recipe = collective.recipe.template\ninput = ${buildout:directory}/main.conf.in\n\
         output = ${buildout:directory}/production/main.conf\n[balancer]\n\
         recipe = collective.recipe.template\ninput = ${buildout:directory}/balancer.conf.in\n\
         output = ${buildout:directory}/production/balancer.conf\n",
    );
    sandbox.write("main.conf.in", "daemon off;\nworker_processes 2;\n");
    sandbox.write("balancer.conf.in", "global\n  daemon\n  maxconn 4096\n");
    let generated = Generated::in_sandbox(&sandbox);
    let haproxy = generated.option("program:haproxy", "command");
    assert_eq!(
        haproxy,
        Some("%(here)s/../bin/haproxy -f %(here)s/../production/balancer.conf -db")
    );
    let nginx = generated.option("program:nginx", "command").expect("a command");
    assert!(nginx.ends_with("-c %(here)s/../production/main.conf"), "{nginx}");
}
