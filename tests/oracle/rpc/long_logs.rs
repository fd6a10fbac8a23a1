//! Replies with long parts of logs, which are sent in pieces, have the bytes of the original.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::support::daemon::{SERVER, both};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const PROGRAM: &str =
    "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/cat.log\n";
const LINE: &str = "<a & b> é\u{1f600}\r\n";
const LINES: usize = 12_000;

/// Status line, `Content-Length` and body of each reply.
fn replies(subject: Subject) -> Vec<String> {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(subject, &sandbox, &format!("{SERVER}{PROGRAM}"));
    daemon.wait_for_log("spawned: 'cat'");
    fs::write(sandbox.path("cat.log"), LINE.repeat(LINES)).unwrap();
    let socket = sandbox.path("d.sock");
    wait_until("the server answers", || UnixStream::connect(&socket).is_ok());
    let mut replies = Vec::new();
    for version in ["1.0", "1.1"] {
        for (method, offset, length) in [
            ("readProcessStdoutLog", 0, 0),
            ("readProcessStdoutLog", LINE.len(), LINE.len() * 10_000),
            ("tailProcessStdoutLog", 0, LINE.len() * 9_000),
        ] {
            let call = format!(
                "<methodCall><methodName>supervisor.{method}</methodName><params>\
                 <param><value><string>cat</string></value></param>\
                 <param><value><int>{offset}</int></value></param>\
                 <param><value><int>{length}</int></value></param></params></methodCall>"
            );
            replies.push(reply(&mut UnixStream::connect(&socket).unwrap(), version, &call));
        }
    }
    replies
}

fn reply(stream: &mut UnixStream, version: &str, call: &str) -> String {
    let length = call.len();
    let head = format!(
        "POST /RPC2 HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{call}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.lines().next().unwrap().split(' ').nth(1).unwrap();
    let length = head.lines().find(|line| line.starts_with("Content-Length: ")).unwrap();
    format!("{status} {length}\n{body}")
}

#[test]
fn long_parts_of_logs_have_the_bytes_of_the_original() {
    let [ours, originals] = both(replies);
    assert_eq!(ours.len(), originals.len());
    for (ours, original) in ours.iter().zip(&originals) {
        assert!(ours.len() > LINE.len() * 9_000);
        assert!(ours == original, "{} and {}", &ours[..200], &original[..200]);
    }
}
