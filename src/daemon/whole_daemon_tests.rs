//! The whole daemon in the process of the test: a real configuration, real XML-RPC bytes over a pair
//! of sockets, and the simulated kernel. Hours pass in milliseconds.

mod clock;
mod streaming;
mod upgrading;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use tempfile::TempDir;

use super::activity::ActivityLog;
use super::certificates::Certificates;
use super::config_reader::ConfigReader;
use super::descriptors::Descriptors;
use super::event_loop::{Daemon, ExitReason, Parts};
use super::history_file::HistoryFile;
use super::logs::Logs;
use super::server::Server;
use super::shell::Shell;
use super::simulated::{Script, Simulated};
use super::startup::create_core;
use crate::conf::options::CommandLine;
use crate::core::lasting::Lasting;
use crate::os::poller::Poller;
use crate::os::signals::TERM;
use crate::os::socket::Listener;
use crate::os::stream::SocketStream;
use crate::rpc::value::Value;
use crate::rpc::xml::{self, Call};
use crate::tls::client::{self as tls, Trusted};
use crate::tls::{Authorities, Session};

/// The directory of a test, and the reader of the configuration in it.
struct Home {
    directory: TempDir,
    reader: ConfigReader,
}

impl Home {
    fn new(programs: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        let home = Self {
            reader: ConfigReader::new(
                "supervisord".to_owned(),
                CommandLine::default(),
                directory.path().join("s.conf").display().to_string(),
            ),
            directory,
        };
        home.configure(programs);
        home
    }

    fn configure(&self, programs: &str) {
        let here = self.directory.path().display();
        let text = format!(
            "[supervisord]\nlogfile={here}/s.log\npidfile={here}/s.pid\nchildlogdir={here}\n\
             nodaemon=true\nsilent=true\n[unix_http_server]\nfile={here}/s.sock\n\
             [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = \
             supervisor.rpcinterface:make_main_rpcinterface\n{programs}"
        );
        std::fs::write(self.directory.path().join("s.conf"), text).expect("it can be written");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("s.log")).expect("there is a log")
    }

    fn assemble<'a>(&'a self, kernel: &'a mut Simulated) -> Daemon<'a> {
        let config = self.reader.read_first().expect("the configuration is valid");
        let settings = config.supervisord.clone();
        let servers = config.servers.clone();
        let activity = ActivityLog::open(&settings).expect("the log can be opened");
        let logs = Logs::new(activity, &settings);
        let poller = Poller::new().expect("a poller");
        let mut shell = Shell::new(kernel, poller, logs, None);
        let core =
            create_core(config, 0, Lasting::default(), &mut shell).expect("the groups can be made");
        let mut server = Server::new().expect("random bytes");
        server.add_users(&core.config().users);
        for config in &servers {
            server.add_endpoint(config);
        }
        let parts = Parts { core, shell, server, reader: &self.reader };
        let mut daemon = Daemon::assemble(parts).expect("the daemon can be assembled");
        daemon.begin();
        daemon
    }
}

/// A connection to the first server.
struct Client(UnixStream);

impl Client {
    fn connect(daemon: &mut Daemon<'_>) -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        theirs.set_nonblocking(true).expect("a socket");
        ours.set_nonblocking(true).expect("a socket");
        let now = daemon.shell.kernel.now();
        daemon.server.connect(SocketStream::Unix(theirs), 0, &mut daemon.shell.poller, now);
        Self(ours)
    }

