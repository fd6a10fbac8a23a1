//! Scenarios of the job that stops everything and then the daemon.

use insta::assert_snapshot;

use crate::conf::config::{AutoRestart, Process};
use crate::conf::dependency::parse;
use crate::core::effect::WaitStatus;
use crate::core::jobs::{JobId, Scope, Task};
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, listener, program};
use crate::core::state::ProcessState;

impl Simulation {
    fn stop_daemon(&mut self) -> JobId {
        self.submit("all", Task::StopAll).expect("it is never refused")
    }

    fn stopped(&self, job: JobId) -> Vec<&str> {
        let members = self.job(job).members().expect("it has members");
        members.iter().filter(|it| it.done().is_some()).map(|it| it.name.as_str()).collect()
    }
}

fn needing(name: &str, on: &str) -> Process {
    Process { depends_on: parse(on).expect("a dependency"), ..program(name) }
}

/// The clients have gone, which are not part of a job.
#[test]
fn everything_is_stopped_in_order_and_then_the_daemon() {
    let mut sim = Simulation::new(vec![
        group("store", 100, vec![program("store")]),
        group("site", 500, vec![program("site")]),
        listener("watch", Vec::new()),
    ]);
    sim.advance(2);
    sim.log.clear();
    let job = sim.stop_daemon();
    assert_eq!(sim.core.stop_of_all(), Some(job));
    assert_eq!(sim.job(job).waits_for(&sim.core), ["site"]);
    sim.advance(2);
    sim.terminate("site", TERMINATED);
    assert_eq!(sim.stopped(job), ["site"]);
    sim.advance(11);
    sim.terminate("store", KILLED);
    sim.terminate("watch", TERMINATED);
    assert!(!sim.is_finished(job), "the last result can be read");
    sim.advance(1);
    assert!(sim.is_finished(job) && sim.core.stop_of_all().is_none());
    assert_eq!(sim.stopped(job), ["site", "store", "watch"]);
    assert_eq!(sim.job(job).failures(), [""; 0]);
    assert_snapshot!(sim.log, @r"
     2s kill pid 103 SIGTERM
     2s waiting for site to stop
     4s waiting for site to stop
     4s stopped: site (terminated by SIGTERM)
     4s kill pid 102 SIGTERM
     4s waiting for store to stop
     6s waiting for store to stop
     8s waiting for store to stop
    10s waiting for store to stop
    12s waiting for store to stop
    14s killing 'store' (102) with SIGKILL
    14s kill pid 102 SIGKILL
    14s waiting for store to stop
    15s stopped: store (terminated by SIGKILL)
    15s kill pid 101 SIGTERM
    15s waiting for watch to stop
    15s stopped: watch (terminated by SIGTERM)
    15s exit restart=false
    ");
}

#[test]
fn what_depends_on_a_process_is_stopped_before_whatever_the_priorities() {
    let mut sim = Simulation::new(vec![
        group("cache", 1, vec![needing("cache", "site")]),
        group("site", 2, vec![needing("site", "store")]),
        group("other", 3, vec![program("other")]),
        group("store", 4, vec![program("store")]),
    ]);
    sim.advance(2);
    sim.advance(2);
    let job = sim.stop_daemon();
    for name in ["cache", "site", "store", "other"] {
        assert_eq!(sim.state(name), ProcessState::Stopping, "{name}\n{}", sim.log);
        assert_eq!(sim.alive.len(), 4 - sim.stopped(job).len());
        sim.terminate(name, TERMINATED);
    }
    sim.advance(1);
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn what_waits_or_would_be_restarted_is_not_started_any_more() {
    let short = Process { startsecs: 0, autorestart: AutoRestart::Always, ..program("short") };
    let mut sim = Simulation::new(vec![
        group("short", 1, vec![short]),
        group("slow", 2, vec![Process { startsecs: 60, ..program("slow") }]),
        group("late", 3, vec![needing("late", "slow")]),
        group("retry", 4, vec![Process { startretries: 100, ..program("retry") }]),
    ]);
    sim.terminate("retry", WaitStatus::Exited(1));
    assert_eq!(sim.state("retry"), ProcessState::Backoff);
    let job = sim.stop_daemon();
    assert_eq!(sim.stopped(job), ["retry"]);
    sim.terminate("slow", TERMINATED);
    sim.terminate("short", WaitStatus::Exited(0));
    sim.advance(100);
    assert_eq!(sim.stopped(job), ["retry", "slow", "short"]);
    assert_eq!(sim.log.matches("spawned: 'late'").count(), 0, "{}", sim.log);
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn other_jobs_end_and_no_other_one_begins() {
    let mut sim = Simulation::new(vec![group("g", 1, vec![program("a"), program("b")])]);
    sim.advance(2);
    let a = sim.id("a");
    let restart = sim.submit("g:a", Task::Restart(Scope::One(a))).expect("nothing else runs");
    let job = sim.stop_daemon();
    assert_eq!(sim.job(restart).failures(), [format!("cancelled by job {}", job.0)]);
    let conflict = sim.submit("g:a", Task::Restart(Scope::One(a))).expect_err("it is held");
    assert_snapshot!(
        conflict,
        @"g:a is being changed by job 2 (stop and shutdown of all, requested through test)"
    );
    sim.terminate("b", TERMINATED);
    // An operator starts it again; the shutdown stops it.
    sim.start("b");
    sim.terminate("a", TERMINATED);
    sim.advance(1);
    assert!(sim.is_finished(job));
    assert_eq!(sim.state("b"), ProcessState::Stopping);
    sim.terminate("b", TERMINATED);
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn a_shutdown_that_is_requested_meanwhile_stops_the_rest() {
    let mut sim = Simulation::new(vec![
        group("a", 1, vec![program("a")]),
        group("b", 2, vec![program("b"), program("c")]),
    ]);
    sim.advance(2);
    let job = sim.stop_daemon();
    assert_eq!((sim.state("c"), sim.state("b")), (ProcessState::Stopping, ProcessState::Running));
    sim.signal(15);
    assert!(sim.is_finished(job));
    assert_eq!(sim.job(job).failures().len(), 1);
    assert_eq!(sim.state("b"), ProcessState::Stopping);
    for name in ["b", "c", "a"] {
        sim.terminate(name, TERMINATED);
    }
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn a_process_that_is_being_stopped_already_is_waited_for() {
    let mut sim =
        Simulation::new(vec![group("a", 1, vec![program("a")]), group("b", 2, vec![program("b")])]);
    sim.advance(2);
    sim.stop("b");
    let job = sim.stop_daemon();
    assert_eq!((sim.stopped(job), sim.state("a")), (vec![], ProcessState::Running));
    sim.terminate("b", TERMINATED);
    assert_eq!((sim.stopped(job), sim.state("a")), (vec!["b"], ProcessState::Stopping));
}
