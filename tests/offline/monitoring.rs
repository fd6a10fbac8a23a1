//! `/metrics` and `/healthz`: who may read them and what they contain; the names in the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const TOKEN: &str = "0123456789abcdef0123";
const BASIC: &str = "Authorization: Basic dXNlcjpwdw==\r\n";
const PROGRAMS: &str = "[program:web]\ncommand=/bin/sh -c 'echo hello; exec sleep 1000'\nstartsecs=0\n\
    stopsignal=CONT\nstopwaitsecs=60\nstdout_logfile={here}/web.log\n\
    [program:crash]\ncommand=/bin/sh -c 'exit 3'\nstartretries=1\n\
    [eventlistener:watch]\ncommand=/bin/cat\nevents=TICK_3600\n";

struct Site {
    sandbox: Sandbox,
    port: u16,
}

impl Site {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let port = sandbox.port();
        Self { sandbox, port }
    }

    fn conf(&self) -> String {
        format!(
            "{SERVER}[inet_http_server]\nport=127.0.0.1:{}\nusername=user\npassword=pw\n\
             metrics_token={TOKEN}\n{PROGRAMS}",
            self.port
        )
    }

    fn start(&self) -> Daemon<'_> {
        let daemon = Daemon::start(Subject::Ours, &self.sandbox, &self.conf());
        daemon.wait_for_log("gave up: crash");
        daemon
    }

    /// The answer to a request without a body.
    fn ask(&self, line: &str, fields: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a timeout can be set");
        let request =
            format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer comes");
        answer
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn metrics_require_an_account_or_their_token() {
    let site = Site::new();
    let _daemon = site.start();
    let right = bearer(TOKEN);
    for (fields, expected) in [
        ("", 401),
        (BASIC, 200),
        (right.as_str(), 200),
        (&bearer("0123456789abcdef0124"), 401),
        (&bearer(""), 401),
        ("Authorization: Basic dXNlcjp4\r\n", 401),
    ] {
        assert_eq!(status(&site.ask("GET /metrics", fields)), expected, "{fields}");
    }
    for path in ["/status.json", "/RPC2", "/", "/ok.html", "/resources.json?processname=web"] {
        assert_eq!(status(&site.ask(&format!("GET {path}"), &right)), 401, "{path}");
    }
    let (get, head) = (site.ask("GET /metrics", &right), site.ask("HEAD /metrics", &right));
    assert!(get.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{get}");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(status(&site.ask("DELETE /metrics", &right)), 400);
}

#[test]
fn health_is_known_without_an_account_and_without_details() {
    let site = Site::new();
    let daemon = site.start();
    let answer = site.ask("GET /healthz", "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    assert!(site.ask("HEAD /healthz", "").ends_with("\r\n\r\n"));
    assert_eq!(status(&site.ask("POST /healthz", "")), 401);
    assert_eq!(status(&site.ask("GET /healthz/x", "")), 401);
    // The program ignores its stop signal, so the shutdown takes a while.
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    daemon.wait_for_log("received SIGTERM");
    let answer = site.ask("GET /healthz", "");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nnot running\n"), "{answer}");
}

/// The value of a sample.
fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn the_metrics_are_those_of_the_daemon() {
    let site = Site::new();
    let daemon = site.start();
    wait_until("the line is logged", || site.sandbox.read("web.log") == "hello\n");
    let web = "group=\"web\",process=\"web\"";
    let crash = "group=\"crash\",process=\"crash\"";
    let text = site.ask("GET /metrics", BASIC);
    for (sample, expected) in [
        (format!("supkit_process_up{{{web}}}"), 1.0),
        (format!("supkit_process_state{{{web},state=\"RUNNING\"}}"), 1.0),
        (format!("supkit_process_up{{{crash}}}"), 0.0),
        (format!("supkit_process_state{{{crash},state=\"FATAL\"}}"), 1.0),
        (format!("supkit_process_restarts_total{{{crash}}}"), 1.0),
        (format!("supkit_process_failures_total{{{crash}}}"), 2.0),
        (format!("supkit_process_log_bytes_total{{{web},stream=\"stdout\"}}"), 6.0),
        (format!("supkit_process_log_lost_bytes_total{{{web},stream=\"stdout\"}}"), 0.0),
        ("supkit_event_pool_dropped_events_total{pool=\"watch\"}".to_owned(), 0.0),
        ("supkit_daemon_running".to_owned(), 1.0),
    ] {
        assert_eq!(value(&text, &sample), Some(expected), "{sample} in\n{text}");
    }
    let memory = value(&text, &format!("supkit_process_resident_memory_bytes{{{web}}}"));
    assert!(memory.is_some_and(|bytes| bytes > 100_000.0), "{memory:?}");
    assert!(value(&text, &format!("supkit_process_resident_memory_bytes{{{crash}}}")).is_none());
    assert!(value(&text, "process_open_fds").is_some_and(|number| number > 5.0));

    let ctl = site
        .sandbox
        .command(env!("CARGO_BIN_EXE_supkit"))
        .args(["supervisorctl", "-c", "d.conf", "status"])
        .output()
        .expect("it runs");
    assert_eq!(ctl.status.code(), Some(3));
    let text =
        site.ask("GET /metrics", &format!("{BASIC}Accept: application/openmetrics-text\r\n"));
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("# TYPE supkit_process_restarts counter\n"), "{text}");
    let call = "method=\"supervisor.getAllProcessInfo\"";
    let sample = format!("supkit_rpc_requests_total{{{call},result=\"success\"}}");
    assert_eq!(value(&text, &sample), Some(1.0), "{text}");
    let sample = format!("supkit_rpc_duration_seconds_bucket{{{call},le=\"+Inf\"}}");
    assert_eq!(value(&text, &sample), Some(1.0), "{text}");
    drop(daemon);
}

#[test]
fn a_token_that_can_be_guessed_is_refused_with_its_position() {
    let site = Site::new();
    for token in ["xyzzy", "sixteen but with blanks"] {
        let conf = site.conf().replace(TOKEN, token);
        site.sandbox.write("d.conf", &crate::support::daemon::conf(&conf));
        let output = site
            .sandbox
            .command(env!("CARGO_BIN_EXE_supkit"))
            .args(["check", "-c", "d.conf"])
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{text}");
        assert!(text.contains("metrics_token") && text.contains("d.conf:"), "{text}");
        assert!(!text.contains(token), "{text}");
    }
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|it| it.starts_with("supkit_") || it.starts_with("process_")).collect()
}

#[test]
fn the_documentation_names_the_metrics_that_exist() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let read = |name: &str| fs::read_to_string(docs.join(name)).expect("the page exists");
    let names = supkit::web::metrics::sample_names();
    let exists = |name: &str| {
        names.iter().any(|known| known == name)
            || names.iter().any(|known| known == &format!("{name}_bucket"))
    };
    let page = read("monitoring.md");
    for file in ["monitoring.md", "monitoring/alerts.yml", "monitoring/grafana.json"] {
        let text = read(file);
        let unknown: Vec<&str> = named(&text).into_iter().filter(|it| !exists(it)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    for name in &names {
        let name = name.trim_end_matches("_bucket");
        let is_part = name.ends_with("_sum") || name.ends_with("_count");
        assert!(is_part || page.contains(&format!("| `{name}` |")), "{name}");
    }
}
