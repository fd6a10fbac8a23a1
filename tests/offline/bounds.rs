//! What clients can take from the daemon: memory, connections and descriptors are bounded, and
//! others are served meanwhile.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const MIB: usize = 1024 * 1024;
const SLEEP: &str = "[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
                     stdout_logfile={here}/sleep.log\n";

/// A daemon with a server on a unix socket and one on a port.
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

    fn conf(&self, rest: &str) -> String {
        format!("{SERVER}[inet_http_server]\nport=127.0.0.1:{}\n{rest}", self.port)
    }

    fn start(&self, options: &str, rest: &str) -> Daemon<'_> {
        let rest = self.conf(&format!("{SLEEP}{rest}"));
        let daemon = Daemon::start(Subject::Ours, &self.sandbox, &format!("{options}{rest}"));
        daemon.wait_for_log("spawned: 'sleep'");
        daemon
    }

    fn unix(&self) -> UnixStream {
        let stream = UnixStream::connect(self.sandbox.path("d.sock")).expect("we listen");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a timeout can be set");
        stream.set_write_timeout(Some(Duration::from_secs(120))).expect("a timeout can be set");
        stream
    }

    fn tcp(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("we listen");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a timeout can be set");
        stream
    }

    /// Writes a log of the program, of lines that are escaped in XML.
    fn log(&self, bytes: usize) -> String {
        let line = "<a & b> é\n";
        let text = line.repeat(bytes / line.len());
        fs::write(self.sandbox.path("sleep.log"), &text).expect("the log can be written");
        text
    }

    fn call(&self, method: &str, params: &str) -> String {
        let mut stream = self.unix();
        stream.write_all(&request(method, params, "Connection: close\r\n")).expect("taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer comes");
        answer
    }
}

