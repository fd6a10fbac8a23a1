//! What Supervisor does not have: a slow listener does not delay others, losses are reported, and
//! events over HTTP.

use std::time::Duration;

use supkit::ctl::client::{Client, ClientError, LogStream};
use supkit::rpc::value::Value;

use super::daemon_fixture::{DaemonFixture, text, until_true};
use super::recording::{alone, await_count, await_event, listener, program, python};
use crate::support::Subject;

const REMOTE: &str = "REMOTE_COMMUNICATION";

/// The entry of one pool in the answer of `supkit.getEventPools`.
fn pool(fixture: &mut DaemonFixture, name: &str) -> Value {
    let answer = fixture.supkit("getEventPools");
    let Value::Array(pools) = answer else { panic!("{answer:?}") };
    let found = pools.into_iter().find(|pool| pool.get("group") == Some(&text(name)));
    found.unwrap_or_else(|| panic!("no pool {name}"))
}

fn number(value: &Value, member: &str) -> i64 {
    value.get(member).and_then(Value::as_int).unwrap_or_else(|| panic!("no {member}"))
}

/// A listener that writes READY and never reads.
fn deaf(options: &str) -> String {
    format!(
        "[eventlistener:deaf]\ncommand=sh -c 'echo READY; exec sleep 3600'\nevents={REMOTE}\n\
         startsecs=0\n{options}\n"
    )
}

