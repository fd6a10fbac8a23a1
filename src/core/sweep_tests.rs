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

/// The time that a look takes moves the limit between two looks.
#[test]
fn what_is_left_is_reported_whenever_the_last_look_was() {
    let mut sim = with(KillMode::Tree);
    left(&mut sim, 1000);
    sim.terminate("x", TERMINATED);
    sim.now.mono.0 += std::time::Duration::from_millis(10_020);
    sim.advance(1);
    assert!(
        sim.log.contains("x is down, but these could not be killed: 7 (worker)\n"),
        "{}",
        sim.log
    );
}

#[test]
fn without_a_killmode_nothing_is_looked_for() {
    let mut sim = with(KillMode::Process);
    sim.stop("x");
    sim.terminate("x", TERMINATED);
    assert!(!sim.log.contains("sweep"));
}

fn tree(change: impl FnOnce(&mut Process)) -> Simulation {
    let mut process = Process { killmode: KillMode::Tree, startretries: 0, ..program("x") };
    change(&mut process);
    one(process)
}

#[test]
fn what_prestart_leaves_behind_ends_with_the_program() {
    let mut sim = tree(|it| it.prestart = Some("before".into()));
    sim.end_hook(WaitStatus::Exited(0));
    sim.advance(1);
    sim.stop("x");
    sim.terminate("x", TERMINATED);
    insta::assert_snapshot!(sim.log, @r"
    0s run prestart
    0s spawned: 'x' with pid 102
    1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    1s kill pid 102 SIGTERM
    1s sweep 102: []
    1s stopped: x (terminated by SIGTERM)
    ");
}

#[test]
fn the_rest_of_a_prestart_that_no_start_follows_is_killed() {
    let mut sim = tree(|it| it.prestart = Some("before".into()));
    left(&mut sim, 1);
    sim.end_hook(WaitStatus::Exited(3));
    assert_eq!(sim.state("x"), ProcessState::Starting);
    sim.advance(1);
    assert_eq!(sim.state("x"), ProcessState::Fatal);
    let start = sim.start("x");
    let stop = sim.stop("x");
    left(&mut sim, 1);
    sim.end_hook(TERMINATED);
    assert!(!sim.is_finished(stop), "its tree is not gone");
    sim.advance(1);
    assert!(sim.is_finished(start) && sim.is_finished(stop));
    assert_eq!(sim.state("x"), ProcessState::Stopped);
    insta::assert_snapshot!(sim.log, @r#"
    0s run prestart
    0s sweep 101: ["7 (worker)"]
    0s sweep 101: []
    0s spawnerr: prestart failed: exit status 3
    0s gave up: x entered FATAL state, too many start retries too quickly
    1s run prestart
    1s kill group 102 SIGTERM
    1s sweep 102: ["7 (worker)"]
    1s sweep 102: []
    1s stopped: x (terminated by SIGTERM)
    "#);
}

#[test]
fn a_stop_while_the_rest_of_a_prestart_is_killed_is_no_failed_start() {
    let mut sim = tree(|it| it.prestart = Some("before".into()));
    left(&mut sim, 1);
    sim.end_hook(WaitStatus::Exited(3));
    let stop = sim.stop("x");
    sim.advance(1);
    assert!(sim.is_finished(stop));
    assert_eq!(sim.state("x"), ProcessState::Stopped);
}

#[test]
fn a_stop_command_is_not_killed_with_the_program_that_it_stops() {
    let mut sim = tree(|it| it.stop_command = Some("quit".into()));
    sim.advance(1);
    let stop = sim.stop("x");
    left(&mut sim, 1);
    sim.terminate("x", WaitStatus::Exited(0));
    sim.advance(20);
    assert_eq!(sim.state("x"), ProcessState::Stopping);
    sim.end_hook(WaitStatus::Exited(1));
    sim.advance(1);
    assert!(sim.is_finished(stop));
    insta::assert_snapshot!(sim.log, @r#"
     0s spawned: 'x' with pid 101
     1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
     1s run stop_command pid 101
    21s x: stop_command failed: exit status 1
    21s sweep 101: ["7 (worker)"]
    21s sweep 101: []
    21s stopped: x (exit status 0)
    "#);
}

#[test]
fn the_end_of_the_daemon_and_a_start_wait_for_the_rest_of_a_poststop() {
    let mut sim = tree(|it| it.poststop = Some("after".into()));
    sim.advance(1);
    sim.stop("x");
    sim.terminate("x", TERMINATED);
    left(&mut sim, 2);
    sim.end_hook(WaitStatus::Exited(0));
    sim.start("x");
    assert!(sim.alive.is_empty(), "nothing is forked beside what is left");
    sim.advance(1);
    assert_eq!(sim.alive.len(), 1);
    sim.terminate("x", WaitStatus::Exited(0));
    left(&mut sim, 5);
    sim.end_hook(WaitStatus::Exited(0));
    sim.shutdown();
    assert!(!sim.log.contains("exit restart"), "{}", sim.log);
    assert!(sim.log.contains("waiting for the rest of x to die"), "{}", sim.log);
    sim.advance(1);
    assert!(sim.log.contains("exit restart=false"));
}

#[test]
fn the_rest_of_a_removed_program_is_killed_too() {
    let mut sim = tree(|it| it.poststop = Some("after".into()));
    sim.advance(1);
    sim.stop("x");
    sim.terminate("x", TERMINATED);
    left(&mut sim, 3);
    assert!(sim.core.remove_group("web", sim.now));
    sim.perform();
    sim.end_hook(WaitStatus::Exited(0));
    sim.advance(1);
    assert!(sim.left_behind.is_empty());
    sim.shutdown();
    assert!(sim.log.contains("exit restart=false"));
}

#[test]
fn a_failed_fork_leaves_nothing_of_its_prestart() {
    let mut sim = tree(|it| it.prestart = Some("before".into()));
    sim.spawn_error = Some("no".to_owned());
    left(&mut sim, 1);
    sim.end_hook(WaitStatus::Exited(0));
    sim.advance(1);
    assert_eq!(sim.state("x"), ProcessState::Fatal);
    assert!(sim.left_behind.is_empty());
}
