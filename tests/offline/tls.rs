//! TLS from outside: who is accepted, how certificates are replaced, and what is reported.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::tls::{TlsSite, fixture};
use crate::support::{Subject, wait_until};

const SLEEP: &str = "[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

impl TlsSite {
    /// What `pid` prints with a file of authorities, and its exit status.
    fn pid_with(&self, url: &str, cacert: &str) -> (String, i32) {
        let output = self.ctl(&["-s", url, "--cacert", cacert, "pid"]);
        (text(&output).replace(url, "URL"), output.status.code().unwrap_or(-1))
    }

    fn is_trusted_by(&self, name: &str) -> bool {
        self.pid_with(&self.url(), &fixture(name)).1 == 0
    }

    /// Sends bytes without TLS and reads the reply.
    fn send_plain(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("we listen");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        stream.write_all(bytes).expect("the request is taken");
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).into_owned()
    }
}

#[test]
fn supervisorctl_reaches_the_daemon_by_tls() {
    let site = TlsSite::new("localhost");
    let daemon = site.start(SLEEP);
    let status = site.ctl(&["status"]);
    assert!(text(&status).contains("RUNNING"), "{}", text(&status));
    assert_eq!(text(&site.ctl(&["pid"])).trim(), daemon.pid().to_string());
    assert_eq!(site.ctl(&["stop", "sleep"]).status.code(), Some(0));
    let socket = format!("unix://{}", site.sandbox.path("d.sock").display());
    let mut command = Subject::Ours.program(&site.sandbox, "supervisorctl");
    let opened = command
        .args(["-s", &socket, "--cacert", &fixture("ca.pem"), "-u", "user", "-p", "pw"])
        .args(["open", &site.url()])
        .output()
        .expect("supervisorctl runs");
    assert!(text(&opened).contains("STOPPED"), "{}", text(&opened));
}

