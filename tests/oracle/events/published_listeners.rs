//! Real listeners: superlance from `PyPI`, one with Supervisor's childutils, one in shell. They find
//! the daemon by their environment.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::daemon_fixture::{DaemonFixture, until, until_true};
use super::recording::{Delivery, alone, await_count, listener, program, python, speaker};
use crate::support::{Subject, oracle};

const HOG: &str = "import time; hoard = b'x' * 60000000; time.sleep(3600)";
const MESSAGE: &str = "'1:<!--XSUPERVISOR:BEGIN-->hello<!--XSUPERVISOR:END-->' stay";

/// An `[eventlistener:x]` of superlance; its mail goes to `x.mail`.
fn superlance(name: &str, events: &str, arguments: &str) -> String {
    let command = oracle::bin(name);
    format!(
        "[eventlistener:{name}]\ncommand={} {arguments}\nevents={events}\n\
         stderr_logfile={{here}}/{name}.err\n",
        command.display()
    )
}

fn by_mail(name: &str, events: &str, arguments: &str) -> String {
    let mail = format!("-m you@example.org -s \"cat > {{here}}/{name}.mail\" {arguments}");
    superlance(name, events, &mail)
}

fn script(name: &str, command: &str, events: &str) -> String {
    format!("[eventlistener:{name}]\ncommand={command} {{here}}/{name}.out\nevents={events}\n")
}

fn sections(smtp: u16) -> String {
    let hog = format!("{} -c \"{HOG}\"", oracle::bin("python").display());
    let shell = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/events/listener.sh");
    [
        by_mail("memmon", "TICK_5", "-p hog=50MB"),
        by_mail("httpok", "TICK_5", "-p silent -t 1 http://127.0.0.1:{port}/"),
        by_mail("crashmail", "PROCESS_STATE", "-p crasher"),
        superlance(
            "fatalmailbatch",
            "PROCESS_STATE,TICK_5",
            &format!("-t you@example.org -f me@example.org -H 127.0.0.1:{smtp} -e TICK_5 -i 0.05"),
        ),
        script("helped", &python("with_childutils.py"), "PROCESS_COMMUNICATION"),
        script("shell", shell, "REMOTE_COMMUNICATION"),
        listener("clock", "TICK_5", ""),
        program("hog", &hog, ""),
        program("silent", "sleep 3600", ""),
        program("crasher", "sh -c 'exit 3'", "startsecs=0\nautorestart=false"),
        program("broken", "false", "startretries=0\nstartsecs=3"),
        speaker("messenger", MESSAGE, "stdout_capture_maxbytes=1KB\nautorestart=true"),
    ]
    .concat()
}

/// A mail server that keeps what it receives until the test ends.
fn mail_server() -> (u16, Arc<Mutex<String>>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let kept = Arc::new(Mutex::new(String::new()));
    let keeper = Arc::clone(&kept);
    thread::spawn(move || {
        for client in server.incoming().flatten() {
            take_mail(client, &keeper);
        }
    });
    (port, kept)
}

fn take_mail(mut client: TcpStream, kept: &Mutex<String>) -> Option<()> {
    let mut lines = BufReader::new(client.try_clone().ok()?).lines();
    client.write_all(b"220 here\r\n").ok()?;
    let mut is_data = false;
    while let Some(Ok(line)) = lines.next() {
        let answer = match (is_data, line.to_ascii_lowercase().as_str()) {
            (true, ".") => "250 kept\r\n",
            (true, _) => {
                kept.lock().ok()?.push_str(&line);
                continue;
            }
            (false, "data") => "354 go on\r\n",
            (false, "quit") => "221 bye\r\n",
            (false, _) => "250 well\r\n",
        };
        is_data = answer.starts_with("354");
        client.write_all(answer.as_bytes()).ok()?;
    }
    Some(())
}

fn restarted(fixture: &mut DaemonFixture, name: &str, first: i64) {
    until_true(&format!("another {name}"), || {
        fixture.state(name) == "RUNNING" && fixture.pid_of(name) != first
    });
}

fn mail(fixture: &DaemonFixture, name: &str) -> String {
    until(&format!("mail of {name}"), || {
        Some(fixture.read(&format!("{name}.mail"))).filter(|text| text.contains("Subject"))
    })
}

#[test]
fn listeners_of_the_field_work_unchanged() {
    let (smtp, kept) = mail_server();
    alone(Subject::Ours, &sections(smtp), |fixture| {
        fixture.start("hog");
        fixture.start("silent");
        let (hog, silent) = (fixture.pid_of("hog"), fixture.pid_of("silent"));
        for name in ["crasher", "broken", "messenger"] {
            fixture.launch(name);
        }
        fixture.remote("from afar");
        assert!(mail(fixture, "crashmail").contains("crasher"));
        restarted(fixture, "hog", hog);
        restarted(fixture, "silent", silent);
        assert!(mail(fixture, "memmon").contains("hog"));
        assert!(mail(fixture, "httpok").contains("silent"));
        until_true("mail of fatalmailbatch", || {
            kept.lock().is_ok_and(|mail| mail.contains("broken failed to start"))
        });
        until_true("the word of a message", || {
            let output = fixture.read("helped.out");
            output.contains("PROCESS_COMMUNICATION_STDOUT messenger:messenger RUNNING hello")
        });
        let output = fixture.read("shell.out");
        assert_eq!(output, "REMOTE_COMMUNICATION type:t\nfrom afar\n");
        ticks_are_even(&await_count(fixture, "clock.rec", 2));
    });
}

fn ticks_are_even(ticks: &[Delivery]) {
    let times: Vec<i64> =
        ticks.iter().map(|tick| tick.field("when").parse().expect("a time")).collect();
    assert!(times.iter().all(|time| time % 5 == 0), "{times:?}");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 5), "{times:?}");
}
