//! `live_` options of a real daemon: a program that stops serving is restarted.

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject};

/// Serves until a file appears; then it goes on without serving. The next one removes the file.
const SERVE: &str = r#"
import http.server, os, socket, sys, time
kind, address, stop = sys.argv[1:]
if os.path.exists(stop):
    os.remove(stop)
def is_over():
    return os.path.exists(stop)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"broken" if is_over() else b"all is well")
if kind == "http":
    http.server.HTTPServer(("127.0.0.1", int(address)), Handler).serve_forever()
if kind == "tcp":
    server = socket.create_server(("127.0.0.1", int(address)))
else:
    if os.path.exists(address):
        os.remove(address)
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen(8)
server.settimeout(0.02)
while not is_over():
    try:
        server.accept()[0].close()
    except TimeoutError:
        pass
server.close()
time.sleep(1000)
"#;

#[test]
fn a_program_that_no_longer_serves_is_restarted() {
    let sandbox = Sandbox::new();
    sandbox.write("serve.py", SERVE);
    let (http, tcp) = (sandbox.port(), sandbox.port());
    let unix = sandbox.path("u.sock").display().to_string();
    let http_url = format!("http://127.0.0.1:{http}/");
    let mut rest = SERVER.to_owned();
    let programs = [
        ("http", http.to_string(), http_url.clone(), "\nlive_http_body=all is well"),
        ("tcp", tcp.to_string(), tcp.to_string(), ""),
        ("unix", unix.clone(), unix.clone(), ""),
    ];
    for (kind, address, target, more) in programs {
        rest += &format!(
            "[program:{kind}]\ncommand=python3 {{here}}/serve.py {kind} {address} {{here}}/{kind}.over\n\
             startsecs=0\nlive_interval=0.1\nlive_failures=2\nready_interval=0.1\n\
             ready_{kind}={target}\nlive_{kind}={target}{more}\n"
        );
    }
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &rest);
    for kind in ["http", "tcp", "unix"] {
        daemon.wait_for_log(&format!("INFO ready: {kind}"));
        sandbox.write(&format!("{kind}.over"), "");
    }
    for (kind, why) in [
        ("http", format!("live_http {http_url}, the body does not match for ")),
        ("tcp", format!("live_tcp 127.0.0.1:{tcp}, refused for ")),
        ("unix", format!("live_unix {unix}, refused for ")),
    ] {
        daemon.wait_for_log(&format!("WARN {kind} is restarted: {why}"));
        daemon.wait_for_count(&format!("INFO ready: {kind}"), 2);
    }
    assert!(daemon.stop().success());
    assert_eq!(sandbox.processes(), [0; 0]);
}
