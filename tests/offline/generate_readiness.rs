//! The probes and dependencies that `supkit generate` writes.

use std::collections::BTreeMap;

use crate::support::Sandbox;
use crate::support::project::project;

/// ZEO, two instances and Varnish with a VCL file.
const SITE: &str = "\
[buildout]
parts = zeo one two varnish
[zeo]
recipe = plone.recipe.zeoserver
zeo-address = 127.0.0.1:8100
[one]
recipe = plone.recipe.zope2instance
user = a:b
zeo-client = on
zeo-address = ${zeo:zeo-address}
http-address = 8081
[two]
recipe = plone.recipe.zope2instance
user = a:b
zeo-client = on
zeo-address = ${zeo:zeo-address}
http-address = 127.0.0.1:8082
[varnish]
recipe = plone.recipe.varnish:script
bind = 0.0.0.0:8000
configuration-file = ${buildout:directory}/etc/varnish.vcl
";

const VCL: &str = "\
vcl 4.0;
backend one {
    .host = \"127.0.0.1\";
    .port = \"8081\";
}
backend two { .host = \"localhost\"; .port = \"8082\"; }
";

/// The options of readiness by program, and the warnings.
struct Generated {
    options: BTreeMap<String, Vec<String>>,
    warnings: String,
}

fn generate(sandbox: &Sandbox) -> Generated {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command
        .args(["generate", "--output", "-"])
        .env("HOME", sandbox.dir())
        .output()
        .expect("supkit runs");
    let warnings = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{warnings}");
    let conf = String::from_utf8(output.stdout).expect("UTF-8");
    let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut program = None;
    for line in conf.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let name = header.strip_prefix("program:").map(|name| name.trim_end_matches(']'));
            program = name.map(|name| options.entry(name.to_owned()).or_default());
        } else if let Some(options) = &mut program {
            if ["ready_", "depends_on", "drain_"].iter().any(|prefix| line.starts_with(prefix)) {
                options.push(line.to_owned());
            }
        }
    }
    Generated { options, warnings }
}

/// The options for a project of this text.
fn of(text: &str) -> BTreeMap<String, Vec<String>> {
    generate(&project(text)).options
}

fn with(more: &str) -> Sandbox {
    let sandbox = project(&format!("{SITE}{more}"));
    sandbox.write("etc/varnish.vcl", VCL);
    sandbox
}

#[test]
fn each_program_waits_for_those_that_it_connects_to() {
    let options = generate(&with("")).options;
    assert_eq!(options["zeo"], ["ready_tcp = 127.0.0.1:8100", "ready_interval = 10"]);
    let http = ["ready_http_status = 100-499", "ready_interval = 10"];
    for (name, port) in [("one", 8081), ("two", 8082)] {
        let url = format!("ready_http = http://127.0.0.1:{port}/");
        let drain = format!("drain_varnish = {name}");
        assert_eq!(options[name], ["depends_on = zeo:ready", &url, http[0], http[1], &drain]);
    }
    let wanted = ["depends_on = any(one:ready, two:ready)", "ready_tcp = 127.0.0.1:8000"];
    assert_eq!(options["varnish"], wanted);
}

#[test]
fn a_switch_leaves_all_of_it_out() {
    for value in ["false", "off", "No"] {
        let options = generate(&with(&format!("[supkit]\nreadiness = {value}\n"))).options;
        assert!(options.values().all(Vec::is_empty), "{options:?}");
    }
    let options = generate(&with("[supkit]\nreadiness = true\n")).options;
    assert!(!options["zeo"].is_empty());
    let sandbox = with("[supkit]\nreadiness = perhaps\n");
    let output = sandbox
        .command(env!("CARGO_BIN_EXE_supkit"))
        .args(["generate", "--output", "-"])
        .output()
        .expect("supkit runs");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("neither true nor false: `perhaps`"), "{printed}");
    assert!(printed.contains("buildout.cfg:23"), "{printed}");
}

