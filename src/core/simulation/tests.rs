//! Stories of simulations, as a person reads them.

use std::time::Duration;

use super::{Act, Behaviour, Script, Simulator};
use crate::conf::config::{Config, Process};
use crate::conf::dependency::{Condition, Dependency};
use crate::conf::fake_host::FakeHost;
use crate::conf::kinds::{Cron, Kind as _};
use crate::core::sim::{config, group, listener, program};
use crate::core::time::Wall;

fn needs(name: &str, on: &str, condition: Condition) -> Process {
    let depends_on = vec![Dependency { name: on.to_owned(), condition }.into()];
    Process { depends_on, ready_tcp: Some("127.0.0.1:1".to_owned()), ..program(name) }
}

/// ZEO, an instance that needs it and a cache that needs the instance.
fn stack() -> Config {
    let zeo = Process { ready_tcp: Some("127.0.0.1:8100".to_owned()), ..program("zeoserver") };
    let groups = vec![
        group("zeoserver", 1, vec![zeo]),
        group("instance", 2, vec![needs("instance", "zeoserver", Condition::Ready)]),
        group("varnish", 3, vec![needs("varnish", "instance", Condition::Ready)]),
    ];
    config(groups)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn script(until: u64) -> Script {
    Script { until: seconds(until), ..Script::default() }
}

fn slow(simulator: &Simulator, script: &mut Script, name: &str, ready_after: Option<Duration>) {
    let id = simulator.find(name).unwrap()[0];
    script.behaviours.insert(id, Behaviour { ready_after, ..Behaviour::default() });
}

#[test]
fn a_start_an_outage_and_an_end() {
    let simulator = Simulator::new(stack(), Wall::default());
    let mut script = script(300);
    slow(&simulator, &mut script, "instance", Some(seconds(60)));
    let zeo = simulator.find("zeoserver").unwrap()[0];
    script.acts.push((seconds(90), Act::Kill(zeo)));
    script.stops = true;
    let timeline = simulator.run(script);
    assert!(timeline.is_good());
    insta::assert_snapshot!(timeline.text());
}

#[test]
fn what_never_comes_up_is_named_at_the_end() {
    let simulator = Simulator::new(stack(), Wall::default());
    let mut script = script(30);
    slow(&simulator, &mut script, "zeoserver", None);
    let timeline = simulator.run(script);
    assert!(!timeline.is_good() && timeline.summary.up.is_empty());
    let text = timeline.text();
    let end = text.split("\n\n").nth(1).unwrap();
    insta::assert_snapshot!(end);
    let json = timeline.json();
    assert_eq!(json["summary"]["missing"][0]["name"], "zeoserver");
    assert_eq!(json["events"][0]["to"], "STARTING");
}

#[test]
fn tasks_and_listeners_count_as_up_when_they_have_done_their_part() {
    let task = Process { startsecs: 0, ..program("initdb") };
    let groups = vec![
        group("initdb", 1, vec![task]),
        group(
            "web",
            2,
            vec![Process { ready_tcp: None, ..needs("web", "initdb", Condition::Completed) }],
        ),
        group("manual", 3, vec![Process { autostart: false, ..program("manual") }]),
        listener("events", vec![crate::conf::events::EventType::Event]),
    ];
    let simulator = Simulator::new(config(groups), Wall::default());
    let mut script = script(60);
    let id = simulator.find("initdb").unwrap()[0];
    script.acts.push((seconds(3), Act::Exit(id, 0)));
    let timeline = simulator.run(script);
    assert!(timeline.is_good(), "{}", timeline.text());
    assert_eq!(timeline.summary.up[0].from, seconds(4));
    assert_eq!(timeline.summary.not_started, ["manual"]);
    assert!(!timeline.text().contains("overflow"), "{}", timeline.text());
}

#[test]
fn a_stop_that_takes_too_long_ends_with_sigkill() {
    let simulator = Simulator::new(
        config(vec![group("web", 1, vec![Process { stopwaitsecs: 10, ..program("web") }])]),
        Wall::default(),
    );
    let id = simulator.find("web").unwrap()[0];
    let mut script = script(60);
    let behaviour = Behaviour { stop_takes: seconds(25), ..Behaviour::default() };
    script.behaviours.insert(id, behaviour);
    script.acts.push((seconds(5), Act::Restart(id)));
    let text = simulator.run(script).text();
    assert!(text.contains("15.0s       killing 'web' (101) with SIGKILL"), "{text}");
    assert!(text.contains("15.0s  web  STOPPING -> STOPPED  (terminated by SIGKILL)"), "{text}");
    assert!(text.contains("not everything was up from 5.0s to 16.0s, for 11.0s"), "{text}");
}

#[test]
fn a_program_that_ends_during_an_outage_waits_for_it_to_end() {
    let zeo = Process {
        ready_tcp: Some("127.0.0.1:8100".to_owned()),
        autorestart: crate::conf::config::AutoRestart::Never,
        ..program("zeoserver")
    };
    let groups = vec![
        group("zeoserver", 1, vec![zeo]),
        group("instance", 2, vec![needs("instance", "zeoserver", Condition::Ready)]),
    ];
    let simulator = Simulator::new(config(groups), Wall::default());
    let mut script = script(60);
    let (zeo, instance) =
        (simulator.find("zeoserver").unwrap()[0], simulator.find("instance").unwrap()[0]);
    script.acts.push((seconds(10), Act::Kill(zeo)));
    script.acts.push((seconds(20), Act::Exit(instance, 1)));
    script.acts.push((seconds(40), Act::Restart(zeo)));
    let text = simulator.run(script).text();
    let waits =
        "20.0s             the restart of instance waits for zeoserver: EXITED, terminated by";
    assert!(text.contains(waits), "{text}");
    let outage = "not everything was up from 10.0s to 41.1s, for 31.1s: instance, zeoserver";
    assert!(text.contains(outage), "{text}");
}

#[test]
fn what_is_up_at_once_is_no_outage() {
    let task = Process { startsecs: 0, autostart: false, ..program("task") };
    let simulator = Simulator::new(config(vec![group("task", 1, vec![task])]), Wall::default());
    let mut script = script(60);
    script.acts.push((seconds(5), Act::Restart(simulator.find("task").unwrap()[0])));
    let text = simulator.run(script).text();
    assert!(text.contains("STARTING -> RUNNING"), "{text}");
    assert!(text.contains("everything was up after 0.0s"), "{text}");
    assert!(!text.contains("not everything"), "{text}");
}

#[test]
fn names_are_found_and_misspelt_ones_suggested() {
    let simulator = Simulator::new(
        config(vec![
            group("pair", 1, vec![program("a"), program("b")]),
            group("web", 2, vec![program("web")]),
        ]),
        Wall::default(),
    );
    for (name, count) in [("web", 1), ("a", 1), ("pair:a", 1), ("pair", 2), ("pair:*", 2)] {
        assert_eq!(simulator.find(name).unwrap().len(), count, "{name}");
    }
    assert_eq!(
        simulator.find("wbe").unwrap_err(),
        "there is no program `wbe`; did you mean `web`?"
    );
    let all = simulator.find("something").unwrap_err();
    assert_eq!(all, "there is no program `something`; there are: pair:a, pair:b, web");
}

#[test]
fn tasks_end_by_themselves() {
    let schedule = Cron::parse("*/2 * * * *", &FakeHost::default()).expect("it is valid");
    let pack = Process {
        schedule: Some(Box::new(schedule)),
        autostart: false,
        startsecs: 0,
        ..program("pack")
    };
    let groups = vec![
        group("initdb", 1, vec![program("initdb")]),
        group(
            "web",
            2,
            vec![Process { ready_tcp: None, ..needs("web", "initdb", Condition::Completed) }],
        ),
        group("pack", 3, vec![pack]),
    ];
    let simulator = Simulator::new(config(groups.clone()), Wall::default());
    let timeline = simulator.run(script(300));
    assert!(timeline.is_good(), "{}", timeline.text());
    insta::assert_snapshot!(timeline.text(), @r"
    assumed:  initdb exits by itself 1.0s after each start
              pack exits by itself 1.0s after each start
              otherwise programs run until they are stopped, are ready at once and stop at once
        0.0s  initdb  STOPPED -> STARTING
        0.0s          web waits for initdb: STARTING
        1.0s  initdb  STARTING -> RUNNING
        1.0s  initdb  RUNNING -> EXITED  (exit status 0, not restarted)
        1.0s  web     STOPPED -> STARTING
        2.0s  web     STARTING -> RUNNING
      120.0s          pack is started by its schedule
      120.0s  pack    STOPPED -> STARTING
      120.0s  pack    STARTING -> RUNNING
      121.0s  pack    RUNNING -> EXITED  (exit status 0, not restarted)
      240.0s          pack is started by its schedule
      240.0s  pack    EXITED -> STARTING
      240.0s  pack    STARTING -> RUNNING
      241.0s  pack    RUNNING -> EXITED  (exit status 0, not restarted)

    everything was up after 2.0s
    critical path of the start: initdb 1.0s -> web 1.0s
    pack runs next 1 min after the end of this simulation
    ");
    assert_eq!(timeline.json()["summary"]["next_runs"][0]["seconds_after_the_end"], 60.0);

    let simulator = Simulator::new(config(groups), Wall::default());
    let mut script = script(300);
    let takes = Some(seconds(150));
    let pack = simulator.find("pack").unwrap()[0];
    script.behaviours.insert(pack, Behaviour { takes, ..Behaviour::default() });
    let text = simulator.run(script).text();
    assert!(
        text.contains("270.0s  pack    RUNNING -> EXITED  (exit status 0, not restarted)"),
        "{text}"
    );
    let skipped =
        "240.0s          the scheduled run of pack is skipped: the last one is still RUNNING";
    assert!(text.contains(skipped), "{text}");
}

#[test]
fn a_program_with_a_watchdog_reports_that_it_is_alive() {
    let web = Process { live_notify: true, ready_notify: true, ..program("web") };
    let simulator = Simulator::new(config(vec![group("web", 1, vec![web])]), Wall::default());
    let text = simulator.run(script(300)).text();
    assert!(!text.contains("restarted"), "{text}");
}
