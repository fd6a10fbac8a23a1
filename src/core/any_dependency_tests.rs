//! Stories of `any(...)` in `depends_on`: one of several suffices.

use insta::assert_snapshot;

use super::dependency_tests::simulation;
use crate::conf::config::Process;
use crate::conf::dependency::parse;
use crate::core::effect::WaitStatus;
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, program};
use crate::core::state::ProcessState;

fn needing(name: &str, on: &str) -> Process {
    Process { depends_on: parse(on).expect("dependencies"), ..program(name) }
}

/// Two instances of which `b` is slower, and a cache that needs one of them.
fn site() -> [Process; 3] {
    let cache = needing("cache", "any(a, b)");
    [
        Process { startsecs: 5, ..program("a") },
        Process { startsecs: 20, ..program("b") },
        Process { depends_restart: true, ..cache },
    ]
}

fn manual(process: Process) -> Process {
    Process { autostart: false, ..process }
}

fn path(sim: &Simulation) -> Vec<String> {
    let path = sim.core.critical_path().into_iter();
    path.map(|step| format!("{} {}", step.name, step.duration.as_secs())).collect()
}

#[test]
fn the_first_that_is_up_suffices() {
    let mut sim = simulation(site().into());
    assert_eq!(sim.reason("cache"), "waits for any of a (STARTING), b (STARTING)");
    sim.advance(10);
    assert_eq!(path(&sim), ["a 5", "cache 1"]);
    assert_snapshot!(sim.log, @r"
    0s cache waits for any of a (STARTING), b (STARTING)
    0s spawned: 'a' with pid 101
    0s spawned: 'b' with pid 102
    5s success: a entered RUNNING state, process has stayed up for > than 5 seconds (startsecs)
    5s spawned: 'cache' with pid 103
    6s success: cache entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
    let status = sim.core.dependencies_of(sim.id("cache"));
    let status: Vec<_> = status.iter().map(|it| (it.any, it.name.as_str(), it.is_met)).collect();
    assert_eq!(status, [(Some(1), "a", true), (Some(1), "b", false)]);
}

#[test]
fn only_the_failure_of_all_is_a_failure() {
    let once = |process: Process| Process { startretries: 0, ..process };
    let [a, b, cache] = site();
    let mut sim = simulation(vec![manual(once(a)), manual(once(b)), manual(cache)]);
    let job = sim.start("cache");
    sim.terminate("a", WaitStatus::Exited(1));
    assert_eq!(sim.reason("cache"), "waits for any of a (FATAL, Exited too quickly), b (STARTING)");
    assert!(!sim.is_finished(job));
    sim.terminate("b", WaitStatus::Exited(1));
    assert_eq!(
        sim.job(job).failures(),
        ["cache waits for any of a (FATAL, Exited too quickly), b (FATAL, Exited too quickly)"]
    );
    sim.start("b");
    sim.advance(20);
    assert_eq!(sim.state("cache"), ProcessState::Starting);
}

#[test]
fn a_start_starts_all_of_them_unless_one_is_up_or_coming_up() {
    for (running, want) in [(None, 3), (Some(2), 2), (Some(10), 2)] {
        let mut sim = simulation(site().map(manual).into());
        if let Some(seconds) = running {
            sim.start("a");
            sim.advance(seconds);
        }
        sim.start("cache");
        sim.advance(8);
        assert_eq!(sim.alive.len(), want, "{running:?}\n{}", sim.log);
        assert!(sim.alive.values().any(|id| *id == sim.id("cache")), "{}", sim.log);
    }
}

#[test]
fn a_group_means_one_of_its_processes() {
    let slow = |name| Process { startsecs: 50, ..program(name) };
    let needing = |name: &str, on: &str| group(name, 2, vec![needing(name, on)]);
    let mut sim = Simulation::new(vec![
        group("pool", 1, vec![program("a"), slow("b")]),
        needing("x", "any(nothing, pool)"),
        needing("y", "any(nothing)"),
        needing("all", "pool"),
    ]);
    assert_eq!(
        sim.reason("x"),
        "waits for any of nothing (not active), pool:a (STARTING), pool:b (STARTING)"
    );
    sim.advance(5);
    assert_eq!(sim.state("x"), ProcessState::Running);
    assert_eq!(sim.reason("y"), "waits for any of nothing (not active)");
    assert_eq!(sim.reason("all"), "waits for pool:b: STARTING");
}

#[test]
fn it_is_restarted_only_with_the_last_one() {
    let mut sim = simulation(site().into());
    sim.advance(30);
    sim.terminate("a", KILLED);
    sim.advance(1);
    assert_eq!(sim.state("cache"), ProcessState::Running, "b is up");
    sim.terminate("b", KILLED);
    assert_eq!(sim.state("cache"), ProcessState::Stopping, "a is not yet up again");
    sim.terminate("cache", TERMINATED);
    sim.advance(30);
    assert_eq!(sim.state("cache"), ProcessState::Running);
}

#[test]
fn it_is_stopped_before_the_last_one() {
    let mut sim = simulation(site().into());
    sim.advance(30);
    let job = sim.stop("a");
    sim.terminate("a", TERMINATED);
    assert!(sim.is_finished(job));
    assert_eq!(sim.state("cache"), ProcessState::Running);
    sim.stop("b");
    assert_eq!(sim.state("b"), ProcessState::Running);
    sim.terminate("cache", TERMINATED);
    assert_eq!(sim.state("b"), ProcessState::Stopping);
}

#[test]
fn a_shutdown_stops_it_before_all_of_them() {
    let mut sim = simulation(site().into());
    sim.advance(30);
    sim.shutdown();
    for name in ["a", "b"] {
        assert_eq!(sim.state(name), ProcessState::Running);
    }
    sim.terminate("cache", TERMINATED);
    for name in ["a", "b"] {
        sim.terminate(name, TERMINATED);
    }
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}
