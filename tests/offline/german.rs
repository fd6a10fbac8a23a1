//! The pages of a real daemon in German: no English word reaches them, whatever state its programs
//! are in. A word is English if the English catalogue has it and the German one has not.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use supkit::assets;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Names that are no words of either language.
const PROGRAMS: &str = "[program:zz1]\ncommand=/bin/sleep 1000\nstartsecs=0\nready_tcp=127.0.0.1:1\n\
    ready_interval=0.1\n\
    [program:zz2]\ncommand=/bin/sleep 1000\nstartsecs=0\ndepends_on=zz1:ready, zz5:completed\n\
    [program:zz3]\ncommand=/bin/sh -c 'echo zz >&2; exit 3'\nstartretries=0\n\
    [program:zz4]\ncommand=/nowhere/zz\nstartretries=0\n\
    [program:zz5]\ncommand=/bin/sh -c 'exit 4'\nstartsecs=0\nautorestart=false\n\
    [program:zz6]\ncommand=/bin/sleep 1000\nautostart=false\n\
    [program:zz7]\ncommand=/bin/sleep 1000\nstartsecs=500\n\
    [program:zz8]\ncommand=/bin/sh -c 'trap \"\" TERM; echo zz; while :; do sleep 1; done'\nstartsecs=0\n\
    stopwaitsecs=500\n\
    [program:zz9]\ncommand=/bin/true\nautostart=false\nschedule=0 3 * * *\n\
    [program:za]\ncommand=/bin/sleep 1000\nstartsecs=0\nprocess_name=z%(process_num)d\nnumprocs=3\n\
    [program:zb]\ncommand=/bin/sh -c 'exit 5'\nstartretries=1000\n\
    [program:zc]\ncommand=/bin/sleep 1000\nstartsecs=0\nautorestart=false\n\
    [program:zd]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n\
    [program:ze]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [http_user:zvera]\npassword=pw\nrole=viewer\nprograms=zz1\n";
const ADMIN: &str = "Authorization: Basic eno6cHc=\r\n"; // zz:pw
const VIEWER: &str = "Authorization: Basic enZlcmE6cHc=\r\n"; // zvera:pw

struct Site {
    port: u16,
}

impl Site {
    fn ask(&self, head: &str, fields: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{head} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Accept-Language: de\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer comes");
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path}"), ADMIN, "")
    }

    fn post(&self, path: &str, fields: &str) -> String {
        let page = self.get("/");
        let (_, rest) = page.split_once("name=\"token\" value=\"").expect("a form");
        let token = rest.split('"').next().expect("a token");
        self.ask(&format!("POST {path}"), ADMIN, &format!("token={token}&{fields}"))
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|char: char| !char.is_alphabetic() && !"'_".contains(char));
    words.filter(|word| word.chars().count() > 1).map(str::to_lowercase)
}

fn catalogue(language: &str) -> BTreeSet<String> {
    let text = assets::web(&format!("texts/{language}.txt"));
    text.lines()
        .filter_map(|line| line.split_once(" = "))
        .flat_map(|(_, text)| words(text).collect::<Vec<_>>())
        .collect()
}

/// The text outside of tags and the labels in them, without code, output and English parts.
fn visible(page: &str) -> String {
    let mut text = page.split_once("\r\n\r\n").map_or(page, |(_, body)| body).to_owned();
    for (begin, end) in [
        ("<code>", "</code>"),
        ("<pre", "</pre>"),
        ("<script", "</script>"),
        ("<a lang=\"en\"", "</a>"),
        ("<a class=\"brand\"", "</a>"),
    ] {
        while let Some((before, rest)) = text.split_once(begin) {
            let behind = rest.split_once(end).map_or("", |(_, behind)| behind);
            text = format!("{before} {behind}");
        }
    }
    let mut shown = String::new();
    for part in text.split('<') {
        let (tag, behind) = part.split_once('>').unwrap_or(("", part));
        for attribute in ["aria-label", "title", "placeholder"] {
            let value = tag.split_once(&format!("{attribute}=\"")).map(|(_, rest)| rest);
            shown += value.and_then(|rest| rest.split('"').next()).unwrap_or_default();
            shown.push(' ');
        }
        shown += behind;
        shown.push(' ');
    }
    shown.replace("&#x27;", "'").replace("&quot;", "\"").replace("&amp;", "&")
}

fn is_english_amount(text: &str) -> bool {
    let units = [" s", " MB", " GB", " %", " MiB"];
    units.iter().flat_map(|unit| text.match_indices(unit)).any(|(at, _)| {
        let number = text[..at].rsplit(|char: char| !char.is_ascii_digit() && char != '.').next();
        number.is_some_and(|it| it.len() > 1 && it.contains('.'))
    })
}

#[track_caller]
fn assert_german(page: &str, what: &str, english: &BTreeSet<String>) {
    let shown = visible(page);
    let found: Vec<String> = words(&shown).filter(|word| english.contains(word)).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {shown}");
    assert!(!is_english_amount(&shown), "{what}: {shown}");
}

fn english() -> BTreeSet<String> {
    let german = catalogue("de");
    // Tokens of HTTP and of the configuration, which are the same in both.
    let tokens = ["tail", "stdout", "stderr", "supkit"];
    catalogue("en")
        .into_iter()
        .filter(|word| !german.contains(word) && !tokens.contains(&word.as_str()))
        .collect()
}

