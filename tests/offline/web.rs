//! Security of the web interface: authentication, the content security policy, forged requests, and
//! malformed requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::Duration;

use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// The daemon with one program, on a port and a socket.
struct Site {
    sandbox: Sandbox,
    port: u16,
}

const ACCOUNT: &str = "username=user\npassword=thepassword\n";
/// `user:thepassword`
const GOOD: &str = "Authorization: Basic dXNlcjp0aGVwYXNzd29yZA==\r\n";

impl Site {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let port = sandbox.port();
        Self { sandbox, port }
    }

    fn start(&self, account: &str, programs: &str) -> Daemon<'_> {
        let conf = format!(
            "[inet_http_server]\nport=127.0.0.1:{}\n{account}[rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\
             {programs}",
            self.port
        );
        Daemon::start(Subject::Ours, &self.sandbox, &conf)
    }

    fn connect(&self) -> TcpStream {
        self.connect_from(1)
    }

    /// From `127.0.0.last`.
    fn connect_from(&self, last: u8) -> TcpStream {
        use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};
        let flags = SockFlag::SOCK_CLOEXEC;
        let fd = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None);
        let fd = fd.expect("a socket");
        let address = |last, port| SockaddrIn::new(127, 0, 0, last, port);
        socket::bind(fd.as_raw_fd(), &address(last, 0)).expect("an address of this machine");
        socket::connect(fd.as_raw_fd(), &address(1, self.port)).expect("we listen");
        let stream = TcpStream::from(fd);
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
        stream
    }

    /// Sends a request that closes the connection, and reads the response.
    fn ask(&self, head: &str, fields: &str, body: &str) -> String {
        self.ask_from(1, head, fields, body)
    }

    fn ask_from(&self, last: u8, head: &str, fields: &str, body: &str) -> String {
        let mut stream = self.connect_from(last);
        let port = self.port;
        let has_host = fields.contains("Host:");
        let host = if has_host { String::new() } else { format!("Host: 127.0.0.1:{port}\r\n") };
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request =
            format!("{head} HTTP/1.1\r\n{host}Connection: close\r\n{fields}{length}\r\n{body}");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer comes");
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path}"), GOOD, "")
    }

    /// The token in the forms of the page.
    fn token(&self) -> String {
        let page = self.get("/");
        let (_, rest) = page.split_once("name=\"token\" value=\"").expect("the page has a form");
        rest.split('"').next().expect("a token").to_owned()
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

const SLEEP: &str = "[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

#[test]
fn every_route_requires_the_password() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    let paths = [
        "/",
        "/index.html",
        "/tail.html",
        "/program.html?processname=sleep",
        "/mainlog.html",
        "/auditlog.html",
        "/log.part?log=main",
        "/log.txt?log=main",
        "/log.js",
        "/ok.html",
        "/RPC2",
        "/logtail/sleep",
        "/mainlogtail",
        "/events",
        "/stylesheets/supervisor.css",
        "/live.js",
        "/feed.js",
        "/status.json",
        "/resources.json?processname=sleep",
        "/metrics",
        "/images/icon.svg",
        "/favicon.ico",
        "/nowhere",
        "/../d.conf",
        "/%00",
        "*",
    ];
    // The replies to many wrong passwords from one address are delayed.
    for (path, last) in paths.into_iter().zip(2..) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            for fields in
                ["", "Authorization: Basic dXNlcjp3cm9uZw==\r\n", "Authorization: Basic !\r\n"]
            {
                let answer = site.ask_from(last, &format!("{method} {path}"), fields, "");
                assert_eq!(status(&answer), 401, "{method} {path} {fields}");
            }
        }
        assert_ne!(status(&site.ask(&format!("PUT {path}"), GOOD, "")), 401, "{path}");
    }
}

#[test]
fn the_policy_of_a_page_forbids_everything_else() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    for (path, live) in [
        // Pages that are kept up to date have scripts, our own, which connect to this server.
        ("/", "script-src 'self'; connect-src 'self'; "),
        ("/tail.html?processname=sleep", "script-src 'self'; connect-src 'self'; "),
        ("/program.html?processname=sleep", "script-src 'self'; connect-src 'self'; "),
        ("/mainlog.html", "script-src 'self'; connect-src 'self'; "),
        ("/?action=stopall", ""),
    ] {
        let answer = site.get(path);
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        let policy = format!(
            "Content-Security-Policy: default-src 'none'; style-src 'self'; {live}img-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        for field in [
            policy.as_str(),
            "X-Content-Type-Options: nosniff",
            "Cache-Control: no-store",
            "Referrer-Policy: same-origin",
        ] {
            assert!(head.contains(field), "{path}: {head}");
        }
        let texts = "<script src=\"texts/en.js\" defer></script>\n";
        let body = body
            .replacen(&format!("{texts}<script src=\"live.js\" defer></script>"), "", 1)
            .replacen(&format!("{texts}<script type=\"module\" src=\"log.js\"></script>"), "", 1)
            .replacen(
                &format!("{texts}<script type=\"module\" src=\"program.js\"></script>"),
                "",
                1,
            );
        for forbidden in ["<script", "style=", "onclick", "http:", "https:"] {
            assert!(!body.contains(forbidden), "{path} has {forbidden}");
        }
    }
}

