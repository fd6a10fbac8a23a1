//! Clients that people use with TLS: Python's `xmlrpc.client` and `ssl`, and curl.

use crate::support::oracle;
use crate::support::tls::{TlsSite, fixture};
use crate::support::{Daemon, Subject};

const PROGRAM: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";

fn python(site: &TlsSite, script: &str) -> String {
    let head = format!(
        "import http.client, socket, ssl, sys, xmlrpc.client\nport = {}\n\
         context = ssl.create_default_context(cafile={:?})\n\
         url = 'https://user:pw@localhost:%d/RPC2' % port\n\
         login = {{'Authorization': 'Basic dXNlcjpwdw=='}}\n",
        site.port,
        fixture("ca.pem")
    );
    oracle::python(&format!("{head}{script}"), "")
}

#[test]
fn python_calls_methods_and_verifies_the_certificate() {
    let site = TlsSite::new("localhost");
    let _daemon = site.start(PROGRAM);
    let printed = python(
        &site,
        r"
server = xmlrpc.client.ServerProxy(url, context=context)
print(server.supervisor.getState()['statename'], server.supervisor.getAPIVersion())
print(server.supervisor.sendProcessStdin('cat', 'x' * 300000))
print(len(server.system.multicall([{'methodName': 'supervisor.getAllProcessInfo', 'params': []}] * 500)))
try:
    xmlrpc.client.ServerProxy(url, context=ssl.create_default_context()).supervisor.getState()
except ssl.SSLCertVerificationError as error:
    print(type(error).__name__)
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(('127.0.0.1', port)) as plain:
        with context.wrap_socket(plain, server_hostname='127.0.0.1') as stream:
            print(stream.version())
",
    );
    assert_eq!(printed, "RUNNING 3.0\nTrue\n500\nSSLCertVerificationError\nTLSv1.2\nTLSv1.3\n");
}

#[test]
fn streams_work_and_the_end_is_announced() {
    let site = TlsSite::new("localhost");
    let mut daemon = site.start(PROGRAM);
    let pid = daemon.pid();
    // Without `suppress_ragged_eofs` Python raises an error if the server just closes its socket.
    let printed = python(
        &site,
        &format!(
            r"
import os, signal
def connect(path):
    plain = socket.create_connection(('localhost', port))
    stream = context.wrap_socket(plain, server_hostname='localhost', suppress_ragged_eofs=False)
    head = 'GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n\r\n'
    stream.sendall((head % (path, login['Authorization'])).encode())
    got = b''
    while b'\r\n\r\n' not in got:
        got += stream.recv(1000)
    return stream, got
events, head = connect('/events')
print(head.split(b'\r\n')[0].decode())
server = xmlrpc.client.ServerProxy(url, context=context)
server.supervisor.stopProcess('cat')
got = b''
while b'PROCESS_STATE_STOPPED' not in got:
    got += events.recv(1000)
server.supervisor.startProcess('cat')
log, head = connect('/logtail/cat')
print(head.split(b'\r\n')[0].decode())
server.supervisor.sendProcessStdin('cat', 'hello\n')
got = b''
while b'hello' not in got:
    got += log.recv(1000)
os.kill({pid}, signal.SIGTERM)
for stream in (events, log):
    while stream.recv(1000):
        pass
    print('announced')
"
        ),
    );
    assert_eq!(printed, "HTTP/1.1 200 OK\nHTTP/1.1 200 OK\nannounced\nannounced\n");
    assert!(daemon.wait().success());
}

#[test]
fn curl_is_answered_and_an_old_version_is_refused() {
    let site = TlsSite::new("rsa");
    let _daemon = site.start(PROGRAM);
    let curl = |args: &[&str]| {
        let mut command = site.sandbox.command("curl");
        command.args(["--silent", "--show-error", "--max-time", "60", "--user", "user:pw"]);
        let output = command.args(args).output().expect("curl runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        (printed, output.status.code().unwrap_or(-1))
    };
    let (ca, url) = (fixture("ca.pem"), format!("{}/status.json", site.url()));
    for version in ["1.2", "1.3"] {
        let (page, status) =
            curl(&["--cacert", &ca, "--tls-max", version, &format!("--tlsv{version}"), &url]);
        assert!(page.contains("\"cat\""), "{page}");
        assert_eq!(status, 0);
    }
    // CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION
    assert_eq!(curl(&["--cacert", &ca, "--tlsv1.0", "--tls-max", "1.1", &url]).1, 35);
    assert_eq!(curl(&[&url]).1, 60);
    let (headers, _) = curl(&["--cacert", &ca, "--head", &url]);
    assert!(!headers.to_lowercase().contains("strict-transport-security"), "{headers}");
}

#[test]
fn a_redirect_of_the_page_keeps_the_scheme() {
    let site = TlsSite::new("localhost");
    let conf = site.conf(PROGRAM).replace("key=server.key", "key=server.key\nweb_get_actions=true");
    let daemon = Daemon::start(Subject::Ours, &site.sandbox, &conf);
    let mut command = site.sandbox.command("curl");
    let output = command
        .args(["--silent", "--show-error", "--max-time", "60", "--user", "user:pw"])
        .args(["--cacert", &fixture("ca.pem"), "--dump-header", "-"])
        .arg(format!("{}/index.html?processname=cat&action=stop", site.url()))
        .output()
        .expect("curl runs");
    let reply = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(reply.starts_with("HTTP/1.1 301 "), "{reply}");
    assert!(reply.contains(&format!("Location: {}/?message=", site.url())), "{reply}");
    daemon.wait_for_log("stopped: cat");
}
