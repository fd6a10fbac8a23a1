//! FastCGI programs: the socket belongs to the daemon and outlives the processes.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;

use super::daemon_fixture::{DaemonFixture, text, until, until_true};
use super::recording::{alone, python, same};
use crate::support::daemon::conf;
use crate::support::{Sandbox, Subject};

fn fcgi(name: &str, socket: &str, options: &str) -> String {
    format!(
        "[fcgi-program:{name}]\nsocket={socket}\nautostart=false\nstartsecs=0\n\
         command={} {{here}}/%(program_name)s-%(process_num)d.facts\n\
         process_name=%(program_name)s-%(process_num)d\n{options}\n",
        python("acceptor.py")
    )
}

const TCP: &str = "tcp://127.0.0.1:{port}";

fn facts(fixture: &DaemonFixture, process: &str) -> serde_json::Value {
    let file = format!("{process}.facts");
    let what = format!("what {process} sees ({:?})", fixture.subject);
    until(&what, || serde_json::from_str(&fixture.read(&file)).ok())
}

/// The state of a process without the number of its socket.
fn shown(fixture: &DaemonFixture, process: &str) -> String {
    let mut facts = facts(fixture, process);
    facts["inode"] = 0.into();
    facts.to_string()
}

fn ask_tcp(fixture: &DaemonFixture) -> Result<String, ErrorKind> {
    let mut answer = String::new();
    let connected = TcpStream::connect(("127.0.0.1", fixture.port));
    connected.and_then(|mut it| it.read_to_string(&mut answer)).map_err(|error| error.kind())?;
    Ok(answer)
}

fn ask_unix(fixture: &DaemonFixture, name: &str) -> Result<String, ErrorKind> {
    let mut answer = String::new();
    let connected = UnixStream::connect(fixture.path(name));
    connected.and_then(|mut it| it.read_to_string(&mut answer)).map_err(|error| error.kind())?;
    Ok(answer)
}

/// Whether a process has a socket of this number open.
fn holds(pid: i64, inode: &serde_json::Value) -> bool {
    let wanted = format!("socket:[{inode}]");
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors");
    let targets = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.into_iter().any(|target| target.as_os_str() == wanted.as_str())
}

fn socket_lines(fixture: &mut DaemonFixture) -> Vec<String> {
    // The reply to a call may arrive before its log line, but not before that of the previous call.
    fixture.call("getState", &[]);
    let story = fixture.daemon.story().replace(&fixture.port.to_string(), "PORT");
    story.lines().filter(|line| line.contains("ing socket")).map(str::to_owned).collect()
}

#[test]
fn a_tcp_socket_is_shared_and_closed_with_the_last_process() {
    let sections = [
        fcgi("web", TCP, "numprocs=2\nsocket_backlog=7"),
        fcgi("plain", "unix://{here}/plain.sock", "numprocs=1"),
    ]
    .concat();
    same(&sections, |fixture| {
        let mut observed = vec![format!("before {:?}", ask_tcp(fixture))];
        fixture.start("web:web-0");
        let first = facts(fixture, "web-0");
        observed.extend([shown(fixture, "web-0"), format!("one {:?}", ask_tcp(fixture))]);
        fixture.start("web:web-1");
        assert_eq!(facts(fixture, "web-1")["inode"], first["inode"]);
        assert!(holds(i64::from(fixture.daemon.pid()), &first["inode"]));
        fixture.stop("web:web-0");
        observed.push(format!("the other {:?}", ask_tcp(fixture)));
        fixture.start("web:web-0");
        fixture.stop("web:web-1");
        observed.push(format!("the first again {:?}", ask_tcp(fixture)));
        let stdin = fixture.try_call("sendProcessStdin", &[text("web:web-0"), text("hello")]);
        observed.push(format!("stdin {:?}", stdin.map_err(|error| error.to_string())));
        assert!(holds(fixture.pid_of("web:web-0"), &first["inode"]));
        fixture.stop("web:web-0");
        observed.push(format!("none {:?}", ask_tcp(fixture)));
        assert!(!holds(i64::from(fixture.daemon.pid()), &first["inode"]));
        fixture.call("startProcessGroup", &[text("web")]);
        observed.push(format!("anew {:?}", ask_tcp(fixture).is_ok()));
        fixture.call("stopProcessGroup", &[text("web")]);
        fixture.call("removeProcessGroup", &[text("web")]);
        fixture.call("addProcessGroup", &[text("web")]);
        observed.extend(socket_lines(fixture));
        observed
    });
}