#[test]
fn what_does_not_start_here_is_not_waited_for() {
    let stopped = generate(&with("[zeo]\nsupervisor-autostart = false\n")).options;
    assert!(stopped["one"].iter().all(|line| !line.starts_with("depends_on")), "{stopped:?}");
    let elsewhere = generate(&with("[one]\nzeo-address = 10.1.2.3:8100\n")).options;
    assert!(!elsewhere["one"].concat().contains("depends_on"), "{elsewhere:?}");
    let left_out = generate(&with("[zeo]\nsupervisor = false\n")).options;
    assert!(!left_out["one"].concat().contains("depends_on"), "{left_out:?}");
    let remote = "[zeo]\nzeo-address = 10.1.2.3:8100\n";
    let same = generate(&with(remote)).options;
    assert_eq!(same["one"][0], "depends_on = zeo:ready", "the same address on both sides");
}

#[test]
fn the_options_of_a_part_replace_what_is_derived() {
    let own = "[varnish]\nsupervisor-depends-on = one:ready\nsupervisor-ready-exec = bin/probe\n\
               [one]\nsupervisor-depends-on =\nsupervisor-ready-interval = 30\n\
               [two]\nsupervisor-ready-http =\n";
    let options = generate(&with(own)).options;
    assert_eq!(options["varnish"], ["depends_on = one:ready", "ready_exec = bin/probe"]);
    let http = ["ready_http = http://127.0.0.1:8081/", "ready_http_status = 100-499"];
    let more = ["ready_interval = 30", "drain_varnish = one"];
    assert_eq!(options["one"], [http[0], http[1], more[0], more[1]]);
    assert_eq!(options["two"], ["depends_on = zeo:ready", "drain_varnish = two"], "no probe");

    let command = "[one]\nsupervisor-command = bin/own\n[two]\nwsgi = etc/own.ini\n";
    let options = generate(&with(command)).options;
    for name in ["one", "two"] {
        let drain = format!("drain_varnish = {name}");
        assert_eq!(options[name], ["depends_on = zeo:ready", &drain]);
    }
    assert_eq!(options["varnish"], ["ready_tcp = 127.0.0.1:8000"]);
}

#[test]
fn no_circle_is_closed() {
    let options = generate(&with("[zeo]\nsupervisor-depends-on = varnish\n")).options;
    assert_eq!(options["zeo"][0], "depends_on = varnish");
    let waits = |name: &str| options[name].iter().any(|line| line.starts_with("depends_on"));
    // Varnish could wait for both instances, or these for ZEO, but not all of it.
    assert!(!(waits("one") && waits("varnish")), "{options:?}");
    let grouped = "[one]\nsupervisor-group = sites\n[two]\nsupervisor-group = sites\n\
                   [zeo]\nsupervisor-depends-on = sites:*\n";
    let options = generate(&with(grouped)).options;
    assert!(!options["one"].concat().contains("depends_on"), "{options:?}");
    assert!(!options["two"].concat().contains("depends_on"), "{options:?}");
}

#[test]
fn addresses_have_several_forms() {
    let zeo = |address: &str| {
        let text = format!(
            "[buildout]\nparts = zeo\n[zeo]\nrecipe = plone.recipe.zeoserver\nzeo-address = {address}\n"
        );
        of(&text)["zeo"].first().cloned().unwrap_or_default()
    };
    assert_eq!(zeo("8100"), "ready_tcp = 127.0.0.1:8100");
    assert_eq!(zeo("[::]:8100"), "ready_tcp = [::1]:8100");
    assert_eq!(zeo("[::1]:8100"), "ready_tcp = [::1]:8100");
    assert_eq!(zeo("localhost:8100"), "ready_tcp = localhost:8100");
    assert_eq!(zeo("/run/50%/zeo.sock"), "ready_unix = /run/50%%/zeo.sock");
    let unix = "${buildout:directory}/var/zeo.sock";
    assert_eq!(zeo(unix), "ready_unix = %(here)s/../var/zeo.sock");

    let sandbox = project(
        "[buildout]\nparts = zeo\n[zeo]\nrecipe = plone.recipe.zeoserver\n\
         zeo-address = no.such.host.invalid:8100\n",
    );
    let Generated { options, warnings } = generate(&sandbox);
    assert!(options["zeo"].is_empty(), "{options:?}");
    assert!(warnings.contains("no.such.host.invalid"), "{warnings}");
}

