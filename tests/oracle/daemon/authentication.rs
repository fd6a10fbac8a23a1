//! Which servers require a password.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::support::{Daemon, Sandbox, Subject};

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// The status line of a request without credentials.
fn status_line(mut stream: impl Read + Write) -> String {
    stream.write_all(REQUEST).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let response = String::from_utf8_lossy(&response);
    response.lines().next().unwrap_or_default().to_owned()
}

/// The status of both servers with `account`, and the log lines about authentication.
fn answers(subject: Subject, account: &str) -> (Vec<String>, Vec<String>) {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let rest = format!(
        "[inet_http_server]\nport=127.0.0.1:{port}\n{account}\n\
         [unix_http_server]\nfile={{here}}/d.sock\n{account}\n"
    );
    let mut supervisord = subject.program(&sandbox, "supervisord");
    supervisord.env("EMPTY", "");
    sandbox.write("d.conf", &crate::support::daemon::conf(&rest));
    let mut daemon = Daemon::launch_by(supervisord, &sandbox, &[]);
    daemon.wait_for_log("supervisord started with pid");
    let statuses = [
        status_line(TcpStream::connect(("127.0.0.1", port)).unwrap()),
        status_line(UnixStream::connect(sandbox.path("d.sock")).unwrap()),
    ];
    daemon.stop();
    let story = daemon.story();
    let warnings = story.lines().filter(|line| line.contains("authentication"));
    let status = |line: &String| line.split(' ').nth(1).unwrap_or_default().to_owned();
    (statuses.iter().map(status).collect(), warnings.map(str::to_owned).collect())
}

#[test]
fn an_empty_username_requires_no_authentication() {
    let cases = [
        ("", "200"),
        ("username=\npassword=", "200"),
        ("username=\npassword=secret", "200"),
        ("username=%(ENV_EMPTY)s\npassword=%(ENV_EMPTY)s", "200"),
        ("username=%(ENV_EMPTY)s\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", "200"),
        ("username=admin\npassword=", "401"),
        ("username=admin\npassword=secret", "401"),
    ];
    for (account, status) in cases {
        let ours = answers(Subject::Ours, account);
        assert_eq!(ours, answers(Subject::Original, account), "{account}");
        assert_eq!(ours.0, [status, status], "{account}");
        assert_eq!(ours.1.len(), if status == "200" { 2 } else { 0 }, "{account}");
    }
}
