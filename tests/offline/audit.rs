//! The audit log: a line for each action, byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const AUDIT: &str = "audit_logfile={here}/audit.log\n";
const PROGRAM: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n";

fn start<'a>(sandbox: &'a Sandbox, rest: &str) -> Daemon<'a> {
    Daemon::start(Subject::Ours, sandbox, &format!("{AUDIT}{SERVER}{PROGRAM}{rest}"))
}

fn ctl(sandbox: &Sandbox, args: &str) {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(args.split(' ')).stdin(Stdio::null());
    command.output().unwrap();
}

/// The lines, with what varies replaced. Each is valid JSON.
fn lines(sandbox: &Sandbox) -> Vec<String> {
    let me = nix::unistd::getuid().to_string();
    let group = nix::unistd::getgid().to_string();
    let line = |line: &str| {
        let read: Value = serde_json::from_str(line).expect("it is JSON");
        assert!(read["time"].as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')));
        let mut line = line.replacen(read["time"].as_str().unwrap(), "T", 1);
        for (name, known) in [("uid", me.as_str()), ("gid", &group), ("pid", "")] {
            if !read[name].is_null() {
                let value = read[name].to_string();
                assert!(known.is_empty() || value == known, "{line}");
                line = line.replacen(&format!("\"{name}\":{value}"), &format!("\"{name}\":N"), 1);
            }
        }
        if let Some(address) = read["address"].as_str() {
            assert!(address.starts_with("127.0.0.1:"), "{line}");
            line = line.replacen(address, "A", 1);
        }
        line.replacen(&format!("\"duration_ms\":{}", read["duration_ms"]), "\"duration_ms\":D", 1)
    };
    sandbox.read("audit.log").lines().map(line).collect()
}

#[track_caller]
fn wait_for_lines(sandbox: &Sandbox, count: usize) -> Vec<String> {
    wait_until("the lines are written", || lines(sandbox).len() >= count);
    lines(sandbox)
}

#[test]
fn actions_of_supervisorctl_are_written_and_reads_are_not() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox, "");
    for command in ["status", "pid", "avail", "tail web", "maintail", "start web", "stop nothing"] {
        ctl(&sandbox, command);
    }
    let written = wait_for_lines(&sandbox, 3);
    let me = r#"{"time":"T","uid":N,"gid":N,"pid":N,"transport":"unix","server":"unix_http_server","interface":"xml-rpc","action":"#;
    let want = [
        format!(
            r#"{me}"supervisor.startProcess","arguments":["web"],"result":"started","job":1,"duration_ms":D}}"#
        ),
        r#"{"time":"T","interface":"job","action":"start","arguments":["web"],"result":"ok","job":1,"duration_ms":D}"#
            .to_owned(),
        format!(
            r#"{me}"supervisor.stopProcess","arguments":["nothing"],"result":"fault","code":10,"message":"BAD_NAME: nothing","duration_ms":D}}"#
        ),
    ];
    assert_eq!(written, want);
    let metadata = std::fs::metadata(sandbox.path("audit.log")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o600);
    daemon.signal(Signal::SIGUSR2);
    daemon.wait_for_log("logreopen");
    std::fs::rename(sandbox.path("audit.log"), sandbox.path("audit.old")).unwrap();
    daemon.signal(Signal::SIGUSR2);
    daemon.wait_for_count("logreopen", 2);
    daemon.stop();
    assert!(sandbox.read("audit.old").lines().count() >= 4);
    let last = lines(&sandbox);
    let signal = |name: &str| {
        format!(
            r#"{{"time":"T","uid":N,"pid":N,"interface":"signal","action":"{name}","arguments":[],"result":"ok","duration_ms":D}}"#
        )
    };
    assert!(last.contains(&signal("SIGTERM")), "{last:#?}");
    assert!(sandbox.read("audit.old").contains("\"action\":\"SIGUSR2\""));
}

#[test]
fn secrets_and_control_characters_of_arguments_are_not_written() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let inet = format!("[inet_http_server]\nport=127.0.0.1:{port}\nusername=u\npassword=p\n");
    let _daemon = start(&sandbox, &inet);
    let call = |method: &str, params: &[&str]| {
        let param = |text: &&str| format!("<param><value><string>{text}</string></value></param>");
        let params: Vec<String> = params.iter().map(param).collect();
        let params = params.concat();
        let body = format!(
            "<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{params}\
             </params></methodCall>"
        );
        post(port, "/RPC2", "dTpw", &body);
    };
    call("supervisor.sendProcessStdin", &["web", "hunter2"]);
    call("supervisor.sendRemoteCommEvent", &["x\n\u{9b}31m", "token=hunter2"]);
    post(port, "/RPC2", "dTpodW50ZXIy", "");
    let text = wait_for_lines(&sandbox, 3).join("\n");
    assert!(!text.contains("hunter2") && !text.contains('\u{9b}'), "{text}");
    let me = r#"{"time":"T","user":"u","address":"A","transport":"tcp","server":"inet_http_server","interface":"#;
    let want = [
        format!(
            r#"{me}"xml-rpc","action":"supervisor.sendProcessStdin","arguments":["web","***"],"result":"fault","code":70,"message":"NOT_RUNNING: web","duration_ms":D}}"#
        ),
        format!(
            r#"{me}"xml-rpc","action":"supervisor.sendRemoteCommEvent","arguments":["x\n\u009b31m","token=***"],"result":"ok","duration_ms":D}}"#
        ),
        format!(
            r#"{me}"http","action":"login","arguments":[],"result":"refused","message":"wrong username or password","duration_ms":D}}"#
        ),
    ];
    assert_eq!(text, want.join("\n"));
}