#[test]
fn a_unix_socket_has_the_configured_mode_and_owner() {
    let me = nix::unistd::getuid();
    let owner = format!("socket_owner={me}:{}", nix::unistd::getgid());
    let sections = [
        fcgi("strict", "unix://{here}/strict.sock", &format!("socket_mode=0600\n{owner}")),
        fcgi("open", "unix://{here}/open.sock", "socket_mode=0666"),
        fcgi("usual", "unix://%(here)s/%(program_name)s.sock", ""),
    ]
    .concat();
    same(&sections, |fixture| {
        let mut observed = Vec::new();
        for name in ["strict", "open", "usual"] {
            let (process, socket) = (format!("{name}-0"), format!("{name}.sock"));
            fixture.start(&format!("{name}:{process}"));
            let file = fs::symlink_metadata(fixture.path(&socket)).expect("a socket");
            let (mode, uid, gid) = (file.mode(), file.uid(), file.gid());
            observed.extend([
                shown(fixture, &process),
                format!("{name} {mode:o} {uid} {gid} {}", file.file_type().is_socket()),
                format!("{:?}", ask_unix(fixture, &socket)),
            ]);
            fixture.stop(&format!("{name}:{process}"));
            let left = fixture.path(&socket).exists();
            observed.push(format!("{left} {:?}", ask_unix(fixture, &socket)));
            fixture.start(&format!("{name}:{process}"));
            observed.push(format!("{:?}", ask_unix(fixture, &socket)));
        }
        observed.extend(socket_lines(fixture));
        observed
    });
}

#[test]
fn a_connection_waits_while_the_only_process_restarts() {
    let sections = fcgi("web", TCP, "autorestart=true");
    alone(Subject::Ours, &sections, |fixture| {
        fixture.start("web:web-0");
        let (first, pid) = (facts(fixture, "web-0"), fixture.pid_of("web:web-0"));
        fixture.kill("web:web-0");
        until_true("its death", || fixture.pid_of("web:web-0") != pid);
        assert_eq!(ask_tcp(fixture), Ok("web-0".to_owned()));
        assert!(holds(fixture.pid_of("web:web-0"), &first["inode"]));
        assert_eq!(socket_lines(fixture).len(), 3, "{:?}", socket_lines(fixture));
    });
}

/// The exit status of a daemon that cannot open its socket, and whether the error is reported.
fn refusal(subject: Subject, port: u16, socket: &str) -> (bool, bool) {
    let sandbox = Sandbox::new();
    let socket = socket.replace("{port}", &port.to_string());
    sandbox.write("d.conf", &conf(&fcgi("web", &socket, "")));
    let output = subject
        .program(&sandbox, "supervisord")
        .args(["-n", "-c", "d.conf"])
        .output()
        .expect("supervisord runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let sentence = format!("Could not create FastCGI socket {socket}: [Errno ");
    (output.status.success(), errors.contains(&sentence))
}

#[test]
fn a_socket_that_cannot_be_had_is_a_reason_not_to_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    for socket in [TCP, "unix:///nowhere/at/all.sock"] {
        let [original, ours] =
            [Subject::Original, Subject::Ours].map(|subject| refusal(subject, port, socket));
        assert_eq!((original, ours), ((false, true), (false, true)), "{socket}");
    }
}
