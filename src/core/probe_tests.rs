//! Stories of programs that are ready or not, and of those that no longer answer.

use insta::assert_snapshot;

use super::dependency_tests::{dependent, simulation};
use crate::conf::config::Process;
use crate::conf::dependency::{Condition, Dependency};
use crate::core::disabled::Disabled;
use crate::core::effect::{Input, WaitStatus};
use crate::core::sim::{KILLED, Simulation, TERMINATED, one, program};
use crate::core::state::ProcessState;

/// A program that is ready when its port answers.
fn probed(name: &str) -> Process {
    Process { ready_tcp: Some("127.0.0.1:8100".to_owned()), ..program(name) }
}

/// A program that needs others to be ready.
fn needing(name: &str, on: &[&str]) -> Process {
    let depends_on = on
        .iter()
        .map(|on| Dependency { name: (*on).to_owned(), condition: Condition::Ready }.into());
    Process { depends_on: depends_on.collect(), ..program(name) }
}

impl Simulation {
    fn serve(&mut self, name: &str, is_serving: bool) {
        if is_serving {
            self.serving.insert(name.to_owned());
        } else {
            self.serving.remove(name);
        }
    }

    fn is_ready(&self, name: &str) -> Option<bool> {
        self.process(name).is_ready()
    }

    fn notify(&mut self, name: &str, message: &str) {
        let id = self.id(name);
        self.core.take(Input::Notified { id, message: message.to_owned() }, self.now);
        self.perform();
    }
}

