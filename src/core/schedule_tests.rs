//! Stories of schedules on the simulated clock. It starts at second 1 000 003 of the epoch, which is
//! 1970-01-12 13:46:43 in UTC.

use std::time::Duration;

use super::disabled::Disabled;
use super::effect::WaitStatus;
use super::sim::{Simulation, TERMINATED, group, program};
use super::state::ProcessState;
use crate::conf::config::{AutoRestart, Process};
use crate::conf::dependency::{Condition, Dependency};
use crate::conf::fake_host::FakeHost;
use crate::conf::kinds::{Cron, Kind as _};

const EXIT: WaitStatus = WaitStatus::Exited(0);

/// 13 seconds after the minute 46:30.
const TO_THE_NEXT_MINUTE: u64 = 17;

fn task(name: &str, expression: &str) -> Process {
    Process {
        schedule: Some(Box::new(Cron::parse(expression, &FakeHost::default()).unwrap())),
        autostart: false,
        autorestart: AutoRestart::Never,
        startsecs: 0,
        ..program(name)
    }
}

fn sim(processes: Vec<Process>) -> Simulation {
    Simulation::new(vec![group("tasks", 1, processes)])
}

/// The time until the next run.
fn next_in(sim: &Simulation, name: &str) -> Option<u64> {
    let next = sim.process(name).next_run()?;
    Some((next.0.checked_sub(sim.now.wall.0).expect("it is in the future")).as_secs())
}

#[test]
fn a_task_is_started_at_its_times_only() {
    let mut sim = sim(vec![task("pack", "*/5 * * * *")]);
    sim.advance(0);
    assert_eq!(sim.state("pack"), ProcessState::Stopped);
    assert_eq!(next_in(&sim, "pack"), Some(180 + TO_THE_NEXT_MINUTE));
    sim.advance(180 + TO_THE_NEXT_MINUTE - 1);
    assert_eq!(sim.state("pack"), ProcessState::Stopped);
    sim.advance(1);
    assert_eq!(sim.state("pack"), ProcessState::Running);
    assert_eq!(next_in(&sim, "pack"), Some(300));
    sim.advance(20);
    sim.terminate("pack", EXIT);
    sim.advance(200);
    assert_eq!(sim.state("pack"), ProcessState::Exited, "it is not restarted");
    sim.advance(80);
    assert_eq!(sim.state("pack"), ProcessState::Running);
    assert_eq!(sim.log.matches("tasks:pack is started by its schedule").count(), 2);
    let job = sim.core.jobs().next().unwrap();
    assert_eq!((job.requester(), job.target()), ("schedule", "tasks:pack"));
}

#[test]
fn a_disabled_task_has_no_next_run_until_it_is_enabled() {
    let mut sim = sim(vec![task("pack", "* * * * *"), task("other", "* * * * *")]);
    sim.advance(0);
    let mut disabled = Disabled::default();
    disabled.insert("tasks", Some("pack"));
    sim.core.set_disabled(disabled, sim.now);
    sim.perform();
    sim.advance(TO_THE_NEXT_MINUTE + 120);
    assert_eq!(sim.state("pack"), ProcessState::Stopped);
    assert_eq!(sim.state("other"), ProcessState::Running);
    assert_eq!(sim.process("pack").next_run(), None);
    sim.core.set_disabled(Disabled::default(), sim.now);
    sim.perform();
    sim.advance(1);
    assert_eq!(next_in(&sim, "pack"), Some(59));
    sim.advance(59);
    assert_eq!(sim.state("pack"), ProcessState::Running);
    assert_eq!(sim.log.matches("tasks:pack is started by its schedule").count(), 1, "{}", sim.log);
}

#[test]
fn a_run_that_goes_on_is_not_started_twice() {
    let mut sim = sim(vec![task("pack", "* * * * *")]);
    sim.advance(TO_THE_NEXT_MINUTE + 130);
    let skipped = "the scheduled run of tasks:pack is skipped: the last one is still RUNNING";
    assert_eq!(sim.log.matches(skipped).count(), 2, "{}", sim.log);
    sim.terminate("pack", EXIT);
    sim.advance(60);
    assert_eq!(sim.state("pack"), ProcessState::Running);
}

