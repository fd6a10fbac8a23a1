//! The sockets of FastCGI programs.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Accepts once on its standard input and answers.
const SERVER: &str = "#!/usr/bin/env python3\nimport socket\n\
    s = socket.socket(fileno=0)\nc, _ = s.accept()\nc.sendall(b'hello')\nc.close()\n";

fn served(subject: Subject) -> (String, Vec<String>, u32) {
    let sandbox = Sandbox::new();
    sandbox.script("serve", SERVER);
    let rest = "[fcgi-program:f]\ncommand={here}/serve\nsocket=unix://{here}/f.sock\nsocket_mode=0606\n\
                numprocs=2\nprocess_name=%(process_num)d\nautorestart=false\nstartsecs=0\nexitcodes=0\n\
                stderr_logfile={here}/f.err\n\
                [fcgi-program:idle]\ncommand=/bin/true\nsocket=unix://{here}/idle.sock\nautostart=false\n";
    let mut daemon = Daemon::start(subject, &sandbox, rest);
    assert!(
        fs::exists(sandbox.path("idle.sock")).unwrap(),
        "it is created although no process uses it"
    );
    daemon.wait_for_count("success: ", 2);
    let mode = fs::metadata(sandbox.path("f.sock")).unwrap().permissions().mode() & 0o7777;
    let mut answers = String::new();
    for count in 1..=2 {
        use std::io::Read;
        let mut stream = std::os::unix::net::UnixStream::connect(sandbox.path("f.sock")).unwrap();
        stream.read_to_string(&mut answers).unwrap();
        daemon.wait_for_count("exited: ", count);
    }
    wait_until("the socket is closed", || daemon.log().matches("Closing socket").count() == 3);
    daemon.stop();
    let story = daemon.story();
    let lines = story.lines().filter(|line| line.contains("socket")).map(str::to_owned);
    (answers, lines.collect(), mode)
}

#[test]
fn a_group_shares_a_socket_until_its_last_process_ends() {
    let ours = served(Subject::Ours);
    assert_eq!(ours, served(Subject::Original));
    assert_eq!(ours.0, "hellohello");
    assert_eq!(ours.2, 0o606);
}