#[test]
fn a_file_of_the_page_is_sent_again_only_if_it_changed() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    let answer = site.get("/live.js");
    assert!(answer.contains("Cache-Control: no-cache\r\n"), "{answer}");
    let (_, rest) = answer.split_once("ETag: ").expect("a tag");
    let tag = rest.lines().next().expect("a value");
    let ask = |tag: &str| {
        status(&site.ask("GET /live.js", &format!("{GOOD}If-None-Match: {tag}\r\n"), ""))
    };
    assert_eq!((ask(tag), ask("\"other\"")), (304, 200));
}

/// What a browser loads for the pages, in bytes. Messages of the daemon are never sent as a whole.
#[test]
fn the_web_interface_is_small() {
    let is_of_daemon =
        |line: &&str| ["core", "error", "http"].iter().any(|family| line.starts_with(family));
    let size = |(name, text): &(&str, &str)| {
        if !name.starts_with("texts/") {
            return text.len();
        }
        text.lines().filter(|line| !is_of_daemon(line)).map(|line| line.len() + 1).sum()
    };
    let size: usize = supkit::assets::WEB.iter().map(size).sum();
    assert!(size < 150_000, "{size}");
}

#[test]
fn output_of_programs_is_escaped() {
    let site = Site::new();
    let nasty = r#"[program:nasty]
command=/bin/sh -c "printf '<script>alert(1)</script>&\033[31m\000\r\n'; exec sleep 1000"
startsecs=0
stdout_logfile={here}/nasty.log
"#;
    let _daemon = site.start(ACCOUNT, nasty);
    wait_until("the program has written", || !site.sandbox.read("nasty.log").is_empty());
    let page = site.get("/tail.html?processname=nasty");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;^@\n"), "{page}");
    for query in
        ["message=<script>", "message=%3Cscript%3E&x=1", "processname=%3Cscript%3E&action=stop"]
    {
        for page in ["/", "/tail.html"] {
            assert!(!site.get(&format!("{page}?{query}")).contains("<script>"), "{page} {query}");
        }
    }
}