#[test]
fn plain_http_is_answered_by_an_explanation() {
    let site = TlsSite::new("localhost");
    let _daemon = site.start(SLEEP);
    let login = "Authorization: Basic dXNlcjpwdw==\r\n";
    for (request, fields) in [("GET /", ""), ("GET /", login), ("POST /RPC2", login)] {
        let reply = site.send_plain(
            format!("{request} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes(),
        );
        assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
        assert!(reply.contains("<code>https://</code>"), "{reply}");
        assert!(reply.contains("Connection: close"), "{reply}");
    }
    // Neither TLS nor HTTP.
    assert!(site.send_plain(b"\0\0\0\0\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let alert = site.send_plain(b"\x16\x03\x01\x00\x05hello");
    assert!(alert.starts_with('\u{15}'), "{alert:?}");
    assert_eq!(site.ctl(&["pid"]).status.code(), Some(0));
}

#[test]
fn a_server_that_is_not_trusted_is_refused_with_the_remedy() {
    let refused = |pair: &str, cacert: &str| {
        let site = TlsSite::new(pair);
        let daemon = site.start(SLEEP);
        let refused = site.pid_with(&site.url(), &fixture(cacert));
        drop(daemon);
        refused
    };
    insta::assert_snapshot!(refused("expired", "ca.pem").0, @"URL: the certificate of the server has expired; replace it; supervisord reads the new one without a restart");
    insta::assert_snapshot!(refused("localhost", "self-signed.pem").0, @"URL: the certificate of the server is signed by an unknown authority; name a file with the certificate of that authority, or of the server if it signs itself: `--cacert FILE`, or `cacert` in [supervisorctl]");
    insta::assert_snapshot!(refused("elsewhere", "ca.pem").0, @"URL: the certificate of the server is for elsewhere.example, *.elsewhere.example; use one of its names in `serverurl`");
    insta::assert_snapshot!(refused("future", "ca.pem").0, @"URL: the certificate of the server is not valid yet; compare the clock of this machine with that of the server");
    for pair in ["expired", "elsewhere", "future", "self-signed"] {
        assert_eq!(refused(pair, "ca.pem").1, 1, "{pair}");
    }
    assert_eq!(refused("self-signed", "self-signed.pem").1, 0);
    assert_eq!(refused("rsa", "ca.pem").1, 0);
}

#[test]
fn authorities_that_cannot_be_read_are_reported() {
    let site = TlsSite::new("localhost");
    let _daemon = site.start(SLEEP);
    let (text, status) = site.pid_with(&site.url(), "nowhere.pem");
    assert!(text.contains("/nowhere.pem` cannot be used: No such file"), "{text}");
    assert_eq!(status, 1);
    let (text, status) = site.pid_with(&site.url(), &fixture("localhost.key"));
    assert!(text.contains("cannot be used: it contains no certificate"), "{text}");
    assert_eq!(status, 1);
    let plain = format!("http://localhost:{}", site.port);
    assert!(site.pid_with(&plain, "x").0.contains("400 Bad Request"));
}

#[test]
fn a_server_without_tls_is_recognised() {
    let site = TlsSite::new("localhost");
    let conf = site.conf(SLEEP).replace("certificate=%(here)s/server.pem\nkey=server.key\n", "");
    let _daemon = crate::support::Daemon::start(Subject::Ours, &site.sandbox, &conf);
    let (text, status) = site.pid_with(&site.url(), &fixture("ca.pem"));
    insta::assert_snapshot!(text, @"URL: the server does not speak TLS; use `http://` in `serverurl`, or set `certificate` for the server");
    assert_eq!(status, 1);
}

#[test]
fn a_changed_pair_is_used_without_a_restart() {
    let site = TlsSite::new("self-signed");
    let daemon = site.start(SLEEP);
    assert!(site.is_trusted_by("self-signed.pem"));
    // Half of a replacement is a pair that does not match.
    site.put("pem", "localhost");
    wait_until("the pair is read", || {
        assert!(site.is_trusted_by("self-signed.pem"), "the old pair stays in use");
        daemon.log().contains("does not belong to the certificate")
    });
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("does not belong")).expect("a line");
    assert!(line.contains(" WARN ") && line.contains("d.conf:"), "{line}");
    assert!(line.ends_with("the previous certificate stays in use"), "{line}");
    site.put("key", "localhost");
    wait_until("the new pair is used", || site.is_trusted_by("ca.pem"));
    daemon.wait_for_log("read the certificate of [inet_http_server] again");
    assert_eq!(daemon.log().matches("does not belong").count(), 1);
    assert_eq!(daemon.log().matches("spawned: 'sleep'").count(), 1);
}

#[test]
fn the_first_connection_after_a_change_gets_the_new_certificate() {
    let site = TlsSite::new("self-signed");
    let _daemon = site.start(SLEEP);
    for pair in ["localhost", "self-signed", "localhost", "self-signed"] {
        site.put("pem", pair);
        site.put("key", pair);
        let authority = if pair == "localhost" { "ca.pem" } else { "self-signed.pem" };
        assert!(site.is_trusted_by(authority), "{pair}");
    }
}

#[test]
fn an_account_logs_in_over_tls() {
    let site = TlsSite::new("localhost");
    let account = "[http_user:olaf]\npassword=olaf's\nrole=operator\nprograms=sleep\n\
                   [program:other]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
    let daemon = site.start(&format!("{account}{SLEEP}"));
    daemon.wait_for_log("success: sleep");
    let ctl = |password: &str, args: &[&str]| {
        let output = site.ctl(&[&["-u", "olaf", "-p", password], args].concat());
        (text(&output).replace(&site.url(), "URL"), output.status.code())
    };
    let own = |text: &str, code| (text.to_owned(), Some(code));
    assert_eq!(ctl("olaf's", &["restart", "sleep"]), own("sleep: stopped\nsleep: started\n", 0));
    insta::assert_snapshot!(ctl("olaf's", &["stop", "other"]).0, @"other: ERROR (not permitted: user olaf is limited to other programs, but supervisor.stopProcess concerns other)");
    insta::assert_snapshot!(ctl("olaf's", &["shutdown"]).0, @"ERROR: not permitted: user olaf has the role operator, but supervisor.shutdown requires the role admin");
    let (refused, code) = ctl("wrong", &["restart", "sleep"]);
    assert!(refused.contains("requires authentication") && code == Some(1), "{refused}");
    assert_eq!(daemon.log().matches("spawned: 'other'").count(), 1);
    assert_eq!(daemon.log().matches("spawned: 'sleep'").count(), 2);
    // Without TLS the credentials are not looked at.
    let plain = site.send_plain(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic b2xhZjpvbGFmJ3M=\r\n\r\n",
    );
    assert!(plain.starts_with("HTTP/1.1 400 "), "{plain}");
}

#[test]
fn the_pair_is_read_again_on_a_signal() {
    let site = TlsSite::new("self-signed");
    let daemon = site.start(SLEEP);
    site.put("pem", "localhost");
    site.put("key", "localhost");
    daemon.signal(Signal::SIGUSR2);
    daemon.wait_for_log("read the certificate of [inet_http_server] again");
    assert!(site.is_trusted_by("ca.pem"));
    // A restart that could not open the server is refused, and nothing is stopped.
    site.put("key", "self-signed");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_log("the restart is refused");
    assert!(site.is_trusted_by("ca.pem"));
    site.put("pem", "self-signed");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_count("supervisord started with pid", 2);
    wait_until("the server listens", || site.is_trusted_by("self-signed.pem"));
}

#[test]
fn an_unusable_pair_prevents_the_start_with_its_position() {
    let site = TlsSite::new("localhost");
    site.put("key", "renewed");
    site.sandbox.write("d.conf", &crate::support::daemon::conf(&site.conf(SLEEP)));
    let mut command = Subject::Ours.program(&site.sandbox, "supervisord");
    let started = command.args(["-n", "-c", "d.conf"]).output().expect("it runs");
    assert_eq!(started.status.code(), Some(2));
    assert!(text(&started).contains("d.conf:"), "{}", text(&started));
    assert!(text(&started).contains("does not belong to the certificate"), "{}", text(&started));
    let check = |site: &TlsSite| {
        let mut command = site.sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let output = command.args(["check", "-c", "d.conf"]).output().expect("it runs");
        (text(&output), output.status.code())
    };
    let (report, status) = check(&site);
    assert!(report.contains("error[bad-certificate]"), "{report}");
    assert!(report.contains("\n13 | key=server.key\n"), "{report}");
    assert_eq!(status, Some(2));
    site.put("key", "localhost");
    let key = site.sandbox.path("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let (report, _) = check(&site);
    assert!(report.contains("warning[readable-key]"), "{report}");
    assert!(!report.contains("bad-certificate"), "{report}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("it is ours");
    let (report, _) = check(&site);
    assert!(!report.contains("readable-key"), "{report}");
    fs::remove_file(&key).expect("it is ours");
    let (report, _) = check(&site);
    assert!(report.contains("there is no file"), "{report}");
}

#[test]
fn long_replies_and_followed_logs_arrive_whole() {
    let site = TlsSite::new("localhost");
    let _daemon = site.start(&format!("{SLEEP}stdout_logfile=%(here)s/sleep.log\n"));
    let line = "0123456789 abcdefghijklmnopqrstuvwxyz\n";
    fs::write(site.sandbox.path("sleep.log"), line.repeat(100_000)).expect("it is ours");
    let whole = site.ctl(&["tail", "-100000000", "sleep"]);
    assert!(text(&whole).trim_end() == line.repeat(100_000).trim_end(), "the log is complete");
    let mut command = Subject::Ours.program(&site.sandbox, "supervisorctl");
    let shown = fs::File::create(site.sandbox.path("shown")).expect("a file");
    let mut follower = command
        .args(["-c", "d.conf", "tail", "-f", "sleep"])
        .stdout(shown)
        .spawn()
        .expect("supervisorctl runs");
    let mut log =
        fs::OpenOptions::new().append(true).open(site.sandbox.path("sleep.log")).expect("it");
    for number in 0..3 {
        writeln!(log, "line {number}").expect("it is written");
        wait_until("the line is shown", || {
            site.sandbox.read("shown").contains(&format!("line {number}\n"))
        });
    }
    follower.kill().expect("it runs");
    follower.wait().expect("it ends");
}

#[test]
fn half_handshakes_lock_out_no_other_client() {
    let site = TlsSite::new("localhost");
    let _daemon = site.start(SLEEP);
    let half = [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..], &[3; 200]].concat();
    let connect = |number: usize| {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).expect("we listen");
        // The daemon may have closed it already.
        let _ = stream.write_all(if number % 2 == 0 { &half } else { b"" });
        stream
    };
    let _crowd: Vec<TcpStream> = (0..600).map(connect).collect();
    let status = site.ctl(&["status"]);
    assert!(text(&status).contains("RUNNING"), "{}", text(&status));
    let socket = format!("unix://{}", site.sandbox.path("d.sock").display());
    let status = site.ctl(&["-s", &socket, "status"]);
    assert!(text(&status).contains("RUNNING"), "{}", text(&status));
}

#[test]
fn the_commands_of_a_deployment_trust_its_own_certificate() {
    let site = TlsSite::new("elsewhere");
    let conf = site.conf(SLEEP).replace("[unix_http_server]\nfile={here}/d.sock\n", "");
    let mut daemon = crate::support::Daemon::start(Subject::Ours, &site.sandbox, &conf);
    let mut command = site.sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let stopped = command.args(["stop", "-c", "d.conf"]).output().expect("it runs");
    assert!(text(&stopped).contains("stopped supervisord"), "{}", text(&stopped));
    assert!(daemon.wait().success());
}