fn post(port: u16, path: &str, login: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Authorization: Basic {login}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn actions_of_the_page_of_listeners_and_what_is_refused_are_written() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let listener = sandbox.script(
        "listener",
        "#!/bin/sh\necho READY\nread line\n\
         exec \"$SUPKIT\" supervisorctl -s unix://$SOCKET clear web\n",
    );
    let rest = format!(
        "[inet_http_server]\nport=127.0.0.1:{port}\nusername=u\npassword=p\nweb_get_actions=true\n\
         [http_user:vera]\npassword=p\n\
         [eventlistener:listener]\ncommand={}\nevents=REMOTE_COMMUNICATION\nautorestart=false\n\
         startsecs=0\nenvironment=SUPKIT=\"{}\",SOCKET=\"{{here}}/d.sock\"\n",
        listener.display(),
        env!("CARGO_BIN_EXE_supkit")
    );
    let daemon = start(&sandbox, &rest);
    daemon.wait_for_log("success: listener");
    let get = |path: &str, login: &str, fields: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Authorization: Basic {login}\r\n{fields}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    get("/?action=start&processname=web", "dTpw", "");
    get("/?action=stop&processname=web", "dmVyYTpw", "");
    get("/mainlogtail", "dmVyYTpw", "");
    let body = "<methodCall><methodName>supervisor.sendRemoteCommEvent</methodName><params>\
                <param><value>x</value></param><param><value>y</value></param></params>\
                </methodCall>";
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let forged = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n\
         Connection: close\r\nAuthorization: Basic dTpw\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(forged.as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    post(port, "/RPC2", "dTpw", body);
    let written = wait_for_lines(&sandbox, 7);
    let of = |user: &str| {
        format!(
            r#"{{"time":"T","user":"{user}","address":"A","transport":"tcp","server":"inet_http_server","interface":"#
        )
    };
    let (u, vera) = (of("u"), of("vera"));
    let want = [
        format!(r#"{u}"web","action":"start","arguments":["web"],"result":"started","job":1,"duration_ms":D}}"#),
        r#"{"time":"T","interface":"job","action":"start","arguments":["web"],"result":"ok","job":1,"duration_ms":D}"#.to_owned(),
        format!(
            r#"{vera}"web","action":"stop","arguments":["web"],"result":"refused","message":"FAILED: not permitted: user vera has the role viewer, but stop requires the role operator","duration_ms":D}}"#
        ),
        format!(
            r#"{vera}"http","action":"/mainlogtail","arguments":[],"result":"refused","message":"FAILED: not permitted: user vera has the role viewer, but /mainlogtail requires the role operator","duration_ms":D}}"#
        ),
        format!(
            r#"{u}"http","action":"/RPC2","arguments":[],"result":"refused","message":"The request came from a page of another origin.","duration_ms":D}}"#
        ),
        format!(r#"{u}"xml-rpc","action":"supervisor.sendRemoteCommEvent","arguments":["x","y"],"result":"ok","duration_ms":D}}"#),
        r#"{"time":"T","uid":N,"gid":N,"pid":N,"program":"listener","transport":"unix","server":"unix_http_server","interface":"xml-rpc","action":"supervisor.clearProcessLogs","arguments":["web"],"result":"ok","duration_ms":D}"#.to_owned(),
    ];
    assert_eq!(written, want);
}

#[test]
fn an_audit_log_that_cannot_be_used_prevents_the_start() {
    let sandbox = Sandbox::new();
    sandbox.write("victim", "precious");
    symlink("victim", sandbox.path("audit.log")).unwrap();
    sandbox.write("d.conf", &crate::support::daemon::conf(AUDIT));
    let mut daemon = Daemon::launch(Subject::Ours, &sandbox, &[]);
    assert_eq!(daemon.wait().code(), Some(2));
    let error = sandbox.read("err");
    assert!(error.contains("could not open the audit log"), "{error}");
    assert!(error.contains("audit.log"), "{error}");
    assert_eq!(sandbox.read("victim"), "precious");
}

#[test]
fn without_the_option_there_is_no_audit_log() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{PROGRAM}"));
    ctl(&sandbox, "start web");
    daemon.stop();
    assert!(!sandbox.names().iter().any(|name| name.contains("audit")));
}
