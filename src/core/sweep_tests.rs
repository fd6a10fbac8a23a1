//! Stories of what programs leave behind.

use super::effect::{Input, WaitStatus};
use super::exit_report::ExitReport;
use super::sim::{Simulation, TERMINATED, one, program};
use super::state::ProcessState;
use crate::conf::config::Process;
use crate::conf::kill_mode::KillMode;

fn with(killmode: KillMode) -> Simulation {
    let mut sim = one(Process { killmode, ..program("x") });
    sim.advance(1);
    sim
}

fn left(sim: &mut Simulation, sweeps: usize) {
    sim.left_behind.extend(std::iter::repeat_n(vec!["7 (worker)".to_owned()], sweeps));
}

#[test]
fn a_process_is_stopped_when_its_tree_is_gone() {
    let mut sim = with(KillMode::Tree);
    left(&mut sim, 1);
    let job = sim.stop("x");
    let (&pid, _) = sim.alive.iter().next().unwrap();
    sim.alive.clear();
    sim.core
        .take(Input::Reaped { pid, status: TERMINATED, report: ExitReport::default() }, sim.now);
    sim.perform();
    assert_eq!(sim.state("x"), ProcessState::Stopping);
    assert!(!sim.is_finished(job));
    sim.advance(1);
    assert_eq!(sim.state("x"), ProcessState::Stopped);
    assert!(sim.is_finished(job));
    insta::assert_snapshot!(sim.log, @r#"
    0s spawned: 'x' with pid 101
    1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    1s kill pid 101 SIGTERM
    1s sweep 101: ["7 (worker)"]
    1s sweep 101: []
    1s stopped: x (terminated by SIGTERM)
    "#);
}

#[test]
fn a_restart_waits_for_the_end_of_the_tree() {
    let mut sim = with(KillMode::Group);
    left(&mut sim, 30);
    sim.terminate("x", WaitStatus::Exited(1));
    sim.advance(1);
    assert!(sim.alive.is_empty(), "nothing is forked beside what is left");
    sim.advance(2);
    assert_eq!(sim.alive.len(), 1);
    assert_eq!(sim.log.matches("sweep 101").count(), 31);
}

#[test]
fn what_cannot_be_killed_is_reported_and_holds_nothing_up() {
    let mut sim = with(KillMode::Tree);
    left(&mut sim, 1000);
    sim.shutdown();
    sim.terminate("x", TERMINATED);
    sim.advance(11);
    assert!(sim.log.contains("x is down, but these could not be killed: 7 (worker)\n"));
    assert!(sim.log.contains("exit restart=false"));
}

#[test]
fn without_a_killmode_nothing_is_looked_for() {
    let mut sim = with(KillMode::Process);
    sim.stop("x");
    sim.terminate("x", TERMINATED);
    assert!(!sim.log.contains("sweep"));
}
