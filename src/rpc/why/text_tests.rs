//! The explanation of each state, as a person reads it. The texts are in one snapshot, to be read
//! from top to bottom.

use std::fmt::Write;
use std::time::Duration;

use super::facts::Why;
use crate::conf::config::{AutoRestart, Config, Process};
use crate::conf::dependency::{Condition, Dependency};
use crate::core::disabled::Disabled;
use crate::core::effect::{Input, OutputStream, WaitStatus};
use crate::core::exit_report::{ExitReport, OomKill, Usage};
use crate::core::jobs::{Scope, Task};
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, program};
use crate::core::time::Wall;
use crate::rpc::access::Rights;
use crate::rpc::context::{Context, LocalTime};
use crate::rpc::fault::MaxReply;
use crate::rpc::tests::FakeServices;
use crate::rpc::value::Value;

/// Seconds of one day.
fn local(when: Wall) -> LocalTime {
    let seconds = when.0.as_secs() as u32 % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    LocalTime { year: 2026, month: 11, day: 27, hour, minute, second }
}

fn why(sim: &mut Simulation, name: &str, on_disk: Result<&Config, &str>) -> Why {
    let (id, now) = (sim.id(name), sim.now);
    let context = Context {
        supervisor: &mut sim.core,
        services: &mut FakeServices,
        requester: "test",
        rights: &Rights::all(None),
        max_reply: MaxReply { bytes: 100_000, option: "http_maxbytes" },
        now,
    };
    Why::of(&context, context.supervisor.process(id).unwrap(), on_disk)
}

fn text(sim: &mut Simulation, name: &str) -> String {
    let config = sim.core.config().clone();
    why(sim, name, Ok(&config)).text(&local)
}

fn end(sim: &mut Simulation, name: &str, status: WaitStatus, oom: OomKill) {
    let pid = sim.process(name).pid().unwrap();
    let usage = Usage {
        peak_memory: 24 << 20,
        user: Duration::from_millis(1500),
        system: Duration::from_millis(200),
    };
    sim.alive.remove(&pid);
    let report = ExitReport { usage: Some(usage), oom };
    sim.core.take(Input::Reaped { pid, status, report }, sim.now);
    sim.perform();
}

fn web() -> Process {
    Process { startsecs: 2, stopwaitsecs: 5, ..program("web") }
}

fn depends(name: &str, condition: Condition) -> Process {
    let dependency = Dependency { name: "web".to_owned(), condition };
    Process { depends_on: vec![dependency.into()], ..program(name) }
}

#[derive(Default)]
struct Pages(String);

impl Pages {
    fn add(&mut self, title: &str, text: &str) {
        let _ = write!(self.0, "=== {title}\n{text}\n");
    }
}

#[test]
fn every_state_is_explained() {
    let mut pages = Pages::default();
    let manual = Process { autostart: false, ..program("manual") };
    let mut sim = Simulation::new(vec![
        group("web", 1, vec![web()]),
        group("manual", 2, vec![manual]),
        group("front", 3, vec![depends("front", Condition::Completed)]),
    ]);
    pages.add("never started", &text(&mut sim, "manual"));
    pages.add("waits", &text(&mut sim, "front"));
    sim.write_stdout("web", "loading\nlistening on 8080\n");
    sim.advance(1);
    pages.add("starting", &text(&mut sim, "web"));
    sim.advance(100);
    pages.add("running for the first time", &text(&mut sim, "web"));
    sim.stop("web");
    sim.advance(2);
    pages.add("stopping", &text(&mut sim, "web"));
    sim.advance(10);
    end(&mut sim, "web", KILLED, OomKill::NotSuspected);
    sim.advance(3);
    pages.add("stopped with SIGKILL", &text(&mut sim, "web"));
    sim.start("web");
    sim.advance(7);
    end(&mut sim, "web", KILLED, OomKill::Likely);
    pages.add("killed for want of memory, restarted at once", &text(&mut sim, "web"));
    sim.advance(20);
    end(&mut sim, "web", WaitStatus::Exited(0), OomKill::NotSuspected);
    sim.advance(90);
    pages.add("exited as expected", &text(&mut sim, "web"));
    sim.submit("web", Task::Restart(Scope::One(sim.id("web")))).unwrap();
    sim.advance(5);
    let id = sim.id("web");
    sim.core.signal(id, crate::conf::signals::Signal(9), "inet_http_server", sim.now).unwrap();
    sim.perform();
    end(&mut sim, "web", KILLED, OomKill::NotSuspected);
    pages.add("killed by a client", &text(&mut sim, "web"));
    insta::assert_snapshot!(pages.0);
}