#[test]
fn a_listener_that_never_reads_does_not_delay_others() {
    let sections = [
        deaf("buffer_size=3"),
        listener("quick", &format!("{REMOTE},PROCESS_STATE"), "\nbuffer_size=100"),
        program("web", "sleep 3600", "startsecs=0\nautorestart=true"),
    ]
    .concat();
    alone(Subject::Ours, &sections, |fixture| {
        fixture.daemon.wait_for_log("deaf: ACKNOWLEDGED -> READY");
        fixture.start("web");
        // More than a pipe holds.
        fixture.remote(&"x".repeat(1_000_000));
        for round in 0..10 {
            if round < 2 {
                let first = fixture.pid_of("web");
                fixture.kill("web");
                until_true("another web", || ![0, first].contains(&fixture.pid_of("web")));
            }
            fixture.remote(&round.to_string());
            await_event(fixture, "quick.rec", |it| it.payload == format!("type:t\n{round}"));
        }
        let deaf = pool(fixture, "deaf");
        assert_eq!((number(&deaf, "buffered"), number(&deaf, "dropped")), (3, 7), "{deaf:?}");
        assert_eq!(number(&pool(fixture, "quick"), "dropped"), 0);
        let status = fixture.supervisorctl(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
        let rows = status.as_array().expect("rows");
        let row = rows.iter().find(|row| row["name"] == "deaf").expect("a row");
        let expected = serde_json::json!(
            {"state": "BUSY", "buffered": 3, "buffer_size": 3, "dropped": 7}
        );
        assert_eq!(row["eventlistener"], expected);
        let web = rows.iter().find(|row| row["name"] == "web").expect("a row");
        assert_eq!(web.get("eventlistener"), None);
    });
}

#[test]
fn an_overflow_is_logged_once_a_second_at_most() {
    let sections = deaf("buffer_size=1\nautostart=false");
    alone(Subject::Ours, &sections, |fixture| {
        let line = "pool deaf event buffer overflowed";
        let start = std::time::Instant::now();
        for number in 0..500 {
            fixture.remote(&number.to_string());
        }
        let seconds = start.elapsed().as_secs() as usize;
        let lines = fixture.log().matches(line).count();
        assert!((1..=seconds + 1).contains(&lines), "{lines} lines in {seconds} s");
        assert_eq!(number(&pool(fixture, "deaf"), "dropped"), 499);
        // The next line reports what was dropped.
        until_true("a line with a sum", || {
            fixture.remote("more");
            fixture.log().contains(" others since the last report)")
        });
    });
}

/// Events without a subscriber are not counted as lost, and the others stay in order.
#[test]
fn many_events_reach_many_listeners_in_order() {
    let sections = [
        listener("one", REMOTE, "\nbuffer_size=1000"),
        listener("other", "EVENT", "\nbuffer_size=1000"),
    ]
    .concat();
    alone(Subject::Ours, &sections, |fixture| {
        for number in 0..300 {
            fixture.remote(&number.to_string());
        }
        for file in ["one.rec", "other.rec"] {
            let all = await_event(fixture, file, |it| it.payload == "type:t\n299");
            let remote = all.iter().filter(|it| it.event() == REMOTE);
            let data: Vec<&str> = remote.filter_map(|it| it.payload.split('\n').nth(1)).collect();
            let expected: Vec<String> = (0..300).map(|number| number.to_string()).collect();
            assert_eq!(data, expected, "{file}");
        }
    });
}

const DOOR: &str = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=u\npassword=p\n";

fn visitor(fixture: &DaemonFixture, password: Option<&str>) -> Client {
    let url = format!("http://127.0.0.1:{}", fixture.port);
    Client::open(&url, Some("u"), password).timeout(Some(Duration::from_secs(30)))
}

/// Reads a stream until it contains a text.
fn read_until(stream: &mut LogStream, received: &mut String, wanted: &str) {
    while !received.contains(wanted) {
        let chunk = stream.chunk().expect("a chunk").expect("no end");
        received.push_str(&String::from_utf8_lossy(&chunk));
    }
}

#[test]
fn events_are_streamed_to_authenticated_clients() {
    let sections = [DOOR.to_owned(), program("web", "sleep 3600", "startsecs=0")].concat();
    alone(Subject::Ours, &sections, |fixture| {
        for (password, path, code) in [
            (None, "/events", 401),
            (Some("wrong"), "/events", 401),
            (Some("p"), "/events?types=NONSENSE", 400),
        ] {
            let refused = visitor(fixture, password).follow(path).err();
            let is_refused =
                matches!(refused, Some(ClientError::Status { code: it, .. }) if it == code);
            assert!(is_refused, "{path} {password:?}: {refused:?}");
        }
        let door = visitor(fixture, Some("p"));
        let mut states = door.follow("/events?types=process_state,tick_5").expect("a stream");
        let mut all = door.follow("/events").expect("a stream");
        fixture.remote("one\ntwo");
        fixture.start("web");
        let (mut received, mut received_all) = (String::new(), String::new());
        read_until(&mut states, &mut received, "PROCESS_STATE_RUNNING");
        read_until(&mut all, &mut received_all, "PROCESS_STATE_RUNNING");
        assert!(
            received_all
                .contains("event: REMOTE_COMMUNICATION\ndata: type:t\ndata: one\ndata: two\n\n")
        );
        assert!(!received.contains(REMOTE), "{received}");
        assert!(
            received.contains("event: PROCESS_STATE_STARTING\ndata: processname:web groupname:web")
        );
        read_until(&mut states, &mut received, "event: TICK_5\ndata: when:");
    });
}

/// A client that does not read its stream is disconnected; its buffer is bounded.
#[test]
fn a_visitor_that_never_reads_is_let_go() {
    let sections = [DOOR.to_owned(), program("web", "sleep 3600", "startsecs=0")].concat();
    alone(Subject::Ours, &sections, |fixture| {
        let mut idle = visitor(fixture, Some("p")).follow("/events").expect("a stream");
        for _ in 0..20 {
            fixture.remote(&"x".repeat(1_000_000));
        }
        fixture.start("web");
        let mut taken = 0;
        while let Ok(Some(chunk)) = idle.chunk() {
            taken += chunk.len();
        }
        assert!(taken < 20_000_000, "{taken}");
    });
}

/// The serials continue after a restart of the daemon, as in the original.
#[test]
fn serial_numbers_go_on_over_a_restart() {
    let serials = |subject| {
        let sections = [listener("all", REMOTE, ""), talker()].concat();
        alone(subject, &sections, |fixture| {
            fixture.remote("1");
            fixture.remote("2");
            await_count(fixture, "all.rec", 2);
            fixture.call("restart", &[]);
            fixture.daemon.wait_for_count("supervisord started with pid", 2);
            until_true("an answer", || fixture.try_call("getState", &[]).is_ok());
            fixture.remote("3");
            let all = await_count(fixture, "all.rec", 3);
            all.iter().map(|it| it.field("serial").to_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(serials(Subject::Ours), serials(Subject::Original));
}

fn talker() -> String {
    program("talk", &format!("{} '1:x' stay", python("speaker.py")), "")
}
