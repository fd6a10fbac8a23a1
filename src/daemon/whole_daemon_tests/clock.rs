//! What happens when the wall clock is set, or runs on while the machine is suspended: decisions use the
//! other clock.

use std::io::Write;
use std::rc::Rc;

use super::{Client, Home, Script, Simulated, Value, call, idle_turns, state, turn_until};

const DAY: i64 = 24 * 60 * 60;

const PROGRAMS: &str = "[program:web]\ncommand=/bin/web\nstartsecs=5\nstopwaitsecs=7\n\
                        [program:fails]\ncommand=/bin/fails\nstartsecs=1\nstartretries=2\n";

/// Turns until a process has a state; returns how many seconds of the monotonic clock that took.
fn seconds_until(daemon: &mut super::Daemon<'_>, name: &str, expected: &str) -> u64 {
    let before = daemon.shell.kernel.now().mono;
    turn_until(daemon, |daemon| state(daemon, name) == expected);
    daemon.shell.kernel.now().mono.since(before).as_secs()
}

#[test]
fn a_clock_that_is_set_changes_no_decision() {
    for days in [1, -1] {
        let home = Home::new(PROGRAMS);
        let fails = Script { exits: Some((100, 3)), ..Script::default() };
        let stubborn = Script { ignores_term: true, ..Script::default() };
        let mut kernel = Simulated::new(&[("fails", fails), ("web", stubborn)]);
        let set_by = Rc::clone(&kernel.set_by);
        let set = || set_by.set(set_by.get() + days * DAY);
        let mut daemon = home.assemble(&mut kernel);
        turn_until(&mut daemon, |daemon| state(daemon, "web") == "STARTING");
        set();
        assert_eq!(seconds_until(&mut daemon, "web", "RUNNING"), 5);
        set();
        assert_eq!(state(&daemon, "fails"), "FATAL", "after three attempts in three seconds");
        let info = call(&mut daemon, "supervisor.getProcessInfo", &[Value::str("web")]);
        assert!(info.contains("uptime 0:00:0"), "{info}");
        let mut client = Client::connect(&mut daemon);
        client.send("supervisor.stopProcess", &[Value::str("web")]);
        turn_until(&mut daemon, |daemon| state(daemon, "web") == "STOPPING");
        set();
        assert_eq!(seconds_until(&mut daemon, "web", "STOPPED"), 7);
    }
}

#[test]
fn ticks_go_on_at_their_pace_after_the_clock_was_set() {
    let home = Home::new("[program:web]\ncommand=/bin/web\nstartsecs=0\n");
    let mut kernel = Simulated::new(&[]);
    let set_by = Rc::clone(&kernel.set_by);
    let mut daemon = home.assemble(&mut kernel);
    turn_until(&mut daemon, |daemon| state(daemon, "web") == "RUNNING");
    let mut client = Client::connect(&mut daemon);
    let request = b"GET /events?types=TICK_5 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.0.write_all(request).expect("it reads");
    turn_until(&mut daemon, |_| client.received().contains("text/event-stream"));
    for seconds in [DAY, -DAY, -DAY, 2, -2, 3601] {
        set_by.set(set_by.get() + seconds);
        let turns = idle_turns(&mut daemon, 5);
        assert!(turns < 200, "{turns} turns in five minutes, set by {seconds} s");
        let ticks = client.received().matches("event: TICK_5").count();
        assert!((59..=62).contains(&ticks), "{ticks} ticks, set by {seconds} s");
    }
}
