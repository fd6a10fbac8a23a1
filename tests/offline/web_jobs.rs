//! Jobs of several processes, and updates, through forms as a browser without scripts sends them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const PROGRAMS: &str = "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    process_name=%(process_num)d\nnumprocs=3\n\
    [program:other]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [program:missing]\ncommand=/does/not/exist\nautostart=false\n";

struct Site {
    port: u16,
}

impl Site {
    fn start<'a>(sandbox: &'a Sandbox, programs: &str) -> (Self, Daemon<'a>) {
        let port = sandbox.port();
        let conf = format!("[inet_http_server]\nport=127.0.0.1:{port}\n{SERVER}{programs}");
        (Self { port }, Daemon::start(Subject::Ours, sandbox, &conf))
    }

    fn ask(&self, head: &str, fields: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{head} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{fields}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer comes");
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path}"), "", "")
    }

    /// What follows `name="NAME" value="`.
    fn value(page: &str, name: &str) -> String {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect("a field");
        rest.split('"').next().expect("a value").to_owned()
    }

    fn post(&self, path: &str, fields: &str) -> String {
        let token = Self::value(&self.get("/"), "token");
        self.ask(&format!("POST {path}"), "", &format!("token={token}&{fields}"))
    }
}

fn location(answer: &str) -> &str {
    let (_, rest) = answer.split_once("Location: ").unwrap_or_else(|| panic!("{answer}"));
    rest.lines().next().unwrap_or_default()
}

#[test]
fn a_selection_is_one_job_whose_result_is_on_the_page() {
    let sandbox = Sandbox::new();
    let (site, daemon) = Site::start(&sandbox, PROGRAMS);
    daemon.wait_for_count("entered RUNNING state", 4);
    let all = "processname=web:0&processname=web:1&processname=other&action=stop";
    let answer = site.post("/index.html", all);
    assert_eq!(location(&answer), "./?message=Stopping%203%20processes");
    daemon.wait_for_count("stopped: ", 3);
    wait_until("the job is done", || {
        let page = site.get("/");
        page.contains("<strong>Stop of web:0 web:1 other</strong> <span class=\"done\">done")
    });
    // What cannot be started is named at once, the others are started. Many names are one field.
    let some = "names=web:0%0Aweb:1%0Amissing%0Anone&action=start";
    let answer = site.post("/index.html", some);
    let message = location(&answer);
    assert!(message.contains("2%20of%204%20failed") && message.ends_with("&failed=1"), "{message}");
    daemon.wait_for_count("entered RUNNING state", 6);
    let answer = site.post("/index.html", "processname=web:*&action=restart");
    assert_eq!(location(&answer), "./?message=Restarting%20web%3A%2A#p-web%3A%2A");
    wait_until("all run", || site.get("/status.json").contains("Restart of web:*: done"));
    daemon.wait_for_count("entered RUNNING state", 9);
}

#[test]
fn a_rolling_restart_is_confirmed_and_can_be_cancelled() {
    let sandbox = Sandbox::new();
    let slow = PROGRAMS.replace("startsecs=0", "startsecs=2");
    let (site, daemon) = Site::start(&sandbox, &slow);
    daemon.wait_for_count("entered RUNNING state", 4);
    let page =
        site.post("/index.html?q=web&confirm=ask", "processname=web:*&action=restartrolling");
    for part in [
        "<h1>Restart one by one web:*?</h1>",
        "<input type=\"number\" name=\"max_unavailable\" min=\"1\" value=\"1\" required>",
        "action=\"index.html?q&#x3D;web\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let invalid = "processname=web:*&action=restartrolling&max_unavailable=0";
    assert!(location(&site.post("/index.html", invalid)).contains("ERROR"));
    let valid = invalid.replace("=0", "=1");
    assert!(!location(&site.post("/index.html", &valid)).contains("failed"));
    let page = site.get("/");
    assert!(page.contains("<li class=\"queued\"><b>web:2</b> <span>waiting</span></li>"), "{page}");
    let id = page.split_once("data-job=\"").expect("a job").1.split('"').next().expect("its id");
    let answer = site.post("/index.html", &format!("processname={id}&action=canceljob"));
    let message = location(&answer);
    assert!(message.starts_with(&format!("./?message=Job%20{id}%20ends")), "{message}");
    daemon.wait_for_log("failed: cancelled through inet_http_server; not restarted: web:1, web:2");
    let page = site.get("/");
    assert!(page.contains("<li>cancelled through inet_http_server</li>"), "{page}");
    assert!(!page.contains("value=\"canceljob\""), "{page}");
    let again = location(&site.post("/index.html", &format!("processname={id}&action=canceljob")))
        .to_owned();
    assert!(again.contains("ERROR") && again.contains("has%20finished"), "{again}");
}

#[test]
fn an_update_is_shown_before_it_is_done() {
    let sandbox = Sandbox::new();
    let (site, daemon) = Site::start(&sandbox, PROGRAMS);
    daemon.wait_for_count("entered RUNNING state", 4);
    assert!(site.get("/update.html").contains("There is nothing to update"));
    let conf = sandbox.read("d.conf");
    let changed = |command: &str| {
        let section = format!("[program:other]\ncommand={command}");
        sandbox
            .write("d.conf", &conf.replace("[program:other]\ncommand=/bin/sleep 1000", &section));
    };
    changed("/bin/sleep 2000");
    let page = site.get("/update.html");
    let path = sandbox.path("d.conf").display().to_string();
    for part in [
        "<h2>other: changed</h2>",
        "<code>command</code>: <del>/bin/sleep 1000</del> → <ins>/bin/sleep 2000</ins>",
        path.as_str(),
        "<li><b>other</b>: restarted",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<h2>web"), "{page}");
    let plan = Site::value(&page, "plan");
    // Another plan than the one that was shown is not carried out; nor is one without the token.
    changed("/bin/sleep 3000");
    let stale = site.post("/update.html", &format!("plan={plan}&mode=minimal"));
    assert!(stale.contains("has changed since") && stale.contains("/bin/sleep 3000"), "{stale}");
    let plan = Site::value(&stale, "plan");
    let forged = site.ask("POST /update.html", "", &format!("plan={plan}&mode=minimal"));
    assert!(forged.contains("/bin/sleep 3000"), "{forged}");
    assert_eq!(daemon.log().matches("spawned: 'other'").count(), 1);
    let pid = daemon.pid_of("other");
    let answer = site.post("/update.html", &format!("plan={plan}&mode=rolling&max_unavailable=1"));
    assert_eq!(location(&answer), "./?message=Updating");
    daemon.wait_for_count("spawned: 'other'", 2);
    daemon.wait_for_log("(update of all, requested through inet_http_server) finished");
    assert_ne!(daemon.pid_of("other"), pid);
    assert!(site.get("/").contains("<strong>Update of all</strong> <span class=\"done\">done"));
    changed("/bin/sleep 1\nexitcodes=x");
    let page = site.get("/update.html");
    assert!(page.contains("cannot be read") && page.contains("exit codes"), "{page}");
    assert!(!page.contains("name=\"plan\""), "{page}");
}