#[test]
fn balancers_wait_for_the_servers_in_their_configuration() {
    let text = format!(
        "{}[haproxy]\nrecipe = plone.recipe.haproxy\n\
         [haproxy-conf]\nrecipe = collective.recipe.template\n\
         output = ${{buildout:directory}}/etc/haproxy.cfg\ninput = inline:\n\
         \x20   frontend web\n\x20     bind *:9000\n\
         \x20   backend plone\n\x20     server one 127.0.0.1:${{one:http-address}}\n\
         \x20     server far 10.0.0.9:8080\n\
         [redis]\nrecipe = zc.recipe.cmmi\nurl = http://x/redis.tgz\n\
         [memcached]\nrecipe = zc.recipe.cmmi\nurl = http://x/memcached.tgz\n",
        SITE.replace("parts = zeo", "parts = haproxy haproxy-conf redis memcached zeo")
    );
    let sandbox = project(&text);
    sandbox.write("etc/redis.conf", "port 0\nunixsocket /run/redis.sock\n");
    let options = generate(&sandbox).options;
    assert_eq!(options["memcached"], ["ready_tcp = 127.0.0.1:11211"]);
    assert_eq!(options["haproxy"], ["depends_on = one:ready", "ready_tcp = 127.0.0.1:9000"]);
    assert_eq!(options["redis"], ["ready_unix = /run/redis.sock"]);
    assert_eq!(options["varnish"], ["ready_tcp = 127.0.0.1:8000"], "without a VCL file");
}

#[test]
fn varnish_waits_for_the_backends_of_its_configuration_part() {
    let cache = |recipe: &str, more: &str| {
        let text = format!(
            "[buildout]\nparts = instance cache\n\
             [instance]\nrecipe = plone.recipe.zope2instance\nuser = a:b\n\
             [cache]\nrecipe = {recipe}\ndaemon = /usr/sbin/varnishd\n{more}"
        );
        of(&text)["cache"].clone()
    };
    let wanted = ["depends_on = instance:ready", "ready_tcp = 127.0.0.1:8000"];
    let part = "configuration-part = vcl\n[vcl]\nrecipe = plone.recipe.varnish:configuration\n\
                backends = /plone:127.0.0.1:8080\n";
    assert_eq!(cache("plone.recipe.varnish:script", part), wanted);
    assert_eq!(cache("plone.recipe.varnish", ""), wanted);
    assert_eq!(cache("plone.recipe.varnish", "config = /etc/x.vcl\n"), wanted[1..]);
    let far = "backends = 10.0.0.1:8080\n";
    assert_eq!(cache("plone.recipe.varnish", far), wanted[1..]);
}

#[test]
fn the_daemon_and_supervisorctl_accept_the_result() {
    let sandbox = with("");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.arg("generate").env("HOME", sandbox.dir()).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let conf = sandbox.path("etc/supervisord.conf");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let output = command.args(["check", "--format", "json", "-c"]).arg(&conf).output();
    let printed = String::from_utf8(output.expect("runs").stdout).expect("UTF-8");
    for option in ["depends_on", "ready_"] {
        assert!(!printed.contains(option), "{printed}");
    }
}

/// Two instances behind HAProxy and Varnish.
fn balanced(haproxy: &str, more: &str) -> Generated {
    let site = SITE.replace("parts = zeo", "parts = haproxy zeo");
    let sandbox = project(&format!(
        "{site}name = ${{buildout:directory}}/var/cache\n\
         [haproxy]\nsupervisor-command = /usr/sbin/haproxy -db -f ${{buildout:directory}}/etc/haproxy.cfg\n\
         {more}"
    ));
    sandbox.write("etc/varnish.vcl", VCL);
    sandbox.write("etc/haproxy.cfg", haproxy);
    generate(&sandbox)
}

