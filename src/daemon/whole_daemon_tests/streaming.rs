//! What pages are notified of, and when.

use std::io::Write;

use super::{Client, Home, Script, Simulated, Value, state, turn_until};

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// What a page needs for an update arrives in the moment of the change: what remains of the time until
/// it is shown is the pause of its script and the network.
#[test]
fn a_change_of_state_is_streamed_and_listed_before_any_time_passes() {
    let home = Home::new("[program:web]\ncommand=/bin/web\nstartsecs=0\nstopwaitsecs=7\n");
    let mut kernel = Simulated::new(&[("web", Script::default())]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let mut viewer = Client::connect(&mut daemon);
    viewer.0.write_all(&get("/events?heartbeat=1&types=PROCESS_STATE")).expect("it reads");
    let mut stream = String::new();
    turn_until(&mut daemon, |_| {
        stream += &viewer.received();
        stream.contains("text/event-stream")
    });
    let before = daemon.shell.kernel.now().mono;
    let mut operator = Client::connect(&mut daemon);
    operator.send("supervisor.stopProcess", &[Value::str("web"), Value::Bool(false)]);
    let mut list = Client::connect(&mut daemon);
    let mut listed = String::new();
    turn_until(&mut daemon, |_| {
        stream += &viewer.received();
        stream.contains("PROCESS_STATE_STOPPING")
    });
    list.0.write_all(&get("/status.json")).expect("it reads");
    turn_until(&mut daemon, |_| {
        listed += &list.received();
        listed.contains("\"processes\"")
    });
    // The simulated program ends at once.
    assert!(listed.contains("\"state\":\"stopped\""), "{listed}");
    assert_eq!(daemon.shell.kernel.now().mono, before, "no time has passed");
}

/// Requests, readiness and settings are no events of Supervisor.
#[test]
fn a_page_is_notified_of_changes_that_are_no_events() {
    let home = Home::new("[program:web]\ncommand=/bin/web\nstartsecs=0\n");
    let mut kernel = Simulated::new(&[("web", Script::default())]);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let [mut page, mut script] = ["heartbeat=1&types=TICK_60", "types=TICK_60"].map(|fields| {
        let mut client = Client::connect(&mut daemon);
        client.0.write_all(&get(&format!("/events?{fields}"))).expect("it reads");
        turn_until(&mut daemon, |_| client.received().contains("text/event-stream"));
        client
    });
    let before = daemon.shell.kernel.now().mono;
    let mut operator = Client::connect(&mut daemon);
    operator.send("supervisor.signalProcess", &[Value::str("web"), Value::str("USR1")]);
    let mut stream = String::new();
    turn_until(&mut daemon, |_| {
        stream += &page.received();
        stream.contains("event: change\ndata:\n\n")
    });
    assert_eq!(daemon.shell.kernel.now().mono, before, "no time has passed");
    assert_eq!(script.received(), "", "scripts get what Supervisor has, and nothing else");
}
