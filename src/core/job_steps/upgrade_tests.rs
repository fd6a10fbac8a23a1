//! Scenarios of an upgrade as the core sees it.

use insta::assert_snapshot;

use crate::core::effect::Input;
use crate::core::jobs::{JobId, Task};
use crate::core::sim::{Simulation, TERMINATED, group, program};
use crate::core::state::ProcessState;

const REFUSAL: &str = "it cannot read the state";

impl Simulation {
    fn upgrade(&mut self) -> JobId {
        self.submit("/new", Task::Upgrade("/new".to_owned())).expect("nothing else is upgraded")
    }

    fn checked(&mut self, job: JobId, result: Result<(), &str>) {
        let result = result.map_err(str::to_owned);
        self.core.take(Input::UpgradeChecked { job, result }, self.now);
        self.perform();
    }

    fn upgraded(&mut self, job: JobId, result: Result<(), &str>) {
        let result = result.map_err(str::to_owned);
        self.core.take(Input::Upgraded { job, result }, self.now);
        self.perform();
    }
}

fn two() -> Simulation {
    let mut sim = Simulation::new(vec![group("g", 1, vec![program("a"), program("b")])]);
    sim.advance(2);
    sim.log.clear();
    sim
}

#[test]
fn the_program_is_replaced_after_the_check_and_nothing_is_restarted() {
    let mut sim = two();
    let job = sim.upgrade();
    assert!(!sim.core.is_replacing(job));
    sim.checked(job, Ok(()));
    assert!(sim.core.is_replacing(job) && !sim.is_finished(job));
    sim.upgraded(job, Ok(()));
    assert!(sim.is_finished(job) && sim.core.upgrade().is_none());
    assert_eq!(sim.job(job).failures(), [""; 0]);
    let lines: Vec<&str> = sim.log.lines().map(|line| line.trim_start_matches(' ')).collect();
    let end = "2s job 1 (upgrade of /new, requested through test) finished";
    assert_eq!(lines, ["2s upgrade to /new", end]);
}

#[test]
fn a_program_that_cannot_take_over_leaves_the_old_one_running() {
    let mut sim = two();
    let job = sim.upgrade();
    sim.checked(job, Err(REFUSAL));
    assert!(sim.is_finished(job) && !sim.core.is_replacing(job));
    assert_eq!(sim.job(job).failures(), [REFUSAL]);
    let job = sim.upgrade();
    sim.checked(job, Ok(()));
    sim.upgraded(job, Err("exec failed"));
    assert_eq!(sim.job(job).failures(), ["exec failed"]);
    assert_eq!(sim.alive.len(), 2);
}

#[test]
fn a_second_upgrade_is_refused_and_names_the_first() {
    let mut sim = two();
    sim.upgrade();
    let conflict = sim.submit("/new", Task::Upgrade("/new".to_owned())).expect_err("one runs");
    assert_snapshot!(conflict, @"the program of the daemon is being changed by job 1 (upgrade of /new, requested through test)");
}

#[test]
fn a_shutdown_cancels_an_upgrade() {
    let mut sim = two();
    let job = sim.upgrade();
    sim.checked(job, Ok(()));
    sim.signal(15);
    assert!(!sim.core.is_replacing(job));
    assert_eq!(sim.job(job).failures(), ["cancelled by job 2"]);
    for name in ["a", "b"] {
        sim.terminate(name, TERMINATED);
    }
    sim.advance(1);
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn starts_and_stops_go_on_meanwhile() {
    let mut sim = two();
    let job = sim.upgrade();
    let a = sim.id("a");
    sim.submit("g:a", Task::Stop { ids: vec![a], wait: false }).expect("it holds no process");
    sim.checked(job, Ok(()));
    sim.terminate("a", TERMINATED);
    sim.upgraded(job, Ok(()));
    assert_eq!(sim.state("a"), ProcessState::Stopped);
}