const SERVERS: &str = "backend plone\n  server a 127.0.0.1:8081\n  server b localhost:8082 check\n";

fn drains(generated: &Generated, name: &str) -> Vec<String> {
    let options = generated.options[name].iter();
    options.filter(|line| line.starts_with("drain_")).cloned().collect()
}

#[test]
fn instances_behind_proxies_can_be_drained() {
    let global = "global\n  stats socket {here}/var/h.sock mode 600 level admin\n";
    let found = balanced(&format!("{global}{SERVERS}"), "");
    for (name, server) in [("one", "a"), ("two", "b")] {
        let wanted = [
            format!("drain_varnish = %(here)s/../var/cache {name}"),
            format!("drain_haproxy = %(here)s/../var/h.sock plone/{server}"),
        ];
        assert_eq!(drains(&found, name), wanted);
    }
    assert!(drains(&found, "zeo").is_empty() && drains(&found, "varnish").is_empty());
    // Without the right to change servers HAProxy cannot drain.
    let found = balanced(&format!("global\n  stats socket /h.sock\n{SERVERS}"), "");
    assert_eq!(drains(&found, "one"), ["drain_varnish = %(here)s/../var/cache one"]);
    let remote = SERVERS.replace("127.0.0.1", "10.0.0.9").replace("localhost", "10.0.0.9");
    let found = balanced(&format!("{global}{remote}"), "");
    assert_eq!(drains(&found, "one"), ["drain_varnish = %(here)s/../var/cache one"]);
}

#[test]
fn draining_is_left_out_on_request() {
    let conf = format!("global\n  stats socket /h.sock level admin\n{SERVERS}");
    for (more, has_drains, has_probes) in [
        ("[supkit]\ndrain = false\n", false, true),
        ("[supkit]\nreadiness = false\n", false, false),
        ("[supkit]\nreadiness = false\ndrain = true\n", true, false),
    ] {
        let found = balanced(&conf, more);
        assert_eq!(!drains(&found, "one").is_empty(), has_drains, "{more}");
        assert_eq!(found.options["one"].iter().any(|it| it.starts_with("ready_")), has_probes);
    }
    let own = "[one]\nsupervisor-drain-haproxy =\n[two]\nsupervisor-drain-exec = bin/own\n";
    let found = balanced(&conf, own);
    assert!(drains(&found, "one").is_empty());
    assert_eq!(drains(&found, "two"), ["drain_exec = bin/own"]);
}

#[test]
fn an_instance_in_several_backends_is_reported() {
    let more = "backend other\n  server x 127.0.0.1:8081\n";
    let conf = format!("global\n  stats socket /h.sock level admin\n{SERVERS}{more}");
    let found = balanced(&conf, "");
    assert_eq!(drains(&found, "one"), ["drain_varnish = %(here)s/../var/cache one"]);
    assert_eq!(drains(&found, "two").len(), 2);
    let wanted = "part `one` is a backend several times (/h.sock plone/a; /h.sock other/x)";
    assert!(found.warnings.contains(wanted), "{}", found.warnings);
    assert!(found.warnings.contains("supervisor-drain-exec"), "{}", found.warnings);
}

#[test]
fn the_backends_of_a_rendered_vcl_file_have_the_names_of_its_recipe() {
    let text = "[buildout]\nparts = instance cache\n\
         [instance]\nrecipe = plone.recipe.zope2instance\nuser = a:b\n\
         [cache]\nrecipe = plone.recipe.varnish:script\ndaemon = /usr/sbin/varnishd\n\
         configuration-part = vcl\n[vcl]\nrecipe = plone.recipe.varnish:configuration\n\
         backends = 10.0.0.1:8080\n  127.0.0.1:8080\n";
    assert_eq!(
        of(text)["instance"].last().map(String::as_str),
        Some("drain_varnish = backend_001")
    );
}
