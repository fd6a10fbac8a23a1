//! A rolling restart of two real Zope instances with ZEO, behind a real Varnish and a real HAProxy,
//! under load: no request fails before, during or after.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::demo::Deployment;
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

/// Requests at a fixed rate, each by the next idle thread; half of them by connections that stay open.
struct Load {
    is_over: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

/// 50 a second.
const INTERVAL: Duration = Duration::from_millis(20);
/// Enough for requests that take two thirds of a second.
const THREADS: u32 = 32;

impl Load {
    fn begin(port: u16) -> Self {
        let (is_over, done): (Arc<AtomicBool>, Arc<AtomicUsize>) = Default::default();
        let failures: Arc<Mutex<Vec<String>>> = Arc::default();
        let began = Instant::now();
        let threads = (0..THREADS).map(|at| {
            let (is_over, done) = (Arc::clone(&is_over), Arc::clone(&done));
            let failures = Arc::clone(&failures);
            thread::spawn(move || {
                let mut client = Client { port, stays_open: at % 2 == 0, stream: None };
                let mut next = began + INTERVAL * at;
                while !is_over.load(Ordering::Relaxed) {
                    thread::park_timeout(next.saturating_duration_since(Instant::now()));
                    if Instant::now() < next {
                        continue;
                    }
                    next += INTERVAL * THREADS;
                    if let Err(why) = client.get() {
                        let second = began.elapsed().as_secs_f64();
                        failures.lock().expect("no panic").push(format!("{second:.1} s: {why}"));
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let threads = threads.collect();
        Self { is_over, done, failures, threads }
    }

    fn await_more(&self, number: usize) {
        let end = self.done.load(Ordering::Relaxed) + number;
        wait_until("requests are answered", || self.done.load(Ordering::Relaxed) >= end);
    }

    /// Ends it; returns the number of requests and what failed.
    fn end(self) -> (usize, Vec<String>) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.thread().unpark();
            thread.join().expect("no panic");
        }
        let failures = std::mem::take(&mut *self.failures.lock().expect("no panic"));
        (self.done.load(Ordering::Relaxed), failures)
    }
}

/// A client of the front door.
struct Client {
    port: u16,
    stays_open: bool,
    stream: Option<TcpStream>,
}

impl Client {
    fn get(&mut self) -> Result<(), String> {
        let is_new = self.stream.is_none();
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        match self.exchange(stream) {
            // A server may close an idle connection; every client then opens another one.
            Err(why) if !is_new && why.contains("closed before the reply") => {
                let stream = self.connect()?;
                self.exchange(stream)
            }
            result => result,
        }
    }

    fn connect(&self) -> Result<TcpStream, String> {
        let stream = TcpStream::connect(("127.0.0.1", self.port));
        let stream = stream.map_err(|error| format!("not connected: {error}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        Ok(stream)
    }

    fn exchange(&mut self, mut stream: TcpStream) -> Result<(), String> {
        let connection = if self.stays_open { "keep-alive" } else { "close" };
        let request =
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n");
        let closed = |error: std::io::Error| format!("closed before the reply: {error}");
        stream.write_all(request.as_bytes()).map_err(closed)?;
        let mut reply = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if let Some(status) = complete(&reply) {
                self.stream = self.stays_open.then_some(stream);
                return if status == 200 { Ok(()) } else { Err(format!("status {status}")) };
            }
            match stream.read(&mut buffer) {
                Ok(0) if reply.is_empty() => return Err("closed before the reply".to_owned()),
                Ok(0) => return Err("the reply is incomplete".to_owned()),
                Ok(count) => reply.extend(&buffer[..count]),
                Err(error) if reply.is_empty() => return Err(closed(error)),
                Err(error) => return Err(format!("the reply is incomplete: {error}")),
            }
        }
    }
}

/// The status of a reply that has arrived completely.
fn complete(reply: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(reply);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut found =
            lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, it)| it.trim());
        found.next().map(str::to_owned)
    };
    if field("transfer-encoding").is_some() {
        return body.ends_with("0\r\n\r\n").then_some(status);
    }
    let length: usize = field("content-length")?.parse().ok()?;
    (body.len() >= length).then_some(status)
}

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
        let mut client = Client { port: site.port(door), stays_open: false, stream: None };
        wait_until(&format!("{door} answers"), || client.get().is_ok());
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
