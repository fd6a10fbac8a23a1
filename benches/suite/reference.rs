//! What the work costs at least: the same system calls without options, logs, events or clients.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Copies the output of a child to a file: reads what there is, and pauses after a short read as long
/// as the child is busy.
pub(crate) fn copy(directory: &str, count: &str, size: &str) {
    let worker = std::env::current_exe().expect("the path of this program");
    let mut child = Command::new(worker)
        .args(["--as", "lines", directory, count, size])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut output = child.stdout.take().expect("its output");
    let mut file = File::create(Path::new(directory).join("w.log")).expect("a log");
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        file.write_all(&buffer[..count]).expect("the log is written");
        if count < 32 * 1024 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    let _ = child.wait();
}

/// Answers requests on a socket: `canned` sends the same bytes each time, `processes` writes the
/// members of so many processes anew.
pub(crate) fn respond(socket: &str, kind: &str, count: usize) {
    let listener = UnixListener::bind(socket).expect("a socket");
    let (mut input, mut body, mut reply) = (vec![0; 64 * 1024], Vec::new(), Vec::new());
    let canned =
        b"<?xml version='1.0'?>\n<methodResponse>\n<params>\n</params>\n</methodResponse>\n";
    for stream in listener.incoming() {
        let mut stream = stream.expect("a client");
        while let Ok(1..) = stream.read(&mut input) {
            body.clear();
            body.extend_from_slice(canned);
            for number in 0..if kind == "canned" { 0 } else { count } {
                process(&mut body, number);
            }
            reply.clear();
            let _ = write!(reply, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            reply.extend_from_slice(&body);
            if stream.write_all(&reply).is_err() {
                break;
            }
        }
    }
}

fn process(body: &mut Vec<u8>, number: usize) {
    body.extend_from_slice(b"<value><struct>\n");
    let texts =
        ["name", "group", "statename", "spawnerr", "logfile", "stdout_logfile", "description"];
    for name in texts {
        let _ = write!(body, "<member>\n<name>{name}</name>\n<value><string>p{number}");
        body.extend_from_slice(b"</string></value>\n</member>\n");
    }
    let numbers = ["start", "stop", "now", "state", "exitstatus", "stderr_logfile", "pid"];
    for name in numbers {
        let _ = write!(body, "<member>\n<name>{name}</name>\n<value><int>{number}");
        body.extend_from_slice(b"</int></value>\n</member>\n");
    }
    body.extend_from_slice(b"</struct></value>\n");
}

/// Starts children with pipes and restarts those that end, until SIGTERM; then ends them. `mode` is
/// `sleep`, or the file for the stamps of a child.
pub(crate) fn spawn(count: usize, mode: &str) {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGCHLD);
    signals.thread_block().expect("blocked signals");
    let mut children: Vec<Child> = (0..count).map(|_| start(mode)).collect();
    fs::write("up", "").expect("a file");
    while signals.wait().expect("a signal") == Signal::SIGCHLD {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let Some(pid) = status.pid() else { break };
            if let Some(ended) = children.iter_mut().find(|it| pid_of(it) == pid) {
                *ended = start(mode);
            }
        }
    }
    for child in &children {
        let _ = nix::sys::signal::kill(pid_of(child), Signal::SIGTERM);
    }
    while !matches!(waitpid(None, None), Err(_) | Ok(WaitStatus::StillAlive)) {}
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap_or_default())
}

fn start(mode: &str) -> Child {
    let mut command = match mode {
        "sleep" => Command::new("/bin/sleep"),
        _ => Command::new(std::env::current_exe().expect("the path of this program")),
    };
    match mode {
        "sleep" => command.arg("100000"),
        file => command.args(["--as", "stamp", file]),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("a child")
}

/// One pass over a configuration: the names and values of its sections.
pub(crate) fn read_sections(file: &str) {
    let text = fs::read_to_string(file).expect("the configuration");
    let (mut sections, mut options) = (0, Vec::new());
    for line in text.lines() {
        match line.split_once('=') {
            _ if line.starts_with('[') => sections += 1,
            Some((name, value)) => options.push((name.trim(), value.trim())),
            None => {}
        }
    }
    assert!(sections > 0 && !options.is_empty(), "an empty configuration");
}