    fn send(&mut self, method: &str, params: &[Value]) {
        let body = xml::encode_call(&Call { method: method.to_owned(), params: params.to_vec() });
        let head = format!(
            "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all(head.as_bytes()).expect("the request is taken");
        self.0.write_all(&body).expect("the request is taken");
    }

    /// What has arrived of the reply.
    fn received(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Takes turns until `is_true`, for at most a simulated hour or a thousand turns.
fn turn_until(daemon: &mut Daemon<'_>, mut is_true: impl FnMut(&mut Daemon<'_>) -> bool) {
    let start = daemon.shell.kernel.now().mono;
    for _ in 0..1000 {
        if is_true(daemon) {
            return;
        }
        daemon.turn().expect("the turn ends");
        let passed = daemon.shell.kernel.now().mono.since(start);
        assert!(passed < Duration::from_secs(3600), "an hour has passed");
    }
    panic!("a thousand turns were taken");
}

fn state(daemon: &Daemon<'_>, name: &str) -> String {
    let process = daemon.core.processes().find(|process| process.name() == name);
    process.map_or_else(String::new, |process| process.state().to_string())
}

fn call(daemon: &mut Daemon<'_>, method: &str, params: &[Value]) -> String {
    let mut client = Client::connect(daemon);
    client.send(method, params);
    let mut reply = String::new();
    turn_until(daemon, |_| {
        reply += &client.received();
        reply.contains("</methodResponse>")
    });
    reply
}

const WEB: &str = "[program:web]\ncommand=/bin/web\nstartsecs=5\nstopwaitsecs=7\n";

#[test]
fn a_program_starts_prints_and_stops() {
    let home = Home::new(&format!("{WEB}stdout_logfile={{}}\n").replace("{}", "%(here)s/web.log"));
    let script = Script { lines: vec![(1500, "hello\n")], ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let output = std::fs::read_to_string(home.directory.path().join("web.log"));
    assert_eq!(output.expect("there is a log"), "hello\n");
    let before = daemon.shell.kernel.now().mono;
    let reply = call(&mut daemon, "supervisor.stopProcess", &[Value::str("web")]);
    assert!(reply.contains("<boolean>1</boolean>"), "{reply}");
    assert_eq!(state(&daemon, "web"), "STOPPED");
    assert!(daemon.shell.kernel.now().mono.since(before) < Duration::from_secs(1));
}

#[test]
fn a_stop_that_is_ignored_is_answered_after_sigkill() {
    let home = Home::new(WEB);
    let script = Script { ignores_term: true, ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let before = daemon.shell.kernel.now().mono;
    call(&mut daemon, "supervisor.stopProcess", &[Value::str("web")]);
    assert_eq!(daemon.shell.kernel.now().mono.since(before), Duration::from_secs(7));
    assert!(home.log().contains("WARN killing 'web' (101) with SIGKILL"));
}

#[test]
fn an_update_continues_when_its_client_disconnects() {
    let home = Home::new(WEB);
    let script = Script { ignores_term: true, ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    home.configure(&WEB.replace("/bin/web", "/bin/web --new"));
    let mut client = Client::connect(&mut daemon);
    client.send("supkit.updateMinimal", &[]);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "STOPPING");
    drop(client);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    assert!(
        home.log()
            .contains("INFO job 1 (update of all, requested through unix_http_server) finished")
    );
    let reply = call(&mut daemon, "supkit.updateMinimal", &[]);
    assert!(reply.contains("<data>\n</data>") || reply.contains("<data></data>"), "{reply}");
}

#[test]
fn a_panic_during_a_fork_is_a_failed_start_and_holds_up_nothing() {
    let home = Home::new(&format!("{WEB}[program:other]\ncommand=/bin/other\nstartsecs=0\n"));
    let script = Script { panics: true, ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "other") == "RUNNING");
    assert_eq!(state(&daemon, "web"), "BACKOFF");
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "FATAL");
    let reply = call(&mut daemon, "supervisor.startProcess", &[Value::str("web")]);
    assert!(reply.contains("SPAWN_ERROR: web"), "{reply}");
    call(&mut daemon, "supervisor.shutdown", &[]);
    let mut reason = None;
    while reason.is_none() {
        reason = daemon.turn().expect("the turn ends");
    }
    assert_eq!(reason, Some(ExitReason::Exit));
    assert!(home.log().contains("uncaptured panic in an effect"));
}

#[test]
fn a_program_that_exits_is_restarted_and_reported() {
    let home = Home::new("[program:web]\ncommand=/bin/web\nstartsecs=1\nautorestart=true\n");
    let script = Script { exits: Some((60_000, 3)), ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |_| home.log().matches("spawned: 'web'").count() == 3);
    assert_eq!(home.log().matches("exited: web (exit status 3; not expected)").count(), 2);
}

#[test]
fn the_history_is_written_rarely_and_only_with_news() {
    let home = Home::new("[program:web]\ncommand=/bin/web\nstartsecs=0\nautorestart=true\n");
    let script = Script { exits: Some((100, 3)), ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    let settings = daemon.core.config().supervisord.clone();
    daemon.shell.history = HistoryFile::of(&settings, home.reader.path());
    let files = || {
        let names = std::fs::read_dir(home.directory.path()).expect("a directory");
        let found = names.map(|it| it.expect("a file").path());
        found.filter(|path| path.display().to_string().contains("-history-")).collect::<Vec<_>>()
    };
    turn_until(&mut daemon, |daemon| daemon.core.history().failures() == 1);
    daemon.turn().expect("the turn ends");
    let path = files().pop().expect("the first failure is written at once");
    std::fs::remove_file(&path).expect("it can be removed");
    turn_until(&mut daemon, |daemon| daemon.core.history().failures() == 4);
    assert!(files().is_empty(), "not again within five seconds");
    turn_until(&mut daemon, |_| path.exists());
    let (history, remark) = daemon.shell.history.read();
    assert!(remark.is_none());
    assert_eq!(history.of("web", "web").map(|it| it.total), Some(daemon.core.history().failures()));
    call(&mut daemon, "supervisor.stopProcess", &[Value::str("web")]);
    while daemon.turn().is_ok() {}
    drop(daemon);
    assert!(kernel.turns < 200, "{} turns", kernel.turns);
}

#[test]
fn a_program_that_uses_too_much_memory_is_restarted() {
    let home = Home::new("[program:leak]\ncommand=leak\nmemory_max_restart=2MB\n");
    let mut kernel = Simulated::new(&[]);
    kernel.memory = (2 << 20) + 1;
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |_| home.log().contains("leak is restarted: it uses 2.0 MB of memory"));
    turn_until(&mut daemon, |_| home.log().matches("spawned: 'leak'").count() == 2);
}

#[test]
fn a_daemon_without_children_does_not_wake_up() {
    let home = Home::new(WEB);
    let mut kernel = Simulated::new(&[]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    call(&mut daemon, "supervisor.stopProcess", &[Value::str("web")]);
    let error = loop {
        if let Err(error) = daemon.turn() {
            break error;
        }
    };
    assert_eq!(error.to_string(), "the daemon would sleep forever");
    drop(daemon);
    assert!(kernel.turns < 20, "{} turns", kernel.turns);
}

/// Lets minutes pass; returns how often the daemon woke up.
fn idle_turns(daemon: &mut Daemon<'_>, minutes: u64) -> usize {
    let end = daemon.shell.kernel.now().mono.plus_secs(60 * minutes as i64);
    let mut turns = 0;
    while daemon.shell.kernel.now().mono < end {
        daemon.turn().expect("the turn ends");
        turns += 1;
    }
    turns
}

#[test]
fn an_idle_daemon_wakes_up_once_a_minute_to_see_what_programs_use() {
    let home = Home::new(WEB);
    let mut kernel = Simulated::new(&[]);
    kernel.memory = 3 << 20;
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let turns = idle_turns(&mut daemon, 30);
    assert!((29..=31).contains(&turns), "{turns} turns in half an hour");
    let history = |daemon: &mut Daemon<'_>| {
        call(daemon, "supkit.getResourceHistory", &[Value::str("web"), Value::Int(600)])
    };
    let reply = history(&mut daemon);
    assert_eq!(reply.matches("<int>3072</int>").count(), 10, "{reply}");
    assert_eq!(reply.matches("<double>1.0</double>").count(), 10, "{reply}");

    let mut daemon = adopt(hand_over(daemon), &home, &mut kernel);
    assert_eq!(history(&mut daemon), reply, "the minutes survive");
    idle_turns(&mut daemon, 2);
    let later = history(&mut daemon);
    assert_eq!(later.matches("<int>3072</int>").count(), 10, "{later}");
    let reply = call(&mut daemon, "supkit.getResources", &[]);
    assert!(reply.contains("<name>memory_kib</name>\n<value><int>3072</int>"), "{reply}");
}

#[test]
fn a_signal_ends_the_daemon_in_order() {
    let home = Home::new(&format!(
        "{WEB}priority=1\n[program:front]\ncommand=/bin/front\nstartsecs=0\npriority=2\n"
    ));
    let mut kernel = Simulated::new(&[]);
    kernel.raise(TERM);
    let mut daemon = home.assemble(&mut kernel);
    let mut reason = None;
    while reason.is_none() {
        reason = daemon.turn().expect("the turn ends");
    }
    assert_eq!(reason, Some(ExitReason::Exit));
    let log = home.log();
    let (front, web) = (log.find("stopped: front"), log.find("stopped: web"));
    assert!(front.is_some() && front < web, "{log}");
}

/// What a daemon hands over, with the state as bytes.
fn hand_over(daemon: Daemon<'_>) -> (Vec<u8>, Descriptors) {
    let saved = serde_json::to_vec(&daemon.state()).expect("it can be written");
    (saved, daemon.hand_over().0)
}

fn adopt<'a>(
    (saved, descriptors): (Vec<u8>, Descriptors),
    home: &'a Home,
    kernel: &'a mut Simulated,
) -> Daemon<'a> {
    let saved = serde_json::from_slice(&saved).expect("it can be read");
    let parts = Parts::adopt(saved, descriptors, kernel, &home.reader).expect("it can be adopted");
    Daemon::assemble(parts).expect("the daemon can be assembled")
}