#[test]
fn an_action_requires_the_token_of_a_form() {
    let site = Site::new();
    let daemon = site.start(ACCOUNT, SLEEP);
    let pid = daemon.pid_of("sleep");
    let stop = "processname=sleep&action=stop";
    let asked = site.get(&format!("/?{stop}"));
    assert!(asked.contains("<h1>Stop sleep?</h1>"), "{asked}");
    let unknown = site.ask("POST /index.html", GOOD, &format!("{stop}&token=wrong"));
    assert!(unknown.contains("<h1>Stop sleep?</h1>"), "{unknown}");
    let body = format!("{stop}&token={}", site.token());
    for foreign in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
    ] {
        let answer = site.ask("POST /index.html", &format!("{GOOD}{foreign}"), &body);
        assert_eq!(status(&answer), 403, "{foreign}");
    }
    assert_eq!(daemon.pid_of("sleep"), pid);
    let ours =
        format!("{GOOD}Origin: http://127.0.0.1:{}\r\nSec-Fetch-Site: same-origin\r\n", site.port);
    let answer = site.ask("POST /index.html", &ours, &body);
    assert_eq!(status(&answer), 303, "{answer}");
    assert!(answer.contains("Location: ./?message=Stopping%20sleep#p-sleep\r\n"), "{answer}");
    daemon.wait_for_log("stopped: sleep");
    wait_until("the list shows it", || site.get("/status.json").contains(r#""state":"stopped""#));
    let data = format!("{ours}Accept: application/json\r\n");
    let answer = site.ask("POST /index.html", &data, &body);
    let fault = r#"{"is_error":true,"message":"unexpected rpc fault [70] NOT_RUNNING: sleep"}"#;
    assert!(answer.ends_with(fault), "{answer}");
    let answer = site.ask("POST /index.html", &data, &body.replace("stop", "start"));
    assert!(answer.ends_with(r#"{"is_error":false,"message":"Starting sleep"}"#), "{answer}");
}

#[test]
fn a_group_is_restarted_one_by_one_from_the_page() {
    let site = Site::new();
    let pair =
        format!("{SLEEP}[group:web]\nprograms=sleep,other\n[program:other]\ncommand=/bin/cat\n");
    let daemon = site.start(ACCOUNT, &pair);
    daemon.wait_for_log("success: other entered RUNNING");
    let page = site.get("/index.html");
    assert!(
        page.contains(r#"value="restartrolling" aria-label="Restart one by one all of web""#),
        "{page}"
    );
    let ask = |name: &str| {
        let body = format!(
            "processname={name}&action=restartrolling&max_unavailable=2&token={}",
            site.token()
        );
        let fields = format!("{GOOD}Accept: application/json\r\n");
        site.ask("POST /index.html", &fields, &body)
    };
    let answer = ask("web:*");
    assert!(
        answer.contains(r#""message":"Restarting web:* one by one"}"#)
            && answer.contains(r#"{"is_error":false,"job":"#),
        "{answer}"
    );
    daemon.wait_for_log("(rolling restart of web:*, requested through inet_http_server) finished");
    assert!(ask("nobody:*").contains("BAD_NAME: nobody:*"));
}

/// What the error of a refused request shows, and that a trusted origin is accepted.
#[test]
fn a_refusal_names_both_origins_and_the_option() {
    let site = Site::new();
    let trusted = format!("{ACCOUNT}web_trusted_origins = https://Trusted.example:443/\n");
    let daemon = site.start(&trusted, SLEEP);
    let body = format!("processname=sleep&action=restart&token={}", site.token());
    let post = |fields: &str| site.ask("POST /index.html", &format!("{GOOD}{fields}"), &body);
    let refused = post("Host: sup:1\r\nOrigin: http://other.example:8080\r\n");
    assert_eq!(status(&refused), 403);
    for part in [
        "<code>http://other.example:8080</code>",
        "<code>http://sup:1</code>",
        "<code>https://trusted.example</code>",
        "web_trusted_origins = http://other.example:8080",
        "<code>[inet_http_server]</code>",
    ] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
    let nasty = post("Origin: http://<script>\r\n");
    assert_eq!(status(&nasty), 403);
    assert!(!nasty.contains("<script>"), "{nasty}");
    let pid = daemon.pid_of("sleep");
    assert_eq!(status(&post("Origin: https://trusted.example\r\n")), 303);
    daemon.wait_for_count("spawned: 'sleep'", 2);
    assert_ne!(daemon.pid_of("sleep"), pid);
    let call = "<a><methodName>supervisor.getState</methodName></a>";
    let fields = format!("{GOOD}Origin: https://trusted.example\r\nSec-Fetch-Site: cross-site\r\n");
    assert_eq!(status(&site.ask("POST /RPC2", &fields, call)), 200);
}

#[test]
fn logs_and_errors_are_neither_cached_nor_run() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    let call = "<a><methodName>supervisor.getState</methodName></a>";
    let follow = site.connect();
    (&follow).write_all(format!("GET /mainlogtail HTTP/1.0\r\n{GOOD}\r\n").as_bytes()).unwrap();
    let lines = BufReader::new(follow).lines().map(|line| line.expect("a line"));
    let followed: String = lines.take_while(|line| !line.is_empty()).collect();
    let answers = [
        followed,
        site.ask("POST /RPC2", GOOD, call),
        site.get("/tail.html?processname=sleep"),
        site.get("/no/such/page"),
        site.ask("GET /", "", ""),
    ];
    for answer in &answers {
        assert!(answer.contains("Cache-Control: no-store"), "{answer}");
    }
    for answer in &answers[2..] {
        assert!(answer.contains("Content-Security-Policy: default-src 'none'"), "{answer}");
    }
}

/// A page whose name was rebound to this machine could read all replies.
#[test]
fn a_loopback_server_without_a_password_answers_to_known_names_only() {
    let site = Site::new();
    let options = "web_trusted_hosts = sup.example\nweb_trusted_origins = https://proxy.example\n";
    let daemon = site.start(options, SLEEP);
    let paths = ["/", "/tail.html?processname=sleep", "/events", "/mainlogtail", "/ok.html"];
    let requests = paths.map(|path| (format!("GET {path}"), ""));
    let call = "<a><methodName>supervisor.getState</methodName></a>";
    for (head, body) in requests.into_iter().chain([("POST /RPC2".to_owned(), call)]) {
        let answer = site.ask(&head, "Host: evil.example:9001\r\n", body);
        assert_eq!(status(&answer), 403, "{head}");
        assert!(answer.contains("<code>web_trusted_hosts = evil.example</code>"), "{answer}");
    }
    for host in ["sup.example", "proxy.example", "localhost", "127.0.0.1", "[::1]:1"] {
        assert_eq!(status(&site.ask("GET /", &format!("Host: {host}\r\n"), "")), 200, "{host}");
    }
    drop(daemon);
    let daemon = site.start(ACCOUNT, SLEEP);
    daemon.wait_for_count("supervisord started with pid", 2);
    let fields = format!("{GOOD}Host: evil.example\r\n");
    assert_eq!(status(&site.ask("POST /RPC2", &fields, call)), 200, "a password protects it");
}

#[test]
fn a_foreign_page_cannot_call_methods() {
    let site = Site::new();
    let _daemon = site.start("", SLEEP);
    let call = "<a><methodName>supervisor.getState</methodName></a>";
    assert_eq!(status(&site.ask("POST /RPC2", "", call)), 200);
    assert_eq!(status(&site.ask("POST /RPC2", "Host: localhost\r\n", call)), 200);
    for fields in [
        "Origin: http://evil.example\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Host: evil.example\r\nOrigin: http://evil.example\r\n",
    ] {
        assert_eq!(status(&site.ask("POST /RPC2", fields, call)), 403, "{fields}");
    }
}

#[test]
fn events_are_streamed_on_request() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    let mut stream = site.connect();
    let request = format!("GET /events?types=remote_communication HTTP/1.1\r\n{GOOD}\r\n");
    stream.write_all(request.as_bytes()).expect("the request is taken");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 200 OK"));
    assert!(lines.any(|line| line == "Content-Type: text/event-stream"));
    let call = "<a><methodName>supervisor.sendRemoteCommEvent</methodName><params>\
                <param><value>kind</value></param><param><value>data</value></param></params></a>";
    assert_eq!(status(&site.ask("POST /RPC2", GOOD, call)), 200);
    assert!(lines.any(|line| line == "event: REMOTE_COMMUNICATION"));
    assert_eq!(lines.next().as_deref(), Some("data: type:kind"));
    assert_eq!(lines.next().as_deref(), Some("data: data"));
    assert_eq!(status(&site.get("/events?types=nonsense")), 400);
}

#[test]
fn idle_clients_do_not_block_others() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    let silent: Vec<TcpStream> = (0..700).map(|_| site.connect()).collect();
    for mut stream in &silent {
        // some are gone already, to make room
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nX: ");
    }
    assert_eq!(status(&site.get("/ok.html")), 200);
    drop(silent);
    assert_eq!(status(&site.get("/ok.html")), 200);
}

#[test]
fn malformed_and_oversized_requests_are_rejected() {
    let site = Site::new();
    let _daemon = site.start(ACCOUNT, SLEEP);
    let bomb = "<!DOCTYPE a [<!ENTITY x 'xxxxxxxx'><!ENTITY y '&x;&x;&x;'>]><a><methodName>&y;</methodName></a>";
    let deep = "<a>".repeat(1000);
    for body in [bomb, deep.as_str(), "<a><methodName>\u{0}</methodName></a>"] {
        assert_eq!(status(&site.ask("POST /RPC2", GOOD, body)), 400);
    }
    for (head, fields, wanted) in [
        ("POST /RPC2", "Content-Length: 1073741824\r\n", 413),
        ("POST /RPC2", "Content-Length: x\r\n", 400),
        ("POST /RPC2", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400),
        ("nonsense", "", 400),
    ] {
        assert_eq!(
            status(&site.ask(head, &format!("{GOOD}{fields}"), "")),
            wanted,
            "{head} {fields}"
        );
    }
    let chunked = "2c\r\n<a><methodName>system.listMethods</methodName>\r\n4\r\n</a>\r\n0\r\n\r\n";
    let mut stream = site.connect();
    let request = format!(
        "POST /RPC2 HTTP/1.1\r\n{GOOD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunked}"
    );
    stream.write_all(request.replace("2c\r\n", "2e\r\n").as_bytes()).expect("taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    assert_eq!(status(&answer), 200, "{answer}");
}

#[test]
fn requests_that_block_the_original_are_answered() {
    let site = Site::new();
    let chatty = "[program:chatty]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/c.log\n";
    let _daemon = site.start(ACCOUNT, chatty);
    let empty = site.ask("POST /RPC2", &format!("{GOOD}Content-Length: 0\r\n"), "");
    assert_eq!(status(&empty), 400);

    std::fs::write(site.sandbox.path("c.log"), "first\n").expect("the log can be written");
    let mut stream = site.connect();
    let request = format!("GET /logtail/chatty HTTP/1.0\r\n{GOOD}\r\n");
    stream.write_all(request.as_bytes()).expect("the request is taken");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    assert!(lines.any(|line| line.is_empty()), "the head ends");
    assert_eq!(lines.next().as_deref(), Some("first"));
    std::fs::write(site.sandbox.path("c.log"), "2\n").expect("the log can be written");
    assert_eq!(lines.next().as_deref(), Some("==> File truncated <=="));
    assert_eq!(lines.next().as_deref(), Some("2"));
}