#[test]
fn a_program_is_started_when_what_it_needs_is_ready() {
    let instance = Process { depends_on: needing("", &["zeo"]).depends_on, ..probed("instance") };
    let mut sim = simulation(vec![probed("zeo"), instance, needing("varnish", &["instance"])]);
    sim.advance(13);
    assert_eq!(sim.reason("instance"), "waits for zeo: ready_tcp 127.0.0.1:8100, refused for 12 s");
    assert_eq!(sim.state("zeo"), ProcessState::Running, "RUNNING keeps its meaning");
    sim.serve("zeo", true);
    sim.advance(2);
    assert_eq!(sim.state("instance"), ProcessState::Running);
    sim.advance(5);
    sim.serve("instance", true);
    sim.advance(3);
    assert_snapshot!(sim.log, @r"
     0s instance waits for zeo: STARTING
     0s varnish waits for instance: STOPPED, waits for zeo
     0s spawned: 'zeo' with pid 101
     1s success: zeo entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    13s ready: zeo
    13s spawned: 'instance' with pid 102
    14s success: instance entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    20s ready: instance
    20s spawned: 'varnish' with pid 103
    21s success: varnish entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn a_program_may_be_ready_before_it_has_been_up_for_startsecs() {
    let zeo = Process { startsecs: 60, ..probed("zeo") };
    let mut sim = simulation(vec![zeo, needing("instance", &["zeo"])]);
    sim.serve("zeo", true);
    sim.advance(1);
    assert_eq!(sim.state("zeo"), ProcessState::Starting);
    assert_eq!(sim.state("instance"), ProcessState::Starting);
}

#[test]
fn a_readiness_that_never_comes_keeps_the_start_waiting() {
    let mut sim = simulation(vec![
        Process { autostart: false, ..probed("zeo") },
        Process { autostart: false, ..needing("instance", &["zeo"]) },
    ]);
    let job = sim.start("instance");
    sim.advance(200);
    assert!(!sim.is_finished(job));
    sim.terminate("zeo", KILLED);
    sim.advance(5);
    assert!(!sim.is_finished(job), "it was restarted");
    sim.stop("zeo");
    sim.terminate("zeo", TERMINATED);
    assert!(sim.is_finished(job));
    assert_eq!(sim.job(job).failures(), ["instance waits for zeo: STOPPED"]);
}

#[test]
fn readiness_is_lost_after_three_failures_and_with_the_process() {
    let mut sim = one(probed("web"));
    sim.serve("web", true);
    sim.advance(10);
    assert_eq!(sim.is_ready("web"), Some(true));
    sim.log.clear();
    sim.serve("web", false);
    sim.advance(4);
    assert_eq!(sim.is_ready("web"), Some(true));
    sim.advance(1);
    assert_eq!(sim.is_ready("web"), Some(false));
    sim.serve("web", true);
    sim.advance(3);
    assert_eq!(sim.is_ready("web"), Some(true));
    sim.terminate("web", KILLED);
    assert_eq!(sim.is_ready("web"), Some(false));
    assert_eq!(sim.state("web"), ProcessState::Starting);
    assert_snapshot!(sim.log, @r"
    14s not ready: web (ready_tcp 127.0.0.1:8100, refused for 4 s)
    16s ready: web
    18s exited: web (terminated by SIGKILL; not expected)
    18s spawned: 'web' with pid 102
    ");
}

#[test]
fn all_probes_of_a_program_have_to_succeed() {
    let both = Process { ready_log: Some("serving".to_owned()), ..probed("web") };
    let mut sim = one(both);
    sim.serve("web", true);
    sim.advance(5);
    assert_eq!(
        sim.process("web").not_ready_text(sim.now.mono).unwrap(),
        "ready_log serving, not seen yet"
    );
    sim.write_stdout("web", "INFO now ser");
    sim.write_stdout("web", "ving\n");
    assert_eq!(sim.is_ready("web"), Some(true));
    sim.terminate("web", WaitStatus::Exited(1));
    sim.advance(5);
    assert_eq!(sim.is_ready("web"), Some(false), "the new child has not printed the line");
}

#[test]
fn notifications_are_followed() {
    let mut sim = one(Process { ready_notify: true, stopwaitsecs: 5, ..program("web") });
    sim.advance(5);
    sim.notify("web", "STATUS=loading 1/2\nUNKNOWN=1\nno assignment\n");
    assert_eq!(sim.process("web").notified_status(), Some("loading 1/2"));
    assert_eq!(sim.is_ready("web"), Some(false));
    sim.notify("web", "READY=1\nSTATUS=\n");
    assert_eq!((sim.is_ready("web"), sim.process("web").notified_status()), (Some(true), None));
    sim.notify("web", "RELOADING=1");
    assert_eq!(sim.is_ready("web"), Some(false));
    sim.notify("web", "READY=1");
    sim.stop("web");
    sim.advance(4);
    sim.notify("web", "EXTEND_TIMEOUT_USEC=20000000");
    sim.log.clear();
    sim.advance(19);
    assert_eq!(sim.log, "");
    sim.advance(1);
    assert!(sim.log.contains("killing 'web'"), "{}", sim.log);
}

#[test]
fn a_program_that_no_longer_answers_is_restarted() {
    let web = Process { live_tcp: Some("127.0.0.1:80".to_owned()), ..probed("web") };
    let mut sim = one(web);
    sim.advance(100);
    assert_eq!(sim.state("web"), ProcessState::Running, "it has not been ready yet");
    sim.serve("web", true);
    sim.advance(100);
    sim.log.clear();
    sim.hanging.insert("web".to_owned());
    sim.advance(37);
    assert_eq!(sim.state("web"), ProcessState::Stopping);
    sim.hanging.clear();
    sim.terminate("web", TERMINATED);
    sim.advance(5);
    assert_eq!(sim.is_ready("web"), Some(true));
    assert_snapshot!(sim.log, @r"
    220s not ready: web (ready_tcp 127.0.0.1:8100, no answer within 5 s for 14 s)
    236s web is restarted: live_tcp 127.0.0.1:80, no answer within 5 s for 30 s
    236s kill pid 101 SIGTERM
    236s waiting for web to stop
    237s stopped: web (terminated by SIGTERM)
    237s spawned: 'web' with pid 102
    237s ready: web
    238s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
    sim.log.clear();
    sim.advance(100);
    assert_eq!(sim.log, "");
}

fn outlive_a_refused_restart(web: Process) {
    let mut sim = one(Process { live_tcp: Some("127.0.0.1:80".to_owned()), ..web });
    sim.serve("web", true);
    sim.advance(10);
    let mut disabled = Disabled::default();
    disabled.insert("web", Some("web"));
    sim.core.set_disabled(disabled, sim.now);
    sim.perform();
    sim.hanging.insert("web".to_owned());
    sim.advance(200);
    assert_eq!(sim.state("web"), ProcessState::Running);
    let reason = "web is not restarted: live_tcp 127.0.0.1:80, no answer within 5 s for 30 s; it is \
                  disabled; `supervisorctl enable web` allows it to start";
    assert!(sim.log.contains(reason), "{}", sim.log);
    sim.core.set_disabled(Disabled::default(), sim.now);
    sim.perform();
    sim.advance(200);
    assert_eq!(sim.state("web"), ProcessState::Stopping, "it is examined again");
}

#[test]
fn a_disabled_program_that_no_longer_answers_is_not_stopped() {
    outlive_a_refused_restart(program("web"));
}

#[test]
fn one_that_is_not_ready_any_more_is_examined_again_too() {
    outlive_a_refused_restart(probed("web"));
}

#[test]
fn a_stop_cancels_what_is_being_examined() {
    let mut sim = one(probed("web"));
    sim.hanging.insert("web".to_owned());
    sim.advance(1);
    sim.stop("web");
    sim.terminate("web", TERMINATED);
    assert_eq!(sim.core.deadline(sim.now), None);
    sim.hanging.clear();
    sim.serve("web", true);
    sim.start("web");
    sim.advance(2);
    assert_eq!(sim.is_ready("web"), Some(true));
}

#[test]
fn a_restart_follows_the_death_of_what_was_ready() {
    let strict = Process { depends_restart: true, ..needing("strict", &["zeo"]) };
    let mut sim = simulation(vec![probed("zeo"), strict, dependent("lax", &["zeo"])]);
    sim.serve("zeo", true);
    sim.advance(5);
    sim.serve("zeo", false);
    sim.terminate("zeo", KILLED);
    sim.advance(5);
    sim.terminate("strict", TERMINATED);
    sim.advance(60);
    assert!(sim.reason("strict").starts_with("waits for zeo: ready_tcp"));
    sim.serve("zeo", true);
    sim.advance(5);
    assert_eq!(sim.state("strict"), ProcessState::Running);
}

#[test]
fn a_program_that_no_longer_reports_is_restarted() {
    let limits = Process { live_interval: std::time::Duration::from_secs(5), ..program("web") };
    let mut sim =
        one(Process { ready_notify: true, live_notify: true, live_failures: 2, ..limits });
    sim.advance(100);
    assert_eq!(sim.state("web"), ProcessState::Running, "it is not ready yet");
    sim.notify("web", "READY=1");
    for _ in 0..5 {
        sim.advance(9);
        sim.notify("web", "WATCHDOG=1");
    }
    sim.log.clear();
    sim.advance(11);
    sim.terminate("web", TERMINATED);
    sim.advance(2);
    sim.notify("web", "READY=1\nWATCHDOG_USEC=3000000");
    sim.notify("web", "WATCHDOG=trigger");
    sim.terminate("web", TERMINATED);
    assert_snapshot!(sim.log, @r"
    155s web is restarted: live_notify, no WATCHDOG=1 within 10 s
    155s kill pid 101 SIGTERM
    155s waiting for web to stop
    156s stopped: web (terminated by SIGTERM)
    156s spawned: 'web' with pid 102
    157s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    158s ready: web
    158s web is restarted: live_notify, WATCHDOG=trigger
    158s kill pid 102 SIGTERM
    158s waiting for web to stop
    158s stopped: web (terminated by SIGTERM)
    158s spawned: 'web' with pid 103
    ");
    sim.advance(2);
    sim.notify("web", "READY=1");
    sim.stop("web");
    sim.advance(9);
    assert!(!sim.log.contains("within 3 s"), "one that is being stopped is not watched");
}