/// What a client sees of the processes.
fn status(daemon: &mut Daemon<'_>) -> String {
    let reply = call(daemon, "supervisor.getAllProcessInfo", &[]);
    let is_of_now = |line: &&str| line.contains("now") || line.contains("uptime");
    reply.lines().filter(|line| !is_of_now(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_successor_continues_children_logs_and_sockets() {
    let home = Home::new(&format!(
        "{WEB}stdout_logfile=%(here)s/web.log\n[program:automatic]\ncommand=/bin/automatic\n\
         [fcgi-program:fcgi]\ncommand=/bin/fcgi\nsocket=unix://%(here)s/fcgi.sock\n"
    ));
    let path = |name: &str| home.directory.path().join(name);
    let lines = vec![(1000, "first "), (9000, "half"), (11_000, " line\n")];
    let web = Script { lines, exits: Some((20_000, 0)), ..Script::default() };
    let mut kernel = Simulated::new(&[("web", web)]);
    let mut daemon = home.assemble(&mut kernel);
    let config = daemon.core.config().servers[0].clone();
    let listener = Listener::Unix(UnixListener::bind(path("s.sock")).expect("a socket"));
    daemon.server.listen(&mut daemon.shell.poller, listener, &config, None).expect("it listens");
    turn_until(&mut daemon, |_| {
        std::fs::read(path("web.log")).is_ok_and(|it| it.ends_with(b"half"))
    });
    let before = status(&mut daemon);
    // The log is moved away; the daemon keeps writing to it until it is asked to reopen it.
    std::fs::rename(path("web.log"), path("moved.log")).expect("it can be moved");
    let handed = hand_over(daemon);

    let queued = UnixStream::connect(path("s.sock"));
    let mut daemon = adopt(handed, &home, &mut kernel);
    assert_eq!(status(&mut daemon), before);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "EXITED");
    let output = std::fs::read_to_string(path("moved.log")).expect("there is a log");
    assert_eq!(output, "first half line\n");
    assert!(home.log().contains("exited: web (exit status 0; expected)"));
    queued.expect("the socket never stops listening");
    UnixStream::connect(path("fcgi.sock")).expect("the socket of the group is open");
    assert_eq!(home.log().matches("spawned: 'fcgi'").count(), 1);
    call(&mut daemon, "supervisor.stopProcess", &[Value::str("fcgi")]);
    assert!(home.log().contains("Closing socket unix://"));
}

#[test]
fn a_job_is_finished_by_the_successor() {
    let home = Home::new(WEB);
    let script = Script { ignores_term: true, ..Script::default() };
    let mut kernel = Simulated::new(&[("web", script)]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    home.configure(&WEB.replace("/bin/web", "/bin/web --new"));
    Client::connect(&mut daemon).send("supkit.updateMinimal", &[]);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "STOPPING");
    let handed = hand_over(daemon);
    let mut daemon = adopt(handed, &home, &mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let log = home.log();
    assert!(
        log.contains("INFO job 1 (update of all, requested through unix_http_server) finished")
    );
    assert!(log.contains("WARN killing 'web' (101) with SIGKILL"), "{log}");
}

const PLONE: &str = "[program:zeo]\ncommand=/bin/zeo\nready_tcp=8100\n\
    [program:instance]\ncommand=/bin/instance\ndepends_on=zeo:ready\n\
    ready_http=http://127.0.0.1:8080/\n\
    [program:varnish]\ncommand=/bin/varnish\ndepends_on=instance:ready\n";

/// The seconds after the start at which a program was spawned.
fn spawned(home: &Home, daemon: &mut Daemon<'_>, name: &str) -> u64 {
    let start = daemon.shell.kernel.now().mono;
    let line = format!("spawned: '{name}'");
    turn_until(daemon, |_| home.log().contains(&line));
    daemon.shell.kernel.now().mono.since(start).as_secs()
}

#[test]
fn programs_start_when_the_ports_of_others_open() {
    let home = Home::new(PLONE);
    let mut kernel = Simulated::new(&[]);
    kernel.open_port_after(8100, 60);
    kernel.open_port_after(8080, 100);
    let mut daemon = home.assemble(&mut kernel);
    let instance = spawned(&home, &mut daemon, "instance");
    assert!((60..63).contains(&instance), "{instance}");
    let varnish = instance + spawned(&home, &mut daemon, "varnish");
    assert!((100..103).contains(&varnish), "{varnish}");
}

#[test]
fn a_successor_continues_to_wait() {
    let home = Home::new(PLONE);
    let mut kernel = Simulated::new(&[]);
    kernel.open_port_after(8100, 60);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "zeo") == "RUNNING");
    let handed = hand_over(daemon);
    let mut daemon = adopt(handed, &home, &mut kernel);
    let reply = call(&mut daemon, "supervisor.getProcessInfo", &[Value::str("instance")]);
    assert!(reply.contains("waits for zeo: ready_tcp 127.0.0.1:8100, refused for"), "{reply}");
    assert!(spawned(&home, &mut daemon, "instance") < 63);
}

/// A client with TLS.
struct TlsClient(Session, TcpStream);

impl TlsClient {
    fn connect(address: SocketAddr) -> Self {
        let authority = include_bytes!("../../fixtures/tls/ca.pem");
        let trusted = Authorities::parse(authority).expect("an authority");
        let session = tls::session("localhost", &Trusted::Authorities(trusted)).expect("a session");
        let socket = TcpStream::connect(address).expect("it listens");
        socket.set_nonblocking(true).expect("a socket");
        Self(session, socket)
    }

    /// Continues, and returns whether both sides know each other.
    fn has_agreed(&mut self) -> bool {
        self.0.flush(&mut self.1).expect("the server reads");
        let read = self.0.read(&mut self.1, &mut [0; 1]).expect("the server is trusted");
        assert_eq!(read, None);
        !self.0.is_handshaking()
    }
}

#[test]
fn a_successor_continues_a_server_with_tls() {
    let pair = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/localhost");
    let home = Home::new(&format!(
        "[inet_http_server]\nport=127.0.0.1:9001\ncertificate={pair}.pem\nkey={pair}.key\n"
    ));
    let mut kernel = Simulated::new(&[]);
    let mut daemon = home.assemble(&mut kernel);
    let config = daemon.core.config().servers[0].clone();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let certificates = Certificates::open(&config).expect("a usable pair");
    let poller = &mut daemon.shell.poller;
    daemon
        .server
        .listen(poller, Listener::Tcp(listener), &config, certificates)
        .expect("it listens");
    let mut client = TlsClient::connect(address);
    turn_until(&mut daemon, |_| client.has_agreed());
    let handed = hand_over(daemon);
    let end = client.0.read(&mut client.1, &mut [0; 1]).expect("the server takes leave");
    assert_eq!(end, Some(0));

    let mut queued = TlsClient::connect(address);
    let mut daemon = adopt(handed, &home, &mut kernel);
    turn_until(&mut daemon, |_| queued.has_agreed());
    assert!(home.log().contains("read the certificate of [inet_http_server] again"));
}

/// A connection by TCP to the first server.
fn tcp_client(daemon: &mut Daemon<'_>) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let ours = TcpStream::connect(listener.local_addr().expect("an address")).expect("it listens");
    let (theirs, _) = listener.accept().expect("a connection");
    theirs.set_nonblocking(true).expect("a socket");
    ours.set_nonblocking(true).expect("a socket");
    let now = daemon.shell.kernel.now();
    daemon.server.connect(SocketStream::Tcp(theirs), 0, &mut daemon.shell.poller, now);
    ours
}

/// Sends a login, `user:right` or `user:wrong`.
fn log_in(client: &mut TcpStream, is_right: bool) {
    let login = if is_right { "dXNlcjpyaWdodA==" } else { "dXNlcjp3cm9uZw==" };
    let request = format!("GET /ok.html HTTP/1.0\r\nAuthorization: Basic {login}\r\n\r\n");
    client.write_all(request.as_bytes()).expect("the request is taken");
}

/// The status of the reply; takes turns until it comes.
fn status_of(daemon: &mut Daemon<'_>, client: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    turn_until(daemon, |_| {
        let _ = client.read_to_end(&mut reply);
        reply.ends_with(b"OK") || reply.ends_with(b"</html>\n")
    });
    String::from_utf8_lossy(&reply).split(' ').nth(1).unwrap_or_default().to_owned()
}