#[test]
fn failed_starts_are_explained() {
    let mut pages = Pages::default();
    let mut sim = Simulation::new(vec![group("web", 1, vec![web()])]);
    let bytes =
        b"Traceback (most recent call last):\n  File \"web.py\"\nImportError: zope\n".to_vec();
    let output = Input::Output { id: sim.id("web"), stream: OutputStream::Stderr, bytes };
    sim.core.take(output, sim.now);
    end(&mut sim, "web", WaitStatus::Exited(1), OomKill::NotSuspected);
    pages.add("the first start has failed", &text(&mut sim, "web"));
    sim.advance(1);
    end(
        &mut sim,
        "web",
        WaitStatus::Signaled { signal: 11, core_dumped: true },
        OomKill::NotSuspected,
    );
    sim.spawn_error = Some("can't find command '/bin/web'".to_owned());
    sim.advance(60);
    pages.add("given up", &text(&mut sim, "web"));
    let mut changed = sim.core.config().clone();
    let mut process = changed.groups[0].processes[0].as_ref().clone();
    process.command = "/opt/web".to_owned();
    process.autorestart = AutoRestart::Never;
    changed.groups[0].processes = vec![process.into()];
    pages.add("corrected on disk", &why(&mut sim, "web", Ok(&changed)).text(&local));
    changed.groups.clear();
    let gone = why(&mut sim, "web", Ok(&changed)).text(&local);
    assert!(gone.contains("the configuration on disk does not have it any more"), "{gone}");
    let unreadable = why(&mut sim, "web", Err("s.conf:3: no section")).text(&local);
    assert!(unreadable.contains("cannot be read: s.conf:3: no section"), "{unreadable}");
    insta::assert_snapshot!(pages.0);
}

#[test]
fn a_restart_with_a_dependency_names_it() {
    let front = Process { depends_restart: true, ..depends("front", Condition::Running) };
    let mut sim =
        Simulation::new(vec![group("web", 1, vec![web()]), group("front", 2, vec![front])]);
    sim.advance(9);
    end(&mut sim, "web", WaitStatus::Exited(3), OomKill::NotSuspected);
    sim.terminate("front", TERMINATED);
    let text = text(&mut sim, "front");
    assert!(text.contains("it waits for web: STARTING"), "{text}");
    assert!(text.contains("SIGTERM was sent by the end of web, which it depends on"), "{text}");
}

#[test]
fn a_start_that_waits_for_its_prestart_says_so() {
    let web = Process { prestart: Some("/bin/migrate".to_owned()), ..web() };
    let mut sim = Simulation::new(vec![group("web", 1, vec![web])]);
    sim.advance(9);
    let text = text(&mut sim, "web");
    let expected = "web is STARTING: it is started when prestart has ended, which is running\n";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_disabled_program_is_explained_with_the_remedy() {
    let mut sim = Simulation::new(vec![group("web", 1, vec![web()])]);
    sim.advance(9);
    let mut disabled = Disabled::default();
    disabled.insert("web", Some("web"));
    sim.core.set_disabled(disabled, sim.now);
    let config = sim.core.config().clone();
    let why = why(&mut sim, "web", Ok(&config));
    let text = why.text(&local);
    let expected = "web is RUNNING: up for 9 s\n\
                    it is disabled; `supervisorctl enable web` allows it to start\n";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(super::value::of(&why, text).get("disabled"), Some(&Value::Bool(true)));
}

/// What the page of a program lists, the latest first.
#[test]
fn requests_starts_ends_and_changes_are_events() {
    let mut sim = Simulation::new(vec![group("web", 1, vec![web()])]);
    sim.advance(3);
    sim.stop("web");
    sim.advance(1);
    end(&mut sim, "web", TERMINATED, OomKill::NotSuspected);
    sim.advance(1);
    sim.start("web");
    sim.advance(5);
    let id = sim.id("web");
    sim.core.signal(id, crate::conf::signals::Signal(10), "unix_http_server", sim.now).unwrap();
    sim.perform();
    let new = Process { command: "/opt/web".to_owned(), ..web() };
    sim.core.replace_process(id, new.into(), sim.now);
    sim.advance(2);
    let mut disabled = Disabled::default();
    disabled.insert("web", Some("web"));
    sim.core.set_disabled(disabled, sim.now);
    sim.advance(1);
    end(&mut sim, "web", WaitStatus::Exited(3), OomKill::NotSuspected);
    sim.core.set_disabled(Disabled::default(), sim.now);
    sim.advance(1);
    assert!(sim.core.remove_group("web", sim.now));
    assert!(sim.core.add_group(group("web", 1, vec![web()]), sim.now));
    sim.perform();
    sim.advance(1);
    let events = why(&mut sim, "web", Err("")).events(&local).into_iter();
    let lines = events.map(|it| {
        let mark = if it.is_failure { "!" } else { " " };
        format!("{} {mark} {}", &it.when[11..], it.text)
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    13:46:57   started with pid 103
    13:46:57   added to the active configuration
    13:46:57   removed from the active configuration
    13:46:56 ! exit status 3 after 8 s, not expected
    13:46:56   allowed to start again
    13:46:55   disabled
    13:46:53   new values of command
    13:46:53   SIGUSR1 was sent on request through unix_http_server
    13:46:48   started with pid 102
    13:46:48   start requested by job 2 (start of web, requested through test)
    13:46:47   terminated by SIGTERM after 4 s, stopped by job 1 (stop of web, requested through test)
    13:46:46   SIGTERM was sent by job 1 (stop of web, requested through test)
    13:46:43   started with pid 101
    ");
}
