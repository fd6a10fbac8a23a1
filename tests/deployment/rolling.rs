//! A rolling restart of two real Zope instances with ZEO, behind a real Varnish and a real HAProxy,
//! under load: no request fails before, during or after.

use crate::demo::Deployment;
use crate::load::{Load, answers};
use crate::support::wait_until;

const PARTS: [&str; 5] = ["zeoserver", "instance1", "instance2", "varnish", "haproxy"];
const INSTANCES: [&str; 2] = ["instance1", "instance2"];

const BUILDOUT: &str = "[buildout]
extends =
    versions.cfg
    ports.cfg
parts =
    zeoserver
    instance1
    instance2
    varnish
    supervisor

[zeoserver]
recipe = plone.recipe.zeoserver
zeo-address = 127.0.0.1:${ports:zeoserver}

[zope]
user = admin:admin
zeo-client = on
zeo-address = ${zeoserver:zeo-address}
shared-blob = on
blob-storage = ${buildout:directory}/var/blobstorage
zodb-temporary-storage = off
eggs = Zope
supervisor-startsecs = 1
supervisor-warm_http = /

[instance1]
<= zope
recipe = plone.recipe.zope2instance
http-address = 127.0.0.1:${ports:instance1}
supervisor-ready_http = http://127.0.0.1:${ports:instance1}/

[instance2]
<= zope
recipe = plone.recipe.zope2instance
http-address = 127.0.0.1:${ports:instance2}
supervisor-ready_http = http://127.0.0.1:${ports:instance2}/

[varnish]
recipe = plone.recipe.varnish:script
daemon = /usr/sbin/varnishd
bind = 127.0.0.1:${ports:varnish}
cache-type = malloc
cache-size = 64M
configuration-file = ${buildout:directory}/etc/varnish.vcl
name = ${buildout:directory}/var/varnish

[haproxy]
supervisor-command = /usr/sbin/haproxy -db -f ${buildout:directory}/etc/haproxy.cfg

[supervisor]
recipe = zc.recipe.egg
eggs = supervisor
";

/// Every request reaches an instance.
const VCL: &str = r#"vcl 4.1;
import directors;

probe up { .url = "/"; .interval = 1s; .timeout = 5s; .window = 3; .threshold = 2; }
backend instance1 { .host = "127.0.0.1"; .port = "@1@"; .probe = up; }
backend instance2 { .host = "127.0.0.1"; .port = "@2@"; .probe = up; }

sub vcl_init {
    new zope = directors.round_robin();
    zope.add_backend(instance1);
    zope.add_backend(instance2);
}
sub vcl_recv {
    set req.backend_hint = zope.backend();
    return (pass);
}
"#;

const HAPROXY: &str = "global
    stats socket {here}/site/var/haproxy.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:@front@
    default_backend zope
backend zope
    balance roundrobin
    option httpchk GET /
    server instance1 127.0.0.1:@1@ check inter 1s
    server instance2 127.0.0.1:@2@ check inter 1s
";

fn deployment() -> Deployment {
    let site = Deployment::prepare(&PARTS);
    let with_ports = |text: &str| {
        text.replace("@1@", &site.port("instance1").to_string())
            .replace("@2@", &site.port("instance2").to_string())
            .replace("@front@", &site.port("haproxy").to_string())
    };
    site.sandbox.write("site/buildout.cfg", BUILDOUT);
    site.sandbox.write("site/etc/varnish.vcl", &with_ports(VCL));
    site.sandbox.write("site/etc/haproxy.cfg", &with_ports(HAPROXY));
    site.build();
    site
}

fn pids(site: &Deployment) -> Vec<Option<String>> {
    INSTANCES.iter().map(|name| site.pid(name)).collect()
}

#[test]
fn no_request_fails_during_a_rolling_restart() {
    let _machine = crate::machine();
    let site = deployment();
    site.works(env!("CARGO_BIN_EXE_supkit"), &["generate"]);
    // The proxies are found in their configurations.
    let conf = site.sandbox.read("site/etc/supervisord.conf");
    for name in INSTANCES {
        let haproxy = format!("drain_haproxy = %(here)s/../var/haproxy.sock zope/{name}\n");
        let varnish = format!("drain_varnish = %(here)s/../var/varnish {name}\n");
        assert!(conf.contains(&haproxy) && conf.contains(&varnish), "{conf}");
    }
    site.works("bin/run", &["--timeout", "120"]);
    wait_until("both instances are ready", || {
        let status = site.works("/bin/sh", &["-c", "bin/supervisorctl status; true"]);
        !status.contains("not ready")
    });
    for door in ["varnish", "haproxy"] {
        wait_until(&format!("{door} answers"), || answers(site.port(door)));
        let before = pids(&site);
        let load = Load::begin(site.port(door));
        load.await_more(100);
        let said = site.works("bin/supervisorctl", &["restart", "--rolling", "instance?"]);
        assert_eq!(said, "instance1: restarted\ninstance2: restarted\n");
        load.await_more(100);
        let (requests, failures) = load.end();
        assert!(failures.is_empty(), "{door}: of {requests}: {failures:#?}\n{}", site.logs());
        let after = pids(&site);
        assert!(before.iter().zip(&after).all(|(old, new)| old.is_some() && old != new));
    }
    site.works("bin/stop", &[]);
    assert_eq!(site.sandbox.processes(), [0; 0], "no process is left");
}
