//! Accounts with roles: what each may do through supervisorctl, XML-RPC, the web page and the streams.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// The output of `supkit hash-password`.
fn hashed(sandbox: &Sandbox, args: &[&str], password: &str) -> String {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.arg("hash-password").args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

const PROGRAMS: &str = "[program:one]\ncommand=/bin/sh -c 'echo secret of one; exec sleep 1000'\n\
                        startsecs=0\nstdout_logfile={here}/one.log\n\
                        [program:two]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
                        [group:zope]\nprograms=one,two\n\
                        [program:db]\ncommand=/bin/sh -c 'echo secret of db; exec cat'\n\
                        startsecs=0\nstdout_logfile={here}/db.log\n";

/// The daemon with accounts, on a port and a socket whose owner needs none.
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

    fn start(&self) -> Daemon<'_> {
        let (argon2id, scrypt) = (
            hashed(&self.sandbox, &[], "vera's"),
            hashed(&self.sandbox, &["--algorithm", "scrypt"], "olaf's"),
        );
        let conf = format!(
            "[inet_http_server]\nport=127.0.0.1:{}\nusername=root\npassword=root's\n{SERVER}\
             [http_user:vera]\npassword={argon2id}\nprograms=zope:*\n\
             [http_user:olaf]\npassword={scrypt}\nrole=operator\nprograms=zope:*, other\n\
             [http_user:otto]\npassword=otto's\nrole=operator\n\
             [http_user:anna]\npassword=anna's\nrole=admin\n{PROGRAMS}",
            self.port
        );
        let daemon = Daemon::start(Subject::Ours, &self.sandbox, &conf);
        for program in ["one", "two", "db"] {
            daemon.wait_for_log(&format!("success: {program}"));
        }
        wait_until("the logs are written", || {
            ["one", "db"].iter().all(|it| self.sandbox.read(format!("{it}.log")).contains("secret"))
        });
        daemon
    }

    /// Output and exit status of supervisorctl, over TCP as a user or over the socket without one.
    fn ctl(&self, user: &str, args: &str) -> (String, i32) {
        let mut command = Subject::Ours.program(&self.sandbox, "supervisorctl");
        command.args(["-c", "d.conf"]);
        if !user.is_empty() {
            let password = format!("{user}'s");
            command.args(["-s", &format!("http://127.0.0.1:{}", self.port)]);
            command.args(["-u", user, "-p", &password]);
        }
        let output = command.args(args.split(' ')).stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8(text).unwrap(), output.status.code().unwrap_or(-1))
    }

    /// The reply to a request that closes the connection.
    fn ask(&self, user: &str, head: &str, fields: &str, body: &str) -> String {
        let mut stream = self.send(user, head, &format!("Connection: close\r\n{fields}"), body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn send(&self, user: &str, head: &str, fields: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let login = BASE64_STANDARD.encode(format!("{user}:{user}'s"));
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{head} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {login}\r\n{fields}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn get(&self, user: &str, path: &str) -> String {
        self.ask(user, &format!("GET {path}"), "", "")
    }

    fn token(&self, user: &str) -> String {
        let page = self.get(user, "/?action=refresh&confirm=ask");
        let (_, rest) = page.split_once("name=\"token\" value=\"").expect("the page has a form");
        rest.split('"').next().unwrap().to_owned()
    }

    /// A POST of our own page; the reply is JSON.
    fn act(&self, user: &str, token: &str, fields: &str) -> String {
        let form = "Content-Type: application/x-www-form-urlencoded\r\n\
                    Accept: application/json\r\n";
        self.ask(user, "POST /index.html", form, &format!("token={token}&{fields}"))
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[test]
fn supervisorctl_shows_what_an_account_may_not_do() {
    let site = Site::new();
    let _daemon = site.start();
    let role = |user, role, method: &str, needed| {
        format!(
            "not permitted: user {user} has the role {role}, but {method} requires the role {needed}"
        )
    };
    let viewer = |method| role("vera", "viewer", method, "operator");
    let limited = |method: &str| {
        format!("not permitted: user olaf is limited to other programs, but {method} concerns db")
    };
    let whole = "not permitted: user olaf is limited to some programs, but supkit.readLogBytes \
                 concerns all of them";
    let cases: &[(&str, &str, &str, i32)] = &[
        ("vera", "status db", "RUNNING", 0),
        ("vera", "tail zope:one", "secret of one", 0),
        (
            "vera",
            "tail db",
            "not permitted: user vera is limited to other programs, but \
             supkit.readLogBytes concerns db",
            1,
        ),
        (
            "vera",
            "tail -f db",
            "/logtail/db/stdout Cannot read, status code 403 (not permitted)",
            1,
        ),
        ("vera", "maintail -f", "/mainlogtail Cannot read, status code 403 (not permitted)", 1),
        (
            "vera",
            "stop zope:one",
            &format!("zope:one: ERROR ({})", viewer("supervisor.stopProcess")),
            1,
        ),
        (
            "vera",
            "start zope:one",
            &format!("zope:one: ERROR ({})", viewer("supervisor.startProcess")),
            1,
        ),
        ("vera", "shutdown", &role("vera", "viewer", "supervisor.shutdown", "admin"), 1),
        ("olaf", "stop db", &format!("db: ERROR ({})", limited("supervisor.stopProcess")), 1),
        ("olaf", "stop all", &format!("ERROR: {}", limited("supervisor.stopAllProcesses")), 1),
        ("olaf", "clear db", &format!("db: ERROR ({})", limited("supervisor.clearProcessLogs")), 1),
        (
            "vera",
            "why db",
            "not permitted: user vera is limited to other programs, but supkit.explainProcess \
             concerns db",
            1,
        ),
        ("vera", "why zope:one", "cannot be read: that requires the role admin", 0),
        ("vera", "rotate zope:one", &viewer("supkit.rotateLogs"), 1),
        ("olaf", "rotate zope:one", "one.log", 0),
        ("olaf", "rotate", &role("olaf", "operator", "supkit.rotateLogs", "admin"), 1),
        ("olaf", "reopen db", &limited("supkit.reopenLogs"), 1),
        ("vera", "disable zope:one", &viewer("supkit.disableProcess"), 1),
        ("olaf", "disable db", &limited("supkit.disableProcess"), 1),
        ("olaf", "maintail", whole, 1),
        ("olaf", "update", &role("olaf", "operator", "supervisor.reloadConfig", "admin"), 1),
        ("olaf", "restart zope:*", "zope:one: started", 0),
        ("olaf", "stop zope:two", "zope:two: stopped", 0),
        ("olaf", "start zope:*", "zope:two: started", 0),
        ("otto", "restart db", "db: started", 0),
        ("otto", "maintail", "success: db", 0),
        ("otto", "avail", "zope:one", 0),
        ("otto", "shutdown", &role("otto", "operator", "supervisor.shutdown", "admin"), 1),
        ("anna", "update", "", 0),
        ("root", "update", "", 0),
        ("", "update", "", 0),
        ("nobody", "status", "Server requires authentication", 1),
    ];
    for (user, command, want, code) in cases {
        let (text, exit) = site.ctl(user, command);
        assert!(text.contains(want), "{user}: {command}: {text}");
        assert_eq!(exit, *code, "{user}: {command}: {text}");
    }
    // Nothing is done by halves.
    let (text, _) = site.ctl("", "status");
    assert_eq!(text.matches("RUNNING").count(), 3, "{text}");
    assert!(!site.sandbox.read("d.log").contains("without any HTTP authentication"));
}

#[test]
fn the_owner_of_the_socket_needs_no_account_but_may_use_one() {
    let site = Site::new();
    let _daemon = site.start();
    let ctl = |args: &str| {
        let mut command = Subject::Ours.program(&site.sandbox, "supervisorctl");
        command.args(["-c", "d.conf"]).args(args.split(' ')).stdin(Stdio::null());
        let output = command.output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    assert_eq!(ctl("stop db"), ("db: stopped\n".to_owned(), Some(0)));
    assert_eq!(ctl("-u unknown -p x start db"), ("db: started\n".to_owned(), Some(0)));
    let (text, code) = ctl("-u otto -p otto's shutdown");
    assert!(text.contains("not permitted: user otto") && code == Some(1), "{text}");
    let (text, code) = ctl("-u otto -p wrong status");
    assert!(text.contains("requires authentication") && code == Some(1), "{text}");
}

#[test]
fn each_call_of_a_multicall_is_checked() {
    let site = Site::new();
    let _daemon = site.start();
    let call = |method: &str, name: &str| {
        format!(
            "<value><struct><member><name>methodName</name><value>{method}</value></member>\
             <member><name>params</name><value><array><data><value>{name}</value></data></array>\
             </value></member></struct></value>"
        )
    };
    let calls = [
        call("supervisor.stopProcess", "db"),
        call("supervisor.getProcessInfo", "db"),
        call("supervisor.stopProcess", "zope:one"),
    ];
    let body = format!(
        "<?xml version='1.0'?><methodCall><methodName>system.multicall</methodName><params><param>\
         <value><array><data>{}</data></array></value></param></params></methodCall>",
        calls.concat()
    );
    let answer = site.ask("olaf", "POST /RPC2", "Content-Type: text/xml\r\n", &body);
    assert_eq!(answer.matches("faultCode").count(), 1, "{answer}");
    assert!(answer.contains("FAILED: not permitted: user olaf is limited"), "{answer}");
    let (text, _) = site.ctl("", "status");
    assert_eq!(text.matches("RUNNING").count(), 2, "{text}");
}

#[test]
fn the_page_shows_only_the_buttons_that_work() {
    let site = Site::new();
    let _daemon = site.start();
    let count = |user: &str, text: &str| site.get(user, "/").matches(text).count();
    for (user, row_buttons, group_buttons, all_buttons, tails) in [
        ("vera", 0, 0, 0, 2),
        ("olaf", 8, 3, 0, 2),
        ("otto", 12, 3, 2, 3),
        ("anna", 12, 3, 2, 3),
        ("root", 12, 3, 2, 3),
    ] {
        let page = site.get(user, "/");
        assert_eq!(status(&page), 200);
        let rows: usize = ["Start ", "Restart ", "Stop ", "Clear log "]
            .iter()
            .map(|label| page.matches(&format!("aria-label=\"{label}")).count())
            .sum();
        let one_by_one = page.matches("\"Restart one by one all of zope\"").count();
        assert_eq!(one_by_one, usize::from(group_buttons > 0), "{user}");
        assert_eq!(rows, row_buttons + group_buttons + one_by_one, "{user}");
        assert_eq!(page.matches(" all of zope\"").count(), group_buttons + one_by_one, "{user}");
        let is_admin = ["anna", "root"].contains(&user);
        assert_eq!(page.contains("href=\"update.html\""), is_admin, "{user}");
        let update = status(&site.get(user, "/update.html"));
        assert_eq!(update, if is_admin { 200 } else { 403 }, "{user}");
        let all = count(user, "value=\"restartall\"") + count(user, "value=\"stopall\"");
        assert_eq!(all, all_buttons, "{user}");
        assert_eq!(page.matches("href=\"tail.html").count(), tails, "{user}");
        assert_eq!(page.matches("<form id=\"selection").count(), usize::from(row_buttons > 0));
    }
    let list = site.get("vera", "/status.json");
    assert!(list.contains("\"actions\":[],\"private\":true"), "{list}");
}

#[test]
fn actions_and_logs_that_an_account_may_not_use_are_refused() {
    let site = Site::new();
    let _daemon = site.start();
    for (user, fields, code) in [
        ("vera", "action=stop&processname=zope:one", 403),
        ("olaf", "action=stop&processname=db", 403),
        ("olaf", "action=restart&processname=zope:one&processname=db", 403),
        ("olaf", "action=stopall", 403),
        ("olaf", "action=restart&processname=zope:*", 200),
        ("otto", "action=restart&processname=db", 200),
    ] {
        let answer = site.act(user, &site.token(user), fields);
        assert_eq!(status(&answer), code, "{user} {fields}: {answer}");
        assert_eq!(answer.contains("not permitted: user "), code == 403, "{answer}");
    }
    // The token of another account is none.
    let answer = site.act("otto", &site.token("olaf"), "action=stop&processname=db");
    assert!(answer.contains("Nothing has been done yet"), "{answer}");
    for (user, path, code) in [
        ("vera", "/?action=stop&processname=zope:one", 403),
        ("vera", "/logtail/db", 403),
        ("vera", "/mainlogtail", 403),
        ("olaf", "/logtail/db/stderr", 403),
        ("olaf", "/mainlogtail", 403),
        ("vera", "/ok.html", 200),
        ("vera", "/tail.html?processname=zope:one", 200),
    ] {
        assert_eq!(status(&site.get(user, path)), code, "{user} {path}");
    }
    let page = site.get("vera", "/tail.html?processname=db");
    assert!(page.contains("not permitted") && !page.contains("secret of db"), "{page}");
}

#[test]
fn events_with_the_output_of_other_programs_are_not_received() {
    let site = Site::new();
    let daemon = site.start();
    let conf = site.sandbox.read("d.conf");
    let talks = |group: &str| {
        format!(
            "[program:{group}talks]\ncommand=/bin/cat\nstartsecs=0\nstdout_events_enabled=true\n"
        )
    };
    let conf = conf.replace("programs=one,two", "programs=one,two,zopetalks");
    site.sandbox.write("d.conf", &format!("{conf}{}{}", talks("db"), talks("zope")));
    assert_eq!(site.ctl("root", "update").1, 0);
    daemon.wait_for_log("success: zopetalks");
    daemon.wait_for_log("success: dbtalks");
    let mut stream = site.send("vera", "GET /events", "", "");
    let mut text = String::new();
    let mut read_until = |part: &str| {
        let mut buffer = [0; 4096];
        while !text.contains(part) {
            let count = stream.read(&mut buffer).expect("an event comes");
            assert_ne!(count, 0, "the stream ended: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        text.clone()
    };
    read_until("text/event-stream");
    let stdin = |name: &str, chars: &str| {
        let value = |text: &str| format!("<param><value><string>{text}</string></value></param>");
        let body = format!(
            "<?xml version='1.0'?><methodCall><methodName>supervisor.sendProcessStdin</methodName>\
             <params>{}{}</params></methodCall>",
            value(name),
            value(chars)
        );
        let answer = site.ask("root", "POST /RPC2", "Content-Type: text/xml\r\n", &body);
        assert!(answer.contains("<boolean>1"), "{answer}");
    };
    stdin("dbtalks", "hidden\n");
    stdin("zope:zopetalks", "visible\n");
    let text = read_until("visible");
    assert_eq!(site.ctl("root", "stop dbtalks").1, 0);
    assert!(!text.contains("hidden"), "{text}");
    let text = read_until("PROCESS_STATE_STOPPED");
    assert!(text.contains("processname:dbtalks") && !text.contains("hidden"), "{text}");
}

#[test]
fn a_bad_account_is_an_error_with_its_place() {
    let sandbox = Sandbox::new();
    let check = |rest: &str| {
        sandbox.write("d.conf", &format!("[supervisord]\n{rest}"));
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let output = command.args(["check", "-c", "d.conf"]).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        text
    };
    for (rest, place, want) in [
        ("[http_user:a]\nrole=viewer\n", ":2:1", "has no password"),
        ("[http_user:a]\npassword={ARGON2ID}hunter2\n", ":3:10", "is not a hash"),
        (
            "[inet_http_server]\nport=9001\nusername=x\npassword={SCRYPT}$hunter2\n",
            ":5:10",
            "needs a hash of scrypt",
        ),
        ("[http_user:a]\npassword=x\nrole=king\n", ":4:6", "operator"),
        ("[http_user:a]\npassword=x\nrole=admin\nprograms=b\n", ":5:10", "controls all"),
        ("[http_user:a b]\npassword=x\n", ":2:1", "Invalid name"),
        (
            "[unix_http_server]\nfile=/tmp/x\nusername=a\npassword=b\n[http_user:a]\npassword=x\n",
            ":6:1",
            "also the username of [unix_http_server]",
        ),
    ] {
        let text = check(rest);
        assert!(text.contains(&format!("d.conf{place}")), "{rest}: {text}");
        assert!(text.contains(want), "{rest}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// `disable`, `rotate` and others take a name that only a group has for the group.
#[test]
fn the_bare_name_of_a_group_of_others_is_refused() {
    let site = Site::new();
    let conf = format!(
        "[inet_http_server]\nport=127.0.0.1:{}\nusername=root\npassword=root's\n{SERVER}\
         [http_user:olaf]\npassword=olaf's\nrole=operator\nprograms=own\n\
         [program:own]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
         [program:pool]\ncommand=/bin/sleep 1000\nstartsecs=0\nnumprocs=2\n\
         process_name=p%(process_num)d\n",
        site.port
    );
    let mut daemon = Daemon::start(Subject::Ours, &site.sandbox, &conf);
    daemon.wait_for_count("entered RUNNING state", 3);
    for (action, method) in
        [("disable", "disableProcess"), ("rotate", "rotateLogs"), ("reopen", "reopenLogs")]
    {
        let (text, status) = site.ctl("olaf", &format!("{action} pool"));
        let why = format!("limited to other programs, but supkit.{method} concerns pool:p0");
        assert!(text.contains(&why) && status == 1, "{text}");
        let (text, status) = site.ctl("olaf", &format!("{action} own"));
        assert_eq!(status, 0, "{text}");
    }
    let (text, _) = site.ctl("", "status pool:*");
    assert!(!text.contains("disabled"), "{text}");
    daemon.stop();
}