#[test]
fn no_english_word_reaches_a_page() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let conf = format!(
        "[supervisord]\nidentifier=zsup\naudit_log={{here}}/audit.log\n[inet_http_server]\n\
         port=127.0.0.1:{port}\nusername=zz\npassword=pw\n{SERVER}{PROGRAMS}"
    );
    let daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    let site = Site { port };
    let english = english();
    assert!(english.len() > 200, "{}", english.len());
    daemon.wait_for_log("gave up: zz3");
    daemon.wait_for_log("gave up: zz4");
    daemon.wait_for_log("exited: zz5");
    daemon.wait_for_log("exited: zd");
    let pid = nix::unistd::Pid::from_raw(daemon.pid_of("zc"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSEGV).expect("it runs");
    daemon.wait_for_log("exited: zc");
    wait_until("the trap is set", || sandbox_log_has(&site, "zz8"));
    for fields in [
        "processname=ze&action=stop",
        "processname=zz8&action=stop",
        "processname=za:*&action=restart",
        "processname=za:*&action=restartrolling&max_unavailable=1",
        "processname=zz2&processname=zz4&action=start",
        "processname=zz4&action=start",
        "processname=zznone&action=start",
        "processname=zz8&action=restartrolling",
    ] {
        let answer = site.post("/index.html", fields);
        let (_, rest) = answer.split_once("Location: ").unwrap_or_else(|| panic!("{answer}"));
        let place = rest.lines().next().expect("a line").trim_start_matches('.');
        let place = place.split('#').next().expect("a path").replace("./", "/");
        assert_german(&site.get(&place), fields, &english);
    }
    let names = [
        "zz1", "zz2", "zz3", "zz4", "zz5", "zz6", "zz7", "zz8", "zz9", "za:z0", "zb", "zc", "zd",
        "ze",
    ];
    let paths = names.map(|name| format!("/program.html?processname={name}"));
    for path in [
        "/",
        "/update.html",
        "/?q=zz",
        "/?q=zznothing",
        "/mainlog.html",
        "/auditlog.html",
        "/tail.html",
        "/tail.html?processname=zz1",
        "/tail.html?processname=zznone",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(paths)
    {
        let page = site.get(&path);
        assert!(page.contains("<html lang=\"de\">"), "{path}: {page}");
        assert_german(&page, &path, &english);
    }
    for (head, fields, status) in [
        ("GET /nowhere", ADMIN, 404),
        ("GET /program.html?processname=zznone", ADMIN, 404),
        ("GET /log.txt?processname=zznone", ADMIN, 404),
        ("GET /logtail/zznone", ADMIN, 404),
        ("GET /", "", 401),
        ("DELETE /", ADMIN, 400),
        ("GET /?action=what", ADMIN, 400),
        ("GET /events?types=what", ADMIN, 400),
        ("GET /mainlog.html", VIEWER, 403),
        ("GET /logtail/zz3", VIEWER, 403),
        ("GET /update.html", VIEWER, 403),
        ("GET /?action=stopall", VIEWER, 403),
        ("POST /RPC2", ADMIN, 400),
        ("POST /index.html", "Transfer-Encoding: gzip\r\nAuthorization: Basic eno6cHc=\r\n", 400),
        ("POST /", "Expect: what\r\nAuthorization: Basic eno6cHc=\r\n", 417),
    ] {
        let page = site.ask(head, fields, "");
        assert!(page.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {page}");
        assert!(page.contains("<html lang=\"de\">"), "{head}: {page}");
        assert_german(&page, head, &english);
    }
    // The same texts for other clients stay English.
    let call = "<methodCall><methodName>supervisor.getAllProcessInfo</methodName></methodCall>";
    let answer = site.ask("POST /RPC2", &format!("{ADMIN}Content-Type: text/xml\r\n"), call);
    for text in ["uptime 0:0", "waits for zz1: ready_tcp", "Exited too quickly"] {
        assert!(answer.contains(text), "{text}: {answer}");
    }
}

fn sandbox_log_has(site: &Site, name: &str) -> bool {
    site.get(&format!("/log.part?processname={name}")).ends_with("zz\n")
}

#[test]
fn a_missing_translation_is_found() {
    let english = english();
    for text in ["Exited too quickly", "it is stopped", "waits for zz", "There is no such log."] {
        assert!(words(text).any(|word| english.contains(&word)), "{text}");
    }
    assert!(is_english_amount("CPU 0.3 %") && is_english_amount("after 1.5 s"));
    assert!(!is_english_amount("4.3.0, 127.0.0.1:1, seit 3 s"));
    let page = "a\r\n\r\n<p title=\"b c\">d &amp; <code>e</code> f</p><pre x>g</pre>";
    assert_eq!(words(&visible(page)).collect::<Vec<_>>(), Vec::<String>::new());
    let page = "a\r\n\r\n<p title=\"bb cc\">dd &amp; <code>ee</code> ff</p><pre x>gg</pre>";
    assert_eq!(words(&visible(page)).collect::<Vec<_>>(), ["bb", "cc", "dd", "ff"]);
}
