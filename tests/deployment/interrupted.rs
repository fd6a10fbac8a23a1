//! SIGKILL of the daemon while it restarts an instance behind a real HAProxy and a real Varnish: the next
//! daemon puts the instance back into service.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// A server that begins to listen when the file `hold` is gone. `/slow` is answered when `release` exists.
const INSTANCE: &str = r#"
import http.server, os, sys, time
here, port = sys.argv[1], int(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        while self.path == "/slow" and not os.path.exists(here + "/release"):
            time.sleep(0.05)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
while os.path.exists(here + "/hold"):
    time.sleep(0.05)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

const HAPROXY: &str = "global
    stats socket {here}/haproxy.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 200s
    timeout server 200s
frontend front
    bind 127.0.0.1:@front@
    default_backend zope
backend zope
    balance roundrobin
    server a 127.0.0.1:@a@ check inter 200ms
    server b 127.0.0.1:@b@ check inter 200ms
";

const VCL: &str = r#"vcl 4.1;
import directors;
backend a { .host = "127.0.0.1"; .port = "@a@"; }
backend b { .host = "127.0.0.1"; .port = "@b@"; }
sub vcl_init {
    new zope = directors.round_robin();
    zope.add_backend(a);
    zope.add_backend(b);
}
sub vcl_recv {
    set req.backend_hint = zope.backend();
    return (pass);
}
"#;

/// The proxies, which the daemon does not start.
struct Site<'s> {
    sandbox: &'s Sandbox,
    front: u16,
    proxies: [Child; 2],
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        for proxy in &mut self.proxies {
            let _ = proxy.kill();
            let _ = proxy.wait();
        }
    }
}

impl<'s> Site<'s> {
    fn begin(sandbox: &'s Sandbox) -> Self {
        // varnishd gives up root's rights before it reads its VCL.
        fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o755)).expect("chmod");
        let (a, b, front, cache) = (sandbox.port(), sandbox.port(), sandbox.port(), sandbox.port());
        let with_ports = |text: &str| {
            text.replace("@a@", &a.to_string())
                .replace("@b@", &b.to_string())
                .replace("@front@", &front.to_string())
        };
        sandbox.write("instance.py", INSTANCE);
        sandbox.write("haproxy.cfg", &with_ports(HAPROXY));
        sandbox.write("site.vcl", &with_ports(VCL));
        let program = |name: &str, port: u16| {
            format!(
                "[program:{name}]\ncommand=python3 {{here}}/instance.py {{here}} {port}\nstartsecs=0\n\
                 ready_tcp=127.0.0.1:{port}\nready_interval=0.2\ndrain_timeout=200\n\
                 drain_haproxy={{here}}/haproxy.sock zope/{name}\n\
                 drain_varnish={{here}}/varnish {name}\n"
            )
        };
        let text = format!("{SERVER}{}{}", program("a", a), program("b", b));
        sandbox.write("d.conf", &conf(&text));
        let begin = |program: &str, args: &[&str]| {
            let mut command = sandbox.command(program);
            let output = fs::File::create(sandbox.path("proxies")).expect("a file");
            command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
            command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"))
        };
        let directory = sandbox.path("varnish");
        let address = format!("127.0.0.1:{cache}");
        let vcl = sandbox.path("site.vcl");
        let [directory, vcl] = [&directory, &vcl].map(|path| path.to_str().expect("UTF-8"));
        let varnish = ["-F", "-n", directory, "-f", vcl, "-a", &address];
        let proxies = [
            begin("/usr/sbin/haproxy", &["-db", "-f", "haproxy.cfg"]),
            begin("/usr/sbin/varnishd", &varnish),
        ];
        Self { sandbox, front, proxies }
    }

    /// The status of a server in HAProxy.
    fn haproxy(&self, server: &str) -> String {
        let Ok(mut stream) = UnixStream::connect(self.sandbox.path("haproxy.sock")) else {
            return "no socket".to_owned();
        };
        let mut reply = String::new();
        let asked =
            stream.write_all(b"show stat\n").and_then(|()| stream.read_to_string(&mut reply));
        asked.expect("HAProxy answers");
        let prefix = format!("zope,{server},");
        let row = reply.lines().find(|line| line.starts_with(&prefix)).expect("a row");
        row.split(',').nth(17).unwrap_or_default().to_owned()
    }

    /// What an administrator has set for a backend of Varnish.
    fn varnish(&self, backend: &str) -> String {
        let mut command = self.sandbox.command("varnishadm");
        let directory = self.sandbox.path("varnish");
        command.arg("-n").arg(directory).args(["backend.list", backend]).stdin(Stdio::null());
        let output = command.output().expect("varnishadm runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.contains(&format!(".{backend}")));
        line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default().to_owned()
    }

    fn is_used(&self, name: &str) -> bool {
        // Without a probe, `auto` is shown as healthy.
        self.haproxy(name).starts_with("UP") && self.varnish(name) == "healthy"
    }

    /// Begins a rolling restart that this test does not wait for.
    fn restart(&self, name: &str) -> Child {
        let mut command = Subject::Ours.program(self.sandbox, "supervisorctl");
        command.args(["-c", "d.conf", "restart", "--rolling", name]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it runs")
    }

    /// Sends SIGKILL to the daemon; the proxies stay as they are.
    fn kill(&self, mut daemon: Daemon<'_>, mut client: Child, name: &str) {
        daemon.signal(Signal::SIGKILL);
        daemon.wait();
        client.wait().expect("it ends with the daemon");
        assert_eq!(self.varnish(name), "sick");
        assert!(self.sandbox.read("d.state").contains(&format!("\"process\": \"{name}\"")));
    }
}

#[test]
fn an_instance_that_a_killed_daemon_has_drained_is_put_back() {
    let _machine = crate::machine();
    let sandbox = Sandbox::new();
    let site = Site::begin(&sandbox);
    wait_until("Varnish answers", || !site.varnish("a").is_empty());
    let daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    wait_until("both are used", || site.is_used("a") && site.is_used("b"));

    // While requests to it are awaited: each of the two servers has one.
    let slow: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", site.front)).expect("HAProxy");
            stream.write_all(b"GET /slow HTTP/1.0\r\n\r\n").expect("it is sent");
            stream
        })
        .collect();
    let client = site.restart("a");
    wait_until("HAProxy drains", || site.haproxy("a").starts_with("DRAIN"));
    wait_until("Varnish drains", || site.varnish("a") == "sick");
    site.kill(daemon, client, "a");
    assert!(site.haproxy("a").starts_with("DRAIN"));
    sandbox.write("release", "");
    drop(slow);
    let daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    daemon.wait_for_count("rolling restart: a is in service", 1);
    wait_until("both are used", || site.is_used("a") && site.is_used("b"));

    // While it is down.
    sandbox.write("hold", "");
    let client = site.restart("b");
    wait_until("HAProxy does without it", || site.haproxy("b").starts_with("MAINT"));
    site.kill(daemon, client, "b");
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    daemon.wait_for_count("supervisord started with pid", 3);
    assert!(site.haproxy("b").starts_with("MAINT") && site.varnish("b") == "sick");
    fs::remove_file(sandbox.path("hold")).expect("the file exists");
    daemon.wait_for_count("rolling restart: b is in service", 1);
    wait_until("both are used", || site.is_used("a") && site.is_used("b"));
    assert!(!sandbox.read("d.state").contains("drained"));
    assert!(daemon.stop().success());
}