#[test]
fn a_task_waits_for_what_it_depends_on_and_starts_it() {
    let zeo = Process { autostart: false, startsecs: 10, ..program("zeo") };
    let depends_on =
        vec![Dependency { name: "tasks:zeo".to_owned(), condition: Condition::Running }.into()];
    let mut sim = sim(vec![zeo, Process { depends_on, ..task("pack", "* * * * *") }]);
    sim.advance(TO_THE_NEXT_MINUTE);
    assert_eq!(sim.state("zeo"), ProcessState::Starting);
    assert!(sim.core.is_waiting(sim.id("pack")));
    sim.advance(10);
    assert_eq!(sim.state("pack"), ProcessState::Running);
}

#[test]
fn a_clock_that_is_set_makes_up_a_late_run_once_or_skips_it() {
    let mut sim = sim(vec![task("pack", "0 14 * * *")]);
    sim.advance(0);
    // 14:00 is missed by 26 minutes, as after a suspension.
    sim.now.wall.0 += Duration::from_secs(40 * 60);
    sim.advance(60);
    assert_eq!(sim.state("pack"), ProcessState::Running, "it is made up");
    sim.terminate("pack", EXIT);
    sim.advance(600);
    assert_eq!(sim.log.matches("is started by its schedule").count(), 1);
    // Three days are missed.
    sim.now.wall.0 += Duration::from_secs(72 * 3600 + 2 * 3600);
    sim.advance(60);
    assert_eq!(sim.state("pack"), ProcessState::Exited);
    assert!(sim.log.contains("is skipped: it would be"), "{}", sim.log);
    assert!(next_in(&sim, "pack").unwrap() < 24 * 3600);
}

#[test]
fn a_clock_that_is_set_back_repeats_a_run_only_if_it_went_back_far() {
    let mut sim = sim(vec![task("pack", "0 14 * * *")]);
    sim.advance(13 * 60 + TO_THE_NEXT_MINUTE);
    assert_eq!(sim.state("pack"), ProcessState::Running);
    sim.terminate("pack", EXIT);
    sim.now.wall.0 -= Duration::from_secs(30);
    sim.advance(120);
    assert_eq!(sim.log.matches("is started by its schedule").count(), 1);
    sim.now.wall.0 -= Duration::from_secs(5 * 3600);
    sim.advance(5 * 3600);
    assert_eq!(sim.log.matches("is started by its schedule").count(), 2);
}

#[test]
fn the_daemon_looks_at_the_clock_once_a_minute_and_not_after_its_end() {
    let mut sim =
        sim(vec![task("pack", "0 0 1 1 *"), Process { autostart: true, ..program("web") }]);
    sim.advance(5);
    let before = sim.now.mono;
    let next = sim.core.deadline(sim.now).unwrap();
    assert_eq!(next.since(before), Duration::from_secs(60 - 5));
    sim.shutdown();
    sim.terminate("web", TERMINATED);
    assert_eq!(sim.core.deadline(sim.now), None);
}

#[test]
fn a_changed_schedule_is_planned_anew() {
    let mut sim = sim(vec![task("pack", "0 0 1 1 *")]);
    sim.advance(5);
    let id = sim.id("pack");
    sim.core.replace_process(id, task("pack", "* * * * *").into(), sim.now);
    sim.advance(0);
    assert_eq!(next_in(&sim, "pack"), Some(TO_THE_NEXT_MINUTE - 5));
    sim.core.replace_process(
        id,
        Process { schedule: None, ..task("pack", "@daily") }.into(),
        sim.now,
    );
    sim.advance(120);
    assert_eq!(sim.process("pack").next_run(), None);
    assert_eq!(sim.state("pack"), ProcessState::Stopped);
}

#[test]
fn a_daemon_that_exits_when_done_waits_for_its_tasks() {
    let mut sim = sim(vec![task("pack", "* * * * *")]);
    let mut config = sim.core.config().clone();
    config.supervisord.exit_when_done = true;
    sim.core.replace_config(config);
    sim.advance(TO_THE_NEXT_MINUTE);
    sim.terminate("pack", EXIT);
    assert!(!sim.log.contains("all programs have ended"));
}
