//! Which servers require a password.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::support::ctl::Client;
use crate::support::{Daemon, Sandbox, Subject};

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// The status line of a request without credentials.
fn status_line(mut stream: impl Read + Write) -> String {
    stream.write_all(REQUEST).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let response = String::from_utf8_lossy(&response);
    response.lines().next().unwrap_or_default().to_owned()
}

/// The status of both servers with `account`, and the log lines about authentication.
fn answers(subject: Subject, account: &str) -> (Vec<String>, Vec<String>) {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let rest = format!(
        "[inet_http_server]\nport=127.0.0.1:{port}\n{account}\n\
         [unix_http_server]\nfile={{here}}/d.sock\n{account}\n"
    );
    let mut supervisord = subject.program(&sandbox, "supervisord");
    supervisord.env("EMPTY", "");
    sandbox.write("d.conf", &crate::support::daemon::conf(&rest));
    let mut daemon = Daemon::launch_by(supervisord, &sandbox, &[]);
    daemon.wait_for_log("supervisord started with pid");
    let statuses = [
        status_line(TcpStream::connect(("127.0.0.1", port)).unwrap()),
        status_line(UnixStream::connect(sandbox.path("d.sock")).unwrap()),
    ];
    daemon.stop();
    let story = daemon.story();
    let warnings = story.lines().filter(|line| line.contains("authentication"));
    let status = |line: &String| line.split(' ').nth(1).unwrap_or_default().to_owned();
    (statuses.iter().map(status).collect(), warnings.map(str::to_owned).collect())
}

#[test]
fn an_empty_username_requires_no_authentication() {
    let cases = [
        ("", "200"),
        ("username=\npassword=", "200"),
        ("username=\npassword=secret", "200"),
        ("username=%(ENV_EMPTY)s\npassword=%(ENV_EMPTY)s", "200"),
        ("username=%(ENV_EMPTY)s\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", "200"),
        ("username=admin\npassword=", "401"),
        ("username=admin\npassword=secret", "401"),
    ];
    for (account, status) in cases {
        let ours = answers(Subject::Ours, account);
        assert_eq!(ours, answers(Subject::Original, account), "{account}");
        assert_eq!(ours.0, [status, status], "{account}");
        assert_eq!(ours.1.len(), if status == "200" { 2 } else { 0 }, "{account}");
    }
}

const PROGRAM: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n";

/// Ours with an account that may only watch, and a client with that account.
fn with_viewer(port: u16) -> String {
    format!(
        "audit_logfile={{here}}/audit.log\n\
         [inet_http_server]\nport=127.0.0.1:{port}\nusername=root\npassword=p\n\
         [http_user:vera]\npassword=p\nrole=viewer\n\
         [supervisorctl]\nserverurl=http://127.0.0.1:{port}\nusername=vera\npassword=p\n\
         [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = \
         supervisor.rpcinterface:make_main_rpcinterface\n{PROGRAM}"
    )
}

#[test]
fn supervisors_own_client_shows_what_an_account_may_not_do() {
    let sandbox = Sandbox::new();
    let conf = with_viewer(sandbox.port());
    let daemon = Daemon::start(Subject::Ours, &sandbox, &conf);
    daemon.wait_for_log("success: web");
    let refused = |method: &str| {
        format!(
            "FAILED: not permitted: user vera has the role viewer, but supervisor.{method} \
             requires the role operator"
        )
    };
    let mut client = Client::start(Subject::Original, &sandbox);
    for (command, want, status) in [
        ("status web", "RUNNING".to_owned(), 0),
        ("stop web", refused("stopProcess"), 1),
        ("signal HUP web", refused("signalProcess"), 1),
        ("start web", "Unknown result code 30 for web".to_owned(), 1),
        ("avail", refused("getAllConfigInfo"), 1),
    ] {
        let answer = client.ask(command);
        assert!(answer.out.contains(&want), "{answer:?}");
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let mut client = Client::start(Subject::Ours, &sandbox);
    for command in ["stop web", "start web", "avail"] {
        let answer = client.ask(command);
        assert!(answer.out.contains("not permitted: user vera"), "{answer:?}");
        assert_eq!(answer.status, 1, "{answer:?}");
    }
}

/// One file serves both daemons.
#[test]
fn supervisor_ignores_further_accounts_and_the_audit_log() {
    let sandbox = Sandbox::new();
    let conf = with_viewer(sandbox.port());
    let mut daemon = Daemon::start(Subject::Original, &sandbox, &conf);
    daemon.wait_for_log("success: web");
    daemon.stop();
    assert!(!sandbox.names().contains(&"audit.log".to_owned()));
}

/// The status of several logins in sequence, right and wrong ones.
#[test]
fn logins_have_the_same_results() {
    let logins = ["YTpi", "YTpi", "YTpj", "YTo=", "OmI=", "YTpiOmM=", "!", "YWI=", "YTpi"];
    let statuses = |subject: Subject| {
        let sandbox = Sandbox::new();
        let port = sandbox.port();
        let account = "username=a\npassword=b\n";
        let rest = format!("[inet_http_server]\nport=127.0.0.1:{port}\n{account}");
        let _daemon = Daemon::start(subject, &sandbox, &rest);
        let status = |login: &&str| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let request = format!("GET / HTTP/1.0\r\nAuthorization: Basic {login}\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut reply = Vec::new();
            stream.read_to_end(&mut reply).unwrap();
            String::from_utf8_lossy(&reply).split(' ').nth(1).unwrap_or_default().to_owned()
        };
        logins.iter().map(status).collect::<Vec<_>>()
    };
    let ours = statuses(Subject::Ours);
    assert_eq!(ours[..3], ["200", "200", "401"]);
    // Supervisor answers 400 to credentials that it cannot decode.
    let comparable = |all: Vec<String>| [all[..6].to_vec(), all[8..].to_vec()].concat();
    assert_eq!(comparable(ours), comparable(statuses(Subject::Original)));
}
