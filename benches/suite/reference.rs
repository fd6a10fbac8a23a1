//! What the work costs at least: the same system calls without options, logs, events or clients.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::kernel::raise_descriptors;

fn myself() -> Command {
    Command::new(std::env::current_exe().expect("the path of this program"))
}

/// Copies the output of children to files: reads what there is, and pauses after short reads as long
/// as the children are busy.
pub(crate) fn copy(streams: usize, count: usize, size: usize) {
    let start = |number: usize| {
        let arguments = [number, count, size].map(|it| it.to_string());
        let mut command = myself();
        command.args(["--as", "lines", "."]).args(arguments).stdout(Stdio::piped());
        #[expect(clippy::zombie_processes, reason = "it ends with this program")]
        let mut child = command.spawn().expect("a child");
        let log = File::create(format!("w{number}.log")).expect("a log");
        (child.stdout.take().expect("its output"), log)
    };
    let mut streams: Vec<(ChildStdout, File)> = (0..streams).map(start).collect();
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("an epoll");
    for (number, (output, _)) in streams.iter().enumerate() {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, number as u64);
        epoll.add(output, event).expect("a watched stream");
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut ready = vec![EpollEvent::empty(); streams.len()];
    while let Ok(found) = epoll.wait(&mut ready, EpollTimeout::NONE) {
        let mut is_short = true;
        for event in &ready[..found] {
            let (output, log) = &mut streams[usize::try_from(event.data()).expect("a number")];
            let count = output.read(&mut buffer).expect("output");
            log.write_all(&buffer[..count]).expect("the log is written");
            is_short &= count < 32 * 1024;
        }
        if is_short {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Answers requests on a socket: `canned` sends the same bytes each time, `processes` writes the
/// members of so many processes anew.
pub(crate) fn respond(socket: &str, kind: &str, count: usize) {
    const LISTENER: u64 = u64::MAX;
    let listener = UnixListener::bind(socket).expect("a socket");
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("an epoll");
    let watch = |number| EpollEvent::new(EpollFlags::EPOLLIN, number);
    epoll.add(&listener, watch(LISTENER)).expect("a watched socket");
    let mut clients: BTreeMap<u64, UnixStream> = BTreeMap::new();
    let mut ready = vec![EpollEvent::empty(); 256];
    let (mut input, mut body, mut reply) = (vec![0; 64 * 1024], Vec::new(), Vec::new());
    while let Ok(found) = epoll.wait(&mut ready, EpollTimeout::NONE) {
        for number in ready[..found].iter().map(EpollEvent::data) {
            if number == LISTENER {
                let (stream, _) = listener.accept().expect("a client");
                let number = clients.keys().next_back().map_or(0, |last| last + 1);
                epoll.add(&stream, watch(number)).expect("a watched client");
                clients.insert(number, stream);
                continue;
            }
            let stream = clients.get_mut(&number).expect("a client");
            let has_request = stream.read(&mut input).is_ok_and(|count| count > 0);
            if has_request {
                write_reply(&mut reply, &mut body, if kind == "canned" { 0 } else { count });
            }
            if !has_request || stream.write_all(&reply).is_err() {
                clients.remove(&number);
            }
        }
    }
}

fn write_reply(reply: &mut Vec<u8>, body: &mut Vec<u8>, processes: usize) {
    body.clear();
    body.extend_from_slice(b"<?xml version='1.0'?>\n<methodResponse>\n<params>\n");
    for number in 0..processes {
        process(body, number);
    }
    body.extend_from_slice(b"</params>\n</methodResponse>\n");
    reply.clear();
    let _ = write!(reply, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    reply.extend_from_slice(body);
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
/// `sleep`, `false`, or the file for the stamps of a child.
pub(crate) fn spawn(count: usize, mode: &str) {
    raise_descriptors();
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGCHLD);
    signals.thread_block().expect("blocked signals");
    let mut restarts = 0_usize;
    let mut children: BTreeMap<Pid, Child> = BTreeMap::new();
    let start = |children: &mut BTreeMap<Pid, Child>| {
        let child = child(mode);
        children.insert(pid_of(&child), child);
    };
    for _ in 0..count {
        start(&mut children);
    }
    fs::write("up", "").expect("a file");
    while signals.wait().expect("a signal") == Signal::SIGCHLD {
        // No more, because those that are started here may end before the last one was looked at.
        for _ in 0..count {
            let status = waitpid(None, Some(WaitPidFlag::WNOHANG));
            let Some(pid) = status.ok().and_then(|status| status.pid()) else { break };
            if children.remove(&pid).is_some() {
                start(&mut children);
                restarts += 1;
            }
        }
        if mode == "false" {
            fs::write("restarts", restarts.to_string()).expect("a file");
        }
    }
    for pid in children.keys() {
        // They have inherited the blocked SIGTERM.
        let _ = nix::sys::signal::kill(*pid, Signal::SIGKILL);
    }
    while !matches!(waitpid(None, None), Err(_) | Ok(WaitStatus::StillAlive)) {}
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap_or_default())
}

fn child(mode: &str) -> Child {
    let mut command = match mode {
        "sleep" => Command::new("/bin/sleep"),
        "false" => Command::new("/bin/false"),
        _ => myself(),
    };
    match mode {
        "sleep" => command.arg("100000"),
        "false" => &mut command,
        file => command.args(["--as", "stamp", file]),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("a child")
}

/// One pass over files: the names and values of their sections, written to a file if one is named.
pub(crate) fn read_sections(file: &str, more: &[&str]) {
    let mut sections: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut section = String::new();
    for file in [file].iter().chain(more) {
        for line in fs::read_to_string(file).expect("the configuration").lines() {
            if let Some(name) = line.strip_prefix('[') {
                name.trim_end_matches(']').clone_into(&mut section);
            } else if let Some((name, value)) = line.split_once('=') {
                let options = sections.entry(section.clone()).or_default();
                options.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
    assert!(!sections.is_empty(), "an empty configuration");
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (section, options) in &sections {
        let _ = writeln!(out, "[{section}]");
        for (name, value) in options {
            let _ = writeln!(out, "{name} = {value}");
        }
    }
}