const WITH_PASSWORD: &str = "[inet_http_server]\nport=1\nusername=user\npassword=right\n";

#[test]
fn wrong_passwords_are_answered_late_and_right_ones_at_once() {
    let home = Home::new(WITH_PASSWORD);
    let mut kernel = Simulated::new(&[]);
    let mut daemon = home.assemble(&mut kernel);
    let mut delays = Vec::new();
    for _ in 0..16 {
        let before = daemon.shell.kernel.now().mono;
        let mut client = tcp_client(&mut daemon);
        log_in(&mut client, false);
        assert_eq!(status_of(&mut daemon, &mut client), "401");
        delays.push(daemon.shell.kernel.now().mono.since(before).as_millis());
    }
    assert!(delays[..10].iter().all(|delay| *delay < 100), "{delays:?}");
    assert!(delays[10..].is_sorted() && (1900..2500).contains(&delays[15]), "{delays:?}");
    // A right password from the same address, while a wrong one waits for its reply.
    let mut wrong = tcp_client(&mut daemon);
    log_in(&mut wrong, false);
    let before = daemon.shell.kernel.now().mono;
    let mut right = tcp_client(&mut daemon);
    log_in(&mut right, true);
    assert_eq!(status_of(&mut daemon, &mut right), "200");
    assert!(daemon.shell.kernel.now().mono.since(before) < Duration::from_millis(100));
    assert_eq!(status_of(&mut daemon, &mut wrong), "401");
    assert!(daemon.shell.kernel.now().mono.since(before) >= Duration::from_secs(1));
}

#[test]
fn many_guesses_at_once_are_examined_one_after_the_other() {
    let home = Home::new(WITH_PASSWORD);
    let mut kernel = Simulated::new(&[]);
    let mut daemon = home.assemble(&mut kernel);
    let mut known = tcp_client(&mut daemon);
    log_in(&mut known, true);
    assert_eq!(status_of(&mut daemon, &mut known), "200");
    let mut guesses: Vec<TcpStream> = (0..40).map(|_| tcp_client(&mut daemon)).collect();
    for guess in &mut guesses {
        log_in(guess, false);
    }
    let mut lucky = tcp_client(&mut daemon);
    log_in(&mut lucky, true);
    let before = daemon.shell.kernel.now().mono;
    // It was right before.
    assert_eq!(status_of(&mut daemon, &mut lucky), "200");
    assert!(daemon.shell.kernel.now().mono.since(before) < Duration::from_millis(100));
    for guess in &mut guesses {
        assert_eq!(status_of(&mut daemon, guess), "401");
    }
    // Ten are free, and then eight at a time wait for up to two seconds.
    assert!(daemon.shell.kernel.now().mono.since(before) >= Duration::from_secs(4));
}
