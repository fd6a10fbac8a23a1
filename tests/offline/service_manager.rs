//! What a service manager such as systemd learns from the daemon by `NOTIFY_SOCKET`.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::daemon::conf;
use crate::support::{Sandbox, wait_until};

/// As a unit with `Type=notify` starts it.
fn start(sandbox: &Sandbox, socket: &str) -> Child {
    // Stubborn, so that the end of the daemon takes a while.
    let program = "[program:slow]\nstartsecs=0\nstopwaitsecs=60\n\
                   command=/bin/sh -c 'trap \"\" TERM; touch ready; while :; do sleep 1; done'\n";
    sandbox.write("d.conf", &conf(program));
    let mut daemon = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let daemon = daemon.args(["supervisord", "-n", "-c", "d.conf"]).env("NOTIFY_SOCKET", socket);
    daemon.stdout(Stdio::null()).spawn().expect("it starts")
}

fn received(socket: &UnixDatagram) -> String {
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    let mut buffer = [0; 100];
    let length = socket.recv(&mut buffer).expect("a datagram");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[test]
fn the_service_manager_learns_when_the_daemon_is_ready_reloads_and_stops() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let mut daemon = start(&sandbox, path.to_str().expect("UTF-8"));
    assert_eq!(received(&socket), "READY=1");
    let id = Pid::from_raw(i32::try_from(daemon.id()).expect("a pid"));
    let child_is_ready = || sandbox.path("ready").exists();
    let kill_child = || {
        let children = sandbox.processes().into_iter().filter(|pid| *pid != id.as_raw());
        children.for_each(|pid| {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        });
    };
    wait_until("the program runs", child_is_ready);
    kill(id, Signal::SIGHUP).expect("it runs");
    assert_eq!(received(&socket), "RELOADING=1");
    std::fs::remove_file(sandbox.path("ready")).expect("it is there");
    kill_child();
    assert_eq!(received(&socket), "READY=1");
    wait_until("the program runs", child_is_ready);
    kill(id, Signal::SIGTERM).expect("it runs");
    assert_eq!(received(&socket), "STOPPING=1");
    assert!(daemon.try_wait().expect("a child").is_none(), "it still waits for its program");
    kill_child();
    assert!(daemon.wait().expect("it ends").success());
}

#[test]
fn an_abstract_socket_works_and_a_missing_one_does_no_harm() {
    let sandbox = Sandbox::new();
    let name = format!("supkit-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("an address");
    let socket = UnixDatagram::bind_addr(&address).expect("a socket");
    let mut daemon = start(&sandbox, &format!("@{name}"));
    assert_eq!(received(&socket), "READY=1");
    daemon.kill().expect("it runs");
    daemon.wait().expect("it ends");
    let mut daemon = start(&sandbox, "/nowhere/notify");
    let log = || sandbox.read("d.log");
    wait_until("it is logged", || log().contains("could not report READY=1"));
    assert!(log().contains("ENOENT") && daemon.try_wait().expect("a child").is_none());
    daemon.kill().expect("it runs");
    daemon.wait().expect("it ends");
}