fn request(method: &str, params: &str, fields: &str) -> Vec<u8> {
    let body = format!(
        "<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"
    );
    let length = body.len();
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

const STRING_OPEN: &str = "<value><string>";
const READ: &str = "<param><value>sleep</value></param><param><value><int>0</int></value></param>\
                    <param><value><int>0</int></value></param>";

fn multicall(calls: usize, method: &str, params: &str) -> String {
    let call = format!(
        "<value><struct><member><name>methodName</name><value>{method}</value></member>\
         <member><name>params</name><value><array><data>{params}</data></array></value></member>\
         </struct></value>"
    );
    format!("<param><value><array><data>{}</data></array></value></param>", call.repeat(calls))
}

const READ_VALUES: &str = "<value>sleep</value><value><int>0</int></value>\
                           <value><int>0</int></value>";

fn is_answered(site: &Site) {
    let answer = site.call("supervisor.getState", "");
    assert!(answer.contains("RUNNING"), "{answer}");
}

/// The most memory that a process has had, in bytes.
fn peak(daemon: &Daemon<'_>) -> usize {
    memory(daemon, "VmHWM:")
}

/// A figure of the kernel about the memory of a process, in bytes.
fn memory(daemon: &Daemon<'_>, label: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(label)).expect("a figure");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

/// What the daemon has allocated since the peak was `before`.
fn growth(daemon: &Daemon<'_>, before: usize) -> usize {
    peak(daemon).saturating_sub(before)
}

fn body(answer: &str) -> &str {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    assert_eq!(length.and_then(|length| length.parse().ok()), Some(body.len()), "{head}");
    body
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn a_long_log_is_sent_with_its_length_and_without_memory() {
    let site = Site::new();
    let daemon = site.start("", "");
    is_answered(&site);
    let text = site.log(4 * MIB);
    let before = peak(&daemon);
    let answer = site.call("supervisor.readProcessStdoutLog", READ);
    let want = format!("{STRING_OPEN}{}</string></value>", escaped(&text));
    assert!(body(&answer).contains(&want), "{} bytes", answer.len());
    assert!(answer.contains("Cache-Control: no-store\r\n"));

    let read = multicall(4, "supervisor.readProcessStdoutLog", READ_VALUES);
    let answer = site.call("system.multicall", &read);
    assert_eq!(body(&answer).matches(&want).count(), 4);
    assert!(growth(&daemon, before) < 3 * MIB, "{} of {before}", growth(&daemon, before));
}

#[test]
fn clients_that_do_not_read_their_logs_cost_no_memory() {
    let site = Site::new();
    let daemon = site.start("", "");
    is_answered(&site);
    site.log(MIB);
    let before = peak(&daemon);
    let call = request("supervisor.readProcessStdoutLog", READ, "");
    let clients: Vec<UnixStream> = (0..40).map(|_| site.unix()).collect();
    for mut client in &clients {
        client.write_all(&call).expect("taken");
    }
    for mut client in &clients {
        client.read_exact(&mut [0; 100]).expect("the reply begins");
    }
    is_answered(&site);
    assert!(growth(&daemon, before) < 40 * MIB / 4, "{}", growth(&daemon, before));
}

#[test]
fn pipelined_calls_are_not_read_while_the_replies_are_not() {
    let site = Site::new();
    let daemon = site.start("", "");
    is_answered(&site);
    let before = peak(&daemon);
    let mut stream = site.unix();
    stream.set_nonblocking(true).expect("a socket");
    let calls = request("supervisor.getAllProcessInfo", "", "").repeat(20_000);
    let mut sent = 0;
    wait_until("no more is accepted", || {
        let before = sent;
        while let Ok(count) = stream.write(&calls[sent..]) {
            sent += count;
        }
        is_answered(&site);
        sent == before
    });
    assert!(sent < calls.len(), "{sent}");
    assert!(growth(&daemon, before) < 3 * MIB, "{}", growth(&daemon, before));
    stream.set_nonblocking(false).expect("a socket");
    let mut replies = vec![0; MIB / 2];
    stream.read_exact(&mut replies).expect("the replies go on when they are read");
    assert!(String::from_utf8_lossy(&replies).matches("200 OK").count() > 200);
}

#[test]
fn pipelined_calls_are_answered_after_the_client_closed_its_side() {
    let site = Site::new();
    let _daemon = site.start("", "");
    site.log(MIB);
    let mut stream = site.unix();
    let calls = request("supervisor.getState", "", "").repeat(100);
    let read = request("supervisor.readProcessStdoutLog", READ, "");
    stream.write_all(&[calls, read].concat()).expect("taken");
    stream.shutdown(Shutdown::Write).expect("a socket");
    let mut replies = String::new();
    stream.read_to_string(&mut replies).expect("the replies end");
    assert_eq!(replies.matches("RUNNING").count(), 100);
    assert!(replies.len() > MIB && replies.ends_with("</methodResponse>\n"));
}

#[test]
fn unfinished_bodies_share_a_budget_and_the_oldest_yield() {
    let site = Site::new();
    let daemon = site.start("http_maxbytes=16MB\n", "");
    is_answered(&site);
    let before = peak(&daemon);
    let head = "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3900000\r\n\r\n";
    let body = vec![b' '; 3_900_000 - 1];
    let clients: Vec<TcpStream> = (0..20).map(|_| site.tcp()).collect();
    for mut client in &clients {
        client.write_all(head.as_bytes()).expect("taken");
        // an earlier one may be refused meanwhile, never the last
        let _ = client.write_all(&body);
    }
    is_answered(&site);
    assert!(growth(&daemon, before) < 24 * MIB, "{}", growth(&daemon, before));
    let mut refusal = String::new();
    (&clients[0]).read_to_string(&mut refusal).expect("a refusal");
    assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal}");
    assert!(refusal.contains("16777216 bytes") && refusal.contains("http_maxbytes"), "{refusal}");
    let mut last = &clients[19];
    last.write_all(b" ").expect("it is still connected");
    let mut reply = [0; 12];
    last.read_exact(&mut reply).expect("a reply");
    assert_eq!(&reply, b"HTTP/1.1 400");
}

/// With the default limit. What is requested adds up to 640 MB.
#[test]
fn all_of_it_at_once_stays_below_128_megabytes() {
    let site = Site::new();
    let daemon = site.start("", "");
    site.log(3 * MIB);
    let read = request("supervisor.readProcessStdoutLog", READ, "");
    let readers: Vec<UnixStream> = (0..40).map(|_| site.unix()).collect();
    for mut client in &readers {
        client.write_all(&read).expect("taken");
    }
    let reads = multicall(20, "supervisor.readProcessStdoutLog", READ_VALUES);
    let mut multicall = site.unix();
    multicall.write_all(&request("system.multicall", &reads, "")).expect("taken");
    let head = "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3900000\r\n\r\n";
    let body = vec![b' '; 3_900_000 - 1];
    let bodies: Vec<TcpStream> = (0..120).map(|_| site.tcp()).collect();
    for (number, mut client) in bodies.iter().enumerate() {
        client.write_all(head.as_bytes()).expect("taken");
        // Earlier ones are refused meanwhile.
        let _ = client.write_all(&body);
        if number % 10 == 0 {
            is_answered(&site);
        }
    }
    let mut pipelined = site.unix();
    pipelined.set_nonblocking(true).expect("a socket");
    let calls = request("supervisor.getAllProcessInfo", "", "").repeat(20_000);
    let _ = pipelined.write(&calls);
    for mut client in readers.iter().chain([&multicall]) {
        client.read_exact(&mut [0; 100]).expect("the reply begins");
        is_answered(&site);
    }
    assert!(peak(&daemon) < 128 * MIB, "{} bytes", peak(&daemon));
}

#[test]
fn a_reply_beyond_its_share_is_a_fault_that_names_the_limit() {
    let site = Site::new();
    let daemon = site.start("http_maxbytes=1MB\n", "");
    is_answered(&site);
    let before = peak(&daemon);
    let calls = multicall(1000, "supervisor.getAllProcessInfo", "");
    let answer = site.call("system.multicall", &calls);
    assert!(answer.contains("the reply would be larger than 262144 bytes"), "{answer}");
    assert!(answer.contains("`http_maxbytes`") && answer.contains("of 1000 calls were made"));
    assert!(growth(&daemon, before) < 12 * MIB, "{}", growth(&daemon, before));

    site.log(MIB);
    let mut stream = site.unix();
    let request = "GET /tail.html?processname=sleep&limit=1000000 HTTP/1.0\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("taken");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    assert!(page.starts_with("HTTP/1.0 200 ") && page.len() < 262_144, "{}", page.len());
}

/// Fills the servers with clients that send half a request.
fn half_requests<S: Write>(connect: impl Fn() -> S, count: usize) -> Vec<S> {
    let mut clients: Vec<S> = (0..count).map(|_| connect()).collect();
    for client in &mut clients {
        // some are gone already, to make room
        let _ = client.write_all(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf");
    }
    clients
}

#[test]
fn slow_clients_do_not_lock_the_operator_out() {
    let site = Site::new();
    let _daemon = site.start("", "");
    is_answered(&site);
    let mut shell = site.unix();
    let tcp = half_requests(|| site.tcp(), 700);
    is_answered(&site);
    let unix = half_requests(|| site.unix(), 700);
    for _ in 0..20 {
        is_answered(&site);
        let mut stream = site.tcp();
        stream.write_all(b"GET /ok.html HTTP/1.0\r\n\r\n").expect("taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with("OK"), "{answer}");
    }
    drop((tcp, unix));
    is_answered(&site);
    let _ = shell.write_all(b"");
}

#[test]
fn connections_leave_descriptors_to_programs() {
    let site = Site::new();
    let many = "[program:p]\ncommand=/bin/sleep 1000\nautostart=false\nnumprocs=10\n\
                process_name=%(process_num)d\n";
    site.sandbox.write(
        "d.conf",
        &crate::support::daemon::conf(&format!("minfds=100\n{}{SLEEP}{many}", site.conf(""))),
    );
    let shell = "ulimit -n 100; exec \"$@\"";
    let mut command = site.sandbox.command("/bin/sh");
    command.args(["-c", shell, "sh", env!("CARGO_BIN_EXE_supkit"), "supervisord"]);
    let daemon = Daemon::launch_by(command, &site.sandbox, &[]);
    daemon.wait_for_log("spawned: 'sleep'");
    let clients = half_requests(|| site.tcp(), 200);
    is_answered(&site);
    let answer = site.call("supervisor.startAllProcesses", "");
    assert_eq!(answer.matches("<string>OK</string>").count(), 10, "{answer}");
    assert!(!daemon.log().contains("too many open files"), "{}", daemon.log());
    is_answered(&site);
    drop(clients);
}

#[test]
fn a_large_event_does_not_disconnect_those_who_read() {
    let site = Site::new();
    let _daemon = site.start("", "");
    let mut stream = site.tcp();
    stream.write_all(b"GET /events?types=remote_communication HTTP/1.0\r\n\r\n").expect("taken");
    let mut received = vec![0; 200];
    wait_until("the stream begins", || stream.read(&mut received).expect("a head") > 0);
    let data = "x".repeat(MIB);
    let params = format!("<param><value>kind</value></param><param><value>{data}</value></param>");
    for _ in 0..2 {
        let mut call = site.unix();
        call.write_all(&request("supervisor.sendRemoteCommEvent", &params, "")).expect("taken");
        let mut event = Vec::new();
        while !event.ends_with(b"x\n\n") {
            let mut piece = [0; 8192];
            let count = stream.read(&mut piece).expect("the event continues");
            assert!(count > 0, "disconnected after {} bytes", event.len());
            event.extend_from_slice(&piece[..count]);
        }
        assert!(event.len() > MIB);
    }
}

#[test]
fn a_failed_allocation_ends_a_request_and_not_the_daemon() {
    let usual = {
        let site = Site::new();
        let daemon = site.start("", "");
        is_answered(&site);
        memory(&daemon, "VmSize:")
    };
    let site = Site::new();
    site.sandbox.write("d.conf", &crate::support::daemon::conf(&site.conf(SLEEP)));
    let path: PathBuf = env!("CARGO_BIN_EXE_supkit").into();
    let mut command = site.sandbox.command("/bin/sh");
    let limited = format!("ulimit -v {}; exec \"$@\"", (usual + 11 * MIB) / 1024);
    command.args(["-c", &limited, "sh"]).arg(path).arg("supervisord");
    let mut daemon = Daemon::launch_by(command, &site.sandbox, &[]);
    daemon.wait_for_log("spawned: 'sleep'");
    is_answered(&site);
    let body =
        format!("<a><methodName>x</methodName><params>{}</params></a>", "<p/>".repeat(900_000));
    let request = format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let head = "POST /RPC2 HTTP/1.1\r\nContent-Length: 3900000\r\n\r\n";
    let spaces = vec![b' '; 3_899_999];
    let unfinished: Vec<UnixStream> = (0..8).map(|_| site.unix()).collect();
    for mut stream in &unfinished {
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&spaces));
        is_answered(&site);
    }
    drop(unfinished);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut stream = site.unix();
                let _ = stream.write_all(request.as_bytes());
                let mut answer = [0; 12];
                let _ = stream.read_exact(&mut answer);
            });
        }
    });
    is_answered(&site);
    assert_eq!(daemon.stop().code(), Some(0));
}
