//! Projects without a buildout.cfg: what `generate` and `check` make of a Zope with a WSGI
//! configuration and a ZEO server, as cookiecutter-zope-instance and mkwsgiinstance write them.

use std::process::Output;

use insta::assert_snapshot;

use crate::support::{Sandbox, printed};

const INI: &str = "\
[app:zope]
use = egg:Zope#main
zope_conf = %(here)s/zope.conf

[server:main]
use = egg:waitress#main
listen = localhost:PORT
threads = 4

[pipeline:main]
pipeline =
    egg:Zope#httpexceptions
    zope

[handler_eventlog]
args = (r'var/log/instance.log', 'a')
";

const CLIENT: &str = "\
%define INSTANCEHOME instance
instancehome $INSTANCEHOME
debug-mode off

<zodb_db main>
    mount-point /
    <zeoclient>
        server localhost:8100
        name 1
    </zeoclient>
</zodb_db>
";

const ZEO: &str = "\
<zeo>
    address localhost:8100
</zeo>
<filestorage 1>
    path var/filestorage/Data.fs
</filestorage>
";

fn supkit(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command
        .args(args)
        .env("HOME", sandbox.dir())
        .env_remove("VIRTUAL_ENV")
        .output()
        .expect("it runs")
}

/// Two instances of cookiecutter-zope-instance and a ZEO server.
fn cluster() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, port) in [("instance1", "8081"), ("instance2", "8082")] {
        let yaml = format!(
            "default_context:\n    target: {name}\n    wsgi_listen: localhost:{port}\n    db_storage: zeo\n"
        );
        sandbox.write(&format!("{name}.yaml"), &yaml);
        sandbox.write(&format!("{name}/etc/zope.ini"), &INI.replace("PORT", port));
        sandbox.write(&format!("{name}/etc/zope.conf"), CLIENT);
    }
    sandbox.write("etc/zeo.conf", ZEO);
    sandbox.script(".venv/bin/runwsgi", "#!/bin/sh\n");
    sandbox.script(".venv/bin/runzeo", "#!/bin/sh\n");
    sandbox
}

#[test]
fn a_cluster_becomes_the_programs_that_a_buildout_would_become() {
    let sandbox = cluster();
    let output = supkit(&sandbox, &["generate"]);
    assert!(output.status.success(), "{}", printed(&output));
    let conf = sandbox.read("etc/supervisord.conf");
    assert!(conf.contains("changes into ../instance1/etc/zope.ini"), "{conf}");
    let (_, programs) = conf.split_once("[program:").expect("a program");
    assert_snapshot!(format!("[program:{programs}"), @r#"
    [program:zeoserver]
    command = %(here)s/../.venv/bin/runzeo -C %(here)s/../etc/zeo.conf
    directory = %(here)s/..
    priority = 100
    autostart = true
    startsecs = 10
    autorestart = true
    stopwaitsecs = 60
    ready_tcp = localhost:8100
    ready_interval = 10

    [program:instance1]
    command = %(here)s/../.venv/bin/runwsgi %(here)s/../instance1/etc/zope.ini
    directory = %(here)s/..
    priority = 500
    autostart = true
    startsecs = 60
    autorestart = true
    stopsignal = INT
    stopwaitsecs = 60
    redirect_stderr = true
    depends_on = zeoserver:ready
    ready_http = http://localhost:8081/
    ready_http_status = 100-499
    ready_interval = 10

    [program:instance2]
    command = %(here)s/../.venv/bin/runwsgi %(here)s/../instance2/etc/zope.ini
    directory = %(here)s/..
    priority = 501
    autostart = true
    startsecs = 60
    autorestart = true
    stopsignal = INT
    stopwaitsecs = 60
    redirect_stderr = true
    depends_on = zeoserver:ready
    ready_http = http://localhost:8082/
    ready_http_status = 100-499
    ready_interval = 10

    [include]
    files = %(here)s/supervisord.d/*.conf
    "#);
    let again = supkit(&sandbox, &["generate"]);
    assert!(printed(&again).contains("nothing changed"), "{}", printed(&again));
    assert_eq!(supkit(&sandbox, &["generate", "--check"]).status.code(), Some(0));
}

#[test]
fn check_reports_problems_at_the_lines_of_the_files() {
    let sandbox = cluster();
    let check = || printed(&supkit(&sandbox, &["check"]));
    assert_eq!(check(), "instance1/etc/zope.ini: no problems\n");
    sandbox.write("instance2/etc/zope.ini", &INI.replace("PORT", "8081"));
    sandbox.write("instance1/etc/zope.conf", &CLIENT.replace("8100", "8109"));
    let text = check();
    for part in [
        "parts `instance1` and `instance2` both listen on localhost:8081",
        "instance2/etc/zope.ini:7:10",
        "part `instance1` connects to localhost:8109, but no part listens there",
        "instance1/etc/zope.conf:8:9",
        "`instance2/etc/zope.ini` was generated with another address",
        "instance2.yaml:3:5",
        "instance1/etc/zope.ini: 3 problems",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn two_instances_with_one_database_are_an_error() {
    let sandbox = cluster();
    let own = "<zodb_db main>\n<filestorage>\n  path /srv/Data.fs\n</filestorage>\n</zodb_db>\n";
    for name in ["instance1", "instance2"] {
        sandbox.write(&format!("{name}/etc/zope.conf"), own);
    }
    let output = supkit(&sandbox, &["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let problem = &report["problems"][0];
    assert_eq!(problem["code"], "same-data");
    assert_eq!(
        problem["suggestion"],
        "connect the instance to a ZEO server with `<zeoclient>`, or set another `path` in one of them"
    );
}

#[test]
fn a_project_elsewhere_is_named_by_the_buildout_that_it_does_not_have() {
    let sandbox = cluster();
    std::fs::create_dir(sandbox.path("away")).expect("a directory");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.current_dir(sandbox.path("away")).env("HOME", sandbox.dir());
    let output = command.args(["generate", "-c", "../buildout.cfg"]).output().expect("it runs");
    assert!(output.status.success(), "{}", printed(&output));
    assert!(sandbox.read("etc/supervisord.conf").contains("[program:zeoserver]"));
}

#[test]
fn without_a_project_generate_lists_what_it_searched() {
    let sandbox = Sandbox::new();
    sandbox.write("etc/app.ini", "[app:main]\nuse = egg:other\n");
    let output = supkit(&sandbox, &["generate"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(printed(&output), @r#"
    error[no-project]: there is no project in `.` that supkit can read
      |
      = help: searched:
              - buildout.cfg: a buildout
              - instance*.yaml, */instance*.yaml: settings of cookiecutter-zope-instance
              - *.ini, etc/*.ini, */etc/*.ini, */*/etc/*.ini: a WSGI configuration with `zope_conf = ...`
              - *.conf, etc/*.conf, */etc/*.conf, */*/etc/*.conf: a ZEO server with a section `<zeo>`
              examined and none of these: `etc/app.ini`
              name the main file of another buildout with -c, or make a project: supkit init
    "#);
    assert_eq!(sandbox.names(), ["etc"], "nothing is written");
    // A file that was named must exist.
    let named = printed(&supkit(&sandbox, &["generate", "-c", "site.cfg"]));
    assert!(named.contains("Couldn't open") && named.contains("site.cfg"), "{named}");
}
